package acceptance

import (
	"bytes"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

func TestMemoryThatWasWrittenMayBeUsedAgainAtOnce(t *testing.T) {
	const times = 300
	want := bytes.Repeat([]byte("right"), times)
	play(t, httpcore.ServerOptions{}, func(s *stage) {
		fill := func(w interface {
			Write(p []byte) (int, error)
			End()
		},
		) {
			p := make([]byte, 5)
			for range times {
				copy(p, "right")
				if n, err := w.Write(p); n != 5 || err != nil {
					t.Errorf("wrote %d, %v", n, err)
				}
				copy(p, "wrong")
			}
			w.End()
		}
		same := func(m *httpcore.IncomingMessage, then func()) {
			m.Collect(1<<20, func(got []byte, err error) {
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("got %d bytes, %v", len(got), err)
				}
				then()
			})
		}
		s.srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
			same(req, func() { fill(res) })
		})
		r := s.request("POST", "/")
		r.OnResponse(func(res *httpcore.IncomingMessage) { same(res, func() {}) })
		r.OnClose(s.over)
		fill(r)
	})
}

func TestACorkBeforeItsTurnHoldsAResponseBack(t *testing.T) {
	play(t, httpcore.ServerOptions{}, func(s *stage) {
		var first *httpcore.ServerResponse
		waits := true
		s.srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
			if req.Path() == "/first" {
				first = res
				return
			}
			res.Cork()
			res.WriteString("sec")
			res.WriteString("ond")
			if n := res.WritableLength(); n < len("second") || res.WritableCorked() != 1 {
				t.Errorf("%d bytes wait, corked %d times", n, res.WritableCorked())
			}
			first.EndString("first")
			s.after(30*time.Millisecond, func() {
				waits = false
				res.Uncork()
				res.End()
			})
		})
		s.raw("GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", func(c *stream.Socket, got string) {
			if strings.Count(got, "200 OK") == 2 && waits {
				t.Errorf("corked, and got %q", got)
			}
			if strings.HasSuffix(got, "0\r\n\r\n") {
				c.OnClose(s.over)
				if !strings.Contains(got, "\r\nfirst") || !strings.Contains(got, "\r\n3\r\nsec\r\n3\r\nond\r\n0\r\n\r\n") {
					t.Errorf("got %q", got)
				}
			}
		})
	})
}

func TestAFileIsPipedToItsResponseWithALengthOrInChunks(t *testing.T) {
	want := pattern(300_001)
	for _, length := range []bool{false, true} {
		play(t, httpcore.ServerOptions{}, func(s *stage) {
			path := filepath.Join(t.TempDir(), "a")
			writeFile(t, path, want)
			s.srv.OnRequest(func(_ *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
				if length {
					res.SetHeader("Content-Length", strconv.Itoa(len(want)))
				}
				files.Open(s.l, path, files.ReadOptions{}).Pipe(res)
			})
			r := s.request("GET", "/")
			r.OnResponse(func(res *httpcore.IncomingMessage) {
				if got := res.ContentLength() >= 0; got != length {
					t.Errorf("a length was set %t, and came %t", length, got)
				}
				res.Collect(1<<20, func(got []byte, err error) {
					if err != nil || !bytes.Equal(got, want) {
						t.Errorf("got %d bytes, %v", len(got), err)
					}
				})
			})
			r.OnClose(s.over)
			r.End()
		})
	}
}

func TestASourceThatFailsLeavesTheResponseToItsHandler(t *testing.T) {
	play(t, httpcore.ServerOptions{}, func(s *stage) {
		s.srv.OnRequest(func(_ *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
			file := files.Open(s.l, filepath.Join(t.TempDir(), "none"), files.ReadOptions{})
			file.OnError(func(error) {
				if res.Destroyed() || res.HeadersSent() {
					t.Error("the response is destroyed, or has begun")
				}
				res.StatusCode = 404
				res.EndString("none")
			})
			file.Pipe(res)
		})
		r := s.request("GET", "/")
		r.OnResponse(func(res *httpcore.IncomingMessage) {
			if res.StatusCode() != 404 {
				t.Errorf("got %d", res.StatusCode())
			}
			res.Resume()
		})
		r.OnClose(s.over)
		r.End()
	})
}

