package loop

// The behaviours of libuv's own tests, each under its name there: the loop's in this file; those of timers, of async
// handles, of references, of work, signals, look-ups, UDP, metrics and polling each in a file of theirs. Where weir
// differs on purpose the test asserts what weir documents, and says why.
//
// There is nothing to test of loop_configure: options are fields of a struct, so an unknown one does not compile. The
// behaviours of connections, listeners and pipes (tcp_*, pipe_*, shutdown_* …) are in the tests of reactor.

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

func TestRunOnce(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		const want = 64
		calls := 0
		idle := l.NewIdle()
		begin(t, idle, func() {
			if calls++; calls == want {
				idle.Stop()
			}
		})
		for once(t, l) {
		}
		if calls != want {
			t.Errorf("got %d idle callbacks, want %d", calls, want)
		}
	})
}

func TestRunNowait(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		called := false
		start(t, l.NewTimer(), func() { called = true }, time.Hour, 0)
		if !noWait(t, l) {
			t.Error("not alive beside a timer that runs")
		}
		if called {
			t.Error("a timer ran an hour early")
		}
	})
}

func TestLoopAlive(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		if l.Alive() {
			t.Error("alive while empty")
		}
		prepare := l.NewPrepare()
		if l.Alive() {
			t.Error("alive by a handle that was not started")
		}
		begin(t, prepare, func() {})
		if !l.Alive() {
			t.Error("not alive beside an active handle")
		}
		prepare.Stop()
		if l.Alive() {
			t.Error("alive by a handle that was stopped")
		}
		if err := l.Post(func() {}); err != nil {
			t.Fatal(err)
		}
		if !l.Alive() {
			t.Error("not alive with something posted")
		}
		run(t, l)
		if l.Alive() {
			t.Error("alive after the posted function has run")
		}
		queue(t, l, func() {}, nil)
		if !l.Alive() {
			t.Error("not alive with work that has not ended")
		}
		run(t, l)
		if l.Alive() {
			t.Error("alive after the work has ended")
		}
		prepare.Close(nil)
		if !l.Alive() {
			t.Error("not alive while a close callback is owed")
		}
		run(t, l)
		if l.Alive() {
			t.Error("alive after closing")
		}
	})
}

func TestLoopClose(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		timer := l.NewTimer()
		start(t, timer, func() { timer.Close(nil) }, time.Millisecond, 0)
		if err := l.Close(); !errors.Is(err, reactor.EBUSY) {
			t.Errorf("got %v beside a handle, want EBUSY", err)
		}
		run(t, l)
		for range 2 {
			if err := l.Close(); err != nil {
				t.Errorf("got %v after everything was closed, want nil", err)
			}
		}
	})
}

func TestLoopStop(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		const ticks = 10
		prepared, fired := 0, 0
		prepare, timer := l.NewPrepare(), l.NewTimer()
		begin(t, prepare, func() {
			if prepared++; prepared == ticks {
				prepare.Stop()
			}
		})
		start(t, timer, func() {
			switch fired++; fired {
			case 1:
				l.Stop()
			case ticks:
				timer.Stop()
			}
		}, time.Millisecond, time.Millisecond)

		run(t, l)
		if fired != 1 || !l.Alive() {
			t.Fatalf("after Stop: got %d timer callbacks, alive %v; want 1, true", fired, l.Alive())
		}
		before := prepared // none yet, if the timer was due when Run began
		if !noWait(t, l) || prepared != before+1 {
			t.Errorf("after RunNoWait: got %d prepare callbacks, want one after %d", prepared, before)
		}
		run(t, l)
		if fired != ticks || prepared != ticks {
			t.Errorf("got %d timer and %d prepare callbacks, want %d of each", fired, prepared, ticks)
		}
	})
}

func TestLoopStopBeforeRun(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		called := false
		start(t, l.NewTimer(), func() { called = true }, 0, 0)
		l.Stop()
		run(t, l)
		if called {
			t.Error("Run ran a timer although it had been stopped before")
		}
		run(t, l)
		if !called {
			t.Error("the next Run did not go on")
		}
	})
}

