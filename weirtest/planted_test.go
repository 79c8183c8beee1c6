package weirtest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
	"github.com/weir-go/weir/weirtest"
)

// Mistakes that users make, each with what the kit has to say of it.

type handler = func(*httpcore.IncomingMessage, *httpcore.ServerResponse)

const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"

// served is a test of a handler with a client that does what do says.
func served(fn handler, do func(*weirtest.Peer)) func(testing.TB) {
	return func(t testing.TB) {
		w := weirtest.New(t, weirtest.Options{})
		p := w.Dial(w.ServeRequests(fn))
		do(p)
	}
}

// asks is a client that gets its answer.
func asks(p *weirtest.Peer) {
	p.Write(post)
	p.ReadResponse()
}

func echo(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
	res.NoDate = true
	req.Pipe(res)
}

func TestAGoodHandlerIsClean(t *testing.T) {
	clean(t, served(echo, asks))
	clean(t, func(t testing.TB) {
		weirtest.EveryByte(t, weirtest.Options{}, post, func(w *weirtest.World) string { return w.ServeRequests(echo) })
	})
}

func TestATimerThatAHandlerKeepsIsFound(t *testing.T) {
	caught(t, "a timer that is due in", served(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		timer := req.Loop().NewTimer()
		timer.Start(func() {}, time.Second, time.Second)
		res.EndString("fine")
	}, asks))
}

func TestATimerThatNobodyClosesIsFoundThoughItKeepsNothing(t *testing.T) {
	caught(t, "a timer that is not active is left", served(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		req.Loop().NewTimer().Unref()
		res.EndString("fine")
	}, asks))
}

func TestAnAnswerThatIsNeverEndedIsFound(t *testing.T) {
	endless := func(_ *httpcore.IncomingMessage, res *httpcore.ServerResponse) { res.WriteString("and then") }
	caught(t, "no whole answer", served(endless, asks))
	caught(t, "a connection is open 15m0s after its peer has gone", served(endless, func(p *weirtest.Peer) { p.Write(post) }))
}

func TestABodyThatIsGatheredInMemoryIsFound(t *testing.T) {
	const limit, size = 2 << 20, 16 << 20
	upload := func(fn handler) func(testing.TB) {
		return func(t testing.TB) {
			w := weirtest.New(t, weirtest.Options{HeapLimit: limit})
			p := w.Dial(w.ServeRequests(fn))
			p.Write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 16777216\r\n\r\n")
			p.Pour(size)
			p.ReadResponse()
		}
	}
	caught(t, "more than at the beginning", upload(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		var all []byte
		req.OnData(func(b []byte) { all = append(all, b...) })
		req.OnEnd(func() { res.EndString(strings.Repeat("x", len(all)%10)) })
	}))
	clean(t, upload(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		n := 0
		req.OnData(func(b []byte) { n += len(b) })
		req.OnEnd(func() { res.EndString("fine") })
	}))
}

func TestAFileThatStaysOpenIsFound(t *testing.T) {
	test := func(fn func(l *loop.Loop, res *httpcore.ServerResponse)) func(testing.TB) {
		return func(t testing.TB) {
			w := weirtest.New(t, weirtest.Options{})
			w.WriteFile("/srv/page", []byte("a page"))
			p := w.Dial(w.ServeRequests(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) { fn(req.Loop(), res) }))
			asks(p)
		}
	}
	caught(t, "is open: file", test(func(l *loop.Loop, res *httpcore.ServerResponse) {
		files.Open(l, "/srv/page", files.ReadOptions{HighWaterMark: 1}).ReadChunk(0)
		res.EndString("later, perhaps")
	}))
	clean(t, test(func(l *loop.Loop, res *httpcore.ServerResponse) {
		files.Open(l, "/srv/page", files.ReadOptions{}).Pipe(res)
	}))
}

func TestAWriteBehindTheEndIsFound(t *testing.T) {
	caught(t, "write after end", served(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		res.EndString("fine")
		req.Loop().NextTick(func() { res.WriteString("one more thing") })
	}, asks))
}

func TestAPanicIsFound(t *testing.T) {
	caught(t, "index out of range", served(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		res.EndString(strings.Split(req.Path(), "/")[7])
	}, func(p *weirtest.Peer) { p.Write(post) }))
}

func TestALoopThatNeverRestsIsFound(t *testing.T) {
	weirtest.SetMaxSteps(t, 1000)
	caught(t, "nothing comes to rest", served(func(req *httpcore.IncomingMessage, _ *httpcore.ServerResponse) {
		var again func()
		again = func() { req.Loop().Post(again) }
		again()
	}, func(p *weirtest.Peer) { p.Write(post) }))
}

