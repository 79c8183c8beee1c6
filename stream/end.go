package stream

// End says that nothing more is written. When all that is queued has been, the Final hook is called, OnFinish is told,
// and the stream destroys itself. A second End does nothing.
func (w *Writable) End() { w.end(nil) }

// EndWith is End behind a last chunk, which may be nil for none, with a callback, which may be nil. cb is called once:
// with nil just before OnFinish is told, or with why it will not be.
func (w *Writable) EndWith(p []byte, cb func(error)) {
	var err error
	if p != nil {
		_, err = w.write(chunk{p: p, lasts: lastsCall}, nil)
	}
	err = w.end(err)
	if cb == nil {
		return
	}
	switch {
	case err != nil:
	case w.life.failed() != nil:
		err = w.life.failed()
	case w.state >= writeFinished:
	case w.life.destroyed():
		err = ErrDestroyed // nobody else would ever tell
	default:
		o := &w.life.rarely().out
		o.told = append(o.told, cb)
		return
	}
	w.life.tickWith(tickCallback, cb, err)
}

// end is the common part. err is why the last chunk was refused; the result is that, or why End came too late.
func (w *Writable) end(err error) error {
	if w.WritableCorked() > 0 {
		w.outbox().corked = 1
		w.Uncork()
	}
	switch {
	case err != nil:
	case w.state == writeOpen && w.life.failed() == nil:
		w.state.move(writeEnd)
		w.maybeFinish()
		w.flags |= writeEndReturned
	case w.state >= writeFinished:
		return ErrAlreadyFinished
	case w.life.destroyed():
		return ErrDestroyed
	}
	return err
}

// endHalf is End after the other half of a Duplex has ended.
func (w *Writable) endHalf() {
	if w.IsWritable() {
		w.End()
	}
}

// mayFinish reports whether everything has been written and nothing has gone wrong.
func (w *Writable) mayFinish() bool {
	return w.state > writeOpen && w.state < writeFinished && !w.call.busy() && !w.queued() && w.WritableLength() == 0 && !w.flying() &&
		!w.life.destroyed() && w.life.failed() == nil && w.life.flags&lifeErrorEmitted == 0
}

// maybeFinish does the next step towards 'finish'. The last one waits for a tick: we are inside End, or a completion.
func (w *Writable) maybeFinish() {
	if !w.mayFinish() {
		return
	}
	w.prefinish()
	if o := w.outbox(); o.due == 0 {
		o.due++
		w.life.tick(tickMaybeFinish)
	}
}

// prefinish calls the Final hook, once.
func (w *Writable) prefinish() {
	if w.state != writeEnding {
		return
	}
	var hook coda
	if w.hooks == nil {
		hook = w.wire()
	} else {
		hook = w.coda
	}
	if hook == nil {
		w.state.move(writePrefinish)
		w.life.emit(onPrefinish)
		return
	}
	w.state.move(writeCallFinal)
	w.outbox().due++
	w.flags |= writeInFinal
	hook.final(w.finalDone)
	w.flags &^= writeInFinal
}

// finalDone is the Final hook's done.
func (w *Writable) finalDone(err error) {
	if w.state >= writePrefinished {
		if err == nil {
			err = ErrMultipleCallback
		}
		w.life.failOrShut(err, false)
		return
	}
	w.outbox().due--
	if err != nil {
		w.tellEnded(err)
		w.life.failOrShut(err, w.flags&writeInFinal != 0)
		return
	}
	if w.mayFinish() {
		w.state.move(writePrefinish)
		w.life.emit(onPrefinish)
		w.outbox().due++
		w.life.tick(tickFinish)
	}
}

// finish emits 'finish', after the callbacks of End.
func (w *Writable) finish() {
	w.outbox().due--
	w.state.move(writeFinish)
	w.tellEnded(nil)
	w.life.emit(onFinish)
	if r, _ := w.life.own.halves(); w.life.autoDestroy() && (r == nil || r.state >= readDone) {
		w.life.shut(nil)
	}
}

func (w *Writable) tellEnded(err error) {
	if w.life.work == nil {
		return
	}
	told := w.life.work.out.told
	w.life.work.out.told = nil
	for _, cb := range told {
		cb(err)
	}
}
