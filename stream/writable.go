package stream

// Writable is the half that takes bytes. Its Write hook is given one chunk at a time; what is written meanwhile waits
// in a queue, where small chunks are joined behind 64 others. WriteChunk answers false from HighWaterMark waiting bytes
// on, and OnDrain tells when they have gone.
//
// All methods are for the loop's goroutine. Callbacks and events come in the order that Node's streams have: on a tick if
// the hook completed inside its call, in the completion if it came later.
type Writable struct {
	life *life

	*hooks // what it writes to, one chunk at a time; nil if it is a Socket's

	hwm   int
	state writeState
	call  callState // of the Write hook
	hold  Hold
	flags writeFlags
}

// hooks are those of a Writable and what it has given them.
type hooks struct {
	hook func(p []byte, done func(error))
	many func(ps [][]byte, done func(error))
	sink sink // in the place of hook, for what this package makes
	coda coda // the Final hook; nil without one

	writing int         // bytes that the hook has
	callout func(error) // the callback of the write that it has
	done    func(error) // the hook's done, made once

	lent   *Block   // what the hook has been lent; it goes back when the hook is done
	vector [][]byte // what Writev is given, kept for the next time
	batch  *batch   // free ones
}

// write is a chunk in the queue.
type write struct {
	chunk
	cb func(error) // may be nil
}

// sink is a Write hook in the form of a method, for what this package makes.
type sink interface {
	write(p []byte)
	// giveUp is called when the stream was destroyed. It reports whether the write that the sink has waits for nothing but
	// somebody to read on, which nobody will: then the sink has forgotten about it.
	giveUp() bool
}

// coda is a Final hook in the form of a method.
type coda interface{ final(done func(error)) }

type finalFunc func(done func(error))

func (f finalFunc) final(done func(error)) { f(done) }

// writeFlags are independent of the states, and of one another.
type writeFlags uint8

const (
	writeNeedDrain    writeFlags = 1 << iota // a write was answered with false, and 'drain' was not told since
	writeEndReturned                         // End has done its work; a transform asks
	writeQueued                              // there is a queue; it is one until the flush that empties it is over
	writeFlushing                            // a flush is under way
	writeWithCallback                        // a queued write has a callback
	writeCallbackTick                        // a tick is scheduled that tells 'drain' or a callback
	writeInFinal                             // inside the Final hook
	writeSpends                              // what the hook was lent goes back at the turn's end: it may have passed it on
)

// Hold is how long a Write hook needs the bytes that it is given. What it asks for is promised: bytes that would not last
// so long are copied before the call.
type Hold uint8

const (
	// HoldUntilDone lends the bytes until the hook calls done. It is the default, and safe for every hook.
	HoldUntilDone Hold = iota
	// HoldTurn is for a hook that copes with borrowed bytes, valid until the turn ends: one that passes them to another
	// WriteBorrowed, or Push, before it returns. What a pipe brings is then not copied.
	HoldTurn
	// HoldCall is for a hook that is through with the bytes when it returns, whether it has called done or not. Nothing is
	// copied for it that has not been queued.
	HoldCall
)

// WritableOptions are what a Writable is made with.
type WritableOptions struct {
	// HighWaterMark is how many bytes may wait before WriteChunk answers false. 0 means DefaultHighWaterMark, NoBuffer a
	// mark of 0; other negative values panic.
	HighWaterMark int
	// Write takes one chunk, and calls done when it is through with it, at once or later, with an error if it failed. It is
	// not called again before. Without it, Writev gets single chunks too; without both, everything is thrown away.
	Write func(p []byte, done func(error))
	// Writev, if not nil, takes all that waits if that is more than one chunk. The slice of slices is its own until it
	// calls done.
	Writev func(ps [][]byte, done func(error))
	// Hold is how long Write and Writev need the bytes.
	Hold Hold
	// Final is called after End, when all has been written; OnFinish waits until it calls done. nil does nothing.
	Final func(done func(error))
	// Destroy is called once, when the stream is destroyed: see ReadableOptions.
	Destroy func(err error, done func(error))
	// NoAutoDestroy leaves the stream open after it has finished or failed, until Destroy.
	NoAutoDestroy bool
	// NoEmitClose does without 'close'.
	NoEmitClose bool
}

// NewWritable returns a Writable whose events come from s.
func NewWritable(s Scheduler, o WritableOptions) *Writable {
	x := new(struct {
		Writable
		life  life
		hooks hooks
		user  user
	})
	x.user.w, x.user.end = &x.Writable, o.Destroy
	x.life.begin(s, &x.user, o.NoAutoDestroy, o.NoEmitClose)
	x.begin(&x.life, o.HighWaterMark)
	x.hold = o.Hold
	x.use(&x.hooks, o.Write, o.Writev, o.Final)
	return &x.Writable
}

// begin makes w the writable half of l.
func (w *Writable) begin(l *life, hwm int) {
	w.life, w.hwm = l, mark(hwm)
	w.state, w.call = writeOpen, callIdle
}

// use has w write to hooks, which are h from now on.
func (w *Writable) use(h *hooks, one func([]byte, func(error)), many func([][]byte, func(error)), final func(func(error))) {
	h.hook, h.many = one, many
	if final != nil {
		h.coda = finalFunc(final)
	}
	h.done = w.written
	w.hooks = h
}

