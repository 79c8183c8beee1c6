package loop

import (
	"math"
	"time"
)

// Deadline names one of the clocks of a Deadlines. What each is for is the convention of the floors above; the loop
// treats them alike.
type Deadline uint8

const (
	// DeadlineIdle limits how long a connection is kept that does nothing.
	DeadlineIdle Deadline = iota
	// DeadlineRead limits how long we wait for the peer to send more of what it has begun.
	DeadlineRead
	// DeadlineWrite limits how long we wait for the peer to take more of what it is sent.
	DeadlineWrite
	// DeadlineExchange limits a request and its answer as a whole, however lively they are.
	DeadlineExchange

	deadlineKinds = iota
)

// String returns the clock's name, in lower case.
func (which Deadline) String() string {
	if which >= deadlineKinds {
		return "unknown"
	}
	return [deadlineKinds]string{"idle", "read", "write", "exchange"}[which]
}

// DeadlineHandler is told when a deadline has passed. Its clock has stopped by then. OnDeadline is a turn of its own; it
// may start, stop or close this and any other Deadlines.
//
// The turn belongs to no connection. A handler whose connection should be reset if it panics says whose turn it is, with
// Loop.Reactor().SetOwner.
type DeadlineHandler = interface{ OnDeadline(which Deadline) }

// Deadlines are the deadlines of one connection, or of anything else that others can keep waiting: one clock for each
// kind, each with a limit. Whoever knows which limit applies embeds it by value: it is 96 bytes, and neither it nor its
// use allocates.
//
// It is made to be touched often and to pass seldom. Touch is a store, and so as a rule are Stop, and Start after it; the loop
// looks at a Deadlines when its earliest limit might be over, moves it on if it was touched, and runs OnDeadline if not. That is coarse, in steps of 100 ms:
// OnDeadline is never early by the loop's Now, and late by a step at most, plus what the loop itself is late. What must
// be more exact is a Timer.
//
// Deadlines run in the timers' phase, after the timers that are due: in the order of their steps, those of one step in
// no order to rely on, those of one Deadlines in the order of the constants. One that is started in the phase does not
// run in it. They never keep the loop alive. RunOnce may return having called nothing, where a Deadlines was touched or
// stopped.
//
// All methods are for the loop's goroutine. Start and Touch panic on a Deadline that is not one of the constants, and
// before Init. A Deadlines must not be copied once it was started.
type Deadlines struct {
	_     noCopy
	l     *Loop
	h     DeadlineHandler
	next  *Deadlines // in the ring of its slot; nil while it is in none
	prev  *Deadlines
	since [deadlineKinds]time.Duration // from when on a clock counts; of a paused one, if negative, ^ what it had counted
	limit [deadlineKinds]uint32        // in milliseconds
	// Sets of clocks, one bit each. A clock in neither is stopped.
	running, paused uint8
	closed          bool
	slot            uint16 // of the wheel, while it is in one
}

// noCopy has vet complain of copies.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// Init makes d ready, with all clocks stopped: h is told of the deadlines that pass. After Close it makes d new, for any
// loop. It panics without l or h.
func (d *Deadlines) Init(l *Loop, h DeadlineHandler) {
	if l == nil || h == nil {
		panic("loop: Deadlines without a loop or a handler")
	}
	l.r.CheckGoroutine()
	d.Close() // of whoever had it before and did not
	d.l, d.h, d.closed = l, h, false
}

// Start starts a clock, or starts it anew: its deadline is limit from the loop's Now on. Without a limit, 0 or less, the
// clock is stopped. Limits are rounded up to milliseconds; those over 49 days count as that. After Close it does
// nothing.
func (d *Deadlines) Start(which Deadline, limit time.Duration) {
	if limit <= 0 {
		d.Stop(which)
		return
	}
	d.l.r.CheckGoroutine()
	if d.closed {
		return
	}
	d.since[which] = d.l.now
	d.limit[which] = milliseconds(limit)
	d.run(which)
}

// Touch has a clock that runs count from the loop's Now on, with the limit it has; one that is paused will have counted
// nothing. It does nothing else to a clock that is stopped. It costs a store.
func (d *Deadlines) Touch(which Deadline) { d.since[which] = d.l.now }

// Pause halts a clock that runs, and keeps what it has counted: while we are the side that has stopped, under
// backpressure say, the peer is not to blame.
func (d *Deadlines) Pause(which Deadline) {
	bit := uint8(1) << which
	if d.running&bit == 0 {
		return
	}
	d.l.r.CheckGoroutine()
	d.since[which] = ^(d.l.now - d.since[which])
	d.halt(bit)
	d.paused |= bit
}

// Resume lets a paused clock go on where it was. One that had passed its limit before it was paused runs out in the next
// step.
func (d *Deadlines) Resume(which Deadline) {
	bit := uint8(1) << which
	if d.paused&bit == 0 {
		return
	}
	d.l.r.CheckGoroutine()
	counted := time.Duration(0)
	if d.since[which] < 0 { // else it was touched meanwhile
		counted = ^d.since[which]
	}
	d.since[which] = d.l.now - counted
	d.run(which)
}

