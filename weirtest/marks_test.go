package weirtest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
	"github.com/weir-go/weir/weirtest"
)

// oneRead is the most that a loop reads at once.
const oneRead = 64 << 10

// marks are what a HighWaterMark may be, and what it means to what is read.
var marks = []struct{ option, mark int }{{0, 16 << 10}, {stream.NoBuffer, 0}, {1, 1}, {1000, 1000}, {200_000, 200_000}}

// readable is what arrives and nobody reads.
type readable interface {
	ReadableLength() int
	ReadableHighWaterMark() int
	SetReadableHighWaterMark(int)
	Destroy(error)
}

// Paths that bytes come in by. Each is given a mark, by an option or, if set, by the message or stream itself, and returns who sends, and
// what is read when something has come.
var waysIn = map[string]func(t *testing.T, w *weirtest.World, mark int, set bool) (*weirtest.Peer, func() readable){
	"a request's body": func(t *testing.T, w *weirtest.World, mark int, set bool) (*weirtest.Peer, func() readable) {
		var got readable
		o := httpcore.ServerOptions{HighWaterMark: mark}
		if set {
			o.HighWaterMark = 77
		}
		s := httpcore.NewServer(o)
		s.OnRequest(func(req *httpcore.IncomingMessage, _ *httpcore.ServerResponse) {
			got = req
			if set {
				req.SetReadableHighWaterMark(mark)
			}
		})
		p := w.Dial(w.Serve(s))
		p.Write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n")
		return p, func() readable { return got }
	},
	"a response's body": func(t *testing.T, w *weirtest.World, mark int, set bool) (*weirtest.Peer, func() readable) {
		var got readable
		up := w.Listen("10.0.0.1:80")
		o := httpcore.RequestOptions{HighWaterMark: mark}
		if set {
			o.HighWaterMark = 77
		}
		w.Do(func() {
			req, err := httpcore.NewRequest(w.Loop(), "GET", "http://10.0.0.1/", o)
			if err != nil {
				t.Error(err)
				return
			}
			req.OnResponse(func(res *httpcore.IncomingMessage) {
				got = res
				if set {
					res.SetReadableHighWaterMark(mark)
				}
			})
			req.OnError(func(error) {})
			req.End()
		})
		p := up.Accept()
		p.ReadRequest()
		p.Write("HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")
		return p, func() readable { return got }
	},
	"a socket": func(_ *testing.T, w *weirtest.World, mark int, set bool) (*weirtest.Peer, func() readable) {
		var got readable
		o := stream.SocketOptions{ReadableHighWaterMark: mark}
		if set {
			o = stream.SocketOptions{HighWaterMark: 77}
		}
		p := w.Dial(w.ServeSockets(o, func(s *stream.Socket) {
			got = s
			s.OnError(func(error) {})
			if set {
				s.SetReadableHighWaterMark(mark)
			}
		}))
		return p, func() readable { return got }
	},
}

func eachMark(t *testing.T, name string, test func(t *testing.T, w *weirtest.World, option, mark int, set bool)) {
	for _, m := range marks {
		for _, set := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/mark=%d,set=%t", name, m.option, set), func(t *testing.T) {
				test(t, weirtest.New(t, weirtest.Options{}), m.option, m.mark, set)
			})
		}
	}
}

func TestWhatNobodyReadsIsHeldUpToTheMark(t *testing.T) {
	for name, way := range waysIn {
		eachMark(t, name, func(t *testing.T, w *weirtest.World, option, mark int, set bool) {
			p, got := way(t, w, option, set)
			step := 1
			if mark > 500 {
				step = mark / 200
			}
			least := max(1, mark) // a mark of 0 is full with anything
			for sent := 0; sent < least+5*step; sent += step {
				p.Write(strings.Repeat("x", step))
			}
			if n := got().ReadableLength(); n < least || n >= least+step {
				t.Errorf("%d bytes are buffered in pieces of %d, want the mark of %d", n, step, mark)
			}
			if n := got().ReadableHighWaterMark(); n != mark {
				t.Errorf("the mark is %d, want %d", n, mark)
			}
			w.Do(func() { got().Destroy(nil) })
		})
	}
}

func TestOfWhatNobodyReadsAMarkAndAReadIsTaken(t *testing.T) {
	for name, way := range waysIn {
		eachMark(t, name, func(t *testing.T, w *weirtest.World, option, mark int, set bool) {
			p, got := way(t, w, option, set)
			w.Run()
			before := w.Loop().Metrics().BytesRead
			p.Pour(9_000_000)
			w.Run() // which publishes the metrics
			taken := int(w.Loop().Metrics().BytesRead - before)
			if taken > mark+oneRead || got().ReadableLength() > taken || p.Unsent() == 0 {
				t.Errorf("%d bytes were taken from the kernel and %d are buffered, with a mark of %d; %d are left with the peer",
					taken, got().ReadableLength(), mark, p.Unsent())
			}
			w.Do(func() { got().Destroy(nil) })
		})
	}
}

// writable is what is written and nobody takes.
type writable interface {
	WriteChunk([]byte, func(error)) bool
	WritableLength() int
	WritableHighWaterMark() int
	SetWritableHighWaterMark(int)
}

