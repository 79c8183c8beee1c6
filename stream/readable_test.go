package stream_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/weir-go/weir/internal/turntest"
	"github.com/weir-go/weir/stream"
)

// Improvement over Node: destroying in a data handler ends the delivery of what is buffered.
func TestNothingIsDeliveredAfterDestroyInADataHandler(t *testing.T) {
	l, e := newLoop(t), record(t)
	r := stream.NewReadable(l, stream.ReadableOptions{})
	r.OnClose(e.did("close"))
	r.OnEnd(e.did("end"))
	l.Turn(func() {
		for range 3 {
			r.Push([]byte("abc"))
		}
		r.PushEOF()
	})
	l.Turn(func() {
		r.OnData(func(p []byte) {
			e.add("data %s", p)
			r.Destroy(nil)
		})
	})
	e.want("data abc", "close")
}

// Improvement over Node: what is buffered in a destroyed stream is lost.
func TestReadChunkOfADestroyedStreamGivesNothing(t *testing.T) {
	l := newLoop(t)
	r := stream.NewReadable(l, stream.ReadableOptions{})
	l.Turn(func() { r.Push([]byte("abc")) })
	l.Turn(func() { r.Destroy(nil) })
	if n := r.ReadableLength(); n != 3 {
		t.Errorf("got length %d, want 3: how much was lost", n)
	}
	if p := r.ReadChunk(-1); p != nil {
		t.Errorf("got %q, want nothing", p)
	}
}

// Improvement over Node: a source that gives up inside its hook has given nothing.
func TestAReadHookThatDestroysDeliversNothingMore(t *testing.T) {
	l, e := newLoop(t), record(t)
	boom := errors.New("boom")
	r := stream.NewReadable(l, stream.ReadableOptions{Read: func(r *stream.Readable, _ int) { r.Destroy(boom) }})
	r.OnError(e.cb("error"))
	l.Turn(func() { r.Push([]byte("abc")) })
	l.Turn(func() { r.OnData(func(p []byte) { e.add("data %s", p) }) })
	e.want("error boom")
}

// An end that was scheduled when the stream was destroyed is still told, but never after bytes were thrown away.
func TestEndIsNotToldWhenBytesWereThrownAway(t *testing.T) {
	l, e := newLoop(t), record(t)
	var closed func(error)
	r := stream.NewReadable(l, stream.ReadableOptions{Destroy: func(_ error, done func(error)) { closed = done }})
	r.OnEnd(e.did("end"))
	r.OnClose(e.did("close"))
	l.Turn(func() {
		r.Push([]byte("abc"))
		r.PushEOF()
	})
	l.Turn(func() {
		r.Destroy(nil)
		r.Resume()
	})
	l.Turn(func() { closed(nil) })
	e.want("close")
}

func TestPushSaysStopAtTheMark(t *testing.T) {
	for _, c := range []struct {
		hwm, n int
		want   bool
	}{
		{0, 16<<10 - 1, true},
		{0, 16 << 10, false},
		{10, 9, true},
		{10, 10, false},
		{stream.NoBuffer, 1, false},
		{stream.NoBuffer, 0, true},
	} {
		l := newLoop(t)
		r := stream.NewReadable(l, stream.ReadableOptions{HighWaterMark: c.hwm})
		l.Turn(func() {
			if got := r.Push(make([]byte, c.n)); got != c.want {
				t.Errorf("mark %d: push of %d gives %t, want %t", c.hwm, c.n, got, c.want)
			}
		})
	}
}

func TestANegativeMarkPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a mark of -2 was accepted")
		}
	}()
	stream.NewReadable(newLoop(t), stream.ReadableOptions{HighWaterMark: -2})
}

func TestReadChunkRaisesTheMarkToAPowerOfTwo(t *testing.T) {
	l := newLoop(t)
	r := stream.NewReadable(l, stream.ReadableOptions{HighWaterMark: 10})
	l.Turn(func() { r.ReadChunk(17) })
	if got := r.ReadableHighWaterMark(); got != 32 {
		t.Errorf("got a mark of %d, want 32", got)
	}
	l.Turn(func() { r.ReadChunk(64) })
	if got := r.ReadableHighWaterMark(); got != 64 {
		t.Errorf("got a mark of %d, want 64", got)
	}
}

