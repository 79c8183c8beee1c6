package stream

// tickKind is what a stream does on a tick. Each scheduled thing has a place of its own in the scheduler's queue, which is
// what makes the order of events Node's.
type tickKind uint8

const (
	tickReadable    tickKind = iota // emit 'readable'
	tickReadMore                    // read ahead
	tickRead                        // a first read for a listener of OnReadable
	tickResume                      // start the flow
	tickRelisten                    // see who listens for 'readable'
	tickEnd                         // emit 'end'
	tickHalfOpen                    // end the writable half of a Duplex, because the readable one has ended
	tickWritten                     // a write that completed inside its call: 'drain', callback (argument: the callback)
	tickWriteFailed                 // a write that failed inside its call (callback, error)
	tickFailQueue                   // fail what is queued, after Destroy
	tickTransformed                 // a transform's write completes
	tickFinish                      // emit 'finish'
	tickMaybeFinish                 // the same, if nothing has come in between
	tickCallback                    // call a callback (callback, error)
	tickError                       // emit 'error' (error)
	tickClose                       // emit 'close'
	tickErrorClose                  // emit 'error', then 'close' (error)
)

// tickArg is what a tick of some kinds carries.
type tickArg struct {
	cb  func(error)
	err error
}

// ticks is what a stream has in the scheduler's queue. The scheduler's queue and this one are first-in-first-out, so the
// n-th entry there is the n-th kind here, and one function, made once, serves all.
type ticks struct {
	kinds queue[tickKind]
	args  queue[tickArg]
	run   func()
}

// tick schedules what carries nothing.
func (l *life) tick(k tickKind) {
	t := &l.ticks
	if t.run == nil {
		t.run = l.runTick
		t.kinds.items = l.firstTicks[:0]
	}
	t.kinds.push(k)
	l.s.NextTick(t.run)
}

// tickWith schedules what carries a callback or an error.
func (l *life) tickWith(k tickKind, cb func(error), err error) {
	l.ticks.args.push(tickArg{cb, err})
	l.tick(k)
}

func (l *life) runTick() {
	switch l.ticks.kinds.pop() {
	case tickReadable:
		l.r.emitReadable()
	case tickReadMore:
		l.r.readMore()
	case tickRead:
		l.r.read(0, false)
	case tickResume:
		l.r.startFlow()
	case tickRelisten:
		l.r.relisten()
	case tickEnd:
		l.r.emitEnd()
	case tickHalfOpen:
		l.w.endHalf()
	case tickWritten:
		l.w.afterWrite(l.ticks.args.pop().cb)
	case tickWriteFailed:
		a := l.ticks.args.pop()
		l.w.writeFailed(a.err, a.cb)
	case tickFailQueue:
		l.w.failQueue()
	case tickTransformed:
		l.w.written(nil)
	case tickFinish:
		l.w.finish()
	case tickMaybeFinish:
		if l.w.mayFinish() {
			l.w.finish()
		} else {
			l.w.due--
		}
	case tickCallback:
		a := l.ticks.args.pop()
		a.cb(a.err)
	case tickError:
		l.emitError(l.ticks.args.pop().err)
	case tickClose:
		l.emitClose()
	case tickErrorClose:
		l.emitError(l.ticks.args.pop().err)
		l.emitClose()
	}
}