func TestLoopUpdateTime(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		begin := l.Now()
		for l.Now()-begin < 20*time.Millisecond {
			if noWait(t, l) {
				t.Fatal("alive while empty")
			}
			pass(l, time.Millisecond)
		}
	})
}

func TestLoopBackendTimeout(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		want := func(when string, low, high time.Duration) {
			t.Helper()
			if got := l.timeout(); got < low || got > high {
				t.Errorf("%s: would wait %v, want between %v and %v", when, got, low, high)
			}
		}
		want("empty", 0, 0)
		timer := l.NewTimer()
		start(t, timer, func() {}, time.Hour, 0)
		want("with a timer", 1, time.Hour)
		timer.Unref()
		want("with nothing but an unref'd timer", 0, 0)
		timer.Ref()
		idle := l.NewIdle()
		begin(t, idle, func() {})
		want("with an active Idle", 0, 0)
		idle.Close(nil)
		want("with a handle to close", 0, 0)
		noWait(t, l)
		want("after that", 1, time.Hour)
		l.NextTick(func() {})
		want("with a tick", 0, 0)
		l.EndTurn()
		l.Stop()
		want("stopped", 0, 0)
		noWait(t, l)
		timer.Stop()
		async := l.NewAsync(nil)
		want("with nothing to wait for but others", -1, -1)
		async.Close(nil)
	})
}

func TestCloseOrder(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		checked, closed, fired := 0, 0, 0
		onClose := func() { closed++ }
		check, due, late := l.NewCheck(), l.NewTimer(), l.NewTimer()
		begin(t, check, func() {
			if checked != 0 || fired != 1 || closed != 0 {
				t.Errorf("in the check callback: %d checks, %d timers and %d closes before it; want 0, 1, 0", checked, fired, closed)
			}
			check.Close(onClose)
			late.Close(onClose)
			checked++
		})
		start(t, due, func() {
			fired++
			due.Close(onClose)
		}, 0, 0)
		start(t, late, func() { fired++ }, 100*time.Second, 0)
		run(t, l)
		if checked != 1 || closed != 3 || fired != 1 {
			t.Errorf("got %d checks, %d closes, %d timers; want 1, 3, 1", checked, closed, fired)
		}
	})
}

func TestCallbackStack(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		depth := 0 // calls of ours that are running
		var seen []string
		callback := func(name string) {
			if depth != 0 {
				t.Errorf("the %s callback ran inside a call", name)
			}
			seen = append(seen, name)
		}
		call := func(fn func() error) {
			t.Helper()
			depth++
			if err := fn(); err != nil {
				t.Error(err)
			}
			depth--
		}
		ln := listen(t, l, "tcp", func(c *reactor.Conn) {
			call(func() error { // an echo that ends with its peer
				return c.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
					if err != nil {
						c.Close(nil)
						return
					}
					call(func() error { return c.WriteBorrowed(p, nil) })
				}))
			})
		})
		var c *reactor.Conn
		depth++
		c = dial(t, l, ln, func(err error) {
			callback("connect")
			if err != nil {
				t.Error(err)
			}
			call(func() error { return c.Write([][]byte{[]byte("hello")}, func(error) { callback("write") }) })
			call(func() error {
				return c.ReadStart(reactor.ReadFunc(func([]byte, error) {
					callback("read")
					c.ReadStop()
					call(func() error {
						return c.CloseWrite(func(error) {
							callback("half-close")
							call(func() error { c.Close(func() { callback("close") }); return nil })
						})
					})
					call(func() error { ln.Close(func() { callback("listener's close") }); return nil })
				}))
			})
		})
		depth--
		run(t, l)
		if len(seen) != 6 {
			t.Errorf("got the callbacks %q, want six", seen)
		}
	})
}

