package loop

import (
	"testing"
	"time"

	"github.com/weir-go/weir/reactor"
)

// unrefd runs a loop with nothing but an unref'd handle of each kind: Run returns at once.
func unrefd(t *testing.T, handle func(t *testing.T, l *Loop) Handle) {
	t.Helper()
	onKernels(t, func(t *testing.T, l *Loop) {
		h := handle(t, l)
		h.Unref()
		run(t, l) // it returns
		if l.Alive() {
			t.Error("an unref'd handle keeps the loop alive")
		}
		h.Ref()
		if !l.Alive() {
			t.Error("Ref after Unref does not keep the loop alive")
		}
		h.Ref()
		h.Unref()
		if l.Alive() {
			t.Error("references are counted: two Refs need one Unref")
		}
		closed := false
		h.Close(func() { closed = true })
		if !l.Alive() {
			t.Error("a closing handle does not keep the loop alive")
		}
		run(t, l)
		if !closed {
			t.Error("the close callback of an unref'd handle did not run")
		}
	})
}

func TestRef(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) { run(t, l) })
}

func TestHasRef(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		client, _ := pair(t, l, "tcp")
		for _, h := range []Handle{
			l.NewTimer(), l.NewIdle(), l.NewPrepare(), l.NewCheck(), l.NewAsync(nil), client,
			listen(t, l, "tcp", func(*reactor.Conn) {}),
		} {
			h.Ref()
			if !h.HasRef() {
				t.Errorf("%T after Ref: got no reference", h)
			}
			h.Unref()
			if h.HasRef() {
				t.Errorf("%T after Unref: got a reference", h)
			}
		}
	})
}

func TestIdleRef(t *testing.T) {
	unrefd(t, func(t *testing.T, l *Loop) Handle {
		h := l.NewIdle()
		begin(t, h, func() { t.Error("it ran") })
		return h
	})
}

func TestPrepareRef(t *testing.T) {
	unrefd(t, func(t *testing.T, l *Loop) Handle {
		h := l.NewPrepare()
		begin(t, h, func() { t.Error("it ran") })
		return h
	})
}

func TestCheckRef(t *testing.T) {
	unrefd(t, func(t *testing.T, l *Loop) Handle {
		h := l.NewCheck()
		begin(t, h, func() { t.Error("it ran") })
		return h
	})
}

func TestAsyncRef(t *testing.T) {
	unrefd(t, func(_ *testing.T, l *Loop) Handle { return l.NewAsync(nil) })
}

func TestTimerRef(t *testing.T) {
	unrefd(t, func(t *testing.T, l *Loop) Handle {
		h := l.NewTimer()
		start(t, h, func() { t.Error("it ran") }, 10*time.Hour, 0)
		return h
	})
}

func TestTimerRef2(t *testing.T) {
	unrefd(t, func(t *testing.T, l *Loop) Handle {
		h := l.NewTimer()
		start(t, h, func() { t.Error("it ran") }, 42*time.Hour, 42*time.Hour)
		return h
	})
}

func TestUnrefInPrepareCb(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		timer, prepare := l.NewTimer(), l.NewPrepare()
		start(t, timer, func() { t.Error("it ran") }, 10*time.Hour, 0)
		begin(t, prepare, func() {
			timer.Unref()
			prepare.Unref()
		})
		run(t, l)
		timer.Close(nil)
		prepare.Close(nil)
	})
}

// A handle of libuv exists before it has a socket; ours do not. So tcp_ref is about a connection that does nothing but
// read.
func TestTcpRef(t *testing.T) {
	unrefd(t, func(t *testing.T, l *Loop) Handle {
		client, server := pair(t, l, "tcp")
		server.Close(nil)
		noWait(t, l)
		read(t, client, func([]byte, error) { client.ReadStop() })
		noWait(t, l)
		noWait(t, l)
		read(t, client, func([]byte, error) {})
		return client
	})
}

// An idle connection that neither reads nor writes keeps nothing alive either: it is not active.
func TestTcpIdleIsNotActive(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		pair(t, l, "tcp")
		run(t, l)
	})
}

func TestTcpRef2(t *testing.T) {
	unrefd(t, func(t *testing.T, l *Loop) Handle { return listen(t, l, "tcp", func(*reactor.Conn) {}) })
}

func TestTcpRef2b(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		ln := listen(t, l, "tcp", func(*reactor.Conn) {})
		ln.Unref()
		closed := 0
		ln.Close(func() { closed++ })
		run(t, l)
		if closed != 1 {
			t.Errorf("got %d close callbacks, want 1", closed)
		}
	})
}

func TestTcpRef3(t *testing.T)  { testRefConnect(t, "tcp", false) }
func TestTcpRef4(t *testing.T)  { testRefConnect(t, "tcp", true) }
func TestPipeRef3(t *testing.T) { testRefConnect(t, "unix", false) }
func TestPipeRef4(t *testing.T) { testRefConnect(t, "unix", true) }

// testRefConnect: requests under way keep the loop, whatever the handle's reference.
func testRefConnect(t *testing.T, network string, write bool) {
	onKernels(t, func(t *testing.T, l *Loop) {
		ln := listen(t, l, network, func(*reactor.Conn) {})
		ln.Unref()
		var c *reactor.Conn
		var seen string
		c = dial(t, l, ln, func(err error) {
			if err != nil {
				t.Error(err)
			}
			seen += "connect "
			end := func(error) {
				if err := c.CloseWrite(func(error) { seen += "half-close" }); err != nil {
					t.Error(err)
				}
			}
			if !write {
				end(nil)
				return
			}
			send(t, c, "x", func(err error) {
				seen += "write "
				end(err)
			})
		})
		c.Unref()
		run(t, l)
		want := "connect half-close"
		if write {
			want = "connect write half-close"
		}
		if seen != want {
			t.Errorf("got %q, want %q", seen, want)
		}
	})
}

func TestPipeRef(t *testing.T) {
	unrefd(t, func(t *testing.T, l *Loop) Handle {
		client, server := pair(t, l, "unix")
		server.ReadStop()
		read(t, client, func([]byte, error) {})
		return client
	})
}

func TestPipeRef2(t *testing.T) {
	unrefd(t, func(t *testing.T, l *Loop) Handle { return listen(t, l, "unix", func(*reactor.Conn) {}) })
}
