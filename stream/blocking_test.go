package stream_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/weir-go/weir/internal/turntest"
	"github.com/weir-go/weir/stream"
)

// serve runs a loop on a goroutine of its own until the test is over. do runs fn on it, and waits.
func serve(t *testing.T) (l *turntest.Loop, do func(fn func())) {
	l = newLoop(t)
	var over sync.WaitGroup
	over.Go(l.Serve)
	do = func(fn func()) {
		done := make(chan struct{})
		if err := l.Post(func() { fn(); close(done) }); err != nil {
			t.Error(err)
			return
		}
		<-done
	}
	do(func() {}) // it serves from now on
	t.Cleanup(func() { l.Close(); over.Wait() })
	return l, do
}

func TestAReaderAndAWriterCarryEverythingThroughAStream(t *testing.T) {
	const total = 1 << 20
	l, do := serve(t)
	var r *stream.Reader
	var w *stream.Writer
	var p *stream.PassThrough
	do(func() {
		p = stream.NewPassThrough(l, stream.PassThroughOptions{})
		r, w = stream.NewReader(&p.Readable), stream.NewWriter(&p.Writable)
	})
	go func() {
		buf := pattern(0, total/2)
		if n, err := w.Write(buf); n != len(buf) || err != nil {
			t.Errorf("Write gives %d, %v; want %d and no error", n, err, len(buf))
		}
		scribble(buf)
		if n, err := io.Copy(w, bytes.NewReader(pattern(total/2, total/2))); n != total/2 || err != nil {
			t.Errorf("Copy gives %d, %v; want %d and no error", n, err, total/2)
		}
		if err := w.Close(); err != nil {
			t.Errorf("Close gives %v", err)
		}
	}()
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, pattern(0, total)) {
		t.Errorf("got %d bytes and %v, want the %d that were written", len(got), err, total)
	}
}

func TestAReaderReadsAsReadersDo(t *testing.T) {
	l, do := serve(t)
	var r *stream.Reader
	do(func() { r = stream.NewReader(stream.FromBytes(l, []byte("hello, "), []byte("world"))) })
	if err := iotest.TestReader(r, []byte("hello, world")); err != nil {
		t.Error(err)
	}
}

func TestAWriterThatIsNotReadHoldsBackItsCaller(t *testing.T) {
	l, do := serve(t)
	s := &slow{}
	var sw *stream.Writable
	var w *stream.Writer
	do(func() {
		sw = stream.NewWritable(l, stream.WritableOptions{HighWaterMark: 1000, Write: s.write})
		w = stream.NewWriter(sw)
	})
	wrote := make(chan int)
	go func() {
		n, _ := w.Write(make([]byte, 1<<20))
		wrote <- n
	}()
	for n := 0; ; {
		most := 0
		do(func() {
			most = sw.WritableLength()
			if len(s.p) > 0 {
				s.complete(nil)
			}
		})
		if most > 1000+32<<10 {
			t.Errorf("%d bytes wait with a mark of 1000", most)
		}
		select {
		case n = <-wrote:
			if n != 1<<20 {
				t.Errorf("wrote %d bytes", n)
			}
			return
		default:
		}
	}
}

func TestAStreamsErrorReachesItsReaderAndWriter(t *testing.T) {
	boom := errors.New("boom")
	l, do := serve(t)
	var r *stream.Reader
	var w *stream.Writer
	var p *stream.PassThrough
	do(func() {
		p = stream.NewPassThrough(l, stream.PassThroughOptions{HighWaterMark: 1})
		r, w = stream.NewReader(&p.Readable), stream.NewWriter(&p.Writable)
	})
	var both sync.WaitGroup
	both.Go(func() {
		if _, err := io.ReadAll(r); !errors.Is(err, boom) {
			t.Errorf("Read gives %v, want the stream's error", err)
		}
	})
	do(func() { p.Destroy(boom) })
	both.Wait()
	if _, err := w.Write([]byte("x")); !errors.Is(err, boom) {
		t.Errorf("Write gives %v, want the stream's error", err)
	}
	if err := w.Close(); !errors.Is(err, boom) {
		t.Errorf("Close gives %v, want the stream's error", err)
	}
}

func TestAReaderOfADestroyedStreamSaysThatItClosedTooEarly(t *testing.T) {
	l, do := serve(t)
	var r *stream.Reader
	do(func() {
		x := stream.NewReadable(l, stream.ReadableOptions{})
		r = stream.NewReader(x)
		x.Destroy(nil)
	})
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, stream.ErrPrematureClose) {
		t.Errorf("got %v, want a premature close", err)
	}
}

func TestACancelledReadLosesNothing(t *testing.T) {
	l, do := serve(t)
	var x *stream.Readable
	var r *stream.Reader
	do(func() {
		x = stream.NewReadable(l, stream.ReadableOptions{})
		r = stream.NewReader(x)
	})
	why := errors.New("why")
	ctx, cancel := context.WithCancelCause(t.Context())
	r.SetContext(ctx)
	var reading sync.WaitGroup
	reading.Go(func() {
		if _, err := r.Read(make([]byte, 10)); !errors.Is(err, why) {
			t.Errorf("got %v, want the context's cause", err)
		}
	})
	cancel(why)
	reading.Wait()
	do(func() { x.Push([]byte("hello")) })
	r.SetContext(t.Context())
	buf := make([]byte, 10)
	if n, err := r.Read(buf); string(buf[:n]) != "hello" || err != nil {
		t.Errorf("got %q, %v; want what was pushed", buf[:n], err)
	}
}

