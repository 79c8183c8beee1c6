package httpcore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/weir-go/weir/loop"
)

func TestAnEarlyAnswerReachesAClientThatIsStillSending(t *testing.T) {
	over(t, ServerOptions{MaxBody: 8 << 20}, func(req *IncomingMessage, res *ServerResponse) {
		res.StatusCode = 401
		res.SetHeader("Connection", "close")
		res.EndString("who are you?")
	}, func(k *talk) {
		for _, size := range []int{4 << 20, 16 << 20} {
			c := k.dial()
			if _, err := c.Write([]byte(post("/", size))); err != nil {
				t.Fatal(err)
			}
			for sent := 0; sent < 4<<20; sent += 64 << 10 { // whether or not an answer has come
				if _, err := c.Write(make([]byte, 64<<10)); err != nil {
					t.Fatalf("%s: behind %d bytes: %v", k.t.Name(), sent, err)
				}
			}
			a := k.answers(c)
			if size == 4<<20 {
				a.want(401, "who are you?")
			} else {
				a.want(413, "")
			}
			a.wantEnd()
			c.Close()
		}
	})
}

func TestAnUploadThatNobodyReadsStopsTheSocketAndLosesNothing(t *testing.T) {
	const size, mark = 2 << 20, 16 << 10
	body := pattern(size)
	var req *IncomingMessage
	var res *ServerResponse
	over(t, ServerOptions{}, func(m *IncomingMessage, r *ServerResponse) { req, res = m, r }, func(k *talk) {
		c := k.dial()
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			k.send(c, post("/", size)+string(body))
		}()
		k.wait("the socket to be stopped", func() bool { return k.conn(0) != nil && k.conn(0).flags&connStopped != 0 })
		var got []byte
		k.on(func() {
			x := k.conn(0)
			if held := req.ReadableLength() + len(x.spill); held < mark || held > mark+64<<10 {
				t.Errorf("%d bytes are held, want %d to %d", held, mark, mark+64<<10)
			}
			if s := k.transports[0]; s.stops != 1 {
				t.Errorf("reading was stopped %d times, want once", s.stops)
			}
			req.OnData(func(p []byte) { got = append(got, p...) })
			req.OnEnd(func() { res.EndString("thanks") })
		})
		k.answers(c).want(200, "thanks")
		<-sent
		k.on(func() {
			if !bytes.Equal(got, body) {
				t.Errorf("got %d bytes, or others, of %d", len(got), size)
			}
		})
		c.Close()
	})
}

func TestAHandlerMayPauseAndResumeInEveryCallback(t *testing.T) {
	const size = 400 << 10
	body := pattern(size)
	for _, how := range []string{"post", "tick", "at once", "read"} {
		var got []byte
		t.Run(how, func(t *testing.T) {
			over(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
				req.OnEnd(func() { res.EndString("thanks") })
				if how == "read" {
					req.OnReadable(func() {
						for p := req.ReadChunk(-1); len(p) > 0; p = req.ReadChunk(-1) {
							got = append(got, p...)
						}
					})
					return
				}
				req.OnData(func(p []byte) {
					got = append(got, p...)
					req.Pause()
					switch how {
					case "post":
						req.Loop().Post(func() { req.Resume() })
					case "tick":
						req.Loop().NextTick(func() { req.Resume() })
					default:
						req.Resume()
						req.Pause()
						req.Resume()
					}
				})
			}, func(k *talk) {
				for _, head := range []string{post("/", size), "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"} {
					k.on(func() { got = nil })
					c := k.dial()
					go func() {
						if strings.Contains(head, "Length") {
							k.send(c, head+string(body)+get("/next"))
							return
						}
						k.send(c, head)
						for i := 0; i < size; i += 4 << 10 {
							k.send(c, "1000\r\n"+string(body[i:i+4<<10])+"\r\n")
						}
						k.send(c, "0\r\nX-Tail: here\r\n\r\n"+get("/next"))
					}()
					a := k.answers(c)
					a.want(200, "thanks")
					k.on(func() {
						if !bytes.Equal(got, body) {
							t.Errorf("got %d bytes, or others, of %d", len(got), size)
						}
					})
					a.want(200, "thanks")
					c.Close()
				}
			})
		})
	}
}