func TestAClientThatGoesUnpipesWhatItWasSent(t *testing.T) {
	play(t, httpcore.ServerOptions{}, func(s *stage) {
		s.srv.OnRequest(func(_ *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
			src := files.From(s.l, zeros{})
			unpiped := false
			res.OnUnpipe(func(stream.ReadableStream) { unpiped = true })
			res.OnClose(func() {
				s.l.NextTick(func() {
					if !unpiped || src.Destroyed() || res.WritableFinished() {
						t.Errorf("unpiped %t, the source is destroyed %t, finished %t", unpiped, src.Destroyed(), res.WritableFinished())
					}
					src.OnClose(s.over)
					src.Destroy(nil)
				})
			})
			src.Pipe(res)
		})
		r := s.request("GET", "/")
		r.OnError(func(error) {})
		r.OnResponse(func(res *httpcore.IncomingMessage) {
			res.OnError(func(error) {})
			res.OnData(func([]byte) { r.Destroy(nil) })
		})
		r.End()
	})
}

// Whoever is destroyed, and inside whatever he is told: each object closes once, and the loop ends by itself.
func TestAMessageMayBeDestroyedInEveryHandler(t *testing.T) {
	type exchange struct {
		req *httpcore.IncomingMessage
		res *httpcore.ServerResponse
	}
	handlers := []struct {
		name string
		on   func(x exchange, fn func())
	}{
		{"request", func(_ exchange, fn func()) { fn() }},
		{"request 'data'", func(x exchange, fn func()) { x.req.OnData(func([]byte) { fn() }) }},
		{"request 'end'", func(x exchange, fn func()) { x.req.OnEnd(fn) }},
		{"request 'close'", func(x exchange, fn func()) { x.req.OnClose(fn) }},
		{"request 'aborted'", func(x exchange, fn func()) { x.req.OnAborted(fn) }},
		{"request 'pause'", func(x exchange, fn func()) { x.req.OnPause(fn) }},
		{"response 'drain'", func(x exchange, fn func()) { x.res.OnDrain(fn) }},
		{"response 'finish'", func(x exchange, fn func()) { x.res.OnFinish(fn) }},
		{"response 'close'", func(x exchange, fn func()) { x.res.OnClose(fn) }},
		{"the callback of a write", func(x exchange, fn func()) { x.res.WriteChunk([]byte("x"), func(error) { fn() }) }},
		{"a timer", func(x exchange, fn func()) {
			tm := x.req.Loop().NewTimer()
			tm.Start(func() { tm.Close(nil); fn() }, time.Millisecond, 0)
		}},
	}
	for _, h := range handlers {
		for _, whom := range []string{"request", "response", "both", "client"} {
			t.Run(h.name+", "+whom, func(t *testing.T) {
				closed := map[string]int{}
				play(t, httpcore.ServerOptions{}, func(s *stage) {
					r := s.request("POST", "/")
					s.srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
						req.OnError(func(error) {})
						res.OnError(func(error) {})
						req.OnClose(func() { closed["request"]++ })
						res.OnClose(func() { closed["response"]++ })
						h.on(exchange{req, res}, func() {
							switch whom {
							case "request":
								req.Destroy(nil)
							case "response":
								res.Destroy(errBoom)
							case "client":
								r.Destroy(nil)
							default:
								res.Destroy(nil)
								req.Destroy(errBoom)
							}
						})
						res.WriteChunk(much[:1<<20], nil)
						req.Pause()
						req.Resume()
						res.OnDrain(res.End)
						s.after(10*time.Millisecond, func() { // whatever was not reached
							if !res.Closed() {
								res.Destroy(nil)
							}
						})
					})
					r.OnError(func(error) {})
					r.OnResponse(func(res *httpcore.IncomingMessage) {
						res.OnError(func(error) {})
						res.Resume()
					})
					r.OnClose(func() {
						closed["client"]++
						s.after(15*time.Millisecond, s.over)
					})
					r.EndWith(much[:300_000], nil)
				})
				if len(closed) < 3 && closed["request"]+closed["response"] > 0 || closed["client"] != 1 || closed["request"] > 1 || closed["response"] > 1 {
					t.Errorf("closed so often: %v", closed)
				}
			})
		}
	}
}
