package stream_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/weir-go/weir/internal/transporttest"
	"github.com/weir-go/weir/internal/turntest"
	"github.com/weir-go/weir/stream"
)

// These are for those who make streams and transports of their own.

// From makes a stream of an iterator, which is asked for a chunk whenever there is room for it.
func ExampleFrom() {
	l := new(turntest.Loop)
	countdown := func(yield func([]byte, error) bool) {
		for n := 3; n > 0; n-- {
			if !yield(fmt.Appendf(nil, "%d ", n), nil) {
				return // the stream was destroyed
			}
		}
	}
	r := stream.From(l, stream.ReadableOptions{}, countdown)
	r.OnData(func(p []byte) { fmt.Printf("%s", p) })
	r.OnEnd(func() { fmt.Println("liftoff") })
	l.EndTurn()
	// Output: 3 2 1 liftoff
}

// FromBytes gives away what is in memory already.
func ExampleFromBytes() {
	l := new(turntest.Loop)
	w := stream.NewWritable(l, stream.WritableOptions{
		Write: func(p []byte, done func(error)) { os.Stdout.Write(p); done(nil) },
	})
	stream.FromBytes(l, []byte("hello, "), []byte("world\n")).Pipe(w)
	l.EndTurn()
	// Output: hello, world
}

// Somebody who has heard enough. What comes then is lost, so the stream is paused first.
func ExampleSub() {
	l := new(turntest.Loop)
	r := stream.FromBytes(l, []byte("first"), []byte("second"))
	var sub stream.Sub
	sub = r.OnData(func(p []byte) {
		fmt.Printf("%s\n", p)
		r.Pause()
		sub.Off()
	})
	l.EndTurn()
	fmt.Printf("and later %s\n", r.ReadChunk(-1))
	// Output:
	// first
	// and later second
}

// A thermometer is no stream, but is listened to like one.
type thermometer struct {
	onChange stream.Listeners[func(degrees int)]
}

// OnChange listens for a new temperature.
func (t *thermometer) OnChange(fn func(degrees int)) stream.Sub { return t.onChange.Add(fn) }

func (t *thermometer) set(degrees int) {
	t.onChange.Each(func(fn func(int)) { fn(degrees) })
}

// Events of one's own.
func ExampleListeners() {
	var t thermometer
	sub := t.OnChange(func(degrees int) { fmt.Println("inside:", degrees) })
	t.OnChange(func(degrees int) { fmt.Println("outside:", degrees) })
	t.set(20)
	sub.Off()
	t.set(21)
	// Output:
	// inside: 20
	// outside: 20
	// outside: 21
}

// A source that has its bytes put somewhere, as one that reads a device, takes pooled memory for that and gives it away:
// nothing is copied, and nothing is allocated in the long run.
func ExampleBlock() {
	l := new(turntest.Loop)
	device := []string{"ping", "pong"}
	r := stream.NewReadable(l, stream.ReadableOptions{Read: func(r *stream.Readable, n int) {
		if len(device) == 0 {
			r.PushEOF()
			return
		}
		b := stream.NewBlock(n)
		b.Truncate(copy(b.Bytes(), device[0]))
		device = device[1:]
		r.PushBlock(b)
	}})
	r.OnData(func(p []byte) { fmt.Printf("%s\n", p) })
	l.EndTurn()
	// Output:
	// ping
	// pong
}

// A Writer serves code that blocks, on a goroutine of its own: it waits while the stream is full, and Close until all is
// written.
func ExampleWriter() {
	l := new(turntest.Loop)
	disk := stream.NewWritable(l, stream.WritableOptions{
		HighWaterMark: 8,
		Write:         func(p []byte, done func(error)) { fmt.Printf("%s", p); done(nil) },
	})
	w := stream.NewWriter(disk)
	var running sync.WaitGroup
	running.Go(l.Serve)
	for i := range 3 {
		fmt.Fprintf(w, "record %d\n", i)
	}
	fmt.Println("closed:", w.Close())
	l.Close()
	running.Wait()
	// Output:
	// record 0
	// record 1
	// record 2
	// closed: <nil>
}

// What a stream fails with has Node's code, and is told apart by errors.Is.
func ExampleError() {
	l := new(turntest.Loop)
	w := stream.NewWritable(l, stream.WritableOptions{})
	w.End()
	w.OnError(func(err error) {
		fmt.Println(err)
		fmt.Println(stream.CodeOf(err), errors.Is(err, stream.ErrWriteAfterEnd))
	})
	w.WriteChunk([]byte("one more thing"), nil)
	l.EndTurn()
	// Output:
	// stream: write after end
	// ERR_STREAM_WRITE_AFTER_END true
}

