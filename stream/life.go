package stream

// life is what a stream has once, whether it has one half or two: it is destroyed, fails and closes as a whole.
type life struct {
	s     Scheduler
	own   below
	work  *work // nil while nothing is under way
	items []eventListener
	next  uint32 // the next listener's identity

	telling event // what listeners are told now: of such a one, items is replaced and never edited
	state   lifeState
	flags   lifeFlags
}

// below is what a stream stands on: its hooks, in the form of methods.
type below interface {
	// halves are the stream's; one of them may be nil.
	halves() (*Readable, *Writable)
	// self is what listeners know the stream as, and as is Readable.As.
	self() ReadableStream
	as(outer ReadableStream)
	// read is the Read hook.
	read(r *Readable, n int)
	// destroy is the Destroy hook. l.gone is its done.
	destroy(l *life, err error)
}

// user is below of a stream that was made with hooks of its user's, each of which may be nil.
type user struct {
	r      *Readable
	w      *Writable
	outer  ReadableStream
	source func(r *Readable, n int)
	end    func(err error, done func(error))
}

func (u *user) halves() (*Readable, *Writable) { return u.r, u.w }
func (u *user) self() ReadableStream           { return u.outer }
func (u *user) as(outer ReadableStream)        { u.outer = outer }

func (u *user) read(r *Readable, n int) {
	if u.source != nil {
		u.source(r, n)
	}
}

func (u *user) destroy(l *life, err error) {
	if u.end == nil {
		l.gone(err)
		return
	}
	u.end(err, l.gone)
}

type lifeFlags uint8

const (
	lifeNoAutoDestroy lifeFlags = 1 << iota
	lifeNoEmitClose
	lifeErrorEmitted // 'error' is emitted once
	lifeReset        // a Socket's: Destroy resets
	lifeDeadItems    // there are listeners that wait for nothing to be told, to be removed
)

// begin is what the constructors share.
func (l *life) begin(s Scheduler, own below, noAutoDestroy, noEmitClose bool) {
	if s == nil {
		panic("stream: a stream needs a Scheduler")
	}
	l.s, l.own, l.state = s, own, lifeAlive
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
	if _, w := l.own.halves(); w != nil && w.owes() {
		l.tick(tickFailQueue)
	}
	l.fail(err)
	l.state.move(lifeDestroy)
	l.own.destroy(l, err)
}

// gone is the Destroy hook's done.
func (l *life) gone(err error) {
	if l.state != lifeDestroying {
		return
	}
	l.fail(err)
	l.state.move(lifeDestroyed)
	if r, _ := l.own.halves(); r != nil {
		r.dropBuffer()
	}
	if err != nil {
		l.tickWith(tickErrorClose, nil, err)
	} else {
		l.tick(tickClose)
	}
}

// fail notes what the stream failed with.
func (l *life) fail(err error) {
	if err != nil && l.failed() == nil {
		l.busy().err = err
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
	l.tellError(err)
}

func (l *life) emitClose() {
	l.state.move(lifeClose)
	if l.flags&lifeNoEmitClose == 0 {
		l.emit(onClose)
	}
}

// atTurnEnd asks for the end of the turn: there is something borrowed, or something spent.
func (l *life) atTurnEnd() {
	x := l.busy()
	if x.turnDue {
		return
	}
	x.turnDue = true
	l.s.AtTurnEnd(x.turnEnd)
}

// endTurn seals what is borrowed. What is spent goes back in a second round, after all streams have sealed: what one has
// spent another may have borrowed.
func (x *work) endTurn() {
	l := x.mine()
	if !x.sealed {
		x.in.seal()
		x.out.seal()
		if x.spent != nil {
			x.sealed = true
			l.s.AtTurnEnd(x.turnEnd)
			return
		}
	}
	x.sealed, x.turnDue = false, false
	x.spent.release()
	x.spent = nil
	l.rest()
}

// spend keeps b until the turn ends.
func (l *life) spend(b *Block) {
	if b != nil {
		b.push(&l.busy().spent)
		l.atTurnEnd()
	}
}
