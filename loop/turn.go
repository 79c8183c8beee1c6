package loop

import "github.com/weir-go/weir/reactor"

// EndTurn ends a turn: what was written leaves, ticks run, what they wrote leaves, until there is nothing more of
// either; then what is still borrowed is sealed, and what comes next belongs to nobody. The loop calls it after every
// callback. A layer that calls user code from outside a turn of the loop, a test say, ends it so too.
func (l *Loop) EndTurn() {
	l.counts.turns++
	l.settle()
}

// settle is EndTurn for what has not been a turn.
func (l *Loop) settle() {
	l.r.CheckGoroutine()
	for l.r.Flush() || l.ticks.len() > 0 {
		l.RunTicks()
	}
	if len(l.ends.items) > 0 {
		l.sealTurn()
	} else {
		l.r.Seal()
	}
	l.r.SetOwner(nil)
	l.outdated = true
	if l.watchdog != nil && l.running {
		l.watchdog.turned(l.r.Kernel().Monotonic())
	}
}

// AtTurnEnd has fn called once, when the turn that is under way ends: after its ticks, while what is borrowed is still
// valid. It is for layers that hold borrowed bytes, to copy what they still need. What such a function gives to AtTurnEnd
// is called in the same turn's end, when everybody has sealed what they hold: it may take back what was lent for the
// turn. These functions neither call code of the user nor schedule ticks nor write. A nil fn panics.
func (l *Loop) AtTurnEnd(fn func()) {
	if fn == nil {
		panic("loop: AtTurnEnd with a nil function")
	}
	l.r.CheckGoroutine()
	l.ends.items = append(l.ends.items, fn)
}

// turnEnds are the functions of AtTurnEnd.
type turnEnds struct {
	items []func()
	next  int
}

// sealTurn has the layers above seal, then the reactor, and then everybody release.
func (l *Loop) sealTurn() {
	e := &l.ends
	e.run(len(e.items))
	l.r.Seal()
	for e.next < len(e.items) {
		e.run(len(e.items))
	}
	e.items, e.next = e.items[:0], 0
	if cap(e.items) > maxKept {
		e.items = nil
	}
}

// run calls those up to the n-th that have not been called.
func (e *turnEnds) run(n int) {
	for e.next < n {
		fn := e.items[e.next]
		e.items[e.next] = nil
		e.next++
		fn()
	}
}

// RunTicks runs the ticks that are due, and those they add, and nothing else: it neither sends nor seals. A layer calls
// it between two callbacks of its own that belong to one turn, as Node does after each chunk of a body.
func (l *Loop) RunTicks() {
	if l.ticks.len() == 0 {
		return
	}
	owner := l.r.Owner()
	for l.ticks.len() > 0 {
		t := l.ticks.pop()
		l.r.SetOwner(t.owner)
		t.fn()
	}
	l.r.SetOwner(owner)
}

// TicksDue reports whether RunTicks would run anything.
func (l *Loop) TicksDue() bool { return l.ticks.len() > 0 }

// NextTick runs fn on this goroutine, after the callback that is running and before anything else the loop does, in
// the order of the calls. It belongs to whom the running callback belongs to. Ticks that always add ticks keep the loop
// from everything else, as in Node; Post goes through the phases. A nil fn panics.
func (l *Loop) NextTick(fn func()) {
	if fn == nil {
		panic("loop: NextTick with a nil function")
	}
	l.r.CheckGoroutine()
	l.ticks.push(tick{fn, l.r.Owner()})
}

// tick is one NextTick callback.
type tick struct {
	fn    func()
	owner *reactor.Conn
}

// ticks is a queue that keeps its memory, up to a bound.
type ticks struct {
	items []tick
	head  int
}

func (q *ticks) len() int { return len(q.items) - q.head }

func (q *ticks) push(t tick) { q.items = append(q.items, t) }

func (q *ticks) pop() tick {
	t := q.items[q.head]
	q.items[q.head] = tick{}
	q.head++
	switch {
	case q.head == len(q.items):
		q.items, q.head = q.items[:0], 0
		if cap(q.items) > maxKept {
			q.items = nil
		}
	case q.head >= 64 && 2*q.head >= len(q.items):
		// Ticks that always add ticks never empty the queue: its spent half is reused.
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	return t
}

// Kept is a place for what the layer above keeps with the loop's goroutine, package stream in this module: see stream.Keeper.
func (l *Loop) Kept() *any { return &l.kept }
