package stream_test

import (
	"errors"
	"io"
	"testing"

	"github.com/weir-go/weir/stream"
)

var (
	_ io.Writer       = (*stream.Writable)(nil)
	_ io.StringWriter = (*stream.Writable)(nil)

	_ stream.ReadableStream = (*stream.Readable)(nil)
	_ stream.WritableStream = (*stream.Writable)(nil)
	_ stream.ReadableStream = (*stream.Socket)(nil)
	_ stream.WritableStream = (*stream.Socket)(nil)
	_ stream.WritableStream = (*stream.PassThrough)(nil)
)

// Improvement over Node, which never calls back.
func TestEndOfADestroyedStreamTellsItsCallback(t *testing.T) {
	l, e := newLoop(t), record(t)
	w := stream.NewWritable(l, stream.WritableOptions{})
	w.OnClose(e.did("close"))
	l.Turn(func() { w.Destroy(nil) })
	l.Turn(func() { w.EndWith(nil, e.cb("end")) })
	e.want("close", "end ERR_STREAM_DESTROYED")
	l.Turn(func() {
		if n, err := w.Write([]byte("x")); n != 0 || !errors.Is(err, stream.ErrWriteAfterEnd) {
			t.Errorf("Write gives %d, %v; want 0 and write after end", n, err)
		}
	})
}

// As in Node: a stream that has failed and stays open keeps what is written, until somebody destroys it.
func TestWritesAfterAnErrorWaitForDestroyWithoutAutoDestroy(t *testing.T) {
	l, e := newLoop(t), record(t)
	s := &slow{}
	boom := errors.New("boom")
	w := stream.NewWritable(l, stream.WritableOptions{Write: s.write, NoAutoDestroy: true})
	w.OnError(e.cb("error"))
	l.Turn(func() { w.WriteChunk([]byte("a"), e.cb("a")) })
	l.Turn(func() { s.complete(boom) })
	e.want("a boom", "error boom")
	l.Turn(func() { w.WriteChunk([]byte("b"), e.cb("b")) })
	e.want()
	l.Turn(func() { w.Destroy(nil) })
	e.want("b boom")
}

// As in Node: a sink that completes inside its call never reports backpressure.
func TestASynchronousSinkNeverSaysStop(t *testing.T) {
	l := newLoop(t)
	w := stream.NewWritable(l, stream.WritableOptions{HighWaterMark: stream.NoBuffer, Write: discard})
	l.Turn(func() {
		if !w.WriteChunk(make([]byte, 100), nil) {
			t.Error("got false")
		}
	})
}

func TestWriteChunkSaysStopAtTheMark(t *testing.T) {
	for _, c := range []struct {
		hwm, n int
		want   bool
	}{{10, 9, true}, {10, 10, false}, {stream.NoBuffer, 1, false}, {stream.NoBuffer, 0, true}, {0, 16 << 10, false}} {
		l := newLoop(t)
		w := stream.NewWritable(l, stream.WritableOptions{HighWaterMark: c.hwm, Write: (&slow{}).write})
		l.Turn(func() {
			if got := w.WriteChunk(make([]byte, c.n), nil); got != c.want {
				t.Errorf("mark %d: a write of %d gives %t, want %t", c.hwm, c.n, got, c.want)
			}
			if w.WritableNeedDrain() == c.want {
				t.Errorf("mark %d: WritableNeedDrain after a write of %d is %t", c.hwm, c.n, c.want)
			}
		})
	}
}

func TestWriteAcceptsWhateverItMustQueue(t *testing.T) {
	l := newLoop(t)
	w := stream.NewWritable(l, stream.WritableOptions{HighWaterMark: 1, Write: (&slow{}).write})
	for range 3 {
		if n, err := w.Write(make([]byte, 100)); n != 100 || err != nil {
			t.Errorf("got %d, %v; want 100 and no error", n, err)
		}
	}
	if n := w.WritableLength(); n != 300 {
		t.Errorf("%d bytes wait, want 300", n)
	}
}

func TestAHookThatIsDoneTwiceFailsTheStream(t *testing.T) {
	l, e := newLoop(t), record(t)
	s := &slow{}
	w := stream.NewWritable(l, stream.WritableOptions{Write: s.write})
	w.OnError(e.cb("error"))
	var done func(error)
	l.Turn(func() {
		w.WriteChunk([]byte("a"), e.cb("a"))
		done = s.done[0]
	})
	l.Turn(func() { done(nil) })
	l.Turn(func() { done(nil) })
	e.want("a ok", "error ERR_MULTIPLE_CALLBACK")
}

func TestAFinalThatIsDoneTwiceFailsTheStream(t *testing.T) {
	l, e := newLoop(t), record(t)
	w := stream.NewWritable(l, stream.WritableOptions{NoAutoDestroy: true, Final: func(done func(error)) { done(nil); done(nil) }})
	w.OnError(e.cb("error"))
	w.OnFinish(e.did("finish"))
	l.Turn(w.End)
	e.want("error ERR_MULTIPLE_CALLBACK", "finish")
}

func TestWithoutAWriteHookWritevGetsSingleChunks(t *testing.T) {
	l, e := newLoop(t), record(t)
	w := stream.NewWritable(l, stream.WritableOptions{Writev: func(ps [][]byte, done func(error)) {
		e.add("%q", ps)
		done(nil)
	}})
	l.Turn(func() {
		w.WriteString("a")
		w.Cork()
		w.WriteString("b")
		w.WriteString("c")
		w.Uncork()
	})
	e.want(`["a"]`, `["b" "c"]`)
}

func TestAWatcherIsToldFirstAndIsNoListener(t *testing.T) {
	l, e := newLoop(t), record(t)
	w := stream.NewWritable(l, stream.WritableOptions{})
	w.OnError(e.cb("listener"))
	w.WatchError(e.cb("first watcher"))
	sub := w.WatchError(e.cb("gone"))
	w.WatchError(e.cb("last watcher"))
	sub.Off()
	l.Turn(func() { w.Destroy(errors.New("boom")) })
	e.want("last watcher boom", "first watcher boom", "listener boom")

	l.OnUncaught = e.cb("uncaught")
	w = stream.NewWritable(l, stream.WritableOptions{})
	w.WatchError(e.cb("watcher"))
	l.Turn(func() { w.Destroy(errors.New("boom")) })
	e.want("watcher boom", "uncaught boom")
}

func TestADuplexWithoutAHalfIsDoneWithThatHalf(t *testing.T) {
	l, e := newLoop(t), record(t)
	d := stream.NewDuplex(l, stream.DuplexOptions{NoReadable: true, Write: discard})
	d.OnClose(e.did("close"))
	d.OnFinish(e.did("finish"))
	if d.IsReadable() || !d.IsWritable() {
		t.Error("the wrong half is there")
	}
	l.Turn(func() { d.EndWith([]byte("x"), nil) })
	e.want("finish", "close")

	d = stream.NewDuplex(l, stream.DuplexOptions{NoWritable: true})
	d.OnClose(e.did("close"))
	d.OnEnd(e.did("end"))
	l.Turn(func() {
		d.PushEOF()
		d.Resume()
	})
	e.want("end", "close")
}
