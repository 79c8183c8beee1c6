package stream

// life is what a stream has once, whether it has one half or two: it is destroyed, fails and closes as a whole.
type life struct {
	s       Scheduler
	r       *Readable // nil without a readable half
	w       *Writable // nil without a writable half
	err     error     // what it failed with; the first counts
	destroy destroyer // nil without a Destroy hook
	state   lifeState
	flags   lifeFlags

	ticks ticks

	// spent are blocks that listeners or hooks have been given and may read until the turn ends.
	spent   *Block
	turnEnd func()

	events events
}

// destroyer is a Destroy hook in the form of a method.
type destroyer interface {
	destroy(err error, done func(error))
}

type destroyFunc func(err error, done func(error))

func (f destroyFunc) destroy(err error, done func(error)) { f(err, done) }

type lifeFlags uint8

const (
	lifeNoAutoDestroy lifeFlags = 1 << iota
	lifeNoEmitClose
	lifeErrorEmitted // 'error' is emitted once
	lifeAtTurnEnd    // turnEnd is scheduled
	lifeSealed       // it has run once in this turn's end: it releases the next time
	lifeReset        // a Socket's: Destroy resets
)

// begin is what the constructors share.
func (l *life) begin(s Scheduler, noAutoDestroy, noEmitClose bool, destroy func(error, func(error))) {
	if s == nil {
		panic("stream: a stream needs a Scheduler")
	}
	l.s, l.state = s, lifeAlive
	if destroy != nil {
		l.destroy = destroyFunc(destroy)
	}
	if noAutoDestroy {
		l.flags |= lifeNoAutoDestroy
	}
	if noEmitClose {
		l.flags |= lifeNoEmitClose
	}
}

func (l *life) destroyed() bool   { return l.state != lifeAlive }
func (l *life) closed() bool      { return l.state >= lifeClosed }
func (l *life) autoDestroy() bool { return l.flags&lifeNoAutoDestroy == 0 }

// shut destroys the stream: once, and nothing is emitted before the next tick.
func (l *life) shut(err error) {
	if l.destroyed() {
		return
	}
	if l.w != nil && l.w.owes() {
		l.tick(tickFailQueue)
	}
	l.fail(err)
	l.state.move(lifeDestroy)
	if l.destroy == nil {
		l.gone(err)
		return
	}
	l.destroy.destroy(err, l.gone)
}

// gone is the Destroy hook's done.
func (l *life) gone(err error) {
	if l.state != lifeDestroying {
		return
	}
	l.fail(err)
	l.state.move(lifeDestroyed)
	if l.r != nil {
		l.r.dropBuffer()
	}
	if err != nil {
		l.tickWith(tickErrorClose, nil, err)
	} else {
		l.tick(tickClose)
	}
}

// fail notes what the stream failed with.
func (l *life) fail(err error) {
	if l.err == nil {
		l.err = err
	}
}

// failOrShut is what an error leads to: the end of the stream, or if it does not destroy itself, no more than the news,
// which waits for a tick if later is set.
func (l *life) failOrShut(err error, later bool) {
	switch {
	case l.destroyed():
	case l.autoDestroy():
		l.shut(err)
	default:
		l.fail(err)
		if later {
			l.tickWith(tickError, nil, err)
		} else {
			l.emitError(err)
		}
	}
}

func (l *life) emitError(err error) {
	if l.flags&lifeErrorEmitted != 0 {
		return
	}
	l.flags |= lifeErrorEmitted
	l.events.emitError(err, l.s)
}

func (l *life) emitClose() {
	l.state.move(lifeClose)
	if l.flags&lifeNoEmitClose == 0 {
		l.events.emit(onClose)
	}
}

// atTurnEnd asks for the end of the turn: there is something borrowed, or something spent.
func (l *life) atTurnEnd() {
	if l.flags&lifeAtTurnEnd != 0 {
		return
	}
	l.flags |= lifeAtTurnEnd
	if l.turnEnd == nil {
		l.turnEnd = l.endTurn
	}
	l.s.AtTurnEnd(l.turnEnd)
}

// endTurn seals what is borrowed. What is spent goes back in a second round, after all streams have sealed: what one has
// spent another may have borrowed.
func (l *life) endTurn() {
	if l.flags&lifeSealed == 0 {
		if l.r != nil {
			l.r.seal()
		}
		if l.w != nil {
			l.w.seal()
		}
		if l.spent != nil {
			l.flags |= lifeSealed
			l.s.AtTurnEnd(l.turnEnd)
			return
		}
	}
	l.flags &^= lifeSealed | lifeAtTurnEnd
	l.spent.release()
	l.spent = nil
}

// spend keeps b until the turn ends.
func (l *life) spend(b *Block) {
	if b != nil {
		b.push(&l.spent)
		l.atTurnEnd()
	}
}
