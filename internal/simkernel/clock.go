package simkernel

import "time"

// never is a moment that doesn't come.
const never = time.Duration(1<<63 - 1)

// event is something that happens at a moment of virtual time: a thing on the wire that arrives, or a script's turn.
type event struct {
	at   time.Duration
	seq  uint64 // ties happen in the order they were scheduled
	kind wireKind
	s    *socket // who sent it
	n    int     // bytes of a segment
	pkt  *packet // a datagram
	fn   func()  // a script
}

func (e *event) before(o *event) bool {
	return e.at < o.at || e.at == o.at && e.seq < o.seq
}

// agenda is a binary heap of events, earliest first. It is written out because container/heap would box each event.
type agenda []event

func (a agenda) next() time.Duration {
	if len(a) == 0 {
		return never
	}
	return a[0].at
}

func (a *agenda) push(e event) {
	h := append(*a, e)
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !h[i].before(&h[parent]) {
			break
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
	*a = h
}

func (a *agenda) pop() event {
	h := *a
	top := h[0]
	last := len(h) - 1
	h[0] = h[last]
	h[last] = event{}
	h = h[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && h[child+1].before(&h[child]) {
			child++
		}
		if !h[child].before(&h[i]) {
			break
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
	*a = h
	return top
}

// Now is the virtual time since the world began.
func (w *World) Now() time.Duration { return w.now }

// At runs fn inside a Wait (or Advance) once the clock has reached t. It stands for the world outside: a peer's next
// move, or a test's. What is scheduled for one moment runs in the order it was scheduled.
func (w *World) At(t time.Duration, fn func()) {
	w.seq++
	w.scripts.push(event{at: max(t, w.now), seq: w.seq, fn: fn})
}

// After is At, counted from now.
func (w *World) After(d time.Duration, fn func()) { w.At(w.now+max(d, 0), fn) }

// Advance moves the clock by d and lets happen what is due on the way.
func (w *World) Advance(d time.Duration) {
	w.advanceTo(w.now + d)
}

func (w *World) advanceTo(t time.Duration) {
	for {
		w.runDue()
		next := min(w.wire.next(), w.scripts.next())
		if next > t {
			break
		}
		w.now = next
	}
	w.now = max(w.now, t)
	w.runDue()
}

// runDue lets everything happen whose moment has come, scripts included.
func (w *World) runDue() {
	for {
		switch {
		case w.scripts.next() <= w.now && (w.wire.next() > w.now || w.scripts[0].before(&w.wire[0])):
			e := w.scripts.pop()
			e.fn()
		case w.wire.next() <= w.now:
			w.happen(w.wire.pop())
		default:
			return
		}
	}
}

// spend is the beginning of every system call: it takes a moment, and the network doesn't wait for it.
func (w *World) spend() {
	w.now += w.opts.CallCost
	for w.wire.next() <= w.now {
		w.happen(w.wire.pop())
	}
}