func TestClosingAReaderEndsAReadThatWaitsAndDestroysTheStream(t *testing.T) {
	l, do := serve(t)
	var x *stream.Readable
	var r *stream.Reader
	do(func() {
		x = stream.NewReadable(l, stream.ReadableOptions{})
		r = stream.NewReader(x)
	})
	var reading sync.WaitGroup
	reading.Go(func() {
		if _, err := r.Read(make([]byte, 10)); !errors.Is(err, io.ErrClosedPipe) && !errors.Is(err, stream.ErrPrematureClose) {
			t.Errorf("got %v, want an error that says closed", err)
		}
	})
	for range 2 {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	reading.Wait()
	do(func() {
		if !x.Destroyed() {
			t.Error("the stream is not destroyed")
		}
	})
}

func TestABlockingCallOnTheLoopThatWouldWaitIsRefused(t *testing.T) {
	l, do := serve(t)
	do(func() {
		x := stream.NewReadable(l, stream.ReadableOptions{})
		r := stream.NewReader(x)
		buf := make([]byte, 10)
		if _, err := r.Read(buf); !errors.Is(err, stream.ErrWouldBlock) {
			t.Errorf("Read gives %v, want a refusal", err)
		}
		x.Push([]byte("hello"))
		if n, err := r.Read(buf); n != 5 || err != nil {
			t.Errorf("Read gives %d, %v; want 5: it need not wait", n, err)
		}
		w := stream.NewWriter(stream.NewWritable(l, stream.WritableOptions{HighWaterMark: 5, Write: (&slow{}).write}))
		if n, err := w.Write(buf); n != 10 || err != nil {
			t.Errorf("Write gives %d, %v; want 10: there was room", n, err)
		}
		if n, err := w.Write(buf); n != 0 || !errors.Is(err, stream.ErrWouldBlock) {
			t.Errorf("Write gives %d, %v; want a refusal", n, err)
		}
	})
}

func TestChunksAreASequence(t *testing.T) {
	l, do := serve(t)
	var r *stream.Reader
	boom := errors.New("boom")
	do(func() {
		r = stream.NewReader(stream.From(l, stream.ReadableOptions{HighWaterMark: 1}, func(yield func([]byte, error) bool) {
			_ = yield([]byte("a"), nil) && yield([]byte("b"), nil) && yield(nil, boom)
		}))
	})
	var got []byte
	var last error
	for p, err := range r.Chunks() {
		got = append(got, p...)
		last = err
	}
	if !bytes.HasPrefix([]byte("ab"), got) || !errors.Is(last, boom) {
		t.Errorf("got %q and then %v, want the beginning of ab and the error", got, last)
	}
	var x *stream.Readable
	do(func() {
		x = stream.FromBytes(l, []byte("a"), []byte("b"))
		r = stream.NewReader(x)
	})
	for range r.Chunks() {
		break
	}
	do(func() {
		if !x.Destroyed() {
			t.Error("leaving the sequence does not destroy the stream")
		}
	})
}

func TestAReaderThatIsReleasedLeavesTheStreamToOthers(t *testing.T) {
	l, do := serve(t)
	var x *stream.Readable
	var r *stream.Reader
	do(func() {
		x = stream.NewReadable(l, stream.ReadableOptions{})
		r = stream.NewReader(x)
		x.Push([]byte("hello"))
	})
	buf := make([]byte, 2)
	if n, err := r.Read(buf); n != 2 || err != nil {
		t.Errorf("Read gives %d, %v; want 2 bytes", n, err)
	}
	if _, err := io.ReadFull(r, make([]byte, 3)); err != nil {
		t.Error(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		if _, err := r.Read(buf); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("a Read that waits ends with %v, want an error that says closed", err)
		}
	})
	var got []byte
	ended := false
	do(func() {
		r.Release()
		x.OnData(func(p []byte) { got = append(got, p...) })
		x.OnEnd(func() { ended = true })
	})
	reading.Wait()
	do(func() {
		x.Push([]byte(" world"))
		x.PushEOF()
	})
	do(func() {
		if string(got) != " world" || !ended {
			t.Errorf("the next one gets %q, and the end: %t", got, ended)
		}
	})
	if _, err := r.Read(buf); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a later Read gives %v, want an error that says closed", err)
	}
}

func TestAReaderGetsTheEndWithTheLastBytes(t *testing.T) {
	l, do := serve(t)
	var r *stream.Reader
	do(func() {
		x := stream.NewReadable(l, stream.ReadableOptions{})
		r = stream.NewReader(x)
		x.Push([]byte("hello"))
		x.PushEOF()
	})
	buf := make([]byte, 10)
	if n, err := r.Read(buf); n != 5 || err != nil {
		t.Errorf("Read gives %d, %v; want 5 bytes", n, err)
	}
	l.Close() // nothing can be asked for any more
	for range 2 {
		if _, err := r.Read(buf); err != io.EOF {
			t.Errorf("Read gives %v, want the end", err)
		}
	}
}
