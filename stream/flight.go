package stream

// A Writable over a queue that has its own order, as a transport is, need not wait for one write to complete before it
// gives the next: bytes then wait in one place instead of two.

// sender is the Write hook of such a Writable. What it refuses it returns an error for; otherwise sent is called once for
// each, in order and later. lent says that p stays until then; if not, it stays until the turn ends.
type sender interface {
	coda
	send(p []byte, lent bool) error
}

// flight is a write that the sender has.
type flight struct {
	n  int // and 1 more, so that 0 is none
	cb func(error)
	b  *Block
}

// flights are the writes that the sender has, in order. As a rule there is one, at its place here.
type flights struct {
	first flight // the oldest, if it was alone when it came
	more  *queue[flight]
}

func (f *flights) any() bool { return f.first.n > 0 || f.more.len() > 0 }

func (f *flights) push(x flight) {
	if f.any() {
		made(&f.more).push(x)
	} else {
		f.first = x
	}
}

func (f *flights) pop() flight {
	x := f.first
	if x.n == 0 {
		return f.more.pop()
	}
	f.first = flight{}
	return x
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
	w.flight.push(flight{len(c.p) + 1, cb, c.b})
}

// sent is the sender being through with the oldest write.
func (w *Writable) sent(err error) {
	x := w.flight.pop()
	x.b.release()
	w.length -= x.n - 1
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
