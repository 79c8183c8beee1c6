package stream

// A Writable over a queue that has its own order, as a Transport is, need not wait for one write to complete before it
// gives the next: bytes then wait in one place instead of two.

// flight is a write that the Transport has.
type flight struct {
	n  int // and 1 more, so that 0 is none
	cb func(error)
	b  *Block
}

// flights are the writes that the Transport has, in order. As a rule there is one, at its place here.
type flights struct {
	first flight // the oldest, if it was alone when it came
	more  queue[flight]
}

func (f *flights) any() bool { return f.first.n > 0 || f.more.len() > 0 }

func (f *flights) push(x flight) {
	if f.any() {
		f.more.push(x)
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

// fly notes that the Transport has another write.
func (x *work) fly(f flight) {
	if x.out.flight.any() {
		x.rare = true
	}
	x.out.flight.push(f)
}

// flying reports whether the Transport has any.
func (w *Writable) flying() bool { return w.life.work != nil && w.life.work.out.flight.any() }

// wire is the Socket that w is the writable half of.
func (w *Writable) wire() *wire { return w.life.own.(*wire) }

// send gives c to the Transport.
func (w *Writable) send(c chunk, cb func(error)) {
	if c.lasts == lastsCall {
		c.seal()
	}
	if err := w.wire().send(c.p, c.lasts == lastsOn); err != nil {
		c.b.release()
		w.outbox().length -= len(c.p)
		w.life.fail(err)
		w.life.tickWith(tickWriteFailed, cb, err)
		return
	}
	w.life.busy().fly(flight{len(c.p) + 1, cb, c.b})
}

// whenSent is what the Transport calls when it is through with a write.
func (l *life) whenSent() func(error) { return l.busy().sent }

func (x *work) oneSent(err error) {
	l := x.mine()
	_, w := l.own.halves()
	w.sent(err)
	l.rest()
}

// sent is the Transport being through with the oldest write.
func (w *Writable) sent(err error) {
	o := w.outbox()
	x := o.flight.pop()
	x.b.release()
	o.length -= x.n - 1
	if err == nil {
		w.afterWrite(x.cb)
		return
	}
	switch {
	case w.life.failed() != nil:
		err = w.life.failed() // this one is a consequence of that
	case w.life.destroyed():
		err = ErrDestroyed
	default:
		w.life.fail(err)
	}
	w.writeFailed(err, x.cb)
}
