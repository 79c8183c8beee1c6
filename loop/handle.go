package loop

import (
	"fmt"

	"github.com/weir-go/weir/reactor"
)

// Handle is what every long-lived thing of a loop can do, the reactor's connections, listeners, datagram sockets and Polls
// included. It is active while it waits for something (a timer that was started, a connection that reads), and an active handle with a
// ref keeps Run going. Close ends it: done, which may be nil, is called in the closing phase, once, and then nothing
// more.
type Handle interface {
	Active() bool
	Closing() bool
	Ref()
	Unref()
	HasRef() bool
	Close(done func())
}

var (
	_ Handle = (*reactor.Conn)(nil)
	_ Handle = (*reactor.Listener)(nil)
	_ Handle = (*reactor.Datagram)(nil)
	_ Handle = (*reactor.Poll)(nil)
	_ Handle = (*Timer)(nil)
	_ Handle = (*Async)(nil)
	_ Handle = (*Signal)(nil)
	_ Handle = (*Idle)(nil)
	_ Handle = (*Prepare)(nil)
	_ Handle = (*Check)(nil)
)

// handle is the part of their life that the loop's own handles share. What is used most stands last, beside what the
// handle itself uses most: with very many timers the cost is in the cache lines.
type handle struct {
	self    Handle
	done    func()
	prev    *handle // in l's list of all, for Walk
	next    *handle
	l       *Loop
	active  bool
	closing bool
	unref   bool
}

func (h *handle) init(l *Loop, self Handle) {
	l.r.CheckGoroutine()
	if l.closed {
		panic("loop: a handle for a closed loop")
	}
	h.l, h.self = l, self
	l.handles++
	l.link(h)
}

// Active reports whether the handle waits for something.
func (h *handle) Active() bool { return h.active }

// Closing reports whether Close was called; it stays true afterwards.
func (h *handle) Closing() bool { return h.closing }

// Ref lets the handle keep the loop running while it is active; that is the default.
func (h *handle) Ref() { h.setUnref(false) }

// Unref stops it from doing so.
func (h *handle) Unref() { h.setUnref(true) }

// HasRef reports which of the two holds.
func (h *handle) HasRef() bool { return !h.unref }

func (h *handle) setUnref(unref bool) {
	active := h.active
	h.setActive(false)
	h.unref = unref
	h.setActive(active)
}

// setActive starts or ends the handle's waiting, and counts it. It is small enough to be inlined.
func (h *handle) setActive(on bool) {
	h.l.r.CheckGoroutine()
	if h.active != on {
		h.countActive(on)
	}
}

func (h *handle) countActive(on bool) {
	h.active = on
	switch {
	case h.unref:
	case on:
		h.l.refs++
	default:
		h.l.refs--
	}
}

// beginClose marks the handle and has the closing phase call done. It reports whether this was the first call.
func (h *handle) beginClose(done func()) bool {
	if h.closing {
		return false
	}
	h.setActive(false)
	h.closing, h.done = true, done
	h.l.unlink(h)
	h.l.done.push(h)
	return true
}

// closings are the handles whose close callback is owed.
type closings struct {
	items []*handle
	next  int // of those the phase under way deals with
	batch int
}

func (c *closings) push(h *handle) { c.items = append(c.items, h) }

func (c *closings) pending() bool { return len(c.items) > 0 }

// runClosings calls the close callbacks owed when it began; a handle closed by one of them waits for the next iteration.
func (l *Loop) runClosings() {
	c := &l.done
	if c.batch == 0 {
		c.batch = len(c.items)
	}
	for c.next < c.batch {
		h := c.items[c.next]
		c.items[c.next] = nil
		c.next++
		h.prev, h.next = nil, nil // a Walk may have held on to them until now
		l.handles--
		if h.done != nil {
			h.done()
			l.EndTurn()
		}
	}
	n := copy(c.items, c.items[c.batch:])
	clear(c.items[n:])
	if c.items, c.next, c.batch = c.items[:n], 0, 0; n == 0 && cap(c.items) > maxKept {
		c.items = nil
	}
}

// closedError is what using a handle after Close returns.
func closedError(op string) error { return fmt.Errorf("loop: %s: %w", op, reactor.EINVAL) }

// Walk calls fn with every handle that is not closing: timers and the like in the order they were made, then connections,
// listeners, datagram sockets and Polls. fn may close any of them.
func (l *Loop) Walk(fn func(Handle)) {
	l.r.CheckGoroutine()
	for h := l.first; h != nil; h = h.next { // a handle that fn closes still knows the way on
		if !h.closing {
			fn(h.self)
		}
	}
	l.r.Walk(func(x any) {
		if h, ok := x.(Handle); ok {
			fn(h)
		}
	})
}

func (l *Loop) link(h *handle) {
	h.prev = l.last
	if l.last == nil {
		l.first = h
	} else {
		l.last.next = h
	}
	l.last = h
}

func (l *Loop) unlink(h *handle) {
	if h.prev == nil {
		l.first = h.next
	} else {
		h.prev.next = h.next
	}
	if h.next == nil {
		l.last = h.prev
	} else {
		h.next.prev = h.prev
	}
}