// Stop stops a clock, running or paused. The loop may hold on to d for up to two minutes all the same; Close has it let go at
// once.
func (d *Deadlines) Stop(which Deadline) {
	bit := uint8(1) << which
	if (d.running|d.paused)&bit == 0 {
		return
	}
	d.l.r.CheckGoroutine()
	d.halt(bit)
	d.paused &^= bit
}

// Close stops all clocks for good: nothing is called from then on, and the loop does not know d any more. A second call
// does nothing.
func (d *Deadlines) Close() {
	if d.l == nil || d.closed {
		return
	}
	d.l.r.CheckGoroutine()
	d.halt(d.running)
	d.paused, d.closed = 0, true
	w := &d.l.wheel
	w.remove(d)
	if w.pass.of == d {
		w.pass.of = nil
	}
}

// Active reports whether a clock runs: it was started, and is neither paused nor stopped.
func (d *Deadlines) Active(which Deadline) bool { return d.running&(1<<which) != 0 }

// DueIn is how long it is until a clock's deadline, by the loop's Now; 0 if it has passed or the clock does not run.
func (d *Deadlines) DueIn(which Deadline) time.Duration {
	if !d.Active(which) {
		return 0
	}
	return max(0, d.due(which)-d.l.now)
}

// due is the deadline of a clock that runs.
func (d *Deadlines) due(which Deadline) time.Duration {
	since := d.since[which]
	return since + min(time.Duration(d.limit[which])*time.Millisecond, math.MaxInt64-since)
}

// run has a clock run. The wheel looks at d when the earliest of its clocks may have passed, or earlier: mostly it does so
// already, because of a clock that ran before, and then nothing is to be done.
func (d *Deadlines) run(which Deadline) {
	w := &d.l.wheel
	if d.running == 0 {
		w.running++
	}
	bit := uint8(1) << which
	d.running |= bit
	d.paused &^= bit
	if due := d.due(which); d.next == nil || due < w.looksAt(d) {
		d.place(due)
	}
}

// halt has clocks not run any more. The node stays where it is, for the clock that is started next as a rule: taking it out
// and putting it in anew for each request costs more than one look for nothing.
func (d *Deadlines) halt(clocks uint8) {
	if d.running == 0 {
		return
	}
	if d.running &^= clocks; d.running == 0 {
		d.l.wheel.running--
	}
}

// place has the wheel look at d when due is over, or earlier.
func (d *Deadlines) place(due time.Duration) {
	w := &d.l.wheel
	if w.pass.of == d {
		return // the pass puts it back
	}
	if w.n == 0 && !w.pass.on {
		w.at = int64(d.l.now / wheelStep) // nobody has turned it while it was empty
	}
	w.put(d, stepAfter(due))
}

// passed returns the first clock whose deadline is now or earlier.
func (d *Deadlines) passed(now time.Duration) (which Deadline, ok bool) {
	for which = range Deadline(deadlineKinds) {
		if d.Active(which) && d.due(which) <= now {
			return which, true
		}
	}
	return 0, false
}

// earliest is the deadline that passes first; d must have a clock that runs.
func (d *Deadlines) earliest() time.Duration {
	due := time.Duration(math.MaxInt64)
	for which := range Deadline(deadlineKinds) {
		if d.Active(which) {
			due = min(due, d.due(which))
		}
	}
	return due
}

// milliseconds rounds up, so that no deadline is early.
func milliseconds(limit time.Duration) uint32 {
	return uint32(min((limit-1)/time.Millisecond+1, math.MaxUint32))
}

// deadlinePass is one pass over the slots whose step has come. It is kept here so that it goes on where it was, if a
// callback panicked.
type deadlinePass struct {
	on  bool
	now time.Duration // when it began: no clock that is started during the pass is due by that
	to  int64         // the last step it empties
	of  *Deadlines    // whose deadlines are being told; it is in no slot
}

// runDeadlines tells the owners of the deadlines that have passed, and moves on those that have not.
func (l *Loop) runDeadlines() {
	w := &l.wheel
	p := &w.pass
	if !p.on {
		*p = deadlinePass{on: true, now: l.now, to: int64(l.now / wheelStep)}
		w.turn(p.to)
	}
	for {
		if p.of == nil {
			if p.of = w.take(p.to); p.of == nil {
				break
			}
		}
		d := p.of
		if which, ok := d.passed(p.now); ok {
			d.halt(1 << which)
			d.h.OnDeadline(which)
			l.EndTurn() // d may be closed by now, and belong to somebody else
			continue
		}
		p.of = nil
		if d.running != 0 {
			w.put(d, stepAfter(d.earliest()))
		}
	}
	p.on = false
}

// nextDeadline is when the wheel wants to be looked at; ok is false if no clock runs.
func (l *Loop) nextDeadline() (at time.Duration, ok bool) {
	if l.wheel.pass.on {
		return 0, true // a callback has left its pass, and Run, by a panic or Goexit
	}
	if l.wheel.running == 0 {
		return 0, false // nodes that are left over do not wake anybody
	}
	step, ok := l.wheel.next()
	return time.Duration(step) * wheelStep, ok
}
