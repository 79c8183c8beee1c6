package stream

import "math/bits"

// tickKind is what a stream does on a tick. Each scheduled thing has a place of its own in the scheduler's queue, which
// is what makes the order of events Node's.
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
	near uint64     // the oldest kinds, the next one lowest
	more *moreTicks // made when it is needed
	run  func()
}

// moreTicks is what few streams need: arguments, and a queue of kinds that is longer than a word.
type moreTicks struct {
	kinds queue[tickKind]
	args  queue[tickArg]
}

const (
	tickBits = 5               // of a kind, plus 1, so that 0 is none
	tickMask = 1<<tickBits - 1 // one kind's
	nearBits = 60              // a word has room for 12 kinds
)

func (t *ticks) push(k tickKind) {
	n := (bits.Len64(t.near) + tickBits - 1) / tickBits * tickBits
	if n < nearBits && (t.more == nil || t.more.kinds.len() == 0) {
		t.near |= uint64(k+1) << n
		return
	}
	t.rest().kinds.push(k)
}

func (t *ticks) pop() tickKind {
	if t.near == 0 {
		return t.more.kinds.pop()
	}
	k := tickKind(t.near&tickMask) - 1
	t.near >>= tickBits
	return k
}

func (t *ticks) rest() *moreTicks {
	if t.more == nil {
		t.more = new(moreTicks)
	}
	return t.more
}

// arg is what the tick that is running carries.
func (t *ticks) arg() tickArg { return t.more.args.pop() }

// tick schedules what carries nothing.
func (l *life) tick(k tickKind) {
	t := &l.ticks
	if t.run == nil {
		t.run = l.runTick
	}
	t.push(k)
	l.s.NextTick(t.run)
}

// tickWith schedules what carries a callback or an error.
func (l *life) tickWith(k tickKind, cb func(error), err error) {
	l.ticks.rest().args.push(tickArg{cb, err})
	l.tick(k)
}

func (l *life) runTick() {
	switch l.ticks.pop() {
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
		l.w.afterWrite(l.ticks.arg().cb)
	case tickWriteFailed:
		a := l.ticks.arg()
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
		a := l.ticks.arg()
		a.cb(a.err)
	case tickError:
		l.emitError(l.ticks.arg().err)
	case tickClose:
		l.emitClose()
	case tickErrorClose:
		defer l.emitClose() // whoever panics
		l.emitError(l.ticks.arg().err)
	}
}