func TestActive(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		timer := l.NewTimer()
		want := func(when string, active, closing bool) {
			t.Helper()
			if timer.Active() != active || timer.Closing() != closing {
				t.Errorf("%s: active %v, closing %v; want %v, %v", when, timer.Active(), timer.Closing(), active, closing)
			}
		}
		want("new", false, false)
		start(t, timer, func() { t.Error("it ran") }, time.Hour, 0)
		want("started", true, false)
		timer.Stop()
		want("stopped", false, false)
		start(t, timer, func() { t.Error("it ran") }, time.Hour, 0)
		want("started again", true, false)
		closed := 0
		timer.Close(func() { closed++ })
		want("closing", false, true)
		timer.Close(func() { t.Error("the second Close was heard") })
		run(t, l)
		want("closed", false, true)
		if closed != 1 {
			t.Errorf("got %d close callbacks, want 1", closed)
		}
	})
}

// TestLoopHandles differs from libuv's in one point: hooks of one kind run in the order they were started, libuv's in
// the reverse.
func TestLoopHandles(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		const iterations, idles = 21, 7
		var iteration, prepared1, prepared2, started2, checked, idled1, closed int
		var idle2Started, idle2Closed int
		onClose := func() { closed++ }
		prepare1, prepare2, check, timer := l.NewPrepare(), l.NewPrepare(), l.NewCheck(), l.NewTimer()
		var idle1 [idles]*Idle
		for i := range idle1 {
			idle1[i] = l.NewIdle()
		}
		var idle2 *Idle
		onIdle1 := func(h *Idle) {
			idled1++
			if idle2 == nil {
				idle2 = l.NewIdle()
				idle2Started++
				begin(t, idle2, func() {
					idle2.Close(func() {
						idle2Closed++
						idle2 = nil
					})
				})
			}
			if idled1%5 == 0 {
				h.Stop()
			}
		}
		begin(t, prepare1, func() {
			if iteration%2 == 0 {
				started2 = iteration
				begin(t, prepare2, func() {
					if iteration != started2+2 { // prepare1 has counted this one already
						t.Errorf("a hook started in iteration %d ran in %d, want the next", started2, iteration-1)
					}
					prepare2.Stop()
					prepared2++
				})
			}
			prepared1++
			iteration++
		})
		begin(t, check, func() {
			checked++
			if iteration < iterations {
				for _, h := range idle1[:1+iteration%idles] {
					begin(t, h, func() { onIdle1(h) })
				}
				return
			}
			prepare1.Close(onClose)
			prepare2.Close(onClose)
			check.Close(onClose)
			timer.Close(onClose)
			for _, h := range idle1 {
				h.Close(onClose)
			}
			if idle2 != nil {
				idle2.Close(func() { idle2Closed++ })
			}
		})
		start(t, timer, func() {}, time.Millisecond, time.Millisecond)
		run(t, l)
		if prepared1 != iterations || prepared2 != iterations/2 || checked != iterations {
			t.Errorf("got %d, %d prepare and %d check callbacks; want %d, %d, %d",
				prepared1, prepared2, checked, iterations, iterations/2, iterations)
		}
		if closed != 4+idles || idle2Closed != idle2Started {
			t.Errorf("got %d close callbacks and %d of idles made on the way, want %d and %d", closed, idle2Closed, 4+idles, idle2Started)
		}
		if idled1 < iterations {
			t.Errorf("got %d idle callbacks in %d iterations", idled1, iterations)
		}
	})
}

func TestIdleStarvation(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		client, server := pair(t, l, "tcp")
		idled, checked, fired, received := 0, 0, 0, 0
		idle, check, timer := l.NewIdle(), l.NewCheck(), l.NewTimer()
		begin(t, idle, func() {
			if idled++; idled == 2 {
				start(t, timer, func() {
					fired++
					idle.Stop()
					check.Stop()
				}, 5*time.Millisecond, 0)
			}
		})
		begin(t, check, func() { checked++ })
		read(t, server, func([]byte, error) {
			received++
			server.ReadStop()
		})
		send(t, client, "x", nil)
		run(t, l)
		if fired != 1 || received != 1 || idled < 2 || checked != idled {
			t.Errorf("got %d timers, %d reads, %d idles, %d checks; want 1, 1, and as many idles as checks", fired, received, idled, checked)
		}
	})
}

