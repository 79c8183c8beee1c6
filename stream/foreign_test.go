package stream_test

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/weir-go/weir/stream"
)

// response is a WritableStream that is made of none of this package's: it has its own idea of a queue, and a connection
// that it shares.
type response struct {
	s                                   stream.Scheduler
	got                                 []byte
	full, ended, finished, gone, failed bool
	err                                 error
	onError, watchers                   stream.Listeners[func(error)]
	onClose, onDrain, onFinish          stream.Listeners[func()]
	onPipe, onUnpipe                    stream.Listeners[func(stream.ReadableStream)]
}

var _ stream.WritableStream = (*response)(nil)

func (x *response) Scheduler() stream.Scheduler          { return x.s }
func (x *response) OnError(fn func(error)) stream.Sub    { return x.onError.Add(fn) }
func (x *response) WatchError(fn func(error)) stream.Sub { return x.watchers.Prepend(fn) }
func (x *response) OnClose(fn func()) stream.Sub         { return x.onClose.Add(fn) }
func (x *response) OnDrain(fn func()) stream.Sub         { return x.onDrain.Add(fn) }
func (x *response) OnFinish(fn func()) stream.Sub        { return x.onFinish.Add(fn) }
func (x *response) WritableNeedDrain() bool              { return x.full }

func (x *response) OnUnpipe(fn func(stream.ReadableStream)) stream.Sub { return x.onUnpipe.Add(fn) }

func (x *response) Piped(src stream.ReadableStream) {
	x.onPipe.Each(func(fn func(stream.ReadableStream)) { fn(src) })
}

func (x *response) Unpiped(src stream.ReadableStream) {
	x.onUnpipe.Each(func(fn func(stream.ReadableStream)) { fn(src) })
}

func call(fn func()) { fn() }

func (x *response) State() stream.State {
	return stream.State{
		HasWritable: true, Writable: !x.ended && !x.gone, NeedDrain: x.full, EndCalled: x.ended, Flushed: x.finished,
		Finished: x.finished, WillClose: !x.gone, Destroyed: x.gone, Closed: x.gone, Failed: x.failed, Err: x.err,
	}
}

func (x *response) WriteBorrowed(p []byte, _ func(error)) bool {
	x.got = append(x.got, p...)
	x.full = true
	return false
}

func (x *response) drain() {
	if x.full {
		x.full = false
		x.onDrain.Each(call)
	}
}

func (x *response) End() {
	x.ended = true
	x.s.NextTick(func() {
		x.finished = true
		x.onFinish.Each(call)
		x.Destroy(nil)
	})
}

func (x *response) Destroy(err error) {
	if x.gone {
		return
	}
	x.gone, x.err = true, err
	x.s.NextTick(func() {
		if err != nil {
			x.failed = true
			x.watchers.Each(func(fn func(error)) { fn(err) })
			x.onError.Each(func(fn func(error)) { fn(err) })
		}
		x.onClose.Each(call)
	})
}

func TestAForeignStreamIsAPipesDestination(t *testing.T) {
	l, e := newLoop(t), record(t)
	x := &response{s: l}
	r := stream.NewReadable(l, stream.ReadableOptions{})
	r.OnClose(e.did("close"))
	stream.Finished(x, stream.FinishedOptions{}, e.cb("finished"))
	l.Turn(func() { r.Pipe(x) })
	for i := range 3 {
		l.Turn(func() {
			r.Push(pattern(10*i, 5))
			r.Push(pattern(10*i+5, 5))
		})
		if got := len(x.got); got != 10*i+5 {
			t.Errorf("got %d bytes before the drain, want %d: the pipe does not wait", got, 10*i+5)
		}
		l.Turn(x.drain)
		l.Turn(x.drain)
	}
	l.Turn(r.PushEOF)
	e.want("close", "finished ok")
	if string(x.got) != string(pattern(0, 30)) {
		t.Errorf("got %v", x.got)
	}
}

func TestAForeignStreamTakesPartInAPipeline(t *testing.T) {
	l, e := newLoop(t), record(t)
	x := &response{s: l}
	r := stream.NewReadable(l, stream.ReadableOptions{})
	l.Turn(func() { stream.Pipeline(e.cb("done"), r, upper(l), x) })
	l.Turn(func() { r.Push([]byte("a")) })
	l.Turn(func() { r.Destroy(errors.New("boom")) })
	e.want("done boom")
	if !x.gone || x.err == nil || string(x.got) != "A" {
		t.Errorf("the last stream is not destroyed with the error: %v, %v", x.gone, x.err)
	}
	x = &response{s: l}
	l.Turn(func() { stream.Pipeline(e.cb("done"), stream.FromBytes(l, []byte("b")), x) })
	l.Turn(x.drain)
	e.want("done ok")
}

func TestAWriterWritesToAForeignStreamAtItsPace(t *testing.T) {
	l, do := serve(t)
	x := &response{s: l}
	var w *stream.Writer
	do(func() { w = stream.NewWriter(x) })
	const total = 100 << 10
	wrote := make(chan error)
	go func() {
		p := pattern(0, total)
		_, err := w.Write(p)
		scribble(p)
		if err == nil {
			err = w.Close()
		}
		wrote <- err
	}()
	most := 0
	for over := false; !over; {
		do(func() {
			if n := len(x.got); n-most > 32<<10 {
				t.Errorf("%d bytes came while the stream was full", n-most)
			}
			most = len(x.got)
			x.drain()
		})
		select {
		case err := <-wrote:
			if err != nil {
				t.Errorf("got %v", err)
			}
			over = true
		default:
		}
	}
	do(func() {
		if !bytes.Equal(x.got, pattern(0, total)) || !x.finished {
			t.Errorf("got %d bytes that are not the %d that were written; finished: %t", len(x.got), total, x.finished)
		}
	})
	if _, err := w.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a Write after Close gives %v", err)
	}
}

func TestAWriterToAForeignStreamThatIsDestroyedIsToldWhy(t *testing.T) {
	boom := errors.New("boom")
	for name, why := range map[string]error{"with an error": boom, "without": nil} {
		t.Run(name, func(t *testing.T) {
			l, do := serve(t)
			x := &response{s: l}
			var w *stream.Writer
			do(func() { w = stream.NewWriter(x) })
			want := why
			if want == nil {
				want = stream.ErrDestroyed
			}
			var writing sync.WaitGroup
			writing.Go(func() {
				if _, err := w.Write([]byte("hello")); !errors.Is(err, want) {
					t.Errorf("a Write that waits ends with %v, want %v", err, want)
				}
			})
			for full := false; !full; {
				do(func() { full = x.full })
			}
			do(func() { x.Destroy(why) })
			writing.Wait()
			if _, err := w.Write([]byte("hello")); !errors.Is(err, want) {
				t.Errorf("a later Write gives %v, want %v", err, want)
			}
			if err := w.Close(); !errors.Is(err, want) {
				t.Errorf("Close gives %v, want %v", err, want)
			}
		})
	}
}

func TestAWriterFindsTheWritableInWhatIsMadeAroundIt(t *testing.T) {
	l, do := serve(t)
	var r *stream.Reader
	var w *stream.Writer
	do(func() {
		p := stream.NewPassThrough(l, stream.PassThroughOptions{})
		r, w = stream.NewReader(&p.Readable), stream.NewWriter(p)
	})
	var writing sync.WaitGroup
	writing.Go(func() {
		if _, err := w.Write([]byte("hello")); err != nil {
			t.Error(err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if got, err := io.ReadAll(r); string(got) != "hello" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	writing.Wait()
}
