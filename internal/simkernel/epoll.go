package simkernel

import "github.com/weir-go/weir/reactor"

// epollMask is the set of conditions a mask asks for. EPOLLERR and EPOLLHUP need not be asked for.
func epollMask(a reactor.Armed) condition {
	var m condition
	if a&reactor.ArmedRead != 0 {
		m |= condIn | condEnded // EPOLLIN | EPOLLRDHUP
	}
	if a&reactor.ArmedWrite != 0 {
		m |= condOut // EPOLLOUT
	}
	if a&reactor.ArmedEnd != 0 {
		m |= condEnded // EPOLLRDHUP; no socket here has urgent data, so EPOLLPRI asks for nothing
	}
	if a&reactor.Parked != 0 {
		m |= condEnded // EPOLLRDHUP | EPOLLET
	}
	return m
}

// pollEpoll reports what is true and asked for. Level-triggered items are looked at again, edge-triggered ones (only
// Parked is one) when something happens to them.
func (k *Kernel) pollEpoll(f *node) (ready reactor.Readiness, again bool) {
	s := f.s
	c := s.conditions() & (epollMask(s.reg.armed) | condErr | condHup)
	if c&condIn != 0 {
		ready |= reactor.CanRead
	}
	if c&condOut != 0 {
		ready |= reactor.CanWrite
	}
	if c&condEnded != 0 {
		ready |= reactor.Ended
	}
	if c&(condErr|condHup) != 0 {
		ready |= reactor.HungUp
	}
	if c&condErr != 0 {
		ready |= reactor.Failed
	}
	return ready, s.reg.armed&reactor.Parked == 0
}

// conditions is tcp_poll and unix_poll.
func (s *socket) conditions() condition {
	if s.listener() {
		if len(s.ln.queue) > 0 {
			return condIn
		}
		return 0
	}
	var c condition
	if s.err != 0 {
		c |= condErr
	}
	if s.rcvShut && s.sndShut || s.dead {
		c |= condHup
	}
	if s.rcvShut {
		c |= condIn | condEnded
	}
	if s.udp != nil && len(s.udp.errors) > 0 {
		c |= condErr
	}
	if s.udp == nil && s.state == stateConnecting && !s.dead {
		return c
	}
	if s.unread() > 0 {
		c |= condIn
	}
	switch {
	case s.kind == kindTCP && s.sndShut, s.writable():
		c |= condOut
	default:
		s.nospace = true
	}
	return c
}
