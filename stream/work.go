package stream

// work is what a stream has only while something of it is under way: bytes that wait, writes that are not through, ticks that
// are due, an error. It is lent by a pool, and goes back when the stream comes to rest, so an idle one has none.
//
// Whoever calls code of somebody else may find that the stream has another one when that returns, or none: so nobody
// holds on to one, but asks the life for it again.
type work struct {
	life *life   // whose it is; nil while nobody has it
	from *lender // where it goes back to; nil if it stays
	next *work   // the next free one

	ticks ticks
	err   error          // what the stream failed with; the first counts
	outer ReadableStream // a Socket's: see Readable.As

	// spent are blocks that listeners or hooks have been given and may read until the turn ends.
	spent   *Block
	turnDue bool // endTurn is scheduled
	sealed  bool // it has run once in this turn's end: it releases the next time
	rare    bool // a list was used, or something else that quiet asks for

	in  inbox
	out outbox

	// What is scheduled, and what a Transport calls; made with it.
	run     func()
	turnEnd func()
	sent    func(error)
}

// inbox is a Readable's part.
type inbox struct {
	length int // bytes in buffer; it stays when a destroyed stream drops those
	buffer queue[chunk]
	fresh  int32            // chunks of buffer that last for this turn only
	await  []WritableStream // destinations that have answered false, and the flow waits for
}

// outbox is a Writable's part.
type outbox struct {
	length int // bytes queued, and with the hook
	queue  queue[write]
	flight flights       // what a Socket's Transport has
	told   []func(error) // the callbacks of End
	fresh  int32         // of queue, the ones that last for this turn only; they came last
	corked int32         // calls of Cork that are not undone
	due    int32         // callbacks that are due, and ticks that hold up 'finish'
}

// lender is what a Keeper has: the works that nobody needs.
type lender struct {
	free *work
	n    int
}

const (
	// maxFree is the most works that a lender keeps: as many as a batch of events may need, in which every stream writes.
	maxFree = 512
	// maxLent is the most memory, in items, that a queue keeps for the next stream.
	maxLent = 8
)

// busy is the stream's work, which from now on it has.
func (l *life) busy() *work {
	if l.work == nil {
		l.lend()
	}
	return l.work
}

// rarely is busy, for what quiet asks for.
func (l *life) rarely() *work {
	x := l.busy()
	x.rare = true
	return x
}

func (l *life) lend() {
	var from *lender
	if k, ok := l.s.(Keeper); ok {
		at := k.Kept()
		if from, ok = (*at).(*lender); !ok {
			from = new(lender)
			*at = from
		}
		if x := from.free; x != nil {
			from.free, x.next = x.next, nil
			from.n--
			l.work, x.life = x, l
			return
		}
	}
	x := &work{life: l, from: from}
	x.run, x.turnEnd, x.sent = x.runTick, x.endTurn, x.oneSent
	l.work = x
}

// rest gives the work back if there is none left. It is asked where something has ended: a tick, a turn, a write.
func (l *life) rest() {
	x := l.work
	if x == nil || !x.done() {
		return
	}
	from := x.from
	if from == nil {
		return
	}
	l.work, x.life = nil, nil
	if debug || from.n == maxFree {
		return // whoever still uses it is seen: mine panics
	}
	if x.rare {
		x.tidy()
	}
	x.next, from.free = from.free, x
	from.n++
}

// tidy leaves nothing in the lists that is not the next stream's as well.
func (x *work) tidy() {
	x.rare = false
	x.ticks.kinds.trim()
	x.ticks.args.trim()
	x.in.buffer.trim()
	x.out.queue.trim()
	x.out.flight.more.trim()
	if x.out.told = nil; cap(x.in.await) > maxLent {
		x.in.await = nil
	}
	clear(x.in.await[:cap(x.in.await)])
}

// done reports whether nothing is under way any more. Each write that waits, or is with somebody, is counted as due, and each
// byte in a list as its length.
func (x *work) done() bool {
	if x.out.due != 0 || x.ticks.near != 0 || x.in.length|x.out.length != 0 || x.turnDue || x.err != nil || x.rare && !x.quiet() {
		return false
	}
	if debug && (!x.quiet() || x.in.buffer.len() > 0 || x.out.queue.len() > 0 || x.out.flight.any() ||
		x.in.fresh != 0 || x.out.fresh != 0 || x.spent != nil || x.sealed) {
		panic("stream: something is under way that was not counted")
	}
	return true
}

// quiet is the part of done that is asked for if rare says so.
func (x *work) quiet() bool {
	return x.ticks.kinds.len() == 0 && x.ticks.args.len() == 0 && len(x.in.await) == 0 && len(x.out.told) == 0 && x.out.corked == 0 &&
		x.outer == nil
}

// mine is whose work it is, for what is called with it.
func (x *work) mine() *life {
	if debug && x.life == nil {
		panic("stream: something is called a second time, or too late")
	}
	return x.life
}

// failed is what the stream has failed with, or nil.
func (l *life) failed() error {
	if l.work == nil {
		return nil
	}
	return l.work.err
}
