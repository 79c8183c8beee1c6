package loop

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Signals end the wait of a pinned loop's thread again and again; what it has slept until then still counts.
func TestMetricsIdleTimeSignal(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	l := newLoop(t, Options{Pinned: true})
	var over atomic.Bool
	var sender sync.WaitGroup
	thread := unix.Gettid()
	sender.Go(func() {
		for !over.Load() {
			if err := unix.Tgkill(unix.Getpid(), thread, unix.SIGURG); err != nil { // the runtime's own, and harmless
				t.Error(err)
				return
			}
			time.Sleep(time.Millisecond)
		}
	})
	const sleep = 60 * time.Millisecond
	sleepsOnce(t, sleep, func() time.Duration {
		before := l.Metrics().Idle
		start(t, l.NewTimer(), func() {}, sleep, 0)
		run(t, l)
		m := l.Metrics()
		if m.Idle > m.Elapsed {
			t.Errorf("got %v idle of %v", m.Idle, m.Elapsed)
		}
		return m.Idle - before
	})
	over.Store(true)
	sender.Wait()
}
