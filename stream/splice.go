package stream

import "math"

// What passes from one connection to another through a pipe need not be seen. A Transport asks before a large read where
// the bytes go; if the destination's Transport is one that the kernel can move bytes to, it does, and here they are
// counted like the chunk that they would have been. It is asked again each time, so whatever comes in between (a listener,
// a second pipe, Unpipe, Cork) has its effect with the next read, and there is nothing to undo.
//
// Source and destination are a Socket each, or what else is made of a connection: the messages of package httpcore.

// SpliceWriter is the optional part of a WritableStream that bytes can be spliced to: moved into the queue of its Transport
// from that of another, unseen. A Socket is one, and so are the messages of package httpcore.
type SpliceWriter interface {
	// TakesSplice tells where a write would go now: to the Transport to, that is to call done for it, if it is no longer than
	// most, which is math.MaxInt where there is no limit. With a to of nil it has to be a write. as is how the source knows the
	// stream: what is made around a SpliceWriter, and is not the same, wants to see the bytes, so the answer is nil.
	TakesSplice(as WritableStream) (to Transport, most int, done func(error))
	// Spliced is WriteBorrowed of n bytes that the Transport has queued already, since TakesSplice has told it to: it reports
	// whether to go on.
	Spliced(n int) (more bool)
}

// splice is where a source may have its next bytes moved: to is nil if they have to be read. waits is set if that is so
// only because the one destination has not drained; then they need not be read either, as they would only wait here.
func (r *Readable) splice() (to Transport, most int, done func(error), waits bool) {
	p := r.direct()
	if p == nil {
		return nil, 0, nil, false
	}
	w, ok := p.dst.(SpliceWriter)
	if !ok {
		return nil, 0, nil, false
	}
	to, most, done = w.TakesSplice(p.dst)
	if to == nil || r.flow == FlowOn {
		return to, most, done, false
	}
	return nil, 0, nil, r.awaits()
}

// spliced is Push of n bytes that have been moved to where splice has said. It reports whether to go on; if not, the source
// holds.
func (r *Readable) spliced(n int) bool {
	p := r.pipes
	r.call.move(callAnswer)
	r.flags |= readDidRead
	r.awaitNobody()
	if !p.dst.(SpliceWriter).Spliced(n) {
		if p.wait(); !p.down && r.flow == FlowOff {
			return false
		}
	}
	return true
}

// hold is the source reading nothing while the destination drains, and nothing being buffered here: the Read hook is called
// when the flow goes on, or when somebody else wants to see the bytes.
func (r *Readable) hold() {
	r.call.move(callAnswer)
	r.flags |= readHeld
}

// SpliceTo tells the Transport where the next bytes go, all of them: the destination's own Transport, and what it is to
// call for them; nil if somebody here wants to see them.
func (x *wire) SpliceTo() (to any, most int, done func(error)) {
	t, most, done, waits := x.Readable.splice()
	switch {
	case t != nil:
		return t, most, done
	case waits:
		x.hold()
	}
	return nil, 0, nil
}

// hold stops reading while the destination drains. Who reads again, which the flow does by itself, has the Read hook
// called as always.
func (x *wire) hold() {
	x.stopped()
	x.t.ReadStop()
	x.Readable.hold()
}

// OnSplice is OnRead and the write to the destination in one, of n bytes that nobody has seen.
func (x *wire) OnSplice(n int) {
	x.in += uint64(n)
	if x.Readable.spliced(n) || !x.reading() {
		x.queueReadMore()
	} else {
		x.hold() // and do not read ahead
	}
}

// TakesSplice is SpliceWriter's.
func (s *Socket) TakesSplice(as WritableStream) (to Transport, most int, done func(error)) {
	w := &s.Writable
	if as != WritableStream(s) || !w.IsWritable() || w.corked > 0 || w.queued() {
		return nil, 0, nil
	}
	return s.t, math.MaxInt, s.done
}

// Spliced is SpliceWriter's.
func (s *Socket) Spliced(n int) (more bool) {
	w := &s.Writable
	s.out += uint64(n)
	w.due++
	w.length += n
	w.flight.push(flight{n: n + 1})
	if w.length < w.hwm {
		return true
	}
	w.flags |= writeNeedDrain
	return false
}
