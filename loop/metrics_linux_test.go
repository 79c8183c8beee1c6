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
	const wait = 60 * time.Millisecond
	start(t, l.NewTimer(), func() {}, wait, 0)
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
	run(t, l)
	over.Store(true)
	sender.Wait()
	if m := l.Metrics(); m.Idle < wait/2 || m.Idle > m.Elapsed {
		t.Errorf("got %v idle of %v, slept for %v", m.Idle, m.Elapsed, wait)
	}
}
