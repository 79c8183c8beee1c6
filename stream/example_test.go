package stream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"strings"
	"sync"

	"github.com/weir-go/weir/internal/transporttest"
	"github.com/weir-go/weir/internal/turntest"
	"github.com/weir-go/weir/stream"
)

// A source that counts, and answers when it is asked.
func ExampleReadable() {
	l := new(turntest.Loop) // stands for a loop.Loop
	n := 0
	r := stream.NewReadable(l, stream.ReadableOptions{Read: func(r *stream.Readable, _ int) {
		if n++; n > 3 {
			r.PushEOF()
			return
		}
		r.Push(fmt.Appendf(nil, "line %d\n", n))
	}})
	r.OnData(func(p []byte) { fmt.Printf("%s", p) })
	r.OnEnd(func() { fmt.Println("end") })
	l.EndTurn()
	// Output:
	// line 1
	// line 2
	// line 3
	// end
}

// A reader that takes records of a fixed size, by calls.
func ExampleReadable_ReadChunk() {
	l := new(turntest.Loop)
	r := stream.FromBytes(l, []byte("abc"), []byte("defg"), []byte("hi"))
	r.OnReadable(func() {
		for p := r.ReadChunk(4); p != nil; p = r.ReadChunk(4) {
			fmt.Printf("%s\n", p)
		}
	})
	l.EndTurn()
	// Output:
	// abcd
	// efgh
	// i
}

// A writer that heeds backpressure: it stops when it is told false, and goes on with OnDrain.
func ExampleWritable() {
	l := new(turntest.Loop)
	var complete func(error)
	w := stream.NewWritable(l, stream.WritableOptions{
		HighWaterMark: 8,
		Write: func(p []byte, done func(error)) {
			fmt.Printf("sending %s\n", p)
			complete = done
		},
	})
	w.OnDrain(func() { fmt.Println("drain") })
	w.OnFinish(func() { fmt.Println("finish") })
	fmt.Println(w.WriteChunk([]byte("hello"), nil), w.WriteChunk([]byte("world"), nil))
	for range 2 {
		complete(nil)
		l.EndTurn()
	}
	w.End()
	l.EndTurn()
	// Output:
	// sending hello
	// true false
	// sending world
	// drain
	// finish
}

// A Duplex has two independent halves.
func ExampleDuplex() {
	l := new(turntest.Loop)
	d := stream.NewDuplex(l, stream.DuplexOptions{
		Read:  func(r *stream.Readable, _ int) { r.Push([]byte("question\n")); r.PushEOF() },
		Write: func(p []byte, done func(error)) { fmt.Printf("%s", p); done(nil) },
	})
	d.OnData(func(p []byte) {
		fmt.Printf("%s", p)
		d.EndWith([]byte("answer\n"), nil)
	})
	d.OnClose(func() { fmt.Println("close") })
	l.EndTurn()
	// Output:
	// question
	// answer
	// close
}

// A Transform gives what it makes of what is written to it.
func ExampleTransform() {
	l := new(turntest.Loop)
	upper := stream.NewTransform(l, stream.TransformOptions{
		Transform: func(_ *stream.Transform, p []byte, done func([]byte, error)) { done(bytes.ToUpper(p), nil) },
		Flush:     func(_ *stream.Transform, done func([]byte, error)) { done([]byte("!\n"), nil) },
	})
	upper.OnData(func(p []byte) { fmt.Printf("%s", p) })
	upper.EndWith([]byte("hello"), nil)
	l.EndTurn()
	// Output: HELLO!
}

// A PassThrough is a place to listen in between.
func ExamplePassThrough() {
	l := new(turntest.Loop)
	tap, n := stream.NewPassThrough(l, stream.PassThroughOptions{}), 0
	tap.OnData(func(p []byte) { n += len(p) })
	w := stream.NewWritable(l, stream.WritableOptions{})
	w.OnFinish(func() { fmt.Println(n, "bytes") })
	stream.FromBytes(l, []byte("hello, "), []byte("world")).Pipe(tap)
	tap.Pipe(w)
	l.EndTurn()
	// Output: 12 bytes
}

// The echo server's whole program: what a socket gives is written to it, no faster than it takes it.
func ExampleSocket() {
	l := new(turntest.Loop)
	a, b := transporttest.Pair(l, 64<<10) // stand for two ends of a connection, each a *reactor.Conn
	server := stream.NewSocket(l, a, stream.SocketOptions{})
	server.Pipe(server)

	client := stream.NewSocket(l, b, stream.SocketOptions{AllowHalfOpen: true})
	client.OnData(func(p []byte) { fmt.Printf("%s", p) })
	client.OnClose(func() { fmt.Println("close") })
	client.EndWith([]byte("hello\n"), nil)
	l.EndTurn()
	l.Run()
	// Output:
	// hello
	// close
}

// Pipeline tells once how everything ended, and leaves nothing open.
func ExamplePipeline() {
	l := new(turntest.Loop)
	src := stream.FromBytes(l, []byte("hello"))
	full := stream.NewWritable(l, stream.WritableOptions{Write: func(_ []byte, done func(error)) { done(errors.New("disk full")) }})
	stream.Pipeline(func(err error) { fmt.Println(err, src.Destroyed()) }, src, stream.NewPassThrough(l, stream.PassThroughOptions{}), full)
	l.EndTurn()
	// Output: disk full true
}

// Finished tells how a stream ended, whatever way it did.
func ExampleFinished() {
	l := new(turntest.Loop)
	r := stream.NewReadable(l, stream.ReadableOptions{})
	stream.Finished(r, stream.FinishedOptions{}, func(err error) { fmt.Println(err, stream.CodeOf(err)) })
	r.Destroy(nil)
	l.EndTurn()
	// Output: stream: premature close ERR_STREAM_PREMATURE_CLOSE
}

// Compose makes one stream of several.
func ExampleCompose() {
	l := new(turntest.Loop)
	exclaim := stream.NewTransform(l, stream.TransformOptions{
		Flush: func(_ *stream.Transform, done func([]byte, error)) { done([]byte("!\n"), nil) },
	})
	d := stream.Compose(stream.NewPassThrough(l, stream.PassThroughOptions{}), exclaim)
	d.OnData(func(p []byte) { fmt.Printf("%s", p) })
	d.EndWith([]byte("hello"), nil)
	l.EndTurn()
	// Output: hello!
}

// DuplexPair is a connection without a network.
func ExampleDuplexPair() {
	l := new(turntest.Loop)
	a, b := stream.DuplexPair(l, stream.DuplexOptions{})
	b.OnData(func(p []byte) { fmt.Printf("%s\n", p) })
	a.WriteString("hello")
	l.EndTurn()
	// Output: hello
}

// Reader and Writer serve code that blocks, on goroutines of its own.
func ExampleReader() {
	l := new(turntest.Loop)
	p := stream.NewPassThrough(l, stream.PassThroughOptions{})
	r, w := stream.NewReader(&p.Readable), stream.NewWriter(&p.Writable)
	var running sync.WaitGroup
	running.Go(l.Serve)
	running.Go(func() {
		if _, err := io.Copy(w, strings.NewReader("hello, world")); err != nil {
			log.Print(err)
		}
		w.Close()
	})
	r.SetContext(context.Background()) // one with a deadline, say
	text, err := io.ReadAll(r)
	fmt.Printf("%s %v\n", text, err)
	l.Close()
	running.Wait()
	// Output: hello, world <nil>
}
