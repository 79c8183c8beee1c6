package stream

// Cork holds back what is written from now on, so that it goes to Writev together. Calls nest; each wants its Uncork.
func (w *Writable) Cork() {
	w.corked++
}

// Uncork undoes one Cork. The last one sends what has been held back.
func (w *Writable) Uncork() {
	if w.corked == 0 {
		return
	}
	w.corked--
	if !w.call.busy() {
		w.flush()
	}
}

// flush gives the hook what is queued, all of it at once if it can, or one after another as long as it completes inside
// its call.
func (w *Writable) flush() {
	if w.life.destroyed() || w.flags&writeFlushing != 0 || w.corked > 0 || w.queue.len() == 0 {
		return
	}
	w.flags |= writeFlushing
	switch {
	case w.sender != nil:
		for w.queue.len() > 0 && w.life.err == nil {
			x := w.shift()
			w.send(x.chunk, x.cb)
		}
		if w.queue.len() == 0 {
			w.resetQueue()
		}
	case w.queue.len() > 1 && w.many != nil:
		w.giveAll()
		w.resetQueue()
	default:
		for {
			x := w.shift()
			w.give(x.chunk, x.cb)
			if w.queue.len() == 0 {
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
	w.due -= int32(w.queue.len() - 1)
	w.writing = w.length
	w.call.move(callEnter)
	b := w.newBatch()
	w.vector = w.vector[:0]
	for w.queue.len() > 0 {
		x := w.shift()
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
