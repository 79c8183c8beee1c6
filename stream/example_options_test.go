package stream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/weir-go/weir/internal/transporttest"
	"github.com/weir-go/weir/internal/turntest"
	"github.com/weir-go/weir/stream"
)

// One program for each way to make a stream, and for what is asked of it.

// The mark is where a source is told to stop; it may go on, and what it pushes is kept.
func ExampleReadableOptions() {
	l := new(turntest.Loop)
	r := stream.NewReadable(l, stream.ReadableOptions{
		HighWaterMark: 8,
		Destroy:       func(err error, done func(error)) { fmt.Println("device closed"); done(err) },
	})
	fmt.Println(r.Push([]byte("hello")), r.Push([]byte("world")))
	r.Destroy(nil)
	l.EndTurn()
	// Output:
	// true false
	// device closed
}

// Chunks that wait go together, and OnFinish waits for the trailer.
func ExampleWritableOptions() {
	l := new(turntest.Loop)
	w := stream.NewWritable(l, stream.WritableOptions{
		Writev: func(ps [][]byte, done func(error)) {
			fmt.Printf("%s\n", ps)
			done(nil)
		},
		Final: func(done func(error)) { fmt.Println("trailer"); done(nil) },
	})
	w.OnFinish(func() { fmt.Println("finish") })
	w.Cork()
	w.WriteString("a")
	w.WriteString("b")
	w.End()
	l.EndTurn()
	// Output:
	// [a b]
	// trailer
	// finish
}

// A Duplex whose reader's end is its writer's as well, as most protocols want it.
func ExampleDuplexOptions() {
	l := new(turntest.Loop)
	d := stream.NewDuplex(l, stream.DuplexOptions{
		ReadableHighWaterMark: 64 << 10, // each half has its own
		WritableHighWaterMark: 1 << 10,
		NoHalfOpen:            true,
	})
	d.OnFinish(func() { fmt.Println("finish") })
	d.Resume()
	d.PushEOF()
	l.EndTurn()
	// Output: finish
}

// A hook that completes inside its call says so by Hold, and spares a copy of each chunk.
func ExampleTransformOptions() {
	l := new(turntest.Loop)
	words := 0
	count := stream.NewTransform(l, stream.TransformOptions{
		Hold: stream.HoldCall,
		Transform: func(_ *stream.Transform, p []byte, done func([]byte, error)) {
			words += len(bytes.Fields(p))
			done(nil, nil)
		},
		Flush: func(_ *stream.Transform, done func([]byte, error)) { done(fmt.Appendf(nil, "%d words", words), nil) },
	})
	count.OnData(func(p []byte) { fmt.Printf("%s\n", p) })
	stream.FromBytes(l, []byte("stop the source "), []byte("in time")).Pipe(count)
	l.EndTurn()
	// Output: 5 words
}

// A PassThrough is a buffer of a size that one chooses.
func ExamplePassThroughOptions() {
	l := new(turntest.Loop)
	p := stream.NewPassThrough(l, stream.PassThroughOptions{HighWaterMark: 4})
	for range 3 {
		fmt.Println(p.WriteChunk([]byte("abc"), nil))
	}
	// Output:
	// true
	// true
	// false
}

// A client that ends its request keeps listening; a server that is to answer after the end must say so.
func ExampleSocketOptions() {
	l := new(turntest.Loop)
	a, b := transporttest.Pair(l, 64<<10) // stand for two ends of a connection, each a *reactor.Conn
	server := stream.NewSocket(l, a, stream.SocketOptions{AllowHalfOpen: true})
	n := 0
	server.OnData(func(p []byte) { n += len(p) })
	server.OnEnd(func() { server.EndWith(fmt.Appendf(nil, "%d bytes", n), nil) })

	client := stream.NewSocket(l, b, stream.SocketOptions{})
	client.OnData(func(p []byte) { fmt.Printf("%s\n", p) })
	client.EndWith([]byte("hello"), nil)
	l.EndTurn()
	l.Run()
	// Output: 5 bytes
}

// A destination that outlives its source.
func ExamplePipeOptions() {
	l := new(turntest.Loop)
	w := stream.NewWritable(l, stream.WritableOptions{
		Write: func(p []byte, done func(error)) { os.Stdout.Write(p); done(nil) },
	})
	body := stream.FromBytes(l, []byte("body, "))
	body.OnEnd(func() { w.EndWith([]byte("and trailer\n"), nil) })
	body.PipeWith(w, stream.PipeOptions{NoEnd: true})
	l.EndTurn()
	// Output: body, and trailer
}

// A transfer that is given up when its context is.
func ExamplePipelineOptions() {
	l := new(turntest.Loop)
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // now, or at any time, on any goroutine
	src, dst := stream.NewReadable(l, stream.ReadableOptions{}), stream.NewWritable(l, stream.WritableOptions{})
	stream.PipelineWith(stream.PipelineOptions{Context: ctx}, func(err error) {
		fmt.Println(errors.Is(err, stream.ErrAborted), src.Destroyed(), dst.Destroyed())
	}, src, dst)
	l.EndTurn()
	// Output: true true true
}