func TestADownloadThatNobodyReadsWaitsAtItsMark(t *testing.T) {
	const size, chunk, mark = 24 << 20, 64 << 10, 16 << 10
	piece := pattern(chunk)
	over(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) {
		left := size
		more := func() {
			for left > 0 {
				left -= chunk
				if !res.WriteOwned(piece, nil) && left > 0 {
					return
				}
			}
			res.End()
		}
		res.OnDrain(more)
		more()
	}, func(k *talk) {
		c := k.dial()
		k.send(c, get("/"))
		last := 0
		k.wait("the download to stall", func() bool {
			x := k.conn(0)
			stalled := x != nil && x.t.WriteQueueSize() > 0 && int(x.handed) == last
			if x != nil {
				last = int(x.handed)
			}
			return stalled
		})
		if _, got := k.answers(c).next(); len(got) != size || got[:chunk] != string(piece) {
			t.Errorf("got %d bytes, want %d", len(got), size)
		}
		k.on(func() {
			if most := k.transports[0].most; most > mark+chunk+1000 {
				t.Errorf("%d bytes waited, want the mark and a chunk", most)
			}
		})
		c.Close()
	})
}

func TestABodyThatNobodyReadsIsThrownAwayUpToABound(t *testing.T) {
	over(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) { res.EndString("not read") }, func(k *talk) {
		c := k.dial()
		go func() {
			for range 20 { // together they are far beyond the bound
				k.send(c, post("/", 100<<10)+strings.Repeat("x", 100<<10))
			}
			k.send(c, post("/", 8<<20))
			for range 128 {
				if _, err := c.Write(make([]byte, 64<<10)); err != nil {
					return // the connection may be closed by now
				}
			}
		}()
		a := k.answers(c)
		for range 21 {
			a.want(200, "not read")
		}
		a.wantEnd()
		c.Close()
	})
}

func TestABodyOverTheLimitIsRefused(t *testing.T) {
	handled := 0
	over(t, ServerOptions{MaxBody: 1000}, func(req *IncomingMessage, res *ServerResponse) {
		handled++
		req.OnData(func([]byte) {})
		req.OnEnd(func() { res.EndString("fine") })
	}, func(k *talk) {
		k.on(func() { handled = 0 })
		c := k.dial()
		k.send(c, get("/")+post("/", 1000)+strings.Repeat("x", 1000)+post("/", 1001))
		a := k.answers(c)
		a.want(200, "fine")
		a.want(200, "fine")
		if res := a.want(413, ""); !res.Close { // before a byte of it
			t.Error("the connection is not said to close")
		}
		a.wantEnd()
		k.on(func() {
			if handled != 2 {
				t.Errorf("%d requests were handled, want 2", handled)
			}
		})
		c.Close()

		c = k.dial()
		k.send(c, get("/")+"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n"+strings.Repeat("x", 1000)+
			"\r\n1\r\ny\r\n0\r\n\r\n"+get("/"))
		a = k.answers(c)
		a.want(200, "fine")
		a.want(413, "")
		a.wantEnd()
		c.Close()
	})
}

func TestAClientThatWaitsForA100(t *testing.T) {
	expect := func(what string) string {
		return "POST /" + what + " HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: " + what + "\r\n\r\n"
	}
	handle := func(req *IncomingMessage, res *ServerResponse) {
		req.OnData(func([]byte) {})
		req.OnEnd(func() { res.EndString("fine") })
	}
	t.Run("is asked for its body", func(t *testing.T) {
		over(t, ServerOptions{}, handle, func(k *talk) {
			c := k.dial()
			k.send(c, expect("100-continue"))
			a := k.answers(c)
			a.want(100, "")
			k.send(c, "abc"+get("/next"))
			a.want(200, "fine")
			a.want(200, "fine")
			c.Close()
		})
	})
	t.Run("is refused at once if it expects something else", func(t *testing.T) {
		over(t, ServerOptions{}, handle, func(k *talk) {
			c := k.dial()
			k.send(c, expect("miracles"))
			a := k.answers(c)
			if res := a.want(417, ""); !res.Close {
				t.Error("the connection is not said to close")
			}
			a.wantEnd()
			c.Close()
		})
	})
	t.Run("may be answered without", func(t *testing.T) {
		over(t, ServerOptions{}, handle, func(k *talk) {
			refuse := func(req *IncomingMessage, res *ServerResponse) {
				k.watch(req, res)
				res.StatusCode = 403
				res.EndString("no")
			}
			k.on(func() { k.s.OnCheckContinue(refuse) })
			c := k.dial()
			k.send(c, expect("100-continue"))
			a := k.answers(c)
			if res := a.want(403, "no"); !res.Close {
				t.Error("the connection is not said to close")
			}
			a.wantEnd()
			c.Close()
		})
	})
}

