package stream

import (
	"context"
	"io"
	"iter"
)

// Reader reads a Readable from another goroutine than the loop's, and waits for what is not there yet. It keeps
// backpressure: it takes a chunk when it is asked for more than it has, and leaves the rest in the stream.
type Reader struct {
	r    *Readable
	g    gate
	left []byte // of the last chunk
	end  error  // io.EOF once the end was read

	// The loop's.
	due      bool // an answer waits for bytes
	released bool
	subs     [4]Sub
}

var _ io.ReadCloser = (*Reader)(nil)

// NewReader returns a Reader of r, which is read by nothing else from now on. It is called on the loop's goroutine; the
// Reader is for any other one, or several.
func NewReader(r *Readable) *Reader {
	x := &Reader{r: r}
	x.g.init(r.life.s)
	look := func() {
		if x.due {
			x.due = false
			x.serve()
		}
	}
	x.subs = [...]Sub{r.OnReadable(look), r.OnEnd(look), r.OnError(func(error) { look() }), r.OnClose(look)}
	return x
}

// Release ends the Reader and leaves the stream as it is, to whoever reads it next. Calls that wait end with
// io.ErrClosedPipe, and so do later ones; what was taken from the stream and not read is lost. It is for the loop's
// goroutine.
func (x *Reader) Release() {
	x.g.close()
	x.released, x.due = true, false
	for _, s := range x.subs {
		s.Off()
	}
}

// SetContext has calls that begin from now on end when ctx does, with its cause: that is how a deadline is set. What
// they were waiting for is not lost.
func (x *Reader) SetContext(ctx context.Context) { x.g.setContext(ctx) }

// AssumeOffLoop promises that no call is made on the loop's goroutine from now on, so that none has to find out on which it is: that
// takes a microsecond. One that is made there all the same waits for itself, for ever. It is called before any of those.
func (x *Reader) AssumeOffLoop() { x.g.away = true }

// Read waits until there are bytes. At the end it returns io.EOF; if the stream fails, its error; after Close,
// io.ErrClosedPipe. On the loop's own goroutine it returns ErrWouldBlock where it would have to wait.
func (x *Reader) Read(p []byte) (int, error) {
	x.g.mu.Lock()
	defer x.g.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	if err := x.fill(); err != nil {
		return 0, err
	}
	n := copy(p, x.left)
	x.left = x.left[n:]
	return n, nil
}

// Chunks is a sequence of what is read, a chunk at a time, each the receiver's to keep. An error ends it and comes
// alone; io.EOF just ends it. Leaving the loop over it early closes the Reader.
func (x *Reader) Chunks() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			p, err := x.chunk()
			switch {
			case err == io.EOF:
				return
			case err != nil:
				yield(nil, err)
				return
			case !yield(p, nil):
				x.Close()
				return
			}
		}
	}
}

func (x *Reader) chunk() ([]byte, error) {
	x.g.mu.Lock()
	defer x.g.mu.Unlock()
	if err := x.fill(); err != nil {
		return nil, err
	}
	p := x.left
	x.left = nil
	return p, nil
}

// Close destroys the stream, if it is not done, and ends calls that wait. It does not wait itself.
func (x *Reader) Close() error {
	if !x.g.close() {
		return nil
	}
	destroy := func() { x.r.Destroy(nil) }
	if x.g.onLoop() {
		destroy()
		return nil
	}
	return x.g.s.Post(destroy)
}

// fill waits until there is something left.
func (x *Reader) fill() error {
	switch {
	case len(x.left) > 0:
		return nil
	case x.end != nil:
		return x.end
	}
	if !x.g.asked {
		if x.g.onLoop() {
			a, ok := x.get()
			if !ok {
				return ErrWouldBlock
			}
			return x.take(a)
		}
		if err := x.g.ask(x.serve); err != nil {
			return err
		}
	} else if x.g.onLoop() && len(x.g.answers) == 0 {
		return ErrWouldBlock
	}
	a, err := x.g.wait()
	if err != nil {
		return err
	}
	return x.take(a)
}

// take takes an answer. The end may come with the last bytes, and is then told behind them.
func (x *Reader) take(a answer) error {
	x.left = a.p
	if a.err == io.EOF {
		x.end = io.EOF
	}
	if len(a.p) > 0 {
		return nil
	}
	return a.err
}

// serve answers, on the loop, at once or when there is something.
func (x *Reader) serve() {
	if x.released {
		return // and its call has ended
	}
	a, ok := x.get()
	if !ok {
		x.due = true
		return
	}
	x.g.answers <- a
}

// get returns what there is to answer now, on the loop.
func (x *Reader) get() (answer, bool) {
	r := x.r
	if p := r.ReadChunk(all); p != nil {
		if r.state != readOpen && r.ReadableLength() == 0 {
			return answer{p, io.EOF}, true // it will not be asked for alone: a call less
		}
		return answer{p: p}, true
	}
	switch {
	case r.life.failed() != nil:
		return answer{err: r.life.failed()}, true
	case r.state >= readDone:
		return answer{err: io.EOF}, true
	case r.life.destroyed():
		return answer{err: ErrPrematureClose}, true
	}
	return answer{}, false
}
