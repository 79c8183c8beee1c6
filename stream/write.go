package stream

// WriteChunk is Node's write: it reports whether to go on writing, or to wait for OnDrain. The bytes are accepted either
// way, unless the stream has ended or was destroyed: then the answer is false too, and cb and OnError are told why.
//
// p may be used again as soon as WriteChunk returns. cb is called once, when the hook is done with the chunk or it
// has failed; it may be nil. A hook that completes inside its call always leaves true as the answer.
func (w *Writable) WriteChunk(p []byte, cb func(error)) bool {
	ok, _ := w.write(chunk{p: p, lasts: lastsCall}, cb)
	return ok
}

// WriteBorrowed is WriteChunk of bytes that last until the turn ends, such as those that OnData gives: they are not
// copied before, and only if they are queued then.
func (w *Writable) WriteBorrowed(p []byte, cb func(error)) bool {
	ok, _ := w.write(chunk{p: p, lasts: lastsTurn}, cb)
	return ok
}

// WriteOwned is WriteChunk of memory that is given away: nobody writes to it from now on, and it is never copied.
func (w *Writable) WriteOwned(p []byte, cb func(error)) bool {
	ok, _ := w.write(chunk{p: p, lasts: lastsOn}, cb)
	return ok
}

// Write accepts p, which may be used again at once, and returns its length; or 0 and why it does not, after End or
// Destroy. It never blocks and says nothing of backpressure: WritableNeedDrain does, right after it. So io.Copy to a
// Writable queues without bound; Pipe is for that, and NewWriter for other goroutines.
func (w *Writable) Write(p []byte) (int, error) {
	if _, err := w.write(chunk{p: p, lasts: lastsCall}, nil); err != nil {
		return 0, err
	}
	return len(p), nil
}

// WriteString is Write of a string.
func (w *Writable) WriteString(s string) (int, error) {
	b := newBlock(len(s))
	copy(b.buf, s)
	if _, err := w.write(chunk{b.buf, b, lastsOn}, nil); err != nil {
		b.release()
		return 0, err
	}
	return len(s), nil
}

// write takes a chunk, or returns why not.
func (w *Writable) write(c chunk, cb func(error)) (bool, error) {
	var err error
	switch {
	case w.state != writeOpen:
		err = ErrWriteAfterEnd
	case w.life.destroyed():
		err = ErrDestroyed
	}
	if err != nil {
		if cb != nil {
			w.life.tickWith(tickCallback, cb, err)
		}
		w.life.failOrShut(err, true)
		return false, err
	}
	x := w.life.busy()
	x.out.due++
	x.out.length += len(c.p)
	switch {
	case w.call.busy() || x.out.corked > 0 || x.err != nil:
		w.enqueue(c, cb)
	case w.hooks == nil:
		w.send(c, cb)
	default:
		w.give(c, cb)
	}
	length := w.WritableLength()
	more := length < w.hwm || length == 0
	if !more {
		w.flags |= writeNeedDrain
	}
	return more && !w.life.destroyed() && w.life.failed() == nil, nil
}

func (w *Writable) enqueue(c chunk, cb func(error)) {
	o := &w.life.rarely().out
	crowded := o.queue.len() > maxApart && c.small()
	if crowded && w.joinLast(c, cb) {
		return
	}
	switch c.lasts {
	case lastsCall:
		c.seal()
	case lastsTurn:
		if crowded {
			c.seal()
			break
		}
		o.fresh++
		w.life.atTurnEnd()
	case lastsOn:
	}
	o.queue.push(write{c, cb})
	w.flags |= writeQueued
	if cb != nil {
		w.flags |= writeWithCallback
	}
}

// joinLast makes c part of the last write in the queue, if that can be and nobody waits to be called for that write alone.
// It is one write then: what is due for both is cb.
func (w *Writable) joinLast(c chunk, cb func(error)) bool {
	o := w.outbox()
	last := o.queue.back()
	if last.cb != nil || !last.join(c) {
		return false
	}
	last.cb = cb
	if cb != nil {
		w.flags |= writeWithCallback
	}
	o.due--
	return true
}

// queued reports whether there is a queue that has not been flushed, to its end.
func (w *Writable) queued() bool { return w.flags&writeQueued != 0 }

// give calls the Write hook with c.
func (w *Writable) give(c chunk, cb func(error)) {
	w.writing, w.callout = len(c.p), cb
	w.call.move(callEnter)
	w.lend(&c)
	switch {
	case w.life.destroyed():
		w.written(ErrDestroyed)
	case w.sink != nil:
		w.sink.write(c.p)
	case w.hook != nil:
		w.hook(c.p, w.done)
	case w.many != nil:
		w.vector = append(w.vector[:0], c.p)
		w.many(w.vector, w.done)
	default:
		w.written(nil)
	}
	w.call.move(callReturn)
}