func TestAClientThatHasEndedItsSideIsStillAnswered(t *testing.T) {
	var waiting []*ServerResponse
	over(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) { waiting = append(waiting, res) }, func(k *talk) {
		k.on(func() { waiting = nil })
		c := k.dial()
		k.send(c, get("/0")+get("/1")+get("/2"))
		k.wait("three requests", func() bool { return len(waiting) == 3 })
		var gone context.Context
		k.on(func() { gone = waiting[1].req.Context() })
		if err := c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		<-gone.Done()
		if err := context.Cause(gone); !errors.Is(err, ErrClientEnded) {
			t.Errorf("the context was cancelled with %v", err)
		}
		k.on(func() {
			if err := context.Cause(waiting[2].req.Context()); !errors.Is(err, ErrClientEnded) {
				t.Errorf("a context that is asked for later has %v", err)
			}
			waiting[2].EndString("2")
			waiting[0].EndString("0")
			waiting[1].EndString("1")
		})
		a := k.answers(c)
		a.want(200, "0")
		a.want(200, "1")
		if res := a.want(200, "2"); !res.Close {
			t.Error("the last answer does not say that the connection closes")
		}
		a.wantEnd()
	})
}

func TestAClientThatHasEndedItsSideGetsTheRestOfALongAnswer(t *testing.T) {
	body := pattern(24 << 20)
	over(t, ServerOptions{HighWaterMark: 64 << 20}, func(_ *IncomingMessage, res *ServerResponse) { res.EndWith(body, nil) }, func(k *talk) {
		c := k.dial()
		k.send(c, get("/"))
		k.wait("an answer that waits", func() bool { return k.conn(0) != nil && k.conn(0).t.WriteQueueSize() > 0 })
		if err := c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		k.wait("its end to be seen", func() bool { return k.conn(0).flags&connEnded != 0 })
		a := k.answers(c)
		if _, got := a.next(); got != string(body) {
			t.Errorf("got %d bytes, or others, of %d", len(got), len(body))
		}
		a.wantEnd()
	})
}

func TestAClientThatEndsItsSideInsideAMessageIsTold(t *testing.T) {
	over(t, ServerOptions{}, func(*IncomingMessage, *ServerResponse) {}, func(k *talk) {
		for _, begun := range []string{"GET / HTT", post("/", 10) + "12345"} {
			c := k.dial()
			k.send(c, begun)
			if err := c.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			a := k.answers(c)
			a.want(400, "")
			a.wantEnd()
			c.Close()
		}
		k.wait("the end", func() bool { return k.s.conns.Load() == 0 })
		k.on(func() {
			if len(k.exchanges) != 1 || k.exchanges[0].aborted != 1 || k.exchanges[0].req.Complete() {
				t.Errorf("%d requests, want one that was aborted", len(k.exchanges))
			}
		})
	})
}

func TestCloseOnFINDropsTheAnswer(t *testing.T) {
	over(t, ServerOptions{CloseOnFIN: true}, func(*IncomingMessage, *ServerResponse) {}, func(k *talk) {
		c := k.dial()
		k.send(c, get("/"))
		k.wait("the request", func() bool { return len(k.exchanges) == 1 })
		c.CloseWrite()
		k.answers(c).wantEnd()
	})
}