func TestReadChunkOfMoreThanAGibibyteFailsTheStream(t *testing.T) {
	l, e := newLoop(t), record(t)
	r := stream.NewReadable(l, stream.ReadableOptions{})
	r.OnError(e.cb("error"))
	l.Turn(func() { r.ReadChunk(1<<30 + 1) })
	e.want("error ERR_OUT_OF_RANGE")
}

// A source that answers inside its hook runs as a loop, not as a recursion.
func TestASynchronousSourceDoesNotGrowTheStack(t *testing.T) {
	const chunks = 200000
	l := newLoop(t)
	n, got := 0, 0
	r := stream.NewReadable(l, stream.ReadableOptions{Read: func(r *stream.Readable, _ int) {
		if n++; n > chunks {
			r.PushEOF()
			return
		}
		r.Push([]byte("0123456789"))
	}})
	p := stream.NewPassThrough(l, stream.PassThroughOptions{})
	w := stream.NewWritable(l, stream.WritableOptions{Write: func(p []byte, done func(error)) { got += len(p); done(nil) }})
	l.Turn(func() {
		r.Pipe(p)
		p.Pipe(w)
	})
	if got != 10*chunks || !w.Closed() {
		t.Errorf("got %d bytes, want %d, and the stream closed", got, 10*chunks)
	}
}

func TestAnErrorThatNobodyListensForIsUncaught(t *testing.T) {
	e := record(t)
	l := &turntest.Loop{OnUncaught: e.cb("uncaught")}
	boom := errors.New("boom")
	stream.NewReadable(l, stream.ReadableOptions{}).Destroy(boom)
	l.EndTurn()
	e.want("uncaught boom")
	w := stream.NewWritable(l, stream.WritableOptions{})
	r := stream.NewReadable(l, stream.ReadableOptions{})
	l.Turn(func() { r.Pipe(w) })
	w.OnUnpipe(func(stream.ReadableStream) { e.add("unpipe") })
	w.Destroy(boom) // the pipe lets go, and does not count as somebody who listens
	l.EndTurn()
	e.want("unpipe", "uncaught boom")
	r.OnError(e.cb("error"))
	r.Destroy(boom)
	l.EndTurn()
	e.want("error boom")
}

func TestListenersAddedOrRemovedDuringAnEventCountFromTheNextOn(t *testing.T) {
	l, e := newLoop(t), record(t)
	r := stream.NewReadable(l, stream.ReadableOptions{Read: func(*stream.Readable, int) {}})
	var second stream.Sub
	first := true
	r.OnData(func([]byte) {
		e.add("1")
		if !first {
			return
		}
		first = false
		second.Off()
		second.Off()
		r.OnData(func([]byte) { e.add("3") })
	})
	second = r.OnData(func([]byte) { e.add("2") })
	l.EndTurn()
	l.Turn(func() { r.Push([]byte("x")) })
	e.want("1", "2")
	l.Turn(func() { r.Push([]byte("x")) })
	e.want("1", "3")
}

func TestANilListenerPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a nil listener was accepted")
		}
	}()
	stream.NewReadable(newLoop(t), stream.ReadableOptions{}).OnEnd(nil)
}

func TestErrorsMatchByCode(t *testing.T) {
	cause := errors.New("because")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	r := stream.NewReadable(newLoop(t), stream.ReadableOptions{})
	r.OnError(func(error) {})
	stream.WithContext(ctx, r)
	err := r.Errored()
	if !errors.Is(err, stream.ErrAborted) || !errors.Is(err, cause) || errors.Is(err, stream.ErrDestroyed) {
		t.Errorf("%v does not match what it is", err)
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{stream.ErrWriteAfterEnd, "ERR_STREAM_WRITE_AFTER_END"},
		{errors.Join(cause, stream.ErrDestroyed), "ERR_STREAM_DESTROYED"},
		{cause, "because"},
		{fmt.Errorf("read: %w", coded("ECONNRESET")), "ECONNRESET"},
		{coded(""), "an error"},
	} {
		if got := stream.CodeOf(c.err); got != c.want {
			t.Errorf("the code of %v is %q, want %q", c.err, got, c.want)
		}
	}
}

// coded is an error with a code of another package's making.
type coded string

func (coded) Error() string  { return "an error" }
func (c coded) Code() string { return string(c) }
