package acceptance

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

func TestAMessageIsTakenByEverythingThatTakesAStream(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789"), 20_000)
	play(t, httpcore.ServerOptions{}, func(s *stage) {
		open := 0
		done := func(what string, got []byte, err error) {
			if err != nil || !bytes.Equal(got, body) {
				t.Errorf("%s: got %d bytes, %v", what, len(got), err)
			}
		}
		into := func(got *[]byte) *stream.Writable {
			return stream.NewWritable(s.l, stream.WritableOptions{Write: func(p []byte, cb func(error)) {
				*got = append(*got, p...)
				cb(nil)
			}})
		}
		s.srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
			var got []byte
			told := func(what string) func(error) {
				return func(err error) {
					res.End()
					done(what, got, err)
				}
			}
			switch req.Path() {
			case "/pipe":
				w := into(&got)
				w.OnFinish(func() { told("Pipe")(nil) })
				req.Pipe(w)
			case "/pipeline":
				stream.Pipeline(told("Pipeline"), req, stream.NewPassThrough(s.l, stream.PassThroughOptions{}), into(&got))
			case "/finished":
				req.OnData(func(p []byte) { got = append(got, p...) })
				stream.Finished(req, stream.FinishedOptions{}, told("Finished"))
			case "/reader":
				r := stream.NewReader(&req.Readable)
				go func() {
					all, err := io.ReadAll(r)
					s.l.Post(func() {
						got = all
						told("Reader")(err)
					})
				}()
			}
		})
		for _, path := range []string{"/pipe", "/pipeline", "/finished", "/reader"} {
			open++
			r := s.request("PUT", path)
			r.OnClose(func() {
				if open--; open == 0 {
					s.over()
				}
			})
			r.EndWith(body, nil)
		}
	})
}

func TestTheMarkOfAMessageIsThatOfItsConnection(t *testing.T) {
	for _, mark := range []int{0, 4096} {
		want := mark
		if mark == 0 {
			want = 16384
		}
		play(t, httpcore.ServerOptions{HighWaterMark: mark}, func(s *stage) {
			s.srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
				if req.ReadableHighWaterMark() != want || res.WritableHighWaterMark() != want {
					t.Errorf("with %d: the request's mark is %d, the response's %d", mark, req.ReadableHighWaterMark(), res.WritableHighWaterMark())
				}
				if more := res.WriteChunk(make([]byte, want-1-200), nil); !more {
					t.Errorf("with %d: below the mark a write says wait", mark)
				}
				if more := res.WriteChunk(make([]byte, 300), nil); more {
					t.Errorf("with %d: above the mark a write says go on", mark)
				}
				res.End()
			})
			r, err := httpcore.NewRequest(s.l, "GET", s.url, httpcore.RequestOptions{Agent: s.agent, HighWaterMark: mark})
			if err != nil {
				t.Fatal(err)
			}
			r.OnResponse(func(res *httpcore.IncomingMessage) {
				if r.WritableHighWaterMark() != want || res.ReadableHighWaterMark() != want {
					t.Errorf("with %d: the request's mark is %d, the response's %d", mark, r.WritableHighWaterMark(), res.ReadableHighWaterMark())
				}
				res.Resume()
			})
			r.OnClose(s.over)
			r.End()
		})
	}
}

// What comes with the head waits for whoever listens in the handler, or later.
func TestAListenerGetsTheBytesThatCameWithTheHead(t *testing.T) {
	for _, later := range []bool{false, true} {
		play(t, httpcore.ServerOptions{}, func(s *stage) {
			s.srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
				got := ""
				listen := func() {
					req.OnData(func(p []byte) { got += string(p) })
					req.OnEnd(func() { res.EndString(got) })
				}
				if later {
					s.after(20*time.Millisecond, listen)
				} else {
					listen()
				}
			})
			s.raw("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nfirst", func(c *stream.Socket, got string) {
				c.OnClose(s.over)
				if !strings.HasSuffix(got, "\r\n\r\nfirst") {
					t.Errorf("later %t: got %q", later, got)
				}
			})
		})
	}
}

