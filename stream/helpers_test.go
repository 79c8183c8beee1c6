package stream_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/weir-go/weir/stream"
)

func TestADuplexPairIsAConnection(t *testing.T) {
	l, e := newLoop(t), record(t)
	a, b := stream.DuplexPair(l, stream.DuplexOptions{HighWaterMark: 10})
	got := collect(t, b)
	b.OnEnd(e.did("b end"))
	a.OnClose(e.did("a close"))
	b.OnClose(e.did("b close"))
	l.Turn(func() { b.Pause() })
	l.Turn(func() {
		a.WriteChunk(pattern(0, 8), e.cb("1"))
		if a.WriteChunk(pattern(8, 8), e.cb("2")) {
			t.Error("a stream that nobody reads says go on")
		}
		a.End()
	})
	e.want("1 ok")
	l.Turn(func() { b.Resume() })
	got.want(16)
	l.Turn(func() {
		a.Resume()
		b.End()
	})
	e.want("2 ok", "b end", "a close", "b close")
}

func TestFromIsToldWhenItsStreamIsDestroyed(t *testing.T) {
	l, e := newLoop(t), record(t)
	r := stream.From(l, stream.ReadableOptions{HighWaterMark: 1, Destroy: func(err error, done func(error)) {
		e.add("hook")
		done(err)
	}}, func(yield func([]byte, error) bool) {
		for yield([]byte("x"), nil) {
		}
		e.add("told")
	})
	r.OnClose(e.did("close"))
	n := 0
	l.Turn(func() {
		r.OnData(func([]byte) {
			if n++; n == 3 {
				r.Destroy(nil)
			}
		})
	})
	e.want("told", "hook", "close")
}

func TestFromsErrorIsTheStreams(t *testing.T) {
	l, e := newLoop(t), record(t)
	r := stream.From(l, stream.ReadableOptions{}, func(yield func([]byte, error) bool) { yield(nil, errors.New("boom")) })
	r.OnError(e.cb("error"))
	l.Turn(func() { r.Resume() })
	e.want("error boom")
}

// upper is a Transform, for chains.
func upper(l stream.Scheduler) *stream.Transform {
	return stream.NewTransform(l, stream.TransformOptions{
		Transform: func(_ *stream.Transform, p []byte, done func([]byte, error)) {
			done([]byte(strings.ToUpper(string(p))), nil)
		},
	})
}

