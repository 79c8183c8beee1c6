package acceptance

import (
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
	"github.com/weir-go/weir/stream/files"
)

// writable is what all streams that are written have, whatever they write to.
type writable interface {
	stream.WritableStream
	WriteChunk(p []byte, cb func(error)) bool
	EndWith(p []byte, cb func(error))
	Cork()
	Uncork()
	IsWritable() bool
	WritableEnded() bool
	WritableFinished() bool
	WritableAborted() bool
	WritableLength() int
	WritableHighWaterMark() int
	WritableCorked() int
	Destroyed() bool
	Closed() bool
	Errored() error
	OnPipe(fn func(stream.ReadableStream)) stream.Sub
}

// readable is what all streams that are read have.
type readable interface {
	stream.ReadableStream
	Pause()
	Resume()
	ReadChunk(n int) []byte
	Unpipe(stream.WritableStream)
	IsPaused() bool
	IsReadable() bool
	ReadableEnded() bool
	ReadableAborted() bool
	ReadableDidRead() bool
	ReadableFlowing() stream.Flow
	ReadableLength() int
	ReadableHighWaterMark() int
	Destroyed() bool
	Closed() bool
	Errored() error
	OnData(fn func([]byte)) stream.Sub
	OnReadable(fn func()) stream.Sub
	OnPause(fn func()) stream.Sub
	OnResume(fn func()) stream.Sub
}

var (
	_ writable = (*httpcore.ServerResponse)(nil)
	_ writable = (*httpcore.ClientRequest)(nil)
	_ writable = (*stream.Socket)(nil)
	_ writable = (*files.WriteStream)(nil)
	_ readable = (*httpcore.IncomingMessage)(nil)
	_ readable = (*stream.Socket)(nil)
	_ readable = (*files.ReadStream)(nil)
)

func writableState(w writable) string {
	return flags("writable", w.IsWritable(), "needDrain", w.WritableNeedDrain(), "ended", w.WritableEnded(), "finished", w.WritableFinished(),
		"aborted", w.WritableAborted(), "destroyed", w.Destroyed(), "closed", w.Closed(), "errored", w.Errored() != nil)
}

func readableState(r readable) string {
	return flags("readable", r.IsReadable(), "unset", r.ReadableFlowing() == stream.FlowUnset, "paused", r.IsPaused(), "didRead", r.ReadableDidRead(),
		"ended", r.ReadableEnded(), "aborted", r.ReadableAborted(), "destroyed", r.Destroyed(), "closed", r.Closed(), "errored", r.Errored() != nil)
}

// statusAgrees compares Status, which Pipe, Pipeline and Finished go by, with the methods.
func statusAgrees(t *testing.T, moment string, x stream.Stream) {
	t.Helper()
	st := x.State()
	if w, ok := x.(writable); ok && st.HasWritable {
		if st.Writable != w.IsWritable() || st.EndCalled != w.WritableEnded() || st.Finished != w.WritableFinished() ||
			st.Destroyed != w.Destroyed() || st.Closed != w.Closed() || st.Err != w.Errored() {
			t.Errorf("%s: Status is %+v, and the methods say: %s", moment, st, writableState(w))
		}
	}
	if r, ok := x.(readable); ok && st.HasReadable {
		if st.Readable != r.IsReadable() || st.Ended != r.ReadableEnded() || st.Destroyed != r.Destroyed() || st.Closed != r.Closed() || st.Err != r.Errored() {
			t.Errorf("%s: Status is %+v, and the methods say: %s", moment, st, readableState(r))
		}
	}
}

// sinks are the streams that are written. Each is made on a stage and given to use, then or later, with somebody at its other end who
// reads as soon as something was written.
var sinks = []struct {
	name string
	make func(s *stage, use func(w writable))
}{
	{"ServerResponse", func(s *stage, use func(w writable)) {
		s.srv.OnRequest(func(_ *httpcore.IncomingMessage, res *httpcore.ServerResponse) { use(res) })
		r := s.request("GET", "/")
		r.OnError(func(error) {})
		r.OnResponse(func(res *httpcore.IncomingMessage) {
			res.OnError(func(error) {})
			res.Resume()
		})
		r.End()
	}},
	{"ClientRequest", func(s *stage, use func(w writable)) {
		s.srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
			req.OnEnd(res.End)
			req.Resume()
		})
		use(s.request("PUT", "/"))
	}},
	{"Socket", func(s *stage, use func(w writable)) {
		s.pair(func(a, b *stream.Socket) {
			a.OnError(func(error) {})
			a.Resume()
			a.OnEnd(a.End)
			b.Resume()
			use(b)
		})
	}},
	{"files.Create", func(s *stage, use func(w writable)) {
		use(files.Create(s.l, filepath.Join(s.t.TempDir(), "a"), files.WriteOptions{}))
	}},
	{"files.Replace", func(s *stage, use func(w writable)) {
		use(files.Replace(s.l, filepath.Join(s.t.TempDir(), "a"), files.ReplaceOptions{}))
	}},
	{"files.To", func(s *stage, use func(w writable)) { use(files.To(s.l, io.Discard)) }},
}