func TestIdleCheck(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		var order string
		idle, check := l.NewIdle(), l.NewCheck()
		begin(t, check, func() { order += "c" })
		begin(t, idle, func() { order += "i" })
		noWait(t, l)
		noWait(t, l)
		closed := 0
		idle.Close(func() { closed++ })
		check.Close(func() { closed++ })
		run(t, l)
		if order != "icic" || closed != 2 {
			t.Errorf("got %q and %d closes, want \"icic\" and 2", order, closed)
		}
	})
}

func TestWatcherCrossStop(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		n := 300
		if _, ok := l.r.Kernel().(*simkernel.Kernel); ok {
			n = 2500
		}
		var servers []*reactor.Conn
		closed, calls := 0, 0
		ln := listen(t, l, "tcp", func(c *reactor.Conn) {
			servers = append(servers, c)
			read(t, c, func([]byte, error) {
				if calls++; calls > 1 {
					t.Error("a callback of a connection that was closed")
				}
				for _, c := range servers {
					c.Close(func() { closed++ })
				}
			})
		})
		clients := make([]*reactor.Conn, n)
		for i := range clients {
			clients[i] = dial(t, l, ln, func(error) {})
		}
		runUntil(t, l, "connections", func() bool { return len(servers) == n })
		for _, c := range clients {
			send(t, c, "x", nil)
		}
		ln.Close(nil)
		run(t, l)
		if calls != 1 || closed != n {
			t.Errorf("got %d read and %d close callbacks, want 1 and %d", calls, closed, n)
		}
	})
}

func TestWalkHandles(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		seen := func() (all []Handle) {
			l.Walk(func(h Handle) { all = append(all, h) })
			return all
		}
		if got := seen(); len(got) != 0 {
			t.Errorf("got %d handles of a new loop, want none: the loop's own are not the user's", len(got))
		}
		timer := l.NewTimer()
		start(t, timer, func() {
			if got := seen(); len(got) != 1 || got[0] != timer {
				t.Errorf("got %v, want the timer", got)
			}
			timer.Close(nil)
			if got := seen(); len(got) != 0 {
				t.Errorf("got %v, want nothing: the timer is closing", got)
			}
		}, time.Millisecond, 0)
		run(t, l)
		ln := listen(t, l, "tcp", func(*reactor.Conn) {})
		idle := l.NewIdle()
		if got := seen(); len(got) != 2 || got[0] != idle || got[1] != ln {
			t.Errorf("got %v, want the Idle and the Listener", got)
		}
	})
}

func TestWalkMayCloseAnyHandle(t *testing.T) {
	for _, closes := range []int{1, 2, 3} {
		l := newLoop(t, Options{})
		handles := make([]Handle, 4)
		for i := range handles {
			handles[i] = l.NewIdle()
		}
		calls := 0
		l.Walk(func(h Handle) {
			calls++
			if h.Closing() {
				t.Errorf("closing %d: called with a handle that is closing", closes)
			}
			for _, next := range handles[1 : 1+closes] {
				next.Close(nil)
			}
		})
		if want := 4 - closes; calls != want {
			t.Errorf("closing %d of 4 on the way: got %d calls, want %d", closes, calls, want)
		}
	}
}

// TestEmbed drives a loop from another one. libuv does it by watching the inner loop's poller; ours is not shown to
// anybody, because a parked goroutine is not a descriptor: the inner loop is polled, with RunNoWait.
func TestEmbed(t *testing.T) {
	outer, inner := newLoop(t, Options{}), newLoop(t, Options{})
	client, server := pair(t, inner, "tcp")
	var got []byte
	read(t, server, func(p []byte, err error) {
		if err == io.EOF {
			server.Close(nil)
			return
		}
		got = append(got, p...)
	})
	send(t, client, "through", func(error) { client.Close(nil) })
	poll := outer.NewTimer()
	start(t, poll, func() {
		if !noWait(t, inner) {
			poll.Close(nil)
		}
	}, time.Millisecond, time.Millisecond)
	run(t, outer)
	if string(got) != "through" {
		t.Errorf("got %q, want %q", got, "through")
	}
}
