//go:build !weirdebug && !race

package stream_test

import (
	"testing"

	"github.com/weir-go/weir/stream"
)

// The checks of weirdebug cost, and the race detector has pools forget, so these are for the build that is shipped.

func wantNoAllocs(t *testing.T, what string, turn func()) {
	t.Helper()
	for range 10 {
		turn()
	}
	if got := testing.AllocsPerRun(200, turn); got != 0 {
		t.Errorf("got %v allocations for %s, want 0", got, what)
	}
}

func TestPushToDataDoesNotAllocate(t *testing.T) {
	l := newLoop(t)
	r := stream.NewReadable(l, stream.ReadableOptions{})
	n := 0
	l.Turn(func() { r.OnData(func(p []byte) { n += len(p) }) })
	p := pattern(0, 1000)
	wantNoAllocs(t, "a push that is delivered at once", func() {
		r.Push(p)
		l.EndTurn()
	})
	wantNoAllocs(t, "pushes that are buffered, sealed and delivered", func() {
		r.Pause()
		r.Push(p)
		r.Push(p)
		l.EndTurn()
		r.Resume()
		l.EndTurn()
	})
}

func TestABlockThatIsReadDoesNotAllocate(t *testing.T) {
	l := newLoop(t)
	r := stream.NewReadable(l, stream.ReadableOptions{})
	n := 0
	l.Turn(func() { r.OnData(func(p []byte) { n += len(p) }) })
	wantNoAllocs(t, "Blocks from the pool that are delivered or refused", func() {
		r.PushBlock(stream.NewBlock(64 << 10))
		r.PushBlock(stream.NewBlock(0))
		stream.NewBlock(100).Release()
		l.EndTurn()
	})
}

func TestWriteToDoneDoesNotAllocate(t *testing.T) {
	l := newLoop(t)
	p := pattern(0, 1000)
	calls := 0
	cb := func(error) { calls++ }
	sync := stream.NewWritable(l, stream.WritableOptions{Write: func(_ []byte, done func(error)) { done(nil) }})
	wantNoAllocs(t, "a write that completes at once", func() {
		sync.Write(p)
		sync.WriteChunk(p, cb)
		sync.WriteString("hello")
		l.EndTurn()
	})
	var last func(error)
	later := stream.NewWritable(l, stream.WritableOptions{Write: func(_ []byte, done func(error)) { last = done }})
	wantNoAllocs(t, "writes that are queued", func() {
		later.WriteChunk(p, cb)
		later.WriteChunk(p, cb)
		later.WriteBorrowed(p, cb)
		l.EndTurn()
		for range 3 {
			last(nil)
			l.EndTurn()
		}
	})
	many := stream.NewWritable(l, stream.WritableOptions{Writev: func(_ [][]byte, done func(error)) { last = done }})
	wantNoAllocs(t, "writes that leave together", func() {
		many.Cork()
		many.WriteChunk(p, cb)
		many.WriteChunk(p, cb)
		many.Uncork()
		l.EndTurn()
		last(nil)
		l.EndTurn()
	})
}

func TestATwoStagePipeDoesNotAllocate(t *testing.T) {
	l := newLoop(t)
	r := stream.NewReadable(l, stream.ReadableOptions{})
	a := stream.NewTransform(l, stream.TransformOptions{Hold: stream.HoldTurn, Transform: pass})
	w := stream.NewWritable(l, stream.WritableOptions{Write: discard})
	l.Turn(func() {
		r.Pipe(a)
		a.Pipe(w)
	})
	p := pattern(0, 1000)
	wantNoAllocs(t, "a chunk through two pipes", func() {
		r.Push(p)
		l.EndTurn()
	})
	var last func(error)
	slow := stream.NewWritable(l, stream.WritableOptions{HighWaterMark: 10, Write: func(_ []byte, done func(error)) { last = done }})
	l.Turn(func() {
		a.Unpipe(nil)
		a.Pipe(slow)
	})
	wantNoAllocs(t, "a chunk through two pipes that stop and go on", func() {
		r.Push(p)
		l.EndTurn()
		last(nil)
		l.EndTurn()
	})
}

func TestASocketPipedToItselfDoesNotAllocate(t *testing.T) {
	l := newLoop(t)
	n := &nowhere{}
	s := stream.NewSocket(l, n, stream.SocketOptions{})
	l.Turn(func() { s.Pipe(s) })
	p := pattern(0, 1000)
	wantNoAllocs(t, "an echo", func() {
		n.h.OnRead(p, nil)
		l.EndTurn()
		n.done(nil)
		l.EndTurn()
	})
	big := pattern(0, 64<<10)
	wantNoAllocs(t, "an echo that stops reading meanwhile", func() {
		n.h.OnRead(big, nil)
		l.EndTurn()
		n.done(nil)
		l.EndTurn()
	})
}

// A pipe listens at a message without functions, and its end does not copy the list of those who listen.
func TestAPipeToAMessageIsOneAllocation(t *testing.T) {
	l := newLoop(t)
	x := &reply{response: response{s: l}}
	x.OnError(func(error) {})
	x.OnClose(func() {})
	r := stream.NewReadable(l, stream.ReadableOptions{})
	r.OnClose(func() {})
	r.OnPause(func() {})
	l.Turn(func() { r.Pipe(x) })
	l.Turn(x.e.Finished)
	got := testing.AllocsPerRun(100, func() {
		l.Turn(func() {
			r.Pipe(x)
			x.e.Finished()
		})
	})
	if got > 1 {
		t.Errorf("got %v allocations, want the pipe's only", got)
	}
}