func TestABodyOfAnySizeIsEchoedWhole(t *testing.T) {
	const mark = 16384
	sizes := []int{0, 1, mark - 1, mark, mark + 1, 65535, 65536, 65537, 10 << 20}
	for _, chunked := range []bool{false, true} {
		play(t, httpcore.ServerOptions{}, func(s *stage) {
			s.srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
				req.OnData(func(p []byte) {
					if len(p) == 0 {
						t.Error("a chunk of nothing")
					}
				})
				req.Pipe(res)
			})
			var next func(i int)
			next = func(i int) {
				if i == len(sizes) {
					s.over()
					return
				}
				want := pattern(sizes[i])
				r := s.request("POST", "/")
				if !chunked {
					r.SetHeader("Content-Length", strconv.Itoa(len(want)))
				}
				var got []byte
				r.OnResponse(func(res *httpcore.IncomingMessage) {
					res.OnData(func(p []byte) { got = append(got, p...) })
				})
				r.OnClose(func() {
					if !bytes.Equal(got, want) {
						t.Errorf("%d bytes, chunked %t: got %d", len(want), chunked, len(got))
					}
					next(i + 1)
				})
				for p := want; len(p) > 0; {
					n := min(len(p), 100_000)
					r.WriteChunk(p[:n], nil)
					p = p[n:]
				}
				r.End()
			}
			next(0)
		})
	}
}

// pattern is n bytes in which nothing can be lost or exchanged without being seen.
func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i ^ i>>8*7 ^ i>>16*31)
	}
	return p
}

func TestAMessageThatIsPausedEndsWhenItIsResumed(t *testing.T) {
	play(t, httpcore.ServerOptions{}, func(s *stage) {
		s.srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
			paused := true
			req.OnEnd(func() {
				if paused {
					t.Error("it ends while it is paused")
				}
				res.End()
			})
			req.Resume()
			req.Pause()
			s.after(30*time.Millisecond, func() {
				if !req.Complete() || req.ReadableEnded() {
					t.Errorf("it is complete %t, ended %t", req.Complete(), req.ReadableEnded())
				}
				paused = false
				req.Resume()
			})
		})
		r := s.request("PUT", "/")
		r.OnClose(s.over)
		r.EndWith([]byte("body"), nil)
	})
}

func TestTheNextRequestComesThoughTheOneBeforeWasPaused(t *testing.T) {
	play(t, httpcore.ServerOptions{}, func(s *stage) {
		s.srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
			if req.Path() == "/first" {
				req.Pause() // and nobody reads it
			}
			s.after(10*time.Millisecond, func() { res.EndString(req.Path()) })
		})
		send := "POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100_000) +
			"GET /second HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
		s.raw(send, func(c *stream.Socket, got string) {
			if strings.HasSuffix(got, "/second") {
				if !strings.Contains(got, "/first") {
					t.Errorf("got %q", got)
				}
				c.OnClose(s.over)
			}
		})
	})
}

func TestADestinationThatFailsLeavesTheRequestToItsHandler(t *testing.T) {
	play(t, httpcore.ServerOptions{}, func(s *stage) {
		s.srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
			w := stream.NewWritable(s.l, stream.WritableOptions{Write: func(_ []byte, cb func(error)) { cb(errBoom) }})
			unpiped := false
			w.OnUnpipe(func(stream.ReadableStream) { unpiped = true })
			w.OnError(func(err error) {
				if !unpiped || req.Destroyed() || !errors.Is(err, errBoom) {
					t.Errorf("unpiped %t, the request is destroyed %t, %v", unpiped, req.Destroyed(), err)
				}
				res.StatusCode = 507
				res.End()
				req.Resume()
			})
			req.Pipe(w)
		})
		r := s.request("PUT", "/")
		r.OnResponse(func(res *httpcore.IncomingMessage) {
			if res.StatusCode() != 507 {
				t.Errorf("got %d", res.StatusCode())
			}
			res.Resume()
		})
		r.OnClose(s.over)
		r.EndWith(pattern(100_000), nil)
	})
}

func TestARequestThatIsCutOffLeavesItsDestinationOpen(t *testing.T) {
	play(t, httpcore.ServerOptions{}, func(s *stage) {
		s.srv.OnRequest(func(req *httpcore.IncomingMessage, _ *httpcore.ServerResponse) {
			w := stream.NewWritable(s.l, stream.WritableOptions{Write: func(_ []byte, cb func(error)) { cb(nil) }})
			req.OnClose(func() {
				s.l.Post(func() {
					if w.WritableEnded() || w.Destroyed() {
						t.Error("the destination is ended, or destroyed")
					}
					w.End()
					s.over()
				})
			})
			req.Pipe(w)
		})
		r := s.request("PUT", "/")
		r.OnError(func(error) {})
		r.WriteChunk(pattern(1000), nil)
		s.after(20*time.Millisecond, func() { r.Destroy(nil) })
	})
}