// A server that wants to know when its answer is out, whether or not the client has more to say.
func ExampleFinishedOptions() {
	l := new(turntest.Loop)
	d := stream.NewDuplex(l, stream.DuplexOptions{})
	stream.Finished(d, stream.FinishedOptions{NoReadable: true}, func(err error) {
		fmt.Println("answered:", err, "all read:", d.State().Ended)
	})
	d.EndWith([]byte("answer"), nil)
	l.EndTurn()
	// Output: answered: <nil> all read: false
}

// A function that takes whatever can be read.
func ExampleReadableStream() {
	l := new(turntest.Loop)
	discard := func(src stream.ReadableStream) {
		src.OnEnd(func() { fmt.Printf("%T discarded\n", src) })
		src.Pipe(stream.NewWritable(l, stream.WritableOptions{}))
	}
	discard(stream.FromBytes(l, []byte("hello")))
	p := stream.NewPassThrough(l, stream.PassThroughOptions{})
	p.EndWith([]byte("hello"), nil)
	discard(p)
	l.EndTurn()
	// Unordered output:
	// *stream.Readable discarded
	// *stream.PassThrough discarded
}

// A function that feeds whatever can be written, and heeds what it answers.
func ExampleWritableStream() {
	l := new(turntest.Loop)
	fill := func(dst stream.WritableStream) (n int) {
		for !dst.WritableNeedDrain() {
			dst.WriteBorrowed([]byte("abc"), nil)
			n++
		}
		return n
	}
	stuck := func([]byte, func(error)) {}
	fmt.Println(fill(stream.NewWritable(l, stream.WritableOptions{HighWaterMark: 8, Write: stuck})))
	fmt.Println(fill(stream.NewDuplex(l, stream.DuplexOptions{HighWaterMark: 16, Write: stuck})))
	// Output:
	// 3
	// 6
}

// A server's table of what is open, of any kind: all of it is ended the same way.
func ExampleStream() {
	l := new(turntest.Loop)
	open := []stream.Stream{
		stream.NewReadable(l, stream.ReadableOptions{}),
		stream.NewWritable(l, stream.WritableOptions{}),
		stream.NewPassThrough(l, stream.PassThroughOptions{}),
	}
	for _, s := range open {
		s.OnError(func(err error) { fmt.Println(err) })
		s.Destroy(errors.New("shutting down"))
	}
	l.EndTurn()
	fmt.Println(open[0].State().Closed)
	// Output:
	// shutting down
	// shutting down
	// shutting down
	// true
}

// A stream that nobody has asked for anything is not the same as one that was paused: a listener sets the former going.
func ExampleFlow() {
	l := new(turntest.Loop)
	r := stream.FromBytes(l, []byte("hello"))
	fmt.Println(r.ReadableFlowing())
	r.Pause()
	r.OnData(func(p []byte) { fmt.Printf("%s\n", p) })
	l.EndTurn()
	fmt.Println(r.ReadableFlowing())
	r.Resume()
	fmt.Println(r.ReadableFlowing())
	l.EndTurn()
	// Output:
	// null
	// false
	// true
	// hello
}

// A hook that is through with its bytes when it returns is given the caller's own, without a copy.
func ExampleHold() {
	l := new(turntest.Loop)
	p := []byte("hello")
	for _, hold := range []stream.Hold{stream.HoldCall, stream.HoldUntilDone} {
		w := stream.NewWritable(l, stream.WritableOptions{
			Hold:  hold,
			Write: func(q []byte, done func(error)) { fmt.Println("copied:", &q[0] != &p[0]); done(nil) },
		})
		w.WriteBorrowed(p, nil)
	}
	l.EndTurn()
	// Output:
	// copied: false
	// copied: true
}

// ticket is a stream and its own hooks' state in one allocation.
type ticket struct {
	stream.EmbeddedReadable
	left int
}

// dispenser is a ticket's Source: methods that users of the stream do not see.
type dispenser ticket

func (d *dispenser) ReadMore(int) {
	if d.left == 0 {
		d.PushEOF()
		return
	}
	d.Push(fmt.Appendf(nil, "ticket %d\n", d.left))
	d.left--
}

func (d *dispenser) Stream() stream.ReadableStream { return (*ticket)(d) }

func (d *dispenser) Teardown(err error, done func(error)) {
	fmt.Println("closed")
	done(err)
}

// A Source is asked for more, and told of the end.
func ExampleSource() {
	l := new(turntest.Loop)
	t := &ticket{left: 2}
	var source stream.Source = (*dispenser)(t)
	stream.InitEmbedded(&t.EmbeddedReadable, l, 0, source)
	t.OnData(func(p []byte) { fmt.Printf("%s", p) })
	l.EndTurn()
	// Output:
	// ticket 2
	// ticket 1
	// closed
}

// logging is a loop that says what its streams fail with when nobody listens.
type logging struct{ stream.Scheduler }

func (logging) Uncaught(err error) { fmt.Println("uncaught:", err) }

// What streams ask of time can be wrapped: every stream made with it, and all that is made of them, ask it.
func ExampleScheduler() {
	l := new(turntest.Loop) // stands for a loop.Loop
	r := stream.NewReadable(logging{l}, stream.ReadableOptions{})
	r.Destroy(errors.New("disk gone"))
	r.Scheduler().NextTick(func() { fmt.Println("tick") })
	l.EndTurn()
	// Output:
	// uncaught: disk gone
	// tick
}
