package stream

// Push gives bytes to the stream and reports whether it wants more: false from HighWaterMark buffered bytes on, at the
// end and after Destroy. Pushing all the same is allowed, and buffers without bound.
//
// p is borrowed: it must stay as it is until the turn ends. If the stream flows and nothing is buffered it reaches the
// listeners at once, without a copy; what is still buffered when the turn ends is copied then. Behind 64 chunks that wait,
// small ones are joined. Pushing no bytes says that the Read hook has answered with nothing.
func (r *Readable) Push(p []byte) bool { return r.push(chunk{p: p, lasts: lastsTurn}) }

// PushOwned is Push of memory that is given away: nobody writes to it from now on, and it is never copied.
func (r *Readable) PushOwned(p []byte) bool { return r.push(chunk{p: p, lasts: lastsOn}) }

// PushBlock is PushOwned of a Block, which goes back to the pool when its bytes have been read, or joined to others as Push
// says. It is the stream's whatever the answer.
func (r *Readable) PushBlock(b *Block) bool { return r.push(chunk{b.buf, b, lastsOn}) }

// PushEOF ends the input. OnEnd is told when everything before it has been read.
func (r *Readable) PushEOF() {
	r.call.move(callAnswer)
	r.pushEOF()
}

// Unshift puts bytes back in front of what is buffered; p is borrowed as in Push, and the answer is the same. It is
// allowed after the end was pushed, but not after OnEnd was told.
func (r *Readable) Unshift(p []byte) bool {
	switch {
	case len(p) == 0:
	case r.state >= readDone:
		r.life.failOrShut(ErrUnshiftAfterEnd, false)
	case r.life.destroyed() || r.life.failed() != nil:
		return false
	default:
		r.add(chunk{p: p, lasts: lastsTurn}, true)
	}
	return r.wantsMore()
}

func (r *Readable) push(c chunk) bool {
	switch {
	case len(c.p) == 0:
		c.b.release()
		r.call.move(callAnswer)
		r.queueReadMore()
	case r.state != readOpen:
		c.b.release()
		r.life.failOrShut(ErrPushAfterEOF, false)
		return false
	case r.life.destroyed() || r.life.failed() != nil:
		c.b.release()
		return false
	default:
		r.call.move(callAnswer)
		r.add(c, false)
	}
	return r.wantsMore()
}

func (r *Readable) wantsMore() bool {
	length := r.ReadableLength()
	return r.state == readOpen && (length < r.hwm || length == 0)
}

// add delivers c at once or buffers it.
func (r *Readable) add(c chunk, first bool) {
	if r.flow == FlowOn && !r.call.inside() && r.flags&readHasData != 0 && r.ReadableLength() == 0 {
		r.awaitNobody()
		r.life.spend(c.b)
		r.emitData(c.p)
		if r.readsOn() {
			return
		}
	} else {
		in := &r.life.rarely().in
		in.length += len(c.p)
		crowded := in.buffer.len() > maxApart && c.small()
		switch {
		case crowded && first && in.buffer.front().joinFirst(c):
		case first:
			c.seal()
			in.buffer.unshift(c)
		case crowded && in.buffer.back().join(c):
		case crowded:
			c.seal()
			in.buffer.push(c)
		case c.lasts != lastsOn && in.fresh == maxFresh:
			c.seal()
			in.buffer.push(c)
		case c.lasts != lastsOn:
			in.fresh++
			r.life.atTurnEnd()
			fallthrough
		default:
			in.buffer.push(c)
		}
		if r.flags&readNeedReadable != 0 {
			r.queueReadable()
		}
	}
	r.queueReadMore()
}

// readsOn spares a Socket the tick that reads ahead, if all it would do is to call a Read hook that has nothing to do: the
// Transport is being read, and what came was given out. It reports whether that is so; the call counts as made.
func (r *Readable) readsOn() bool {
	const asked = readStarted | readNeedReadable
	if r.flags&asked != asked || r.flow != FlowOn || r.state != readOpen || r.ReadableLength() > 0 {
		return false
	}
	if !r.call.busy() {
		r.call.move(callEnter)
		r.call.move(callReturn)
	}
	return true
}

// inbox is the readable half's part of the stream's work.
func (r *Readable) inbox() *inbox { return &r.life.busy().in }

func (r *Readable) emitData(p []byte) {
	r.flags |= readDidRead
	r.life.emitData(p)
}

// pushEOF is the end of input. Inside the Read hook, 'readable' waits for a tick, or the flow that called the hook would
// be entered again.
func (r *Readable) pushEOF() {
	if r.state != readOpen {
		return
	}
	r.state.move(readEOF)
	if r.call.inside() {
		r.queueReadable()
		return
	}
	r.flags = r.flags&^readNeedReadable | readReadableQueued
	r.emitReadable()
}

// seal copies what is buffered and borrowed: chunks that have come in this turn, so they are the last.
func (in *inbox) seal() {
	items := in.buffer.all()
	for i := len(items) - 1; in.fresh > 0; i-- {
		if items[i].lasts != lastsOn {
			items[i].seal()
			in.fresh--
		}
	}
}

// shift removes the first chunk.
func (in *inbox) shift() chunk {
	c := in.buffer.pop()
	if c.lasts != lastsOn {
		in.fresh--
	}
	return c
}

// discard is a read of a destroyed stream: what was buffered is lost, and so an end would be a lie.
func (r *Readable) discard() {
	r.dropBuffer()
	r.inbox().length = 0
	r.flags |= readLost
}

// dropBuffer lets go of what nobody will read. The length stays: it says how much was lost.
func (r *Readable) dropBuffer() {
	if r.life.work == nil {
		return
	}
	in := r.inbox()
	for _, c := range in.buffer.all() {
		c.b.release()
	}
	in.buffer = queue[chunk]{}
	in.fresh = 0
}
