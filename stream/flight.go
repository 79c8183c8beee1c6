package stream

// A Writable over a queue that has its own order, as a transport is, need not wait for one write to complete before it
// gives the next: bytes then wait in one place instead of two.

// sender is the Write hook of such a Writable. What it refuses it returns an error for; otherwise sent is called once for
// each, in order and later. lent says that p stays until then; if not, it stays until the turn ends.
type sender interface {
	send(p []byte, lent bool) error
}

// flight is a write that the sender has.
type flight struct {
	n  int
	cb func(error)
	b  *block
}

// send gives c to the sender.
func (w *Writable) send(c chunk, cb func(error)) {
	if c.lasts == lastsCall {
		c.seal()
	}
	if err := w.sender.send(c.p, c.lasts == lastsOn); err != nil {
		c.b.release()
		w.length -= len(c.p)
		w.life.fail(err)
		w.life.tickWith(tickWriteFailed, cb, err)
		return
	}
	w.flight.push(flight{len(c.p), cb, c.b})
}

// sent is the sender being through with the oldest write.
func (w *Writable) sent(err error) {
	x := w.flight.pop()
	x.b.release()
	w.length -= x.n
	if err == nil {
		w.afterWrite(x.cb)
		return
	}
	switch {
	case w.life.err != nil:
		err = w.life.err // this one is a consequence of that
	case w.life.destroyed():
		err = ErrDestroyed
	default:
		w.life.fail(err)
	}
	w.writeFailed(err, x.cb)
}
