package loop

import (
	"fmt"
	"math"
	"time"

	"github.com/weir-go/weir/reactor"
)

// Timer calls a function after a time, once or again and again. It is never early by the loop's Now, which stands still
// during a callback: after long work, call UpdateTime before Start. Timers due at the same time run in the order they were
// started.
type Timer struct {
	handle
	cb     func()
	due    time.Duration // on the loop's clock
	order  uint64        // of starting: decides between equal times
	repeat time.Duration
	index  int32 // in the heap; -1 while it is not there
	ready  bool
}

// NewTimer returns a timer that has not been started. It panics after Loop.Close.
func (l *Loop) NewTimer() *Timer {
	t := &Timer{index: -1}
	t.init(l, t)
	return t
}

// initQuiet makes t a timer of the loop's own: no handle, so that Walk does not come upon it, and no reason to go on
// running. It need not be closed.
func (t *Timer) initQuiet(l *Loop) {
	t.l, t.self, t.unref, t.index = l, t, true, -1
}

// startQuiet starts one of those, to run once. Its time counts from the clock: long work, or what came before Run, may
// have left the loop's Now behind, and whoever gave a limit did not mean that.
func (t *Timer) startQuiet(cb func(), timeout time.Duration) {
	late := t.l.r.Kernel().Monotonic() - t.l.now
	_ = t.Start(cb, late+min(timeout, math.MaxInt64-late), 0) // it has a callback, and is never closed
}

// Start calls cb after timeout and, if repeat is not 0, every repeat from then on. The time counts from the loop's Now.
// A timer that runs starts anew. One started with 0 by a timer's callback runs in the next iteration, not in this pass.
// Negative times count as 0, and times past the end of the clock as its end. It returns EINVAL without a callback and
// after Close.
func (t *Timer) Start(cb func(), timeout, repeat time.Duration) error {
	if t.closing {
		return closedError("timer start")
	}
	if cb == nil {
		return fmt.Errorf("loop: timer start without a callback: %w", reactor.EINVAL)
	}
	t.cb = cb
	t.repeat = max(0, repeat)
	t.arm(timeout)
	return nil
}

// arm starts the timer, or starts it anew where it is.
func (t *Timer) arm(timeout time.Duration) {
	now := t.l.now
	t.due = now + min(max(0, timeout), math.MaxInt64-now)
	t.l.timers.place(t)
	t.setActive(true)
}

// Stop stops the timer: it will not be called until it is started again.
func (t *Timer) Stop() {
	t.l.timers.remove(t)
	t.setActive(false)
}

// Again starts a repeating timer anew, with its repeat as the timeout; one that does not repeat is left alone. It
// returns EINVAL if the timer was never started, and after Close.
func (t *Timer) Again() error {
	if t.closing {
		return closedError("timer again")
	}
	if t.cb == nil {
		return fmt.Errorf("loop: timer again before start: %w", reactor.EINVAL)
	}
	if t.repeat > 0 {
		t.arm(t.repeat)
	}
	return nil
}

// SetRepeat changes the repeat; it counts from the next expiry on.
func (t *Timer) SetRepeat(repeat time.Duration) { t.repeat = max(0, repeat) }

// Repeat is the repeat; 0 for a timer that runs once.
func (t *Timer) Repeat() time.Duration { return t.repeat }

// DueIn is how long it is until the timer runs, by the loop's Now; 0 if it is due or not started.
func (t *Timer) DueIn() time.Duration {
	if !t.active {
		return 0
	}
	return max(0, t.due-t.l.now)
}

// Close stops the timer for good: see Handle.
func (t *Timer) Close(done func()) {
	t.l.timers.remove(t)
	t.beginClose(done)
}

// timers are the timers that run: those that wait in a heap, and those of the pass under way in a list.
type timers struct {
	heap    timerHeap
	started uint64
	ready   []*Timer // due when the pass began
	next    int      // how far the pass is
	passing bool     // it is under way: it goes on where it was, if a callback panicked
}

// place has t wait until its due, wherever it was before.
func (ts *timers) place(t *Timer) {
	ts.started++
	t.order = ts.started
	t.ready = false // a pass under way skips it
	if t.index < 0 {
		ts.heap.push(t)
	} else {
		ts.heap.fix(t)
	}
}

func (ts *timers) remove(t *Timer) {
	if t.index >= 0 {
		ts.heap.remove(t)
	}
	t.ready = false // a pass under way skips it
}

// any reports whether the phase may have anything to do.
func (ts *timers) any() bool { return ts.passing || len(ts.heap) > 0 }

// earliest is when the next timer is due; ok is false if there is none.
func (ts *timers) earliest() (due time.Duration, ok bool) {
	if ts.passing {
		return 0, true // a callback has left its pass, and Run, by a panic or Goexit
	}
	if len(ts.heap) == 0 {
		return 0, false
	}
	return ts.heap[0].due, true
}

// runTimers runs the timers that are due. They are collected first, so that one started by a callback, with 0 or with
// a time that has passed by then, waits for the next iteration (libuv issue 4245).
func (l *Loop) runTimers() {
	ts := &l.timers
	if !ts.passing {
		ts.passing = true
		for len(ts.heap) > 0 && ts.heap[0].due <= l.now {
			t := ts.heap[0].t
			ts.heap.remove(t)
			t.ready = true
			ts.ready = append(ts.ready, t)
		}
	}
	for ts.next < len(ts.ready) {
		t := ts.ready[ts.next]
		ts.ready[ts.next] = nil
		ts.next++
		if !t.ready {
			continue
		}
		t.ready = false
		if t.repeat > 0 {
			t.arm(t.repeat)
		} else {
			t.setActive(false)
		}
		t.cb()
		l.EndTurn()
	}
	if ts.ready, ts.next, ts.passing = ts.ready[:0], 0, false; cap(ts.ready) > maxKept {
		ts.ready = nil
	}
}
