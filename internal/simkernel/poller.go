package simkernel

import (
	"syscall"
	"time"

	"github.com/weir-go/weir/reactor"
)

// condition is why somebody is woken: what may have become true of a socket. 0 stands for a change of state, which
// concerns everybody.
type condition uint8

const (
	condIn condition = 1 << iota
	condOut
	condEnded
	condHup
	condErr
)

// registration is what a poller holds for a descriptor.
type registration struct {
	k          *Kernel // nil: not registered
	last       *Kernel // where it was registered before that
	token      reactor.Token
	armed      reactor.Armed
	filters    [2]node // one for epoll; reading and writing apart for kqueue
	held       time.Duration
	unanswered int  // reports since the last call on this descriptor
	failed     bool // a change failed: what the caller thinks is armed may be wrong
}

// wake puts s on its poller's list, if what happened concerns the mask. Whether it is really ready is asked later.
func (s *socket) wake(c condition) {
	if s.foreign != nil {
		s.foreign.notify()
		return
	}
	k := s.reg.k
	if k == nil {
		return
	}
	if k.w.bsd() {
		k.wakeKqueue(s)
	} else if c == 0 || c&(epollMask(s.reg.armed)|condErr|condHup) != 0 {
		k.ready.push(&s.reg.filters[0])
	}
}

// masks are all that a descriptor can be armed with.
const masks = reactor.ArmedRead | reactor.ArmedWrite | reactor.Parked | reactor.ArmedEnd | reactor.ArmedPriority

// Pollable looks whether fd could be registered: a user may hand in anything.
func (k *Kernel) Pollable(fd int) Errno {
	w := k.begin("Pollable")
	w.calls.Pollable++
	errno := Errno(0)
	if fd < 0 || fd >= len(w.fds) || w.fds[fd] == nil {
		errno = syscall.EBADF
	} else if s := w.fds[fd]; !s.connection() && !s.listener() && s.udp == nil {
		errno = syscall.EPERM
	} else if s.reg.k != nil {
		errno = syscall.EEXIST
	}
	return k.done(opPollable, fd, errno)
}

// Idle is how long Wait has moved the clock to what came next.
func (k *Kernel) Idle() time.Duration { return k.slept }

// change applies one Change.
func (k *Kernel) change(c *reactor.Change) Errno {
	w := k.w
	o := opMod
	switch {
	case c.From == reactor.Unarmed:
		o = opAdd
		w.calls.Add++
	case c.To == reactor.Unarmed:
		o = opDel
		w.calls.Del++
	default:
		w.calls.Mod++
	}
	errno := k.applyChange(c)
	if errno != 0 {
		w.calls.ChangesFailed++
	}
	w.log.add(record{
		at: w.now, op: o, kernel: k.id, id: int32(c.FD), arg: int64(c.From), result: int64(c.To),
		sample: uint64(c.Token.Gen)<<32 | uint64(c.Token.Slot), errno: errno,
	})
	return errno
}

func (k *Kernel) applyChange(c *reactor.Change) Errno {
	w := k.w
	s := w.lookup("change of interest", c.FD)
	if s == nil {
		return syscall.EBADF
	}
	if c.From == c.To {
		w.violate("change of fd %d from %v to the same: a wasted call", c.FD, c.From)
	}
	if c.To&reactor.Parked != 0 && c.To != reactor.Parked || c.To&^masks != 0 {
		w.violate("fd %d armed with %v, which cannot be", c.FD, c.To)
		return syscall.EINVAL
	}
	if !s.connection() && !s.listener() && s.udp == nil {
		w.violate("fd %d registered: it is a %s", c.FD, s.describe())
		return syscall.EPERM
	}
	r := &s.reg
	if !r.failed && r.k != nil && r.k != k {
		w.violate("fd %d is registered with another kernel", c.FD)
	}
	if !r.failed && c.From != r.armed {
		w.violate("change of fd %d from %v, but %v is armed", c.FD, c.From, r.armed)
	}
	if c.From == reactor.Unarmed && r.k != nil && !w.bsd() {
		return syscall.EEXIST
	}
	if c.From != reactor.Unarmed && r.k == nil {
		return syscall.ENOENT
	}
	if w.random.chance(w.faults.ChangeFail) {
		r.failed = true
		return syscall.ENOMEM
	}
	if r.k != nil && r.token != c.Token {
		w.violate("change of fd %d with token %v, registered with %v", c.FD, c.Token, r.token)
	}
	if c.To == reactor.Unarmed {
		s.deregister()
		return 0
	}
	if r.k == nil {
		k.checkSlot(c.Token, s)
	}
	r.k, r.token, r.armed = k, c.Token, c.To
	r.filters[0].s, r.filters[1].s, r.filters[1].write = s, s, true
	r.held = 0
	if w.bsd() {
		k.armKqueue(s)
	} else {
		k.ready.push(&r.filters[0]) // a change always looks afresh, so an edge that was reported is reported again
	}
	return 0
}