// A stream that ends with a context, for the same reason.
func ExampleWithContext() {
	l := new(turntest.Loop)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("the user has left")) // now, or at any time, on any goroutine
	r := stream.NewReadable(l, stream.ReadableOptions{})
	r.OnError(func(err error) { fmt.Println(err) })
	stream.WithContext(ctx, r)
	l.EndTurn()
	// Output: stream: the operation was aborted: the user has left
}

// mirror is a filter: what is written to it goes to the Transport below with its letters turned round the alphabet, and what
// comes from there is turned back. TLS is a filter of this kind. That it embeds the interface, and not a *reactor.Conn, keeps
// from view what would go past it: sending files, and splicing.
type mirror struct {
	stream.Transport
	h stream.ReadHandler
}

func (m *mirror) ReadStart(h stream.ReadHandler) error {
	m.h = h
	return m.Transport.ReadStart(m)
}

// OnRead passes on what has come. It is borrowed, so what is given on is memory of its own.
func (m *mirror) OnRead(p []byte, err error) { m.h.OnRead(turned(p), err) }

func (m *mirror) Write(bufs [][]byte, done func(error)) error {
	list := make([][]byte, len(bufs))
	for i, p := range bufs {
		list[i] = turned(p)
	}
	return m.Transport.Write(list, done)
}

func (m *mirror) WriteBorrowed(p []byte, done func(error)) error {
	return m.Transport.Write([][]byte{turned(p)}, done)
}

func turned(p []byte) []byte {
	out := make([]byte, len(p))
	for i, b := range p {
		if out[i] = b; b >= 'a' && b <= 'z' {
			out[i] = 'a' + 'z' - b
		}
	}
	return out
}

// A Socket does not know what it stands on.
func ExampleTransport() {
	l := new(turntest.Loop)
	a, b := transporttest.Pair(l, 64<<10) // stand for two ends of a connection, each a *reactor.Conn
	near := stream.NewSocket(l, &mirror{Transport: a}, stream.SocketOptions{})
	near.EndWith([]byte("svool\n"), nil)

	far := stream.NewSocket(l, b, stream.SocketOptions{})
	far.OnData(func(p []byte) { fmt.Printf("%s", p) })
	l.EndTurn()
	l.Run()
	// Output: hello
}

// What Pipe, Pipeline and Finished ask of any stream, a user may ask as well.
func ExampleState() {
	l := new(turntest.Loop)
	p := stream.NewPassThrough(l, stream.PassThroughOptions{})
	p.EndWith([]byte("hello"), nil)
	l.EndTurn()
	s := p.State()
	fmt.Println("all written:", s.Finished, "all read:", s.Ended)
	p.Resume()
	l.EndTurn()
	s = p.State()
	fmt.Println("all written:", s.Finished, "all read:", s.Ended, "closed:", s.Closed)
	// Output:
	// all written: true all read: false
	// all written: true all read: true closed: true
}

// A note is read as a stream, and is one allocation with it.
type note struct {
	stream.EmbeddedReadable
	text string
}

// noteSource is a note as the hooks of its stream.
type noteSource note

func (n *noteSource) ReadMore(int) {
	n.Push([]byte(n.text))
	n.PushEOF()
}

func (n *noteSource) Stream() stream.ReadableStream { return (*note)(n) }

func (n *noteSource) Teardown(err error, done func(error)) { done(err) }

// Something that has a stream inside.
func ExampleEmbeddedReadable() {
	l := new(turntest.Loop)
	n := &note{text: "hello"}
	stream.InitEmbedded(&n.EmbeddedReadable, l, 0, (*noteSource)(n))
	n.OnData(func(p []byte) { fmt.Printf("%s\n", p) })
	l.EndTurn()
	// Output: hello
}

// Two sources, one behind the other, into one destination: the first must not end it.
func ExampleReadable_PipeWith() {
	l := new(turntest.Loop)
	w := stream.NewWritable(l, stream.WritableOptions{
		Write: func(p []byte, done func(error)) { os.Stdout.Write(p); done(nil) },
	})
	head, body := stream.FromBytes(l, []byte("head, ")), stream.FromBytes(l, []byte("and body\n"))
	head.OnEnd(func() { body.Pipe(w) })
	head.PipeWith(w, stream.PipeOptions{NoEnd: true})
	l.EndTurn()
	// Output: head, and body
}
