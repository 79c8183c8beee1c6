package simkernel

import "github.com/weir-go/weir/reactor"

// A kqueue has two filters for a descriptor, each with a life of its own. Parked is the read filter with EV_CLEAR and a
// low-water mark nothing reaches: it fires for the end of input and for errors, once each time something happens. So is
// ArmedEnd without ArmedRead.

// wakeKqueue queues the filters that are true, as knote does.
func (k *Kernel) wakeKqueue(s *socket) {
	for i := range s.reg.filters {
		f := &s.reg.filters[i]
		if ready, _ := k.pollKqueue(f); ready != 0 {
			k.ready.push(f)
		}
	}
}

// armKqueue is EV_ADD, and EV_DELETE of the filter that is not asked for any more.
func (k *Kernel) armKqueue(s *socket) {
	for i := range s.reg.filters {
		f := &s.reg.filters[i]
		if ready, _ := k.pollKqueue(f); ready != 0 {
			k.ready.push(f)
		} else {
			k.ready.remove(f)
		}
	}
}

// pollKqueue is filt_soread and filt_sowrite.
func (k *Kernel) pollKqueue(f *node) (ready reactor.Readiness, again bool) {
	s, armed := f.s, f.s.reg.armed
	if f.write {
		if armed&reactor.ArmedWrite == 0 {
			return 0, false
		}
		switch {
		case s.listener():
			return 0, false
		case s.sndShut, s.err != 0: // EV_EOF: nothing will ever be sent again
			return reactor.CanWrite | s.hung(), true
		case s.udp == nil && s.state == stateConnecting:
			return 0, false
		case s.writable():
			return reactor.CanWrite, true
		}
		s.nospace = true
		return 0, false
	}
	level := armed&reactor.ArmedRead != 0
	if !level && armed&(reactor.Parked|reactor.ArmedEnd) == 0 {
		return 0, false
	}
	switch {
	case s.listener():
		if len(s.ln.queue) > 0 {
			ready = reactor.CanRead
		}
	case s.rcvShut: // EV_EOF, perhaps with bytes before it
		ready = reactor.CanRead | reactor.Ended | s.hung()
	case s.err != 0:
		ready = reactor.CanRead | s.hung()
	case s.unread() > 0 && level:
		ready = reactor.CanRead
	}
	return ready, level
}

// hung is EV_EOF with an error in fflags.
func (s *socket) hung() reactor.Readiness {
	if s.err != 0 || s.rcvShut && s.sndShut {
		return reactor.HungUp
	}
	return 0
}
