package files

import (
	"errors"
	"io"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// maxEmpty is how many reads in a row may bring nothing: bufio's number.
const maxEmpty = 100

// From returns a Readable of what r gives, for anything that may block and can be read by calls alone: a pipe, a decoder, a
// file of another library's. Read is called off the loop, one call at a time, with room for 64 KiB, when somebody
// wants more; what it returns beside bytes is told behind them. Its mark is DefaultHighWaterMark. If r is an io.Closer it is
// closed, off the loop too, at the end and by Destroy, but not while a Read is under way: who has to cut one short does that by
// r's own means. A Read that waits takes one of the pool's few places for slow work and keeps the loop running; so for what
// waits for people or for peers, give the loop a larger Options.Pool.
func From(l *loop.Loop, r io.Reader) *stream.Readable {
	s := &source{r: r}
	s.l = l
	s.readOp, s.readRan = s.read, s.wasRead
	s.out = stream.NewReadable(l, stream.ReadableOptions{
		HighWaterMark: DefaultHighWaterMark,
		Read:          func(*stream.Readable, int) { s.next() },
		Destroy:       s.teardown,
	})
	return s.out
}

// errBadCount is a Read that breaks its contract, as errors of bufio and io name it too.
var errBadCount = errors.New("files: the io.Reader returned a count that cannot be")

// source is a Readable from an io.Reader.
type source struct {
	errands
	r     io.Reader
	out   *stream.Readable
	block *stream.Block // what a Read under way fills
	n     int
	end   error // came with the last bytes
	empty int   // Reads in a row that brought nothing

	readOp  func() error
	readRan func(error)
}

func (s *source) next() {
	if s.end != nil {
		s.stop(s.end)
		return
	}
	s.block = stream.NewBlock(maxRead)
	s.do(s.readOp, s.readRan)
}

// read runs off the loop.
func (s *source) read() error {
	n, err := s.r.Read(s.block.Bytes())
	if n < 0 || n > len(s.block.Bytes()) {
		return errBadCount
	}
	s.n = n
	return err
}

func (s *source) wasRead(err error) {
	b, n := s.block, s.n
	s.block, s.n = nil, 0
	switch {
	case s.out.Destroyed():
	case n > 0:
		s.end, s.empty = err, 0
		s.out.PushBlock(fit(b, n))
		return
	case err != nil:
		s.stop(err)
	case s.empty == maxEmpty:
		s.stop(io.ErrNoProgress)
	default:
		s.empty++
		s.block = b
		s.do(s.readOp, s.readRan)
		return
	}
	b.Release()
}

func (s *source) stop(err error) {
	if err == io.EOF {
		s.out.PushEOF()
		return
	}
	s.out.Destroy(err)
}

func (s *source) teardown(err error, done func(error)) {
	c, closes := s.r.(io.Closer)
	if !closes {
		s.finally(func() { done(err) })
		return
	}
	s.finally(func() {
		s.do(c.Close, func(closed error) { done(either(err, closed)) })
	})
}

// To returns a Writable to w, for anything that may block and can be written by calls alone: a pipe, an encoder. Write is
// called off the loop, one call at a time. Its mark is DefaultHighWaterMark. If w is an io.Closer it is closed, off the loop
// too, before OnFinish is told, so that what an encoder writes then, or fails with, is part of it. If the stream is destroyed
// before that, w is closed by CloseWithError, if it has that as an io.PipeWriter does, or by Close: not while a Write is
// under way, though. What is said of the pool at From is true here too.
func To(l *loop.Loop, w io.Writer) *stream.Writable {
	s := &sink{w: w}
	s.l = l
	s.writeOp, s.writeRan = s.write, s.wasWritten
	s.in = stream.NewWritable(l, stream.WritableOptions{
		HighWaterMark: DefaultHighWaterMark,
		Write: func(p []byte, done func(error)) {
			s.p, s.done = p, done
			s.do(s.writeOp, s.writeRan)
		},
		Final:   s.finish,
		Destroy: s.teardown,
	})
	return s.in
}

// sink is a Writable to an io.Writer.
type sink struct {
	errands
	w      io.Writer
	in     *stream.Writable
	p      []byte // what is being written
	done   func(error)
	closed bool // the errand's, as long as one is under way

	writeOp  func() error
	writeRan func(error)
}

// write runs off the loop.
func (s *sink) write() error {
	n, err := s.w.Write(s.p)
	if err == nil && n < len(s.p) {
		err = io.ErrShortWrite
	}
	return err
}

func (s *sink) wasWritten(err error) {
	done := s.done
	s.p, s.done = nil, nil
	if err != nil && s.in.Destroyed() {
		err = either(s.in.Errored(), stream.ErrDestroyed) // this is a consequence of that
	}
	done(err)
}

func (s *sink) finish(done func(error)) {
	c, closes := s.w.(io.Closer)
	if !closes {
		done(nil)
		return
	}
	s.do(func() error { s.closed = true; return c.Close() }, done)
}

func (s *sink) teardown(err error, done func(error)) {
	s.finally(func() {
		closing := s.abort(err)
		if s.closed || closing == nil {
			done(err)
			return
		}
		s.do(closing, func(closed error) { done(either(err, closed)) })
	})
}

// abort is how w is told that this was not all of it; nil if it cannot be told.
func (s *sink) abort(err error) func() error {
	switch c := s.w.(type) {
	case interface{ CloseWithError(error) error }:
		return func() error { return c.CloseWithError(either(err, stream.ErrDestroyed)) }
	case io.Closer:
		return c.Close
	}
	return nil
}
