package reactor

import (
	"sync/atomic"
	"time"
)

// Reactor owns the descriptors of one loop: it knows what is wanted of each, tells the kernel what has changed, and
// turns what the kernel reports into callbacks. It runs nothing by itself. The floor above calls Wait, Dispatch,
// RunPending and RunClosing from its phases, and after every callback ends the turn with Flush and Seal:
//
//	n, err := r.Wait(timeout)
//	for i := range n {
//		for r.Dispatch(i) {
//			endTurn() // Flush, ticks, Flush …, Seal
//		}
//	}
//
// Every method is for the loop's goroutine only, but Wake and SharedOwner.
type Reactor struct {
	k     Kernel
	guard goroutineGuard

	slots   slotTable
	dirty   []*watch // watches whose interest may differ from what the kernel holds
	changes []Change
	events  []Event
	n       int // events in the batch being dispatched
	buf     []byte
	filled  int // how much of buf this turn has seen
	reads   int // bytes read for the event being dispatched
	event   int // index of that event

	owner    *Conn // whom the running callback belongs to; nil for a listener's
	sharing  bool  // shared follows owner
	shared   atomic.Pointer[Conn]
	flushing []flusher    // handles that wrote in this turn
	flushed  int          // how many of them Flush has been through
	vectors  [][]byte     // scratch of one gathering write
	pending  fifo[debtor] // handles with finished requests whose callbacks are owed
	round    round        // the part of pending that is running
	inbox    inbox        // datagrams between the kernel and their handler
	held     []*Datagram  // sockets that send when the inbox is empty
	outgoing []Outgoing   // scratch of one Send
	closing  fifo[closer]
	nClosing int             // how many of those this phase deals with
	resting  []*Listener     // listeners that wait out a shortage
	polls    map[int32]*Poll // those that are started, by descriptor; nil until there is one
	closed   bool
	refs     int // what keeps the loop alive; see Refs
	pool     pool
	tubes    tubes
	stats    Metrics
}

// Options are the bounds of a Reactor. The zero value is good.
type Options struct {
	// Batch is the most events taken from the kernel at once. The default is 512.
	Batch int
	// ReadBuffer is the size of the one buffer that all connections read into, in bytes. The default is 64 KiB: the
	// most that one read delivers.
	ReadBuffer int
}

const (
	defaultBatch      = 512
	defaultReadBuffer = 64 << 10
	// readBudget is the most bytes read for one event before the others have their turn. Level triggering reports
	// the rest again, so a fast peer is not forgotten, it only waits.
	readBudget = 256 << 10
)

// New returns a Reactor on k, which it owns from then on.
func New(k Kernel, o Options) *Reactor {
	if o.Batch <= 0 {
		o.Batch = defaultBatch
	}
	if o.ReadBuffer <= 0 {
		o.ReadBuffer = defaultReadBuffer
	}
	return &Reactor{
		k:      k,
		events: make([]Event, o.Batch),
		buf:    make([]byte, o.ReadBuffer),
	}
}

// Kernel returns the kernel given to New.
func (r *Reactor) Kernel() Kernel { return r.k }

// Wait tells the kernel what has changed, waits for at most timeout (negative: for ever) and returns how many events
// there are to dispatch. An error means that the poller itself is broken; it is never a connection's.
func (r *Reactor) Wait(timeout time.Duration) (int, error) {
	r.guard.check()
	r.slots.endBatch()
	if r.inbox.of != nil { // a panic has left the loop in the middle of a batch
		r.keep()
		timeout = 0
	}
	r.flushInterest()
	n, err := r.k.Wait(r.changes, r.events, timeout)
	r.changes = r.changes[:0]
	r.n, r.event, r.reads = n, -1, 0
	r.countWait(n)
	return n, err
}

func (r *Reactor) countWait(n int) {
	s := &r.stats
	s.Waits++
	s.Events += uint64(n)
	idle := r.k.Idle()
	if idle == s.Idle {
		s.EventsWaiting += uint64(n)
	}
	s.Idle = idle
}