// checkSlot finds one slot that names two descriptors.
func (k *Kernel) checkSlot(t reactor.Token, s *socket) {
	for uint32(len(k.slots)) <= t.Slot {
		k.slots = append(k.slots, nil)
	}
	if old := k.slots[t.Slot]; old != nil && old != s && old.reg.k == k && old.reg.token.Slot == t.Slot {
		k.w.violate("slot %d is given to fd %d while fd %d has it", t.Slot, s.fd, old.fd)
	}
	k.slots[t.Slot] = s
}

// bury remembers the token of a descriptor that is closed: it may come back, as a stale event. A token that was merely
// removed may not, because its owner may register it again.
func (s *socket) bury() {
	if k := s.reg.last; k != nil {
		k.gone[k.nGone%len(k.gone)] = s.reg.token
		k.nGone++
	}
}

// deregister makes the poller forget s.
func (s *socket) deregister() {
	r := &s.reg
	k := r.k
	if k == nil {
		return
	}
	k.ready.remove(&r.filters[0])
	k.ready.remove(&r.filters[1])
	r.last = k
	if k.slots[r.token.Slot] == s {
		k.slots[r.token.Slot] = nil
	}
	r.k, r.armed = nil, reactor.Unarmed
}

// Remove forgets fd at once: EPOLL_CTL_DEL.
func (k *Kernel) Remove(fd int, armed reactor.Armed) {
	w := k.begin("Remove")
	w.calls.Del++
	s := w.lookup("Remove", fd)
	var errno Errno
	if s == nil {
		errno = syscall.EBADF
	} else {
		r := &s.reg
		switch {
		case r.failed:
		case r.k != k:
			w.violate("Remove of fd %d, which is not registered here", fd)
			errno = syscall.ENOENT
		case r.armed != armed:
			w.violate("Remove of fd %d as %v, but %v is armed", fd, armed, r.armed)
		}
		s.deregister()
		r.failed = false
	}
	w.log.add(record{at: w.now, op: opDel, kernel: k.id, id: int32(fd), arg: int64(armed), errno: errno})
}

// collect fills events from the list of what may be ready.
func (k *Kernel) collect(events []reactor.Event) int {
	w := k.w
	limit := len(events)
	if limit > 1 && k.ready.len > 1 && w.random.chance(w.faults.Truncate) {
		limit = 1 + w.random.below(min(limit, k.ready.len))
	}
	n := 0
	for range k.ready.len {
		if n == limit {
			break
		}
		f := k.ready.head
		k.ready.remove(f)
		s := f.s
		r := &s.reg
		if r.held > w.now {
			k.ready.push(f)
			continue
		}
		ready, again := k.poll(f)
		if ready == 0 {
			continue
		}
		if w.random.chance(w.faults.Hold) {
			r.held = w.now + 1 + w.random.span(w.faults.HoldTime)
			w.later(s, wireNothing, r.held-w.now)
			k.ready.push(f)
			continue
		}
		events[n] = reactor.Event{Token: r.token, Ready: ready}
		n++
		if !again {
			continue // an edge: each is news, and nobody need answer it
		}
		k.ready.push(f)
		if r.unanswered++; r.unanswered == maxUnanswered {
			w.violate("spin: fd %d, armed %v, was reported %v %d times and nobody did anything about it (%s)",
				s.fd, r.armed, ready, r.unanswered, s.describe())
		}
	}
	return n
}

// poll says what f has to report now, and whether it is to be looked at again next time.
func (k *Kernel) poll(f *node) (ready reactor.Readiness, again bool) {
	if k.w.bsd() {
		return k.pollKqueue(f)
	}
	return k.pollEpoll(f)
}

// traceEvents puts a batch into the trace. The descriptor of a stale token is not known: -1.
func (k *Kernel) traceEvents(events []reactor.Event) {
	w := k.w
	for _, e := range events {
		fd := int32(-1)
		if int(e.Token.Slot) < len(k.slots) {
			if s := k.slots[e.Token.Slot]; s != nil && s.reg.token == e.Token {
				fd = int32(s.fd)
			}
		}
		w.log.add(record{
			at: w.now, op: opEvent, kernel: k.id, id: fd, arg: int64(e.Ready),
			sample: uint64(e.Token.Gen)<<32 | uint64(e.Token.Slot), errno: e.Err,
		})
	}
	w.calls.Events += len(events)
}

// Wake makes the current or the next Wait return. It is the one method for other goroutines.
func (k *Kernel) Wake() {
	k.wakes.Add(1)
	k.woken.Store(true)
}

// Release ends the kernel's life.
func (k *Kernel) Release() error {
	w := k.begin("Release")
	for _, s := range w.fds {
		if s != nil && s.reg.k == k {
			s.deregister()
		}
	}
	k.released = true
	return nil
}
