package weirtest

import (
	"slices"
	"time"
)

// maxSteps is how many iterations of the loops one call of the test may take: enough for a gigabyte in pieces of 16 KiB. What is not at
// rest then never will be. Tests of this package change it.
var maxSteps = 100_000

// script is something that the test has planned.
type script struct {
	at time.Duration
	fn func()
}

// Now is the virtual time since the World was made.
func (w *World) Now() time.Duration { return w.sim.Now() }

// After has fn called when so much virtual time has passed, between two iterations of the loops. It may do all that a test may, but
// wait. Only who lets time pass comes there: Advance, and what waits for something.
func (w *World) After(d time.Duration, fn func()) {
	at := w.Now() + max(d, 0)
	i, _ := slices.BinarySearchFunc(w.scripts, at+1, func(s script, t time.Duration) int { return int(s.at - t) })
	w.scripts = slices.Insert(w.scripts, i, script{at, fn})
}

// Do runs fn on the first loop, as something that has come from outside: in a turn of its own. Then it is Run.
func (w *World) Do(fn func()) {
	w.t.Helper()
	if err := w.Loop().Post(fn); err != nil {
		w.t.Fatalf("weirtest: %v", err)
	}
	w.Run()
}

// Run lets happen what is under way: bytes that travel, work off the loops, and all that is done about them. It does not wait for
// timers and deadlines. Inside a callback it does nothing: the call that has led there goes on anyway.
func (w *World) Run() {
	w.t.Helper()
	if w.running || w.wild {
		return
	}
	w.running = true
	defer func() { w.running = false }()
	for steps := 0; ; {
		if !w.settle(&steps) {
			return
		}
		at, ok := w.sim.Next()
		if !ok {
			break
		}
		w.sim.AdvanceTo(at)
	}
	w.heap.look(w.t)
}

// Advance lets virtual time pass. Timers, deadlines and what After has planned run at their times.
func (w *World) Advance(d time.Duration) {
	w.t.Helper()
	w.until(d, func() bool { return false })
}

// until is Advance that stops when cond holds, and reports whether it does.
func (w *World) until(d time.Duration, cond func() bool) bool {
	w.t.Helper()
	if w.running {
		w.t.Fatal("weirtest: a callback can't wait: it is what others wait for")
	}
	if w.wild {
		return false
	}
	w.running = true
	defer func() { w.running = false }()
	end := w.Now() + d
	for steps := 0; ; {
		if !w.settle(&steps) {
			return false
		}
		if cond() {
			return true
		}
		if w.Now() >= end && !w.due() {
			w.heap.look(w.t)
			return false
		}
		w.sim.AdvanceTo(min(end, max(w.Now(), w.next())))
		for len(w.scripts) > 0 && w.scripts[0].at <= w.Now() {
			s := w.scripts[0]
			w.scripts = slices.Delete(w.scripts, 0, 1)
			s.fn()
		}
	}
}

// due reports whether something happens at this very moment.
func (w *World) due() bool { return w.next() <= w.Now() }

// never is a moment that does not come.
const never = time.Duration(1<<63 - 1)

// next is the moment when something happens next.
func (w *World) next() time.Duration {
	next := never
	if at, ok := w.sim.Next(); ok {
		next = at
	}
	if len(w.scripts) > 0 {
		next = min(next, w.scripts[0].at)
	}
	for i := range w.g.Len() {
		if l := w.g.Loop(i); l.Alive() {
			if d := l.PollTimeout(); d >= 0 {
				next = min(next, w.Now()+d)
			}
		}
	}
	return next
}

// settle runs the loops until none of them has anything to do at this moment. It reports false, and has the test fail, if that does not
// come.
func (w *World) settle(steps *int) bool {
	w.t.Helper()
	for first := true; ; first = false {
		busy := false
		for i := range w.g.Len() {
			l, k := w.g.Loop(i), w.kernels[i]
			if !l.Alive() || !first && !k.Pending() && l.PollTimeout() != 0 {
				continue
			}
			k.Attend()
			if _, err := l.RunNoWait(); err != nil {
				w.t.Errorf("weirtest: %v", err)
				w.wild = true
				return false
			}
			busy = true
			if *steps++; *steps > maxSteps {
				w.t.Errorf("weirtest: nothing comes to rest in %d iterations: a callback always causes the next, or somebody reads without end", maxSteps)
				w.wild = true
				return false
			}
		}
		if !busy {
			return true
		}
	}
}