func TestAResponseIsPipedToAFileAndToOthers(t *testing.T) {
	want := pattern(1 << 20)
	play(t, httpcore.ServerOptions{}, func(s *stage) {
		s.srv.OnRequest(func(_ *httpcore.IncomingMessage, res *httpcore.ServerResponse) { res.EndWith(want, nil) })
		path := filepath.Join(t.TempDir(), "answer")
		r := s.request("GET", "/")
		r.OnResponse(func(res *httpcore.IncomingMessage) {
			file := files.Create(s.l, path, files.WriteOptions{})
			var both, begun []byte
			slow := stream.NewWritable(s.l, stream.WritableOptions{Write: func(p []byte, cb func(error)) {
				both = append(both, p...)
				s.after(time.Millisecond, func() { cb(nil) })
			}})
			brief := stream.NewWritable(s.l, stream.WritableOptions{Write: func(p []byte, cb func(error)) {
				begun = append(begun, p...)
				cb(nil)
			}})
			res.Pipe(file)
			res.PipeWith(slow, stream.PipeOptions{NoEnd: true})
			res.Pipe(brief)
			n := 0
			res.OnData(func(p []byte) {
				if n += len(p); n > len(want)/2 {
					res.Unpipe(brief) // the others go on, and lose nothing
				}
			})
			file.OnFinish(func() {
				got, err := os.ReadFile(path)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("the file has %d bytes, %v", len(got), err)
				}
				if slow.WritableEnded() {
					t.Error("NoEnd ends")
				}
				slow.OnFinish(func() {
					if !bytes.Equal(both, want) {
						t.Errorf("the slow one has %d bytes", len(both))
					}
					s.over()
				})
				slow.End()
			})
			r.OnClose(func() {
				if !bytes.HasPrefix(want, begun) || len(begun) < len(want)/2-70_000 || len(begun) == len(want) {
					t.Errorf("the brief one has %d bytes", len(begun))
				}
			})
		})
		r.End()
	})
}

// echoed is how much is echoed: WEIR_ECHO, in bytes, is for a long run.
func echoed(t *testing.T) int64 {
	if text := os.Getenv("WEIR_ECHO"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if slowBuild {
		return 8 << 20
	}
	return 64 << 20
}

// A reader that stops, again and again, stops everybody up to the first writer, and what all of them hold is a few marks.
func TestAnEchoOfMuchIsHeldInAFewMarks(t *testing.T) {
	want := echoed(t)
	piece := pattern(64 << 10)
	const bound = 4*(16<<10) + 4*(64<<10) // a mark, and a read or a write on top, at each of the four queues
	play(t, httpcore.ServerOptions{}, func(s *stage) {
		most := 0
		var req *httpcore.IncomingMessage
		var res *httpcore.ServerResponse
		s.srv.OnRequest(func(a *httpcore.IncomingMessage, b *httpcore.ServerResponse) {
			req, res = a, b
			req.Pipe(res)
		})
		r := s.request("POST", "/")
		var sent, got int64
		more := func() {
			for sent < want {
				p := piece[:min(int64(len(piece)), want-sent)]
				sent += int64(len(p))
				if !r.WriteChunk(p, nil) {
					return
				}
			}
			if !r.WritableEnded() {
				r.End()
			}
		}
		r.OnDrain(more)
		r.OnResponse(func(answer *httpcore.IncomingMessage) {
			pauses := 0
			answer.OnData(func(p []byte) {
				for q := p; len(q) > 0; {
					at := int(got % int64(len(piece)))
					n := min(len(q), len(piece)-at)
					if !bytes.Equal(q[:n], piece[at:at+n]) {
						t.Fatalf("the bytes from %d on are wrong", got)
					}
					got += int64(n)
					q = q[n:]
				}
				most = max(most, r.WritableLength()+answer.ReadableLength()+req.ReadableLength()+res.WritableLength())
				if got>>22 > int64(pauses) && pauses < 20 {
					pauses++
					answer.Pause()
					s.after(20*time.Millisecond, func() {
						most = max(most, r.WritableLength()+answer.ReadableLength()+req.ReadableLength()+res.WritableLength())
						answer.Resume()
					})
				}
			})
		})
		r.OnClose(func() {
			if got != want {
				t.Errorf("got %d bytes of %d", got, want)
			}
			if most > bound {
				t.Errorf("%d bytes were held at a time, want %d at most", most, bound)
			}
			s.over()
		})
		more()
	})
}