// Scheduler is what the stream was made with.
func (w *Writable) Scheduler() Scheduler { return w.life.s }

// writable is how a Writer finds the Writable of what is made around one.
func (w *Writable) writable() *Writable { return w }

// State is where the stream stands.
func (w *Writable) State() State {
	s := w.life.describe()
	w.describe(&s)
	return s
}

func (w *Writable) describe(s *State) {
	s.HasWritable = w.state != writeOff
	s.Writable = w.IsWritable()
	s.NeedDrain = w.flags&writeNeedDrain != 0
	s.EndCalled = w.state != writeOpen
	s.Flushed = w.flags&writeEndReturned != 0 && w.WritableLength() == 0
	s.Finished = w.state >= writeFinished
	s.Pending = w.pending()
}

// IsWritable reports whether writes are accepted: End was not called, and the stream was neither destroyed nor has it
// failed.
func (w *Writable) IsWritable() bool {
	return w.state == writeOpen && !w.life.destroyed() && w.life.failed() == nil
}

// WritableLength is how many bytes wait: queued, or with the Write hook.
func (w *Writable) WritableLength() int {
	if x := w.life.work; x != nil {
		return x.out.length
	}
	return 0
}

// WritableHighWaterMark is the mark.
func (w *Writable) WritableHighWaterMark() int { return w.hwm }

// WritableCorked is how many calls of Cork are not undone.
func (w *Writable) WritableCorked() int {
	if x := w.life.work; x != nil {
		return int(x.out.corked)
	}
	return 0
}

// pending reports whether a callback is due, or 'finish' is held up.
func (w *Writable) pending() bool { return w.life.work != nil && w.life.work.out.due > 0 }

// outbox is the writable half's part of the stream's work.
func (w *Writable) outbox() *outbox { return &w.life.busy().out }

// WritableNeedDrain reports whether a write was answered with false and OnDrain will tell when to go on.
func (w *Writable) WritableNeedDrain() bool {
	return w.flags&writeNeedDrain != 0 && w.state == writeOpen && !w.life.destroyed()
}

// WritableEnded reports whether End was called.
func (w *Writable) WritableEnded() bool { return w.state != writeOpen }

// WritableFinished reports whether OnFinish was told: everything was written.
func (w *Writable) WritableFinished() bool { return w.state >= writeFinished }

// WritableAborted reports whether the stream was destroyed or failed before it finished.
func (w *Writable) WritableAborted() bool {
	return w.state < writeFinished && (w.life.destroyed() || w.life.failed() != nil)
}

// Destroyed reports whether Destroy was called, by whomever.
func (w *Writable) Destroyed() bool { return w.life.destroyed() }

// Closed reports whether the stream was destroyed and its Destroy hook is done.
func (w *Writable) Closed() bool { return w.life.closed() }

// Errored is what the stream has failed with, or nil.
func (w *Writable) Errored() error { return w.life.failed() }

// Destroy ends the stream at once: what is queued is dropped, and its callbacks are told err, or ErrDestroyed. The
// Destroy hook is called, and when it is done 'error', if err is not nil, and 'close' are emitted on a tick. Only the
// first call counts.
func (w *Writable) Destroy(err error) {
	w.life.shut(err)
}

// OnDrain listens for the queue being empty after a write was answered with false: it is time to go on.
func (w *Writable) OnDrain(fn func()) Sub { return w.life.listen(onDrain, need(fn)) }

// OnFinish listens for everything being written after End.
func (w *Writable) OnFinish(fn func()) Sub { return w.life.listen(onFinish, need(fn)) }

// OnPrefinish listens for everything being with the hook's other side after End, when OnFinish waits only for callbacks.
func (w *Writable) OnPrefinish(fn func()) Sub { return w.life.listen(onPrefinish, need(fn)) }

// OnPipe listens for a source being piped to this stream.
func (w *Writable) OnPipe(fn func(src ReadableStream)) Sub {
	return w.life.listen(onPipe, need(fn))
}

// OnUnpipe listens for the end of such a pipe.
func (w *Writable) OnUnpipe(fn func(src ReadableStream)) Sub {
	return w.life.listen(onUnpipe, need(fn))
}

// OnError listens for the error that the stream fails with. If nobody does, it goes to Scheduler.Uncaught.
func (w *Writable) OnError(fn func(error)) Sub { return w.life.listen(onError, need(fn)) }

// OnClose listens for the last event: the stream was destroyed and has let go of everything.
func (w *Writable) OnClose(fn func()) Sub { return w.life.listen(onClose, need(fn)) }

// WatchError listens for errors too, before all listeners of OnError and the watchers that were there, and is not one who
// handles them: an error that only watchers are told still goes to Scheduler.Uncaught. Pipe uses it to let go first.
func (w *Writable) WatchError(fn func(error)) Sub { return w.life.listen(onWatch, need(fn)) }

// Piped tells the listeners of OnPipe. Pipe calls it.
func (w *Writable) Piped(src ReadableStream) { w.life.emitPipe(onPipe, src) }

// Unpiped tells the listeners of OnUnpipe. Unpipe calls it.
func (w *Writable) Unpiped(src ReadableStream) { w.life.emitPipe(onUnpipe, src) }
