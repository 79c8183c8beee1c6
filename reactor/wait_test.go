//go:build linux || darwin || freebsd || openbsd || netbsd

package reactor_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/reactor"
)

// How the real kernels wait, parked and pinned.

func forEachMode(t *testing.T, run func(t *testing.T, k reactor.Kernel)) {
	for _, mode := range []struct {
		name string
		o    reactor.SystemOptions
	}{{"Parking", reactor.SystemOptions{}}, {"Pinned", reactor.SystemOptions{Pinned: true}}} {
		t.Run(mode.name, func(t *testing.T) {
			h := newRealHarness(t, mode.o)
			k := h.Kernel()
			run(t, k)
			if err := k.Release(); err != nil {
				t.Error(err)
			}
			for _, left := range h.Check() {
				t.Error(left)
			}
		})
	}
}

// TestWaitIsNeverShort: without events and wakes, time passes before Wait has returned for the last time. It may return
// early with nothing, but not for ever.
func TestWaitIsNeverShort(t *testing.T) {
	forEachMode(t, func(t *testing.T, k reactor.Kernel) {
		events := make([]reactor.Event, 4)
		for _, d := range []time.Duration{0, time.Microsecond, time.Millisecond, 10 * time.Millisecond, 3 * time.Millisecond} {
			start := k.Monotonic()
			rounds := 0
			for left := d; left > 0; left = start + d - k.Monotonic() {
				if n, err := k.Wait(nil, events, left); n != 0 || err != nil {
					t.Fatalf("Wait: %d, %v", n, err)
				}
				rounds++
			}
			if rounds > 20 {
				t.Errorf("waiting %v took %d rounds", d, rounds)
			}
		}
	})
}

// TestAWakeIsNeverLost: each wake makes a Wait return that would otherwise go on for ever, however many there were
// before. (An eventfd that is never read was full after 255 of them once.)
func TestAWakeIsNeverLost(t *testing.T) {
	forEachMode(t, func(t *testing.T, k reactor.Kernel) {
		const rounds = 2000
		events := make([]reactor.Event, 4)
		var asked, answered atomic.Int64
		stop := make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range int64(rounds) {
				asked.Store(i + 1)
				k.Wake()
				for answered.Load() <= i {
					select {
					case <-stop:
						return
					default:
						time.Sleep(time.Microsecond)
					}
				}
			}
		}()
		watchdog := time.AfterFunc(time.Minute, func() {
			panic("a wake was lost")
		})
		defer watchdog.Stop()
		for answered.Load() < rounds {
			if n, err := k.Wait(nil, events, -1); n != 0 || err != nil {
				t.Fatalf("Wait: %d, %v", n, err)
			}
			answered.Store(asked.Load())
			watchdog.Reset(time.Minute) // it goes on
		}
		close(stop)
		<-done
	})
}

// TestAWakeBeforeTheWaitCounts: it is kept until there is a Wait to end.
func TestAWakeBeforeTheWaitCounts(t *testing.T) {
	forEachMode(t, func(t *testing.T, k reactor.Kernel) {
		events := make([]reactor.Event, 4)
		for range 1000 {
			k.Wake()
			if n, err := k.Wait(nil, events, -1); n != 0 || err != nil {
				t.Fatalf("Wait: %d, %v", n, err)
			}
		}
	})
}

// TestTheClocksOfTheKernel: one never goes back, the other is the time of day.
func TestTheClocksOfTheKernel(t *testing.T) {
	forEachMode(t, func(t *testing.T, k reactor.Kernel) {
		last := k.Monotonic()
		for range 1000 {
			now := k.Monotonic()
			if now < last {
				t.Fatalf("%v after %v", now, last)
			}
			last = now
		}
		if d := time.Since(k.Wall()); d < -time.Minute || d > time.Minute {
			t.Errorf("the wall clock is off by %v", d)
		}
	})
}

// What one loop has noted another may compare.
func TestKernelsOfOneProcessCountFromOneMoment(t *testing.T) {
	first, _ := realReactor(t)
	time.Sleep(time.Millisecond)
	second, _ := realReactor(t)
	before := first.R.Kernel().Monotonic()
	between := second.R.Kernel().Monotonic()
	if after := first.R.Kernel().Monotonic(); between < before || between > after {
		t.Errorf("got %v, want it between %v and %v", between, before, after)
	}
}
