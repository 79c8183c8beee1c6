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
	near  uint64          // the oldest kinds, the next one lowest
	kinds queue[tickKind] // those that a word has no room for
	args  queue[tickArg]
}

const (
	tickBits = 5               // of a kind, plus 1, so that 0 is none
	tickMask = 1<<tickBits - 1 // one kind's
	nearBits = 60              // a word has room for 12 kinds
)

// push appends k, and reports whether the word had room for it.
func (t *ticks) push(k tickKind) bool {
	n := (bits.Len64(t.near) + tickBits - 1) / tickBits * tickBits
	if n < nearBits && t.kinds.len() == 0 {
		t.near |= uint64(k+1) << n
		return true
	}
	t.kinds.push(k)
	return false
}

func (t *ticks) pop() tickKind {
	if t.near == 0 {
		return t.kinds.pop()
	}
	k := tickKind(t.near&tickMask) - 1
	t.near >>= tickBits
	return k
}

// arg is what the tick that is running carries.
func (t *ticks) arg() tickArg { return t.args.pop() }

// tick schedules what carries nothing.
func (l *life) tick(k tickKind) {
	x := l.busy()
	if !x.ticks.push(k) {
		x.rare = true
	}
	l.s.NextTick(x.run)
}

// tickWith schedules what carries a callback or an error.
func (l *life) tickWith(k tickKind, cb func(error), err error) {
	l.rarely().ticks.args.push(tickArg{cb, err})
	l.tick(k)
}

func (x *work) runTick() {
	l := x.mine()
	r, w := l.own.halves()
	switch x.ticks.pop() {
	case tickReadable:
		r.emitReadable()
	case tickReadMore:
		r.readMore()
	case tickRead:
		r.read(0, false)
	case tickResume:
		r.startFlow()
	case tickRelisten:
		r.relisten()
	case tickEnd:
		r.emitEnd()
	case tickHalfOpen:
		w.endHalf()
	case tickWritten:
		w.afterWrite(x.ticks.arg().cb)
	case tickWriteFailed:
		a := x.ticks.arg()
		w.writeFailed(a.err, a.cb)
	case tickFailQueue:
		w.failQueue()
	case tickTransformed:
		w.written(nil)
	case tickFinish:
		w.finish()
	case tickMaybeFinish:
		if w.mayFinish() {
			w.finish()
		} else {
			x.out.due--
		}
	case tickCallback:
		a := x.ticks.arg()
		a.cb(a.err)
	case tickError:
		l.emitError(x.ticks.arg().err)
	case tickClose:
		l.emitClose()
	case tickErrorClose:
		defer l.emitClose() // whoever panics
		l.emitError(x.ticks.arg().err)
	}
	l.rest()
}
