package simkernel

import "time"

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
	w.AdvanceTo(w.now + d)
}

// AdvanceTo is Advance to a moment, or what is due now if that has passed.
func (w *World) AdvanceTo(t time.Duration) {
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