// Paths that bytes go out by.
var waysOut = map[string]func(t *testing.T, w *weirtest.World, mark int, set bool, write func(writable)){
	"an answer": func(_ *testing.T, w *weirtest.World, mark int, set bool, write func(writable)) {
		serveMarked(w, mark, set, func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) { write(res) },
			"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	},
	"an answer behind another": func(_ *testing.T, w *weirtest.World, mark int, set bool, write func(writable)) {
		serveMarked(w, mark, set, func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
			if req.Path() == "/second" {
				write(res)
			}
		}, "GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n")
	},
	"a request": func(t *testing.T, w *weirtest.World, mark int, set bool, write func(writable)) {
		w.Listen("10.0.0.1:80")
		o := httpcore.RequestOptions{HighWaterMark: mark}
		if set {
			o.HighWaterMark = 77
		}
		w.Do(func() {
			req, err := httpcore.NewRequest(w.Loop(), "POST", "http://10.0.0.1/", o)
			if err != nil {
				t.Error(err)
				return
			}
			req.SetHeader("Content-Length", "10000000")
			req.OnError(func(error) {})
			if set {
				req.SetWritableHighWaterMark(mark)
			}
			req.OnSocket(func() {})
			write(req) // it has no connection yet
		})
	},
	"a socket": func(_ *testing.T, w *weirtest.World, mark int, set bool, write func(writable)) {
		o := stream.SocketOptions{WritableHighWaterMark: mark}
		if set {
			o = stream.SocketOptions{HighWaterMark: 77}
		}
		p := w.Dial(w.ServeSockets(o, func(s *stream.Socket) {
			s.OnError(func(error) {})
			if set {
				s.SetWritableHighWaterMark(mark)
			}
			write(s)
		}))
		p.Reset()
	},
	"a file": func(_ *testing.T, w *weirtest.World, mark int, set bool, write func(writable)) {
		o := files.WriteOptions{HighWaterMark: mark}
		if mark == 0 {
			o.HighWaterMark = stream.DefaultHighWaterMark
		}
		if set {
			o.HighWaterMark = 77
		}
		w.Do(func() {
			s := files.Create(w.Loop(), "/file", o)
			if set {
				s.SetWritableHighWaterMark(mark)
			}
			write(s)
			s.End()
		})
	},
	"a transform that does not go on": func(_ *testing.T, w *weirtest.World, mark int, set bool, write func(writable)) {
		o := stream.TransformOptions{WritableHighWaterMark: mark, Transform: func(*stream.Transform, []byte, func([]byte, error)) {}}
		if set {
			o.WritableHighWaterMark = 77
		}
		w.Do(func() {
			s := stream.NewTransform(w.Loop(), o)
			if set {
				s.SetWritableHighWaterMark(mark)
			}
			write(s)
			s.Destroy(nil)
		})
	},
}

func serveMarked(w *weirtest.World, mark int, set bool, fn handler, requests string) {
	o := httpcore.ServerOptions{HighWaterMark: mark}
	if set {
		o.HighWaterMark = 77
	}
	s := httpcore.NewServer(o)
	s.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		res.OnError(func(error) {})
		res.SetHeader("Content-Length", "10000000")
		if set {
			res.SetWritableHighWaterMark(mark)
		}
		fn(req, res)
	})
	p := w.Dial(w.Serve(s))
	p.Write(requests)
	p.Reset()
}

func TestAWriteIsAnsweredFalseExactlyAtTheMark(t *testing.T) {
	for name, way := range waysOut {
		eachMark(t, name, func(t *testing.T, w *weirtest.World, option, mark int, set bool) {
			called := false
			way(t, w, option, set, func(s writable) {
				called = true
				if n := s.WritableHighWaterMark(); n != mark && (mark != 0 || n != 1) {
					t.Errorf("the mark is %d, want %d", n, mark)
				}
				step := max(1, mark/500)
				for n := 0; ; n++ {
					below := s.WritableLength()
					more := s.WriteChunk(make([]byte, step), nil)
					if now := s.WritableLength(); more != (now < mark) || below >= max(1, mark) {
						t.Fatalf("a write that made it %d bytes from %d was answered with %t, with a mark of %d", now, below, more, mark)
					}
					if !more {
						return
					}
				}
			})
			if !called {
				t.Error("nothing was written")
			}
		})
	}
}

// A mark of nothing is no reason to wait for ever.
func TestAnEchoWithoutBuffersComesToItsEnd(t *testing.T) {
	for _, mark := range []int{stream.NoBuffer, 1, 100} {
		w := weirtest.New(t, weirtest.Options{SendBuffer: 100, ReceiveBuffer: 100})
		s := httpcore.NewServer(httpcore.ServerOptions{HighWaterMark: mark})
		s.OnRequest(echo)
		p := w.Dial(w.Serve(s))
		for range 3 {
			body := strings.Repeat("hello", 1000)
			p.Write(weirtest.RequestText("POST", "/", body))
			if r := p.ReadResponse(); string(r.Body) != body {
				t.Errorf("mark %d: got %d bytes", mark, len(r.Body))
			}
		}
	}
}

func TestAServerWithAMarkThatMakesNoSenseIsNotMade(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a mark of -2 is taken")
		}
	}()
	httpcore.NewServer(httpcore.ServerOptions{HighWaterMark: -2})
}

// A file that nobody reads on is read up to the mark, and one read.
func TestOfAFileThatNobodyReadsAMarkAndAReadIsTaken(t *testing.T) {
	for _, mark := range []int{stream.NoBuffer, 1, 1000, 200_000} {
		w := weirtest.New(t, weirtest.Options{})
		w.WriteFile("/large", make([]byte, 2_000_000))
		var s *files.ReadStream
		w.Do(func() {
			s = files.Open(w.Loop(), "/large", files.ReadOptions{HighWaterMark: mark})
			s.OnError(func(error) {})
			s.ReadChunk(0)
		})
		if n, most := s.ReadableLength(), max(0, mark)+oneRead; n == 0 && mark > 0 || n > most {
			t.Errorf("mark %d: %d bytes are buffered, want %d at most", mark, n, most)
		}
		w.Do(func() { s.Destroy(nil) })
	}
}