// much is more than all buffers on the way take.
var much = make([]byte, 16<<20)

var errBoom = errors.New("boom")

// moments notes the state at each moment of a life, and compares. That it is closed counts in 'close' only: in Node as here, a stream with
// a Destroy hook says so from the hook's end on, which may be at once or later, and an HTTP message with its 'close'.
type moments struct {
	t    *testing.T
	x    stream.Stream
	say  func() string
	seen []string
}

func (m *moments) at(moment string) {
	m.t.Helper()
	statusAgrees(m.t, moment, m.x)
	state := m.say()
	if moment != "in 'close'" {
		state = strings.Replace(state, " closed", "", 1)
	}
	m.seen = append(m.seen, moment+": "+state)
}

func (m *moments) want(want ...string) {
	m.t.Helper()
	if got, want := strings.Join(m.seen, "\n"), strings.Join(want, "\n"); got != want {
		m.t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestEveryStreamThatIsWrittenSaysTheSameOfItsLife(t *testing.T) {
	for _, k := range sinks {
		t.Run(k.name, func(t *testing.T) {
			m := &moments{t: t}
			play(t, httpcore.ServerOptions{}, func(s *stage) {
				k.make(s, func(w writable) {
					m.x, m.say = w, func() string { return writableState(w) }
					m.at("in the beginning")
					if n := w.WritableLength(); n != 0 {
						t.Errorf("%d bytes wait in the beginning", n)
					}
					if n := w.WritableHighWaterMark(); n <= 0 {
						t.Errorf("the mark is %d", n)
					}
					w.Cork()
					if w.WritableCorked() != 1 {
						t.Errorf("corked once, it is corked %d times", w.WritableCorked())
					}
					w.Uncork()
					w.OnDrain(func() {
						m.at("in 'drain'")
						w.EndWith([]byte("end"), func(err error) {
							if err != nil {
								t.Error(err)
							}
							if w.Destroyed() || !w.WritableFinished() {
								t.Errorf("in the callback of End it is: %s", writableState(w))
							}
						})
						m.at("behind End")
					})
					w.OnFinish(func() {
						m.at("in 'finish'")
						if n := w.WritableLength(); n != 0 {
							t.Errorf("%d bytes wait in 'finish'", n)
						}
					})
					w.OnClose(func() {
						m.at("in 'close'")
						s.over()
					})
					if w.WriteChunk(much, nil) {
						t.Error("16 MiB are taken, and more is asked for")
					}
					if w.WritableLength() == 0 {
						t.Error("nothing waits")
					}
					m.at("behind a write that says wait")
				})
			})
			m.want("in the beginning: writable",
				"behind a write that says wait: writable needDrain",
				"in 'drain': writable",
				"behind End: ended",
				"in 'finish': ended finished",
				"in 'close': ended finished destroyed closed")
		})
	}
}

func TestEveryStreamThatIsWrittenSaysTheSameOfItsDestruction(t *testing.T) {
	for _, k := range sinks {
		t.Run(k.name, func(t *testing.T) {
			m := &moments{t: t}
			play(t, httpcore.ServerOptions{}, func(s *stage) {
				k.make(s, func(w writable) {
					m.x, m.say = w, func() string { return writableState(w) }
					told := 0
					w.OnDrain(func() { m.at("in 'drain'") })
					w.OnFinish(func() { m.at("in 'finish'") })
					w.OnError(func(err error) {
						if !errors.Is(err, errBoom) {
							t.Errorf("got %v", err)
						}
						m.at("in 'error'")
					})
					w.OnClose(func() {
						m.at("in 'close'")
						if !errors.Is(w.Errored(), errBoom) {
							t.Errorf("Errored is %v", w.Errored())
						}
						s.l.NextTick(func() { // callbacks come before or behind it, on ticks
							if told != 1 {
								t.Errorf("the callback of a write was called %d times", told)
							}
							if w.WriteChunk([]byte("x"), nil) {
								t.Error("a write is accepted")
							}
							s.over()
						})
					})
					// Nothing is written off the loop before that: an io.Discard has all of it in no time.
					gate := make(chan struct{})
					defer close(gate)
					for range 64 { // more than the pool has places
						if _, err := s.l.QueueSlowWork(func() { <-gate }, nil); err != nil {
							t.Error(err)
						}
					}
					w.WriteChunk(much, func(err error) {
						if told++; err == nil {
							t.Error("a write succeeds whose bytes were not sent")
						}
					})
					w.Destroy(errBoom)
					w.Destroy(errors.New("another"))
					m.at("behind Destroy")
				})
			})
			m.want("behind Destroy: aborted destroyed errored",
				"in 'error': aborted destroyed errored",
				"in 'close': aborted destroyed closed errored")
		})
	}
}

// sources are the streams that are read: each is made, with 300,000 bytes to come, and given to use.
var sources = []struct {
	name string
	make func(s *stage, use func(r readable))
}{
	{"request", func(s *stage, use func(r readable)) {
		s.srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
			use(req)
			res.End()
		})
		r := s.request("PUT", "/")
		r.OnError(func(error) {})
		r.EndWith(much[:length], nil)
	}},
	{"response", func(s *stage, use func(r readable)) {
		s.srv.OnRequest(func(_ *httpcore.IncomingMessage, res *httpcore.ServerResponse) { res.EndWith(much[:length], nil) })
		r := s.request("GET", "/")
		r.OnError(func(error) {})
		r.OnResponse(func(res *httpcore.IncomingMessage) { use(res) })
		r.End()
	}},
	{"Socket", func(s *stage, use func(r readable)) {
		s.pair(func(a, b *stream.Socket) {
			b.OnError(func(error) {})
			b.EndWith(much[:length], nil)
			b.Resume()
			a.End()
			use(a)
		})
	}},
	{"files.Open", func(s *stage, use func(r readable)) {
		path := filepath.Join(s.t.TempDir(), "a")
		writeFile(s.t, path, much[:length])
		use(files.Open(s.l, path, files.ReadOptions{}))
	}},
	{"files.From", func(s *stage, use func(r readable)) {
		use(files.From(s.l, io.LimitReader(zeros{}, length)))
	}},
}

