package httpcore

import "github.com/weir-go/weir/stream"

// What a transport's having taken a write leads to.

// completed is what the transport calls for the oldest write that it has not called it for.
func (w *wire) completed(err error) {
	if w.settled > 0 {
		w.settled-- // told already
		return
	}
	w.completeAll(err)
}

// completeAll is complete of all that the transport has as one write.
func (w *wire) completeAll(err error) {
	f := w.flights.oldest()
	if f == nil {
		return // who was told has closed a transport that tells at once
	}
	if f.more {
		defer w.completeAll(err) // whoever panics; a turn's answers at most
	}
	w.complete(err, nil)
}

// complete is the oldest write being taken, or having failed. cb is called for it if it came without a callback.
func (w *wire) complete(err error, cb func(error)) {
	f := w.flights.pop(&w.sh.flights)
	o := f.o
	if cb != nil {
		f.cb = cb
	}
	if err != nil {
		w.failed(o, f.cb, err)
		return
	}
	o.flying--
	over := o.over // what is ended from now on, by those who are told, tells by itself
	cb, whole := f.cb, false
	defer func() {
		if !whole {
			o.interrupted(cb)
		}
	}()
	if w.queued() == 0 {
		next := w.flights.oldest()
		last := next == nil || next.file // else the next is told of right behind
		if last {
			w.flowing()
		}
		if o.owns() {
			o.mayDrain()
		}
		if last {
			w.side.rested()
		}
	}
	if cb != nil {
		cb = nil
		f.cb(nil)
	}
	if over && o.flying == 0 && !o.holds() {
		o.finish()
	}
	if x := w.out; x != nil && x != o && w.queued() == 0 {
		x.mayDrain() // it may have waited for what the ones before it had written
	}
	whole = true
	w.side.wrote()
}

// interrupted is somebody having panicked who was told of a write that was taken. cb is the write's callback, if that was not
// called yet. What would have followed does so on ticks.
func (o *outgoing) interrupted(cb func(error)) {
	o.tick(cb, nil)
	if o.over && !o.done && o.flying == 0 && !o.holds() {
		o.loop().NextTick(o.finish)
	}
}

// failed is a write of o having failed.
func (w *wire) failed(o *outgoing, cb func(error), err error) {
	o.flying--
	defer w.side.lost(o, err) // whoever panics
	if cb != nil {
		defer func() { cb(w.reason(err)) }()
	}
	w.side.writeFailed(err)
}

// reason is what a write is told that was not sent: why the connection was closed, if it was.
func (w *wire) reason(err error) error {
	switch {
	case w.flags&connGone == 0:
		return err
	case w.why != nil:
		return w.why
	}
	return stream.ErrDestroyed
}

// mayDrain tells that it is time to go on, if somebody waits for that.
func (o *outgoing) mayDrain() {
	if o.needDrain && !o.gone && o.extra().heldBytes < o.mark() {
		o.drained()
	}
}

// drained tells that it is time to go on.
func (o *outgoing) drained() {
	o.needDrain = false
	if !o.ended {
		o.extra().events.Drained()
	}
}

// writing is n bytes having been handed to the transport.
func (w *wire) writing(n int) {
	w.handed += uint32(n)
	w.side.handing(n)
}
