package httpcore

import "github.com/weir-go/weir/loop"

// A transport tells that it has sent something in a turn of its own. Node writes at once, and tells on a tick: 'finish' comes
// before what the ticks behind it cause, the request's 'end' say. So does this: a tick looks whether the transport's queue
// is empty, which it is unless the client is slow, and tells of all writes then. A loop's Conn forgets to do so itself; when
// another transport does, later, they are only counted.

// settleLater has settle called on a tick.
func (w *wire) settleLater() {
	if w.flags&connSettling != 0 {
		return
	}
	w.flags |= connSettling
	if w.goSettle == nil {
		w.goSettle = w.settle
	}
	w.sh.l.NextTick(w.goSettle)
}

// settle tells of writes that the kernel has, one response after the other: the ticks that one causes come before the next.
func (w *wire) settle() {
	if w.flags&connParsing != 0 {
		w.flags |= connUnsettled // more may come, to leave with this
		return
	}
	w.flags &^= connSettling
	if w.flags&connGone != 0 || w.flights.oldest() == nil {
		return
	}
	if w.t.WriteQueueSize() > 0 {
		w.sh.l.Reactor().Flush() // what a tick has written
	}
	if w.t.WriteQueueSize() > 0 {
		w.stalled()
		return // the transport will tell
	}
	w.claim()
	var o *outgoing
	for n := w.flights.len(); n > 0; n-- { // and none that is written meanwhile
		f := w.flights.oldest()
		switch {
		case f == nil, f.file: // the first if who was told has closed a transport that tells at once
			return
		case o != nil && f.o != o && (w.flags&connGone != 0 || w.sh.l.TicksDue()):
			w.settleLater()
			return
		case !f.more && !w.unpend():
			w.settled++
		}
		o = f.o
		w.complete(nil, nil)
	}
}

// unpend has the transport not call for the oldest write that it would call for, if it can do without.
func (w *wire) unpend() bool {
	conn, ok := w.t.(*loop.Conn)
	return ok && conn.ForgetWritten()
}

// unsettled is the parser having returned: if settle was called inside it, it is called again.
func (w *wire) unsettled() {
	if w.flags&connUnsettled != 0 {
		w.flags &^= connUnsettled
		w.sh.l.NextTick(w.goSettle)
	}
}