const length = 300_000

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestEveryStreamThatIsReadSaysTheSameOfItsLife(t *testing.T) {
	for _, k := range sources {
		t.Run(k.name, func(t *testing.T) {
			m := &moments{t: t}
			n := 0
			play(t, httpcore.ServerOptions{}, func(s *stage) {
				k.make(s, func(r readable) {
					m.x, m.say = r, func() string { return readableState(r) }
					message, _ := r.(*httpcore.IncomingMessage)
					m.at("in the beginning")
					if r.ReadableLength() != 0 || r.ReadableHighWaterMark() <= 0 || message != nil && (message.Complete() || message.Aborted()) {
						t.Errorf("in the beginning %d bytes of %d are buffered, or it is complete", r.ReadableLength(), r.ReadableHighWaterMark())
					}
					r.OnPause(func() { m.at("in 'pause'") })
					r.OnResume(func() {
						if n > 0 {
							m.at("in 'resume'")
						}
					})
					r.OnData(func(p []byte) {
						if n += len(p); n == len(p) {
							m.at("in 'data'")
							r.Pause()
							m.at("behind Pause")
							s.l.Post(func() {
								if n != len(p) {
									t.Error("it gives bytes while it is paused")
								}
								r.Resume()
								m.at("behind Resume")
							})
						}
					})
					r.OnEnd(func() {
						m.at("in 'end'")
						if message != nil && (!message.Complete() || message.Aborted()) {
							t.Error("it is not complete in 'end', or aborted")
						}
						if r.ReadableLength() != 0 {
							t.Errorf("%d bytes are buffered in 'end'", r.ReadableLength())
						}
					})
					r.OnClose(func() {
						m.at("in 'close'")
						s.l.Post(s.over)
					})
				})
			})
			if n != length {
				t.Errorf("got %d bytes", n)
			}
			m.want("in the beginning: readable unset",
				"in 'data': readable didRead",
				"in 'pause': readable paused didRead",
				"behind Pause: readable paused didRead",
				"behind Resume: readable didRead",
				"in 'resume': readable didRead",
				"in 'end': didRead ended",
				"in 'close': didRead ended destroyed closed")
		})
	}
}

func TestEveryStreamThatIsReadSaysTheSameOfItsDestruction(t *testing.T) {
	for _, k := range sources {
		t.Run(k.name, func(t *testing.T) {
			m := &moments{t: t}
			play(t, httpcore.ServerOptions{}, func(s *stage) {
				k.make(s, func(r readable) {
					m.x, m.say = r, func() string { return readableState(r) }
					r.OnData(func([]byte) {
						if r.Destroyed() {
							t.Error("it gives bytes though it is destroyed")
							return
						}
						r.Destroy(errBoom)
						r.Destroy(errors.New("another"))
						m.at("behind Destroy")
					})
					r.OnEnd(func() { m.at("in 'end'") })
					r.OnError(func(err error) {
						if !errors.Is(err, errBoom) {
							t.Errorf("got %v", err)
						}
						m.at("in 'error'")
					})
					r.OnClose(func() {
						m.at("in 'close'")
						if message, ok := r.(*httpcore.IncomingMessage); ok && (message.Complete() || !message.Aborted()) {
							t.Error("it is complete, or not aborted")
						}
						s.l.Post(s.over)
					})
				})
			})
			m.want("behind Destroy: didRead aborted destroyed errored",
				"in 'error': didRead aborted destroyed errored",
				"in 'close': didRead aborted destroyed closed errored")
		})
	}
}
