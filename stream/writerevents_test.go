package stream_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/weir-go/weir/stream"
)

// reply is a response whose listeners are WriterEvents.
type reply struct {
	response
	e stream.WriterEvents
}

func (x *reply) OnError(fn func(error)) stream.Sub    { return x.e.OnError(fn) }
func (x *reply) WatchError(fn func(error)) stream.Sub { return x.e.WatchError(fn) }
func (x *reply) OnClose(fn func()) stream.Sub         { return x.e.OnClose(fn) }
func (x *reply) OnDrain(fn func()) stream.Sub         { return x.e.OnDrain(fn) }
func (x *reply) OnFinish(fn func()) stream.Sub        { return x.e.OnFinish(fn) }
func (x *reply) Piped(src stream.ReadableStream)      { x.e.Piped(src) }
func (x *reply) Unpiped(src stream.ReadableStream)    { x.e.Unpiped(src) }

func (x *reply) OnUnpipe(fn func(stream.ReadableStream)) stream.Sub { return x.e.OnUnpipe(fn) }

func (x *reply) PipeEvents(dst stream.WritableStream) *stream.WriterEvents {
	if dst != stream.WritableStream(x) {
		return nil
	}
	return &x.e
}

func (x *reply) WriteBorrowed(p []byte, _ func(error)) bool {
	x.got = append(x.got[:0], p...)
	return !x.full
}

// wrapped is made around a message, and says by itself when it has finished.
type wrapped struct {
	*reply
	finished stream.Listeners[func()]
}

func (x *wrapped) OnFinish(fn func()) stream.Sub { return x.finished.Add(fn) }

func TestTheListenersOfWriterEventsAreToldInOrder(t *testing.T) {
	l, e := newLoop(t), record(t)
	var x stream.WriterEvents
	if x.CloseListened() || x.ErrorListened() {
		t.Error("somebody listens already")
	}
	l.OnUncaught = e.cb("uncaught")
	x.Failed(errors.New("alone"), l)
	x.WatchError(func(error) { e.did("first watcher")() })
	sub := x.WatchError(func(error) { e.did("second watcher")() })
	x.Failed(errors.New("watched"), l)
	e.want("uncaught alone", "second watcher", "first watcher", "uncaught watched")
	sub.Off()
	x.OnError(func(err error) { e.did(err.Error())() })
	x.OnDrain(e.did("drain"))
	x.OnFinish(e.did("finish"))
	x.OnClose(e.did("close"))
	x.OnPipe(func(stream.ReadableStream) { e.did("pipe")() })
	x.OnUnpipe(func(stream.ReadableStream) { e.did("unpipe")() })
	if !x.CloseListened() || !x.ErrorListened() {
		t.Error("nobody listens")
	}
	x.Failed(errors.New("boom"), l)
	x.Piped(nil)
	x.Drained()
	x.Unpiped(nil)
	x.Finished()
	x.Closed()
	e.want("first watcher", "boom", "pipe", "drain", "unpipe", "finish", "close")
}

func TestAPipeToWhatIsMadeAroundAMessageListensToThat(t *testing.T) {
	l := newLoop(t)
	in := &reply{response: response{s: l}}
	x := &wrapped{reply: in}
	r := stream.NewReadable(l, stream.ReadableOptions{})
	l.Turn(func() { r.Pipe(x) })
	l.Turn(func() { r.Push([]byte("a")) })
	in.e.Finished() // not the wrapper's
	l.Turn(func() { r.Push([]byte("b")) })
	if string(in.got) != "b" {
		t.Errorf("got %q: the pipe has gone with what it does not listen to", in.got)
	}
	x.finished.Each(call)
	l.Turn(func() { r.Push([]byte("c")) })
	if string(in.got) != "b" {
		t.Errorf("got %q: the pipe is still there", in.got)
	}
}

// Who listens behind a pipe is told of what ends the pipe, and so is who listens before it.
func TestAPipeThatGoesWhileItIsToldKeepsNobodyFromBeingTold(t *testing.T) {
	for _, end := range []string{"finish", "close", "unpipe"} {
		t.Run(end, func(t *testing.T) {
			l, e := newLoop(t), record(t)
			x := &reply{response: response{s: l}}
			r := stream.NewReadable(l, stream.ReadableOptions{})
			listen := func(where string) {
				x.OnFinish(e.did(where + " finish"))
				x.OnClose(e.did(where + " close"))
				x.OnUnpipe(func(stream.ReadableStream) { e.did(where + " unpipe")() })
			}
			listen("before")
			l.Turn(func() { r.Pipe(x) })
			listen("behind")
			want := []string{"before unpipe", "behind unpipe"}
			switch end {
			case "finish":
				x.e.Finished()
				want = slices.Insert(append(want, "behind finish"), 0, "before finish")
			case "close":
				x.e.Closed()
				want = slices.Insert(append(want, "behind close"), 0, "before close")
			case "unpipe":
				r.Unpipe(x)
			}
			e.want(want...)
			x.e.Finished()
			x.e.Closed()
			e.want("before finish", "behind finish", "before close", "behind close")
		})
	}
}
