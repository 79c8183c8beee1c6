package stream

import (
	"context"
	"errors"
	"io"
)

// Writer writes to a stream from another goroutine than the loop's, and waits when the stream is full.
type Writer struct {
	w   WritableStream
	own *Writable // w, if that is one of this package's: it takes blocks as they are
	g   gate

	// The loop's.
	due     bool   // an answer waits for room
	spent   *Block // what w was lent in this turn, if it is somebody else's stream
	turnEnd func()
	sealed  bool // turnEnd has run once in this turn's end: it releases the next time
}

var (
	_ io.WriteCloser = (*Writer)(nil)
	_ io.ReaderFrom  = (*Writer)(nil)
)

// writePiece is how much a Writer hands over at a time: what a stream holds beyond its mark.
const writePiece = 32 << 10

// NewWriter returns a Writer to w. It is called on the loop's goroutine; the Writer is for any other one, or several. What a
// Writable of this package is given it keeps without a copy; any other stream is lent it for a turn (WriteBorrowed).
func NewWriter(w WritableStream) *Writer {
	x := &Writer{w: w}
	if o, ok := w.(interface{ writable() *Writable }); ok {
		x.own = o.writable()
	}
	x.g.init(w.Scheduler())
	w.OnDrain(func() { x.answer(nil) })
	w.OnFinish(func() { x.answer(nil) }) // after End there is no 'drain'
	w.OnError(func(err error) { x.answer(err) })
	w.OnClose(func() { x.answer(x.why()) })
	return x
}

// SetContext has calls that begin from now on end when ctx does, with its cause: that is how a deadline is set. Of what
// a Write was handing over when that happens it is not known whether it is written.
func (x *Writer) SetContext(ctx context.Context) { x.g.setContext(ctx) }

// AssumeOffLoop is Reader.AssumeOffLoop.
func (x *Writer) AssumeOffLoop() { x.g.away = true }

// Write hands p over, and waits until the stream wants more. It returns how much was handed over, and the stream's error
// if it has failed, ErrWriteAfterEnd after End, io.ErrClosedPipe after Close. p may be used again at once. On the
// loop's own goroutine it returns ErrWouldBlock where it would have to wait.
func (x *Writer) Write(p []byte) (int, error) {
	x.g.mu.Lock()
	defer x.g.mu.Unlock()
	n := 0
	for n < len(p) {
		piece := p[n:min(len(p), n+writePiece)]
		if err := x.hand(keep(piece)); err != nil {
			return n, err
		}
		n += len(piece)
	}
	return n, nil
}

// ReadFrom writes what src gives, to its end. io.Copy uses it.
func (x *Writer) ReadFrom(src io.Reader) (int64, error) {
	x.g.mu.Lock()
	defer x.g.mu.Unlock()
	var n int64
	for {
		b := newBlock(writePiece)
		m, err := src.Read(b.buf)
		b.buf = b.buf[:m]
		if m > 0 {
			if err := x.hand(b); err != nil {
				return n, err
			}
			n += int64(m)
		} else {
			b.release()
		}
		switch {
		case err == io.EOF:
			return n, nil
		case err != nil:
			return n, err
		}
	}
}

// Close ends the stream and waits until everything is written, or why that failed. Calls after it fail.
func (x *Writer) Close() error {
	x.g.mu.Lock()
	defer x.g.mu.Unlock()
	select {
	case <-x.g.closed:
		return nil
	default:
	}
	if x.g.onLoop() {
		x.g.close()
		x.w.End()
		return nil // it cannot wait: OnFinish tells
	}
	if err := x.settle(); err != nil {
		return err
	}
	if err := x.g.ask(x.end); err != nil {
		return err
	}
	a, err := x.g.wait()
	x.g.close()
	if err != nil {
		return err
	}
	return a.err
}

// end ends the stream, on the loop, and answers when it is over.
func (x *Writer) end() {
	if w, ok := x.w.(interface {
		EndWith(p []byte, cb func(error))
	}); ok {
		w.EndWith(nil, func(err error) {
			switch {
			case errors.Is(err, ErrAlreadyFinished):
				err = nil
			case err != nil:
				err = x.why() // why it was destroyed, rather than that
			}
			x.g.answers <- answer{err: err}
		})
		return
	}
	switch st := x.w.State(); {
	case st.Finished:
		x.g.answers <- answer{}
	case st.Destroyed || st.Err != nil:
		x.g.answers <- answer{err: x.why()}
	default:
		x.due = true // an event tells
		x.w.End()
	}
}

// hand gives a block to the stream and waits until there is room for more.
func (x *Writer) hand(b *Block) error {
	if x.g.onLoop() {
		if x.g.asked || x.w.WritableNeedDrain() {
			b.release()
			return ErrWouldBlock
		}
		return x.put(b)
	}
	if err := x.settle(); err != nil {
		b.release()
		return err
	}
	err := x.g.ask(func() {
		if err := x.put(b); err != nil || !x.w.WritableNeedDrain() {
			x.g.answers <- answer{err: err}
			return
		}
		x.due = true
	})
	if err != nil {
		b.release()
		return err
	}
	a, err := x.g.wait()
	if err != nil {
		return err
	}
	return a.err
}

// settle waits for the answer that an earlier call did not wait for.
func (x *Writer) settle() error {
	select {
	case <-x.g.closed:
		return io.ErrClosedPipe
	default:
	}
	if !x.g.asked {
		return nil
	}
	_, err := x.g.wait()
	return err
}

// put writes a block, on the loop. What the stream would refuse is refused here: it would fail for it.
func (x *Writer) put(b *Block) error {
	if w := x.own; w != nil {
		if w.state != writeOpen || w.life.destroyed() || w.life.failed() != nil {
			b.release()
			return x.why()
		}
		_, err := w.write(chunk{b.buf, b, lastsOn}, nil)
		return err
	}
	if st := x.w.State(); !st.Writable || st.Err != nil {
		b.release()
		return x.why()
	}
	x.w.WriteBorrowed(b.buf, nil)
	x.spend(b)
	return nil
}

// spend releases b when the turn has ended and everybody has sealed what they were lent.
func (x *Writer) spend(b *Block) {
	if x.spent == nil {
		if x.turnEnd == nil {
			x.turnEnd = x.endTurn
		}
		x.g.s.AtTurnEnd(x.turnEnd)
	}
	b.push(&x.spent)
}

// endTurn runs twice: while everybody seals, and then.
func (x *Writer) endTurn() {
	if x.sealed = !x.sealed; x.sealed {
		x.g.s.AtTurnEnd(x.turnEnd)
		return
	}
	x.spent.release()
	x.spent = nil
}

// why is what became of a stream that takes nothing any more.
func (x *Writer) why() error {
	switch st := x.w.State(); {
	case st.Err != nil:
		return st.Err
	case st.Destroyed:
		return ErrDestroyed
	}
	return ErrWriteAfterEnd
}

// answer tells a call that waits for room, or for the end.
func (x *Writer) answer(err error) {
	if x.due {
		x.due = false
		x.g.answers <- answer{err: err}
	}
}
