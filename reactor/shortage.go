package reactor

import (
	"syscall"
	"time"
)

const (
	// restMin and restMax bound how long a listener waits for a shortage to pass.
	restMin = 10 * time.Millisecond
	restMax = time.Second
	// shedMost is how many of those who wait are turned away at the start of a rest: enough to tell a crowd, few
	// enough not to hold up the connections that are here.
	shedMost = 64
)

// rest is a listener's pause for as long as there is no descriptor or no memory to accept with.
type rest struct {
	on    bool
	delay time.Duration // of the last rest; 0 after a success
	until time.Duration // on the monotonic clock
}

// passing reports whether errno, from accept, is about that one connection or the moment only (accept(2) on Linux
// passes pending network errors of the new connection on).
func passing(errno Errno) bool {
	switch errno {
	case EINTR, ECONNABORTED, syscall.EPROTO, syscall.ENETDOWN, syscall.ENOPROTOOPT, syscall.EHOSTDOWN,
		syscall.EHOSTUNREACH, syscall.ENETUNREACH, ETIMEDOUT:
		return true
	}
	return false
}

// shortage deals with an accept that could not succeed. It reports whether a callback ran.
func (l *Listener) shortage(errno Errno) bool {
	switch errno {
	case EMFILE, ENFILE:
		if l.r.closeIdleTubes() {
			return false // that was what was missing, if nobody else was quicker: it is reported again
		}
		l.shed()
	case EPERM, syscall.EOPNOTSUPP: // of one connection, or a rule that lasts: accepting at once again might spin
	case ENOBUFS, ENOMEM, syscall.ENOSPC: // the last from epoll_ctl, at the user's limit of watches
	default:
		return l.giveUp(errno)
	}
	l.rest.begin(l)
	return l.tell(errno)
}

// giveUp ends the work of a listener whose descriptor is broken. It stays until it is closed.
func (l *Listener) giveUp(errno Errno) bool {
	l.paused = true
	l.setWant(0)
	return l.tell(errno)
}

func (l *Listener) tell(errno Errno) bool {
	if l.onError == nil {
		return false
	}
	l.onError(&Error{Op: "accept", Err: errno})
	return true
}

// shed gives up the reserve to turn some of those who wait away. Another thread may take the descriptor meanwhile;
// then there is nothing to accept with, and only the rest is left.
func (l *Listener) shed() {
	r := l.r
	if !l.dropReserve() {
		return
	}
	for range shedMost {
		fd, _, errno := r.k.Accept(int(l.fd))
		if errno == 0 {
			r.k.Close(fd)
			r.stats.Shed++
		} else if !passing(errno) {
			break
		}
	}
	l.refill()
}

// dropReserve gives the reserve back and reports whether there was one.
func (l *Listener) dropReserve() bool {
	if l.reserve < 0 {
		return false
	}
	l.r.k.Close(l.reserve)
	l.reserve = -1
	return true
}

// refill takes a new reserve, if there is none: after shedding, so that the next rest can shed too, and when nobody
// waits.
func (l *Listener) refill() {
	if l.reserve >= 0 {
		return
	}
	if fd, errno := l.r.k.Reserve(); errno == 0 {
		l.reserve = fd
	}
}

func (s *rest) begin(l *Listener) {
	s.delay = min(max(2*s.delay, restMin), restMax)
	s.until = l.r.k.Monotonic() + s.delay
	if !s.on { // it may rest already, and the kernel have refused to be told so
		s.on = true
		l.r.resting = append(l.r.resting, l)
	}
	l.applyPause()
	l.squelch() // the queue is not empty, so it would be reported at once
}

func (s *rest) end(l *Listener) {
	if !s.on {
		return
	}
	s.on = false
	rs := l.r.resting
	for i := range rs {
		if rs[i] == l {
			rs[i] = rs[len(rs)-1]
			rs[len(rs)-1] = nil
			l.r.resting = rs[:len(rs)-1]
			break
		}
	}
	l.applyPause()
}

// RestEnd is when a listener's rest ends, on the kernel's monotonic clock: the loop waits no longer than that, and
// then calls EndRests. ok is false while none is resting.
func (r *Reactor) RestEnd() (at time.Duration, ok bool) {
	for _, l := range r.resting {
		if !ok || l.rest.until < at {
			at, ok = l.rest.until, true
		}
	}
	return at, ok
}

// EndRests lets the listeners whose rest is over at time now try again. It calls no callbacks.
func (r *Reactor) EndRests(now time.Duration) {
	for i := len(r.resting) - 1; i >= 0; i-- {
		if l := r.resting[i]; l.rest.until <= now {
			l.rest.end(l)
		}
	}
}

// descriptorFreed lets one resting listener try at once: somebody else in the process may be quicker, then it rests on.
func (r *Reactor) descriptorFreed() {
	if n := len(r.resting); n > 0 {
		l := r.resting[n-1]
		l.rest.end(l)
	}
}
