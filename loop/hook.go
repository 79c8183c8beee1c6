package loop

import (
	"fmt"
	"slices"

	"github.com/weir-go/weir/reactor"
)

// Idle, Prepare and Check run a function once in every iteration, each in its phase: Idle and then Prepare before the
// loop waits, Check after it has. While an Idle is active the loop does not wait at all.
type (
	// Idle runs before Prepare, and keeps the loop from waiting.
	Idle struct{ hook }
	// Prepare runs right before the loop waits.
	Prepare struct{ hook }
	// Check runs right after the poll phase.
	Check struct{ hook }
)

// NewIdle returns an Idle that has not been started. It panics after Loop.Close.
func (l *Loop) NewIdle() *Idle {
	h := &Idle{hook{list: &l.idle}}
	h.init(l, h)
	return h
}

// NewPrepare returns a Prepare that has not been started. It panics after Loop.Close.
func (l *Loop) NewPrepare() *Prepare {
	h := &Prepare{hook{list: &l.prep}}
	h.init(l, h)
	return h
}

// NewCheck returns a Check that has not been started. It panics after Loop.Close.
func (l *Loop) NewCheck() *Check {
	h := &Check{hook{list: &l.check}}
	h.init(l, h)
	return h
}

// hook is what the three have in common.
type hook struct {
	handle
	list *hooks
	cb   func()
}

// Start has cb called in every iteration from now on; one started in its own phase begins in the next iteration. On
// one that runs it does nothing. It returns EINVAL without a callback and after Close.
func (h *hook) Start(cb func()) error {
	if h.closing {
		return closedError("start")
	}
	if cb == nil {
		return fmt.Errorf("loop: start without a callback: %w", reactor.EINVAL)
	}
	if !h.active {
		h.cb = cb
		h.setActive(true)
		h.list.add(h)
	}
	return nil
}

// Stop ends the calls, this iteration's too if it has not come yet.
func (h *hook) Stop() {
	if h.active {
		h.setActive(false)
		h.list.drop(h)
	}
}

// Close stops it for good: see Handle.
func (h *hook) Close(done func()) {
	h.Stop()
	h.beginClose(done)
}

// hooks are the started hooks of one phase, in the order of starting.
type hooks struct {
	items  []*hook // nil where one was stopped during the phase
	active int
	next   int // how far the phase is
	last   int // where it ends: what was started during it waits; 0 while it is not under way
}

// any reports whether the phase has anything to do.
func (hs *hooks) any() bool { return len(hs.items) > 0 }

func (hs *hooks) add(h *hook) {
	hs.items = append(hs.items, h)
	hs.active++
}

func (hs *hooks) drop(h *hook) {
	hs.active--
	i := slices.Index(hs.items, h)
	if hs.last == 0 {
		hs.items = slices.Delete(hs.items, i, i+1)
	} else {
		hs.items[i] = nil // the phase counts on the places
	}
}

func (l *Loop) runIdle()    { l.runHooks(&l.idle) }
func (l *Loop) runPrepare() { l.runHooks(&l.prep) }
func (l *Loop) runCheck()   { l.runHooks(&l.check) }

func (l *Loop) runHooks(hs *hooks) {
	if hs.last == 0 {
		hs.last = len(hs.items)
	}
	for hs.next < hs.last {
		h := hs.items[hs.next]
		hs.next++
		if h == nil {
			continue
		}
		h.cb()
		l.EndTurn()
	}
	hs.items = slices.DeleteFunc(hs.items, func(h *hook) bool { return h == nil })
	hs.next, hs.last = 0, 0
}
