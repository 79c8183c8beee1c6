package loop

import (
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/reactor"
)

func TestAsync(t *testing.T) {
	const sends = 20_000
	l := newLoop(t, Options{})
	var sent atomic.Int64
	calls := 0
	seen := int64(0)
	var a *Async
	a = l.NewAsync(func() {
		calls++
		if seen = sent.Load(); seen == sends {
			a.Close(nil)
		}
	})
	var wg sync.WaitGroup
	wg.Go(func() {
		for range sends {
			sent.Add(1)
			a.Send()
		}
	})
	run(t, l)
	wg.Wait()
	// A callback begins after the last Send, so the last one saw all of them.
	if seen != sends || calls < 1 || calls > sends {
		t.Errorf("got %d calls, the last of which saw %d of %d sends", calls, seen, sends)
	}
}

func TestAsyncSendsBeforeTheCallCountAsOne(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		calls := 0
		var a *Async
		a = l.NewAsync(func() {
			if calls++; calls == 1 {
				a.Send() // during the callback: it counts anew, in the next iteration
			}
		})
		for range 1000 {
			a.Send()
		}
		noWait(t, l)
		if calls != 1 {
			t.Errorf("got %d calls for 1,000 sends, want 1", calls)
		}
		noWait(t, l)
		noWait(t, l)
		if calls != 2 {
			t.Errorf("got %d calls after another send, want 2", calls)
		}
	})
}

func TestAsyncCloseWhileSenderRuns(t *testing.T) {
	l := newLoop(t, Options{})
	var ended atomic.Bool
	closed := false
	var a *Async
	a = l.NewAsync(func() {
		if closed {
			t.Error("called after the close callback")
		}
		a.Close(func() { closed = true })
	})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for !ended.Load() {
				a.Send()
			}
		})
	}
	run(t, l)
	for range 100 {
		noWait(t, l)
	}
	ended.Store(true)
	wg.Wait()
	if !closed {
		t.Error("never closed")
	}
	run(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	a.Send() // of a closed loop: nothing
}

func TestAsyncNullCb(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		a := l.NewAsync(nil)
		checked := false
		begin(t, l.NewCheck(), func() { checked = true })
		a.Send()
		if !once(t, l) || !checked {
			t.Error("Send without a callback did not end the wait")
		}
	})
}

func TestAsyncNullCbWakes(t *testing.T) {
	l := newLoop(t, Options{})
	a := l.NewAsync(nil)
	timer := time.AfterFunc(20*time.Millisecond, a.Send)
	defer timer.Stop()
	once(t, l) // it would wait for ever
}

// interrupted is a kernel in which a signal arrives in the middle of every other call.
type interrupted struct {
	reactor.Kernel
	calls, interrupts int
}

func (k *interrupted) signal() bool {
	if k.calls++; k.calls%2 == 0 {
		return false
	}
	k.interrupts++
	return true
}

func (k *interrupted) Read(fd int, p []byte) (int, reactor.Errno) {
	if k.signal() {
		return 0, reactor.EINTR
	}
	return k.Kernel.Read(fd, p)
}

func (k *interrupted) Write(fd int, p []byte) (int, reactor.Errno) {
	if k.signal() {
		return 0, reactor.EINTR
	}
	return k.Kernel.Write(fd, p)
}

func TestEintrHandling(t *testing.T) {
	k := &interrupted{Kernel: system(t, false)}
	l := newLoop(t, Options{Kernel: k})
	client, server := pair(t, l, "tcp")
	var got string
	read(t, server, func(p []byte, err error) {
		if err != nil {
			t.Errorf("read: %v", err)
		}
		got += string(p)
		server.Close(nil)
	})
	send(t, client, "restarted", func(err error) {
		if err != nil {
			t.Errorf("write: %v", err)
		}
		client.Close(nil)
	})
	run(t, l)
	if got != "restarted" || k.interrupts == 0 {
		t.Errorf("got %q after %d interrupts", got, k.interrupts)
	}
}

// A wait that a signal interrupts is no error, and the loop waits on.
func TestEintrWhileWaiting(t *testing.T) {
	for _, pinned := range []bool{false, true} {
		l := newLoop(t, Options{Pinned: pinned})
		fired := 0
		timer := l.NewTimer()
		start(t, timer, func() { fired++ }, 100*time.Millisecond, 0)
		done := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(time.Millisecond):
					syscall.Kill(syscall.Getpid(), syscall.SIGURG) // the runtime handles it: it is how it preempts
				}
			}
		})
		run(t, l)
		close(done)
		wg.Wait()
		if fired != 1 {
			t.Errorf("pinned %v: the timer ran %d times, want once", pinned, fired)
		}
	}
}

// system is the system's kernel, for a wrapper to embed.
func system(t testing.TB, pinned bool) reactor.Kernel {
	t.Helper()
	k, err := reactor.System(reactor.SystemOptions{Pinned: pinned})
	if err != nil {
		t.Fatal(err)
	}
	return k
}