func TestASocketWhoseErrorsNobodyHearsIsFound(t *testing.T) {
	test := func(fn func(*stream.Socket)) func(testing.TB) {
		return func(t testing.TB) {
			w := weirtest.New(t, weirtest.Options{})
			p := w.Dial(w.ServeSockets(stream.SocketOptions{}, fn))
			p.Write("hello")
			p.Expect("hello")
			p.Reset()
		}
	}
	caught(t, "an error that nobody listens for", test(func(s *stream.Socket) { s.Pipe(s) }))
	clean(t, test(func(s *stream.Socket) {
		s.OnError(func(error) {})
		s.Pipe(s)
	}))
}

func TestASilentClientThatAServerKeepsForEverIsFound(t *testing.T) {
	server := func(o httpcore.ServerOptions) func(testing.TB) {
		return func(t testing.TB) {
			weirtest.EveryByte(t, weirtest.Options{}, post, func(w *weirtest.World) string {
				s := httpcore.NewServer(o)
				s.OnRequest(echo)
				return w.Serve(s)
			})
		}
	}
	caught(t, "a client that falls silent after byte", server(httpcore.ServerOptions{BodyTimeout: -1, RequestTimeout: -1, IdleTimeout: -1}))
	clean(t, server(httpcore.ServerOptions{}))
}

func TestAHandlerThatOneClientBreaksForAllOthersIsFound(t *testing.T) {
	caught(t, "and the client behind it", func(t testing.TB) {
		weirtest.EveryByte(t, weirtest.Options{}, post, func(w *weirtest.World) string {
			busy := false // one at a time, and who goes away keeps his turn
			return w.ServeRequests(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
				if busy {
					return
				}
				busy = true
				req.OnData(func([]byte) {})
				req.OnEnd(func() {
					busy = false
					res.EndString("done")
				})
			})
		})
	})
}

// An upload that is cut off must leave no file behind: files.Create leaves what it was given, files.Replace does not.
func TestHalfAnUploadThatStaysOnTheDiskIsFound(t *testing.T) {
	upload := func(create func(*loop.Loop, string) *files.WriteStream) func(testing.TB) {
		return func(t testing.TB) {
			weirtest.EveryByte(t, weirtest.Options{}, post, func(w *weirtest.World) string {
				w.MakeFolder("/uploads")
				w.OnFinish(func() {
					for _, name := range w.FileNames("/uploads") {
						if data, _ := w.ReadFile(name); string(data) != "hello" {
							t.Errorf("half an upload is there: %q", data)
						}
					}
				})
				uploads := 0
				return w.ServeRequests(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
					uploads++
					out := create(req.Loop(), fmt.Sprint("/uploads/", uploads))
					stream.Pipeline(func(err error) {
						if err == nil {
							res.EndString("stored")
						} else {
							res.Destroy(err)
						}
					}, req, out)
				})
			})
		}
	}
	caught(t, "half an upload is there", upload(func(l *loop.Loop, name string) *files.WriteStream { return files.Create(l, name, files.WriteOptions{}) }))
	clean(t, upload(func(l *loop.Loop, name string) *files.WriteStream {
		return files.Replace(l, name, files.ReplaceOptions{})
	}))
}

func TestAnAgentWhoseRequestsWaitForEverIsFound(t *testing.T) {
	caught(t, "no answer has come to the gateway's request", func(t testing.TB) {
		w := weirtest.New(t, weirtest.Options{})
		up := w.Listen("10.0.0.1:80")
		a := httpcore.NewAgent(httpcore.AgentOptions{MaxSockets: 1})
		w.WatchAgent(a)
		answered := 0
		w.Do(func() {
			for range 2 { // the first is never read, and holds the only connection
				req, err := httpcore.NewRequest(w.Loop(), "GET", "http://10.0.0.1/", httpcore.RequestOptions{Agent: a})
				if err != nil {
					t.Error(err)
					return
				}
				req.OnResponse(func(*httpcore.IncomingMessage) { answered++ })
				req.OnError(func(error) {})
				req.End()
			}
		})
		p := up.Accept()
		p.ReadRequest()
		p.Write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100000))
		w.Advance(time.Minute)
		if answered != 2 {
			t.Errorf("no answer has come to the gateway's request")
		}
		a.Destroy()
	})
}
