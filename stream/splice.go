package stream

// A Socket that is piped to another one need not see what it passes on. Its Transport asks before a large read where the
// bytes go; if both Transports are such that the kernel can move bytes from one to the other, it does, and here they are
// counted like the chunk that they would have been. It is asked again each time, so whatever comes in between (a listener,
// a second pipe, Unpipe, Cork) has its effect with the next read, and there is nothing to undo.

// SpliceTo tells the Transport where the next bytes go, all of them: the destination's own Transport, and what it is to
// call for them; nil if somebody here wants to see them. While the one destination has not drained nothing is read: they
// would only have to wait here.
func (x *wire) SpliceTo() (to any, done func(error)) {
	p := x.Readable.direct()
	if p == nil {
		return nil, nil
	}
	d, ok := p.dst.(*Socket)
	if !ok || !d.takesMore() {
		return nil, nil
	}
	switch {
	case x.flow == FlowOn:
		return d.t, d.Readable.life.whenSent()
	case x.awaits():
		x.hold()
	}
	return nil, nil
}

// takesMore reports whether what is written now goes to the Transport at once.
func (s *Socket) takesMore() bool {
	w := &s.Writable
	return w.IsWritable() && w.WritableCorked() == 0 && !w.queued()
}

// hold stops reading while the destination drains, with nothing buffered here. Who reads again, which the flow does by
// itself, has the Read hook called as always.
func (x *wire) hold() {
	x.stopped()
	x.t.ReadStop()
	x.Readable.call.move(callAnswer)
	x.Readable.flags |= readHeld
}

// OnSplice is OnRead and the write to the destination in one, of n bytes that nobody has seen.
func (x *wire) OnSplice(n int) {
	r := &x.Readable
	p := r.pipes
	x.in += uint64(n)
	r.call.move(callAnswer)
	r.flags |= readDidRead
	r.awaitNobody()
	if !p.dst.(*Socket).spliced(n) {
		if p.wait(); !p.down && x.reading() && x.flow == FlowOff {
			x.hold() // and do not read ahead
			return
		}
	}
	r.queueReadMore()
}

// spliced is a write of n bytes that the Transport has queued already. It reports whether to go on.
func (s *Socket) spliced(n int) bool {
	w := &s.Writable
	s.out += uint64(n)
	k := w.life.busy()
	k.out.due++
	k.out.length += n
	k.fly(flight{n: n + 1})
	if k.out.length < w.hwm {
		return true
	}
	w.flags |= writeNeedDrain
	return false
}