// lend makes c last as long as the hook holds it, and notes what then goes back.
func (w *Writable) lend(c *chunk) {
	switch {
	case len(c.p) == 0:
		c.p = empty
	case w.hold == HoldUntilDone, w.hold == HoldTurn && c.lasts == lastsCall:
		c.seal()
	}
	if c.b == nil {
		return
	}
	if w.hold == HoldUntilDone {
		c.b.push(&w.lent)
	} else {
		w.life.spend(c.b)
	}
	c.b = nil
}

// giveBack is the hook being done with what it was lent.
func (w *Writable) giveBack() {
	if w.flags&writeSpends != 0 {
		for w.lent != nil {
			b := w.lent
			w.lent = b.next
			w.life.spend(b)
		}
		return
	}
	w.lent.release()
	w.lent = nil
}

// written is the hook's done.
func (w *Writable) written(err error) {
	l := w.life
	if !w.call.busy() {
		l.failOrShut(ErrMultipleCallback, false)
		return
	}
	inside := w.call.inside()
	w.outbox().length -= w.writing
	cb := w.answered()
	if err != nil {
		l.fail(err)
		if inside {
			l.tickWith(tickWriteFailed, cb, err)
		} else {
			w.writeFailed(err, cb)
		}
		return
	}
	if w.queued() {
		w.flush()
	}
	switch {
	case !inside:
		w.afterWrite(cb)
	case cb != nil, w.flags&(writeNeedDrain|writeCallbackTick) == writeNeedDrain && w.WritableLength() == 0:
		w.flags |= writeCallbackTick
		l.tickWith(tickWritten, cb, nil)
	default:
		w.outbox().due--
		if w.state != writeOpen {
			w.maybeFinish()
		}
	}
}

// answered takes back what the hook was given, and returns the callback of that write.
func (w *Writable) answered() (cb func(error)) {
	cb, w.callout = w.callout, nil
	w.call.move(callAnswer)
	w.writing = 0
	w.giveBack()
	return cb
}

// afterWrite is what a completed write leads to: 'drain', then its callback, then perhaps the end of everything.
func (w *Writable) afterWrite(cb func(error)) {
	w.flags &^= writeCallbackTick
	if w.WritableNeedDrain() && w.WritableLength() == 0 {
		w.flags &^= writeNeedDrain
		w.life.emit(onDrain)
	}
	w.outbox().due--
	if cb != nil {
		cb(nil)
	}
	if w.life.destroyed() {
		w.failQueue()
	}
	if w.state != writeOpen {
		w.maybeFinish()
	}
}

// writeFailed tells a write's callback, then those of the queue, then everybody.
func (w *Writable) writeFailed(err error, cb func(error)) {
	w.outbox().due--
	if cb != nil {
		cb(err)
	}
	w.failQueue()
	w.life.failOrShut(err, false)
}

// owes reports whether there may be somebody to be told that the stream was destroyed: see failQueue.
func (w *Writable) owes() bool {
	return w.queued() || w.life.work != nil && len(w.life.work.out.told) > 0 || w.call.busy() && w.sink != nil
}

// failQueue tells the callbacks of what is queued that it will not be written, and those of End. While the hook is at
// work it waits: the completion will come here. A write that waits for a reader will not be completed by anybody else, so it
// is failed too; its bytes still count in the length, as in Node.
func (w *Writable) failQueue() {
	if w.flying() || w.call.busy() && (w.sink == nil || !w.sink.giveUp()) {
		return
	}
	why := w.life.failed()
	if why == nil {
		why = ErrDestroyed
	}
	if w.call.busy() {
		cb := w.answered()
		w.outbox().due--
		if cb != nil {
			cb(why)
		}
	}
	for w.waiting() > 0 {
		o := w.outbox()
		x := o.shift()
		x.b.release()
		o.length -= len(x.p)
		if x.cb != nil {
			x.cb(why)
		}
	}
	w.tellEnded(why)
	w.resetQueue()
}

func (w *Writable) resetQueue() {
	w.flags &^= writeQueued | writeWithCallback
}

// seal copies what is queued and borrowed: chunks that have come in this turn, so they are the last.
func (o *outbox) seal() {
	items := o.queue.all()
	for i := len(items) - 1; o.fresh > 0; i-- {
		if items[i].lasts != lastsOn {
			items[i].seal()
			o.fresh--
		}
	}
}

// shift removes the first write of the queue.
func (o *outbox) shift() write {
	x := o.queue.pop()
	if x.lasts != lastsOn {
		o.fresh--
	}
	return x
}