// flushInterest collects what the kernel must be told. A watch that is back where it started costs nothing.
func (r *Reactor) flushInterest() {
	for i, w := range r.dirty {
		r.dirty[i] = nil
		w.marks &^= markDirty
		if w.fd < 0 {
			continue
		}
		to := w.target()
		if to != w.armed {
			r.changes = append(r.changes, Change{FD: int(w.fd), Token: w.tok, From: w.armed, To: to})
			w.armed = to
			r.stats.InterestChanges++
			if to == Parked {
				r.stats.Parks++
			}
			w.settled()
		}
		w.marks &^= markSquelched | markEdited
	}
	r.dirty = r.dirty[:0]
}

// Dispatch does the next thing that event i of the last Wait asks for, and reports whether it ran a callback. If it
// did, the turn must be ended and Dispatch(i) called again; if not, event i is done. An event whose descriptor was
// closed meanwhile does nothing, whoever has its number now.
func (r *Reactor) Dispatch(i int) bool {
	first := i != r.event
	if first {
		r.event, r.reads = i, 0
	}
	ev := &r.events[i]
	src := r.slots.find(ev.Token)
	switch {
	case src == nil:
		if first {
			r.stats.StaleEvents++
		}
	case src.step(ev):
		return true
	}
	r.own(nil) // nobody's callback has run
	return false
}

// Refs is the number of reasons to go on running: active handles that are ref'd, requests that have not completed and
// handles that are closing.
func (r *Reactor) Refs() int { return r.refs }

// Live is the number of connections, listeners, datagram sockets and Polls whose close callback has not run.
func (r *Reactor) Live() int { return r.slots.live + r.closing.len() }

// Pending and Closing report whether RunPending and RunClosing have something to do.
func (r *Reactor) Pending() bool { return r.pending.len() > 0 || r.round.of != nil }

// Closing is to RunClosing what Pending is to RunPending.
func (r *Reactor) Closing() bool { return r.closing.len() > 0 }

// Busy reports whether callbacks are owed that need no waiting.
func (r *Reactor) Busy() bool { return r.pending.len() > 0 || r.closing.len() > 0 }

// Owner returns the connection that the running callback belongs to; nil if it belongs to none.
func (r *Reactor) Owner() *Conn { return r.owner }

// SetOwner says whom the code that is about to run belongs to: the loop calls it around ticks, which inherit the owner
// of the turn that asked for them.
func (r *Reactor) SetOwner(c *Conn) { r.own(c) }

// own is SetOwner.
func (r *Reactor) own(c *Conn) {
	r.owner = c
	if r.sharing {
		r.show()
	}
}

// show has other goroutines see who owns what runs.
func (r *Reactor) show() {
	if r.shared.Load() != r.owner {
		r.shared.Store(r.owner)
	}
}

// ShareOwner has every owner shown to other goroutines from now on: see SharedOwner.
func (r *Reactor) ShareOwner() { r.sharing = true }

// SharedOwner is Owner for other goroutines, after ShareOwner; before that it is nil. Of the connection it returns they
// may call RemoteAddr and nothing else.
func (r *Reactor) SharedOwner() *Conn { return r.shared.Load() }

// Wake makes the current or the next Wait return. Any goroutine may call it.
func (r *Reactor) Wake() { r.k.Wake() }

// Enter and Leave say which goroutine the loop runs on, for the build tag weirdebug; they are empty without it.
func (r *Reactor) Enter() { r.guard.enter() }

// Leave ends what Enter began.
func (r *Reactor) Leave() { r.guard.leave() }

// CheckGoroutine panics, under the build tag weirdebug, if the loop runs on another goroutine than this one.
func (r *Reactor) CheckGoroutine() { r.guard.check() }

// Walk calls fn with every handle that is not closing: a *Conn, a *Listener, a *Datagram or a *Poll. fn may close them.
func (r *Reactor) Walk(fn func(handle any)) {
	r.slots.each(func(src source) { fn(src) })
}

// Close releases the poller. It returns EBUSY while Live is not 0; a second call does nothing.
// Listen, Connect and the like return ErrClosed from then on.
func (r *Reactor) Close() error {
	if r.closed {
		return nil
	}
	if r.Live() > 0 {
		return &Error{Op: "close reactor", Err: EBUSY}
	}
	r.closed = true
	r.closeIdleTubes()
	return r.k.Release()
}
