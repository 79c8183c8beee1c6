package loop

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/reactor"
)

// parkThen lets the loop sleep, without a timeout, and then has wake called on another goroutine.
func parkThen(t *testing.T, wake func()) {
	t.Helper()
	timer := time.AfterFunc(30*time.Millisecond, wake)
	t.Cleanup(func() { timer.Stop() })
}

func onParked(t *testing.T, test func(t *testing.T, l *Loop)) {
	t.Helper()
	t.Run("parked", func(t *testing.T) { test(t, newLoop(t, Options{})) })
	t.Run("pinned", func(t *testing.T) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		test(t, newLoop(t, Options{Pinned: true}))
	})
}

func TestParkedLoopIsWokenByPost(t *testing.T) {
	onParked(t, func(t *testing.T, l *Loop) {
		keep := l.NewAsync(nil)
		for range 5 {
			ran := false
			parkThen(t, func() { l.Post(func() { ran = true }) })
			if once(t, l); !ran {
				t.Error("RunOnce returned and what was posted has not run")
			}
		}
		keep.Close(nil)
	})
}

func TestParkedLoopIsWokenByATimerEarlierThanTheOneSet(t *testing.T) {
	onParked(t, func(t *testing.T, l *Loop) {
		late, early := l.NewTimer(), l.NewTimer()
		start(t, late, func() { t.Error("it ran hours early") }, 5*time.Hour, 0)
		for _, timeout := range []time.Duration{50 * time.Millisecond, 20 * time.Millisecond, time.Millisecond, 40 * time.Millisecond, 1} {
			fired := false
			parkThen(t, func() {
				l.Post(func() { start(t, early, func() { fired = true }, timeout, 0) })
			})
			runUntil(t, l, "early timer", func() bool { return fired }) // it parks for five hours at first
		}
		late.Close(nil)
	})
}

func TestParkedLoopIsWokenByIO(t *testing.T) {
	onParked(t, func(t *testing.T, l *Loop) {
		client, server := pair(t, l, "tcp")
		fd := client.FD() // the connection belongs to a loop that is parked, so it is its descriptor that writes
		var got string
		read(t, server, func(p []byte, _ error) { got += string(p) })
		for range 5 {
			parkThen(t, func() {
				if _, errno := l.r.Kernel().Write(fd, []byte("x")); errno != 0 {
					t.Error(errno)
				}
			})
			before := got
			if once(t, l); got != before+"x" {
				t.Errorf("got %q after RunOnce, want another x", got)
			}
		}
	})
}

// echoing has two connected ends of l send a byte to and fro for ever, and returns the count of round trips.
func echoing(t *testing.T, l *Loop, stop *atomic.Bool) *atomic.Int64 {
	t.Helper()
	var trips atomic.Int64
	client, server := pair(t, l, "tcp")
	for _, c := range []*reactor.Conn{client, server} {
		read(t, c, func(p []byte, err error) {
			if err != nil || stop.Load() {
				c.Close(nil)
				return
			}
			trips.Add(1)
			c.WriteBorrowed(p, nil)
		})
	}
	send(t, client, "x", nil)
	return &trips
}

// procs sets GOMAXPROCS for a test.
func procs(t *testing.T, n int) {
	t.Helper()
	before := runtime.GOMAXPROCS(n)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

func TestTwoLoopsOnOneProcessorBothProgress(t *testing.T) {
	procs(t, 1)
	var stop atomic.Bool
	var trips [2]*atomic.Int64
	loops := [2]*Loop{newLoop(t, Options{}), newLoop(t, Options{})}
	for i, l := range loops {
		trips[i] = echoing(t, l, &stop)
	}
	var wg sync.WaitGroup
	for _, l := range loops {
		wg.Go(func() { l.Run() })
	}
	const enough = 20_000
	waitFor(t, "both loops' round trips", func() bool { return trips[0].Load() > enough && trips[1].Load() > enough })
	stop.Store(true)
	wg.Wait()
	// Neither was kept waiting until the other had done many times as much.
	for i := range trips {
		if a, b := trips[i].Load(), trips[1-i].Load(); a > 20*b {
			t.Errorf("one loop made %d round trips, the other %d", a, b)
		}
	}
}

// A goroutine beside a loop that is never dry gets the processor again and again, though the loop's calls never give it
// up; so does one that sleeps, which only a processor with nothing to run would wake.
func TestBystandersRunBesideABusyLoop(t *testing.T) {
	procs(t, 1)
	var stop atomic.Bool
	l := newLoop(t, Options{})
	trips := echoing(t, l, &stop)
	begin(t, l.NewIdle(), func() { // never dry, not even between two round trips
		if stop.Load() {
			l.Walk(func(h Handle) { h.Close(nil) })
		}
	})
	var yields, naps atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() { l.Run() })
	wg.Go(func() {
		for !stop.Load() {
			yields.Add(1)
			runtime.Gosched()
		}
	})
	wg.Go(func() {
		for !stop.Load() {
			naps.Add(1)
			time.Sleep(100 * time.Microsecond)
		}
	})
	waitFor(t, "progress of all three", func() bool { return yields.Load() > 50 && naps.Load() > 50 && trips.Load() > 5000 })
	stop.Store(true)
	wg.Wait()
}

// waitFor waits, on a goroutine that is no loop's, until done.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for begin := time.Now(); !done(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > patience {
			t.Fatalf("no %s within %v", what, patience)
		}
	}
}
