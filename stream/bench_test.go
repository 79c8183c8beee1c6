package stream_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/weir-go/weir/stream"
)

var benchSizes = []int{64, 1 << 10, 64 << 10}

// BenchmarkPipe moves chunks from a source through a Transform to a sink, a turn each.
func BenchmarkPipe(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			l := newLoop(b)
			r := stream.NewReadable(l, stream.ReadableOptions{})
			t := stream.NewTransform(l, stream.TransformOptions{Hold: stream.HoldTurn, Transform: pass})
			w := stream.NewWritable(l, stream.WritableOptions{Hold: stream.HoldCall, Write: discard})
			l.Turn(func() {
				r.Pipe(t)
				t.Pipe(w)
			})
			p := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				r.Push(p)
				l.EndTurn()
			}
		})
	}
}

// BenchmarkPull is the same with a source that answers when it is asked, in one long turn.
func BenchmarkPull(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			l := newLoop(b)
			p := make([]byte, size)
			n := 0
			r := stream.NewReadable(l, stream.ReadableOptions{Read: func(r *stream.Readable, _ int) {
				if n++; n > b.N {
					r.PushEOF()
					return
				}
				r.Push(p)
			}})
			t := stream.NewTransform(l, stream.TransformOptions{Hold: stream.HoldTurn, Transform: pass})
			w := stream.NewWritable(l, stream.WritableOptions{Hold: stream.HoldCall, Write: discard})
			b.SetBytes(int64(size))
			b.ReportAllocs()
			b.ResetTimer()
			l.Turn(func() {
				r.Pipe(t)
				t.Pipe(w)
			})
			if !w.Closed() {
				b.Fatal("not at the end")
			}
		})
	}
}

// BenchmarkDefaultHold is BenchmarkPipe to a sink that keeps what it gets until it is done, so that each chunk is copied.
func BenchmarkDefaultHold(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			l := newLoop(b)
			r := stream.NewReadable(l, stream.ReadableOptions{})
			w := stream.NewWritable(l, stream.WritableOptions{Write: discard})
			l.Turn(func() { r.Pipe(w) })
			p := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				r.Push(p)
				l.EndTurn()
			}
		})
	}
}

// BenchmarkIOPipe is the standard library's way: two goroutines and a pipe between them.
func BenchmarkIOPipe(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			r, w := io.Pipe()
			done := make(chan struct{})
			go func() {
				defer close(done)
				buf := make([]byte, size)
				for {
					if _, err := io.ReadFull(r, buf); err != nil {
						return
					}
				}
			}()
			p := make([]byte, size)
			b.SetBytes(int64(size))
			for b.Loop() {
				w.Write(p)
			}
			w.Close()
			<-done
		})
	}
}

func BenchmarkNewReadable(b *testing.B) {
	l := newLoop(b)
	b.ReportAllocs()
	for b.Loop() {
		r := stream.NewReadable(l, stream.ReadableOptions{})
		r.OnData(func([]byte) {})
		r.OnEnd(func() {})
		r.Push([]byte("hello"))
		r.PushEOF()
		l.EndTurn()
	}
}

// BenchmarkEchoSocket is the whole life of a socket that is piped to itself and sees one chunk.
func BenchmarkEchoSocket(b *testing.B) {
	l := newLoop(b)
	p := make([]byte, 1000)
	b.ReportAllocs()
	for b.Loop() {
		n := &nowhere{}
		s := stream.NewSocket(l, n, stream.SocketOptions{})
		s.Pipe(s)
		l.EndTurn()
		n.h.OnRead(p, nil)
		l.EndTurn()
		n.done(nil)
		n.h.OnRead(nil, io.EOF)
		l.EndTurn()
		if !s.Closed() {
			b.Fatal("not closed")
		}
	}
}

// nowhere is a Transport that takes everything at once.
type nowhere struct {
	stream.Transport
	h    stream.ReadHandler
	done func(error)
}

func (n *nowhere) ReadStart(h stream.ReadHandler) error { n.h = h; return nil }
func (n *nowhere) ReadStop()                            {}

func (n *nowhere) WriteBorrowed(_ []byte, done func(error)) error { n.done = done; return nil }

func (n *nowhere) CloseWrite(done func(error)) error { done(nil); return nil }
func (n *nowhere) Close(done func())                 { done() }

func pass(_ *stream.Transform, p []byte, done func([]byte, error)) { done(p, nil) }

func discard(_ []byte, done func(error)) { done(nil) }