func TestComposeMakesOneStreamOfSeveral(t *testing.T) {
	l, e := newLoop(t), record(t)
	d := stream.Compose(upper(l), stream.NewPassThrough(l, stream.PassThroughOptions{}))
	d.OnData(func(p []byte) { e.add("data %s", p) })
	d.OnEnd(e.did("end"))
	d.OnFinish(e.did("finish"))
	d.OnClose(e.did("close"))
	l.Turn(func() {
		d.Write([]byte("hello"))
		d.EndWith([]byte("world"), nil)
	})
	var all string
	for len(e.list) > 0 && strings.HasPrefix(e.list[0], "data ") {
		all += e.list[0][5:]
		e.list = e.list[1:]
	}
	if all != "HELLOWORLD" {
		t.Errorf("got %q", all)
	}
	for _, want := range []string{"end", "finish", "close"} {
		if !strings.Contains(strings.Join(e.list, " "), want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestComposeWithoutAWritableEndIsJustRead(t *testing.T) {
	l := newLoop(t)
	d := stream.Compose(stream.FromBytes(l, []byte("a"), []byte("b")), upper(l))
	if d.IsWritable() {
		t.Error("it can be written to")
	}
	var got string
	l.Turn(func() { d.OnData(func(p []byte) { got += string(p) }) })
	if got != "AB" || !d.Closed() {
		t.Errorf("got %q, closed %t; want AB and true", got, d.Closed())
	}
}

func TestAnErrorInsideAComposedStreamIsItsError(t *testing.T) {
	l, e := newLoop(t), record(t)
	first, last := upper(l), upper(l)
	d := stream.Compose(first, last)
	d.OnError(e.cb("error"))
	d.OnClose(e.did("close"))
	l.Turn(func() { first.Destroy(errors.New("boom")) })
	e.want("error boom", "close")
	if !last.Destroyed() {
		t.Error("the other stream lives on")
	}
}

func TestDestroyingAComposedStreamDestroysItsParts(t *testing.T) {
	l, e := newLoop(t), record(t)
	first, last := upper(l), upper(l)
	d := stream.Compose(first, last)
	d.OnError(e.cb("error"))
	d.OnClose(e.did("close"))
	l.Turn(func() { d.Destroy(nil) })
	if !first.Destroyed() || !last.Destroyed() {
		t.Error("a part lives on")
	}
	e.want("error ABORT_ERR", "close")
}

func TestACancelledContextDestroysItsStream(t *testing.T) {
	l, e := newLoop(t), record(t)
	why := errors.New("why")
	ctx, cancel := context.WithCancelCause(t.Context())
	r := stream.NewReadable(l, stream.ReadableOptions{})
	r.OnError(func(err error) { e.add("error %t %t", errors.Is(err, stream.ErrAborted), errors.Is(err, why)) })
	stream.WithContext(ctx, r)
	done := stream.NewReadable(l, stream.ReadableOptions{})
	stream.WithContext(ctx, done)
	done.OnError(e.cb("error of a stream that was done"))
	l.Turn(func() { done.PushEOF(); done.Resume() })
	cancel(why)
	for l.Run() == 0 { // the context tells on a goroutine of its own
	}
	e.want("error true true")

	late := stream.NewReadable(l, stream.ReadableOptions{})
	late.OnError(e.cb("error"))
	l.Turn(func() { stream.WithContext(ctx, late) })
	e.want("error ABORT_ERR")
}

func TestACancelledContextEndsFinishedAndNotItsStream(t *testing.T) {
	l, e := newLoop(t), record(t)
	ctx, cancel := context.WithCancel(t.Context())
	r := stream.NewReadable(l, stream.ReadableOptions{})
	stream.Finished(r, stream.FinishedOptions{Context: ctx}, e.cb("finished"))
	cancel()
	for l.Run() == 0 {
	}
	e.want("finished ABORT_ERR")
	l.Turn(func() { stream.Finished(r, stream.FinishedOptions{Context: ctx}, e.cb("finished")) })
	e.want("finished ABORT_ERR")
	if r.Destroyed() {
		t.Error("the stream is destroyed")
	}
}

func TestACancelledContextEndsAPipeline(t *testing.T) {
	l, e := newLoop(t), record(t)
	ctx, cancel := context.WithCancel(t.Context())
	r := stream.NewReadable(l, stream.ReadableOptions{})
	w := stream.NewWritable(l, stream.WritableOptions{})
	l.Turn(func() { stream.PipelineWith(stream.PipelineOptions{Context: ctx}, e.cb("done"), r, w) })
	cancel()
	for l.Run() == 0 {
	}
	e.want("done ABORT_ERR")
	if !r.Destroyed() || !w.Destroyed() {
		t.Error("a stream lives on")
	}
}

func TestAPipelineMayLeaveItsLastStreamOpen(t *testing.T) {
	l, e := newLoop(t), record(t)
	w := stream.NewWritable(l, stream.WritableOptions{Write: discard})
	l.Turn(func() {
		stream.PipelineWith(stream.PipelineOptions{NoEnd: true}, e.cb("done"), stream.FromBytes(l, []byte("x")), w)
	})
	if !w.IsWritable() {
		t.Error("the last stream was ended")
	}
	l.Turn(w.End)
	e.want("done ok")
}

func TestAPipelineOfOneStreamPanics(t *testing.T) {
	l := newLoop(t)
	for name, bad := range map[string]func(){
		"one stream": func() { stream.Pipeline(func(error) {}, stream.FromBytes(l)) },
		"a dead end in between": func() {
			stream.Pipeline(func(error) {}, stream.FromBytes(l), stream.NewWritable(l, stream.WritableOptions{}), upper(l))
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was accepted", name)
				}
			}()
			bad()
		}()
	}
}
