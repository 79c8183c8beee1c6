package stream

// Cork holds back what is written from now on, so that it goes to Writev together. Calls nest; each wants its Uncork.
func (w *Writable) Cork() {
	w.life.rarely().out.corked++
}

// Uncork undoes one Cork. The last one sends what has been held back.
func (w *Writable) Uncork() {
	if w.WritableCorked() == 0 {
		return
	}
	w.outbox().corked--
	if !w.call.busy() {
		w.flush()
	}
}

// flush gives the hook what is queued, all of it at once if it can, or one after another as long as it completes inside
// its call.
func (w *Writable) flush() {
	if w.life.destroyed() || w.flags&writeFlushing != 0 || w.WritableCorked() > 0 || w.waiting() == 0 {
		return
	}
	w.flags |= writeFlushing
	switch {
	case w.hooks == nil:
		for w.waiting() > 0 && w.life.failed() == nil {
			x := w.outbox().shift()
			w.send(x.chunk, x.cb)
		}
		if w.waiting() == 0 {
			w.resetQueue()
		}
	case w.waiting() > 1 && w.many != nil:
		w.giveAll()
		w.resetQueue()
	default:
		for {
			x := w.outbox().shift()
			w.give(x.chunk, x.cb)
			if w.waiting() == 0 {
				w.resetQueue()
				break
			}
			if w.call.busy() {
				break
			}
		}
	}
	w.flags &^= writeFlushing
}

// waiting is how many writes are queued.
func (w *Writable) waiting() int {
	if x := w.life.work; x != nil {
		return x.out.queue.len()
	}
	return 0
}

// batch is the callbacks of the writes that one call of Writev has.
type batch struct {
	w    *Writable
	cbs  []func(error)
	tell func(error)
	next *batch
}

// giveAll calls the Writev hook with all that is queued.
func (w *Writable) giveAll() {
	var cb func(error)
	o := w.outbox()
	o.due -= int32(o.queue.len() - 1)
	w.writing = o.length
	w.call.move(callEnter)
	b := w.newBatch()
	w.vector = w.vector[:0]
	for o.queue.len() > 0 {
		x := o.shift()
		w.lend(&x.chunk)
		w.vector = append(w.vector, x.p)
		if b != nil {
			b.cbs = append(b.cbs, x.cb)
		}
	}
	if b != nil {
		cb = b.tell
	}
	w.callout = cb
	if w.life.destroyed() {
		w.written(ErrDestroyed)
	} else {
		w.many(w.vector, w.done)
	}
	w.call.move(callReturn)
}

// newBatch returns an empty batch, or nil if nobody in the queue wants to be called.
func (w *Writable) newBatch() *batch {
	if w.flags&writeWithCallback == 0 {
		return nil
	}
	b := w.batch
	if b == nil {
		b = &batch{w: w}
		b.tell = b.tellAll
		return b
	}
	w.batch = b.next
	return b
}

// tellAll calls all callbacks with the one result.
func (b *batch) tellAll(err error) {
	for _, cb := range b.cbs {
		if cb != nil {
			cb(err)
		}
	}
	clear(b.cbs)
	b.cbs = b.cbs[:0]
	b.next, b.w.batch = b.w.batch, b
}
