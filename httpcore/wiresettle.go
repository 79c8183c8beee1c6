package httpcore

// A transport tells that it has sent something in a turn of its own. Node writes at once, and tells on a tick: 'finish' comes
// before what the ticks behind it cause, the request's 'end' say. So does this: a tick looks whether the transport's queue
// is empty, which it is unless the client is slow, and tells of all writes then. When the transport does so later, they are
// only counted.

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

// settle tells of writes that the kernel has, those of one response: the ticks that they cause come before the next one's.
func (w *wire) settle() {
	if w.flags&connParsing != 0 {
		w.flags |= connUnsettled // more may come, to leave with this
		return
	}
	w.flags &^= connSettling
	if w.flags&connGone != 0 || w.flights.len() == 0 {
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
	o := w.flights.oldest().o
	for n := w.flights.len(); n > 0 && w.flights.oldest().o == o && !w.flights.oldest().file; n-- {
		w.settled++
		w.complete(nil, nil)
	}
	if w.flights.len() > 0 && !w.flights.oldest().file {
		w.settleLater()
	}
}

// unsettled is the parser having returned: if settle was called inside it, it is called again.
func (w *wire) unsettled() {
	if w.flags&connUnsettled != 0 {
		w.flags &^= connUnsettled
		w.sh.l.NextTick(w.goSettle)
	}
}