func TestAResetClientIsNoticedWhateverTheServerDoes(t *testing.T) {
	for _, doing := range []string{"idle", "inside a head", "waiting", "paused", "writing", "answered and writing"} {
		t.Run(doing, func(t *testing.T) {
			var ctx context.Context
			calls := 0
			var failed error
			over(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
				ctx = req.Context()
				done := func(err error) { calls, failed = calls+1, err }
				switch doing {
				case "idle":
					res.EndWith(nil, done)
				case "writing":
					res.WriteChunk(make([]byte, 24<<20), done)
				case "answered and writing":
					res.EndWith(make([]byte, 24<<20), done)
				}
			}, func(k *talk) {
				k.on(func() { calls, failed, ctx = 0, nil, nil })
				c := k.dial()
				if !k.real && doing == "paused" {
					return // these Transports tell a handler that does not read nothing
				}
				switch doing {
				case "inside a head":
					k.send(c, "GET / HT")
					k.wait("the head", func() bool { return k.conn(0) != nil && k.conn(0).p != nil })
				case "paused":
					go c.Write([]byte(post("/", 24<<20) + string(make([]byte, 1<<20)))) // it can't all be sent
					k.wait("the pause", func() bool { return k.conn(0) != nil && k.conn(0).flags&connStopped != 0 })
				default:
					k.send(c, get("/"))
					k.wait("the request", func() bool { return len(k.exchanges) == 1 })
				}
				switch doing {
				case "idle":
					k.answers(c).want(200, "")
					k.wait("idleness", func() bool { return k.conn(0).quiet() && calls == 1 })
				case "writing", "answered and writing":
					k.wait("a queue", func() bool { return k.conn(0).t.WriteQueueSize() > 0 })
				}
				c.Reset()
				k.wait("its end", func() bool { return k.s.conns.Load() == 0 })
				var gone context.Context
				k.on(func() { gone = ctx })
				if gone != nil && doing != "idle" {
					<-gone.Done()
				}
				k.wait("the callback", func() bool {
					return !strings.Contains(doing, "writing") || calls == 1 && failed != nil
				})
				k.wait("the closes", func() bool {
					for _, x := range k.exchanges {
						if x.resClosed != 1 || x.reqClosed != 1 || doing != "idle" && x.finish > 0 {
							return false
						}
					}
					return true
				})
			})
		})
	}
}

func TestShutdownAnswersWhatIsUnderWayAndClosesTheRest(t *testing.T) {
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	g, err := loop.NewGroup(loop.GroupOptions{Loops: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, on := range []string{"loop", "group"} {
		t.Run(on, func(t *testing.T) {
			s := NewServer(ServerOptions{})
			began := make(chan *ServerResponse, 10)
			s.OnRequest(func(req *IncomingMessage, res *ServerResponse) {
				if req.Path() == "/late" {
					began <- res
					return
				}
				res.EndString("fine")
			})
			k := &talk{t: t}
			done := make(chan error, 1)
			var addr string
			if on == "loop" {
				a, err := s.ListenLoop(l, "tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				addr = a.String()
				go func() { done <- l.Run() }()
			} else {
				a, err := s.Listen(g, "tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				addr = a.String()
				go func() { done <- g.Run() }()
			}
			idle, busy, stuck := dialTCP(t, addr), dialTCP(t, addr), dialTCP(t, addr)
			k.send(idle, get("/"))
			quiet := k.answers(idle)
			quiet.want(200, "fine")
			k.send(busy, get("/late")+get("/late")) // pipelined: both are answered
			first, second := <-began, <-began
			k.send(stuck, get("/late"))
			<-began // and never answered
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- s.Shutdown(ctx) }()
			quiet.wantEnd()
			idle.Close()
			first.loop().Post(func() { first.EndString("1") })
			second.loop().Post(func() { second.EndString("2") })
			a := k.answers(busy)
			if res := a.want(200, "1"); res.Close {
				t.Error("the first answer of two says that the connection closes")
			}
			if res := a.want(200, "2"); !res.Close {
				t.Error("the last answer does not say that the connection closes")
			}
			a.wantEnd()
			busy.Close()
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("Shutdown returned %v", err)
			}
			if b, err := io.ReadAll(stuck); len(b) > 0 {
				t.Errorf("got %q, %v of what was never answered", b, err)
			}
			if on == "group" {
				if err := g.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
			}
			if err := <-done; err != nil { // nothing keeps the loop any more
				t.Error(err)
			}
			if err := s.Shutdown(t.Context()); err != nil {
				t.Errorf("once more: %v", err)
			}
		})
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestConnectionsBeyondTheMostAreClosed(t *testing.T) {
	over(t, ServerOptions{MaxConnections: 2}, func(_ *IncomingMessage, res *ServerResponse) { res.EndString("fine") }, func(k *talk) {
		a, b := k.dial(), k.dial()
		for _, c := range []client{a, b} {
			k.send(c, get("/"))
			k.answers(c).want(200, "fine")
		}
		k.answers(k.dial()).wantEnd()
		a.Close()
		k.wait("one to go", func() bool { return k.s.conns.Load() == 1 })
		c := k.dial()
		k.send(c, get("/"))
		k.answers(c).want(200, "fine")
		b.Close()
		c.Close()
	})
}

func dialTCP(t *testing.T, addr string) client {
	k := &talk{t: t}
	return k.dialTCP(addr)
}
