package simkernel

import (
	"syscall"
	"time"
)

// segment is the size below which a sender waits for more window rather than sending crumbs.
const segment = 1460

// wireKind is what travels between two sockets.
type wireKind uint8

const (
	wireSegment wireKind = iota
	wireFin
	wireReset
	wireSyn
	wireRefused     // the answer to a SYN nobody wanted
	wireUnreachable // no answer to a SYN will ever come, and we know
	wireEstablished // the answer to a SYN
	wireQueued      // the last word of the handshake
	wireNothing     // a moment at which Wait shall look again
	wireDatagram
	wireDatagramError // what the network says of one
)

// send puts something of s's on the wire, behind everything of s's that is there already. Without latency it arrives
// before the call returns.
func (w *World) send(s *socket, kind wireKind, n int) {
	f := &s.out
	at := max(w.now+w.delay(), f.last)
	f.last = at
	f.onWire++
	w.seq++
	e := event{at: at, seq: w.seq, kind: kind, s: s, n: n}
	if at <= w.now && f.onWire == 1 {
		w.happen(e)
		return
	}
	w.wire.push(e)
}

// later schedules something of s's that has no place among its segments.
func (w *World) later(s *socket, kind wireKind, d time.Duration) {
	w.seq++
	w.wire.push(event{at: w.now + d, seq: w.seq, kind: kind, s: s})
}

// happen is the network's one dispatcher.
func (w *World) happen(e event) {
	s := e.s
	switch e.kind {
	case wireSegment:
		s.out.onWire--
		w.segmentArrives(s, e.n)
	case wireFin:
		s.out.onWire--
		w.finArrives(s)
	case wireReset:
		s.out.onWire--
		w.note(opReset, s, 0)
		s.peer.reset()
	case wireQueued:
		s.out.onWire--
		w.queued(s)
	case wireSyn:
		w.synArrives(s)
	case wireRefused:
		w.note(opRefused, s, 0)
		s.reset()
	case wireUnreachable:
		w.note(opRefused, s, 0)
		s.fail(syscall.Errno(e.n))
	case wireEstablished:
		w.established(s)
	case wireNothing:
	case wireDatagram:
		w.arrive(s, *e.pkt)
	case wireDatagramError:
		w.tell(s, *e.pkt, Errno(e.n), 0)
	}
}

// note puts something that happens outside our process into the trace.
func (w *World) note(o op, s *socket, n int) {
	w.log.add(record{at: w.now, op: o, id: s.id, arg: int64(n), kernel: -1})
}

// pump puts on the wire what the peer's window takes.
func (s *socket) pump() {
	w, f := s.w, &s.out
	if s.kind != kindTCP || s.state != stateConnected || f.fin >= finFlying {
		return
	}
	for !s.dead {
		unsent := f.unsent()
		if unsent == 0 {
			break
		}
		window := s.peer.rcvbuf - f.arrived - f.flying
		n := min(unsent, window)
		if n < min(unsent, segment, s.peer.rcvbuf/2) && !s.peer.exact || n <= 0 {
			return
		}
		if n > 1 && w.random.chance(w.faults.Dribble) {
			n = 1 + w.random.below(min(n, segment))
		}
		f.flying += n
		w.send(s, wireSegment, n)
	}
	if f.fin == finQueued && !s.dead {
		f.fin = finFlying
		w.send(s, wireFin, 0)
	}
}

func (w *World) segmentArrives(s *socket, n int) {
	p := s.peer
	w.note(opSegment, s, n)
	switch {
	case !p.dead && w.random.chance(w.faults.Reset):
		// Something in the middle has lost its mind, or its state, and tells both ends so.
		s.out.lose(n)
		p.reset()
		s.reset()
	case p.dead:
		s.out.lose(n)
		if !s.dead {
			w.send(p, wireReset, 0)
		}
	case p.closed:
		// Data for a closed socket is answered with a reset, and so ends what it may still have had to send.
		s.out.lose(n)
		p.abort()
	default:
		s.out.land(n)
		p.wake(condIn)
		if s.nospace && s.writable() {
			s.nospace = false
			s.wake(condOut)
		}
	}
}

func (w *World) finArrives(s *socket) {
	p := s.peer
	w.note(opFin, s, 0)
	s.out.fin = finArrived
	if p.dead {
		return
	}
	p.sawFin, p.rcvShut = true, true
	if p.out.fin == finArrived {
		s.dead, p.dead = true, true
		s.wake(0)
	}
	p.wake(0)
}

// reset is what a reset does to the socket that receives it. What had arrived stays readable.
func (s *socket) reset() {
	if s.dead {
		return
	}
	switch {
	case s.state == stateConnecting:
		s.fail(syscall.ECONNREFUSED)
	case s.sawFin && !s.sndShut && !s.w.bsd():
		s.fail(syscall.EPIPE) // Linux, CLOSE_WAIT: reading has ended well, so it is the writer's error
	default:
		s.fail(syscall.ECONNRESET)
	}
}

// fail ends a socket with an error that is reported once.
func (s *socket) fail(err Errno) {
	s.err = err
	s.dead, s.rcvShut, s.sndShut = true, true, true
	s.out.purge()
	s.wake(0)
}

// abort sends a reset and forgets the connection.
func (s *socket) abort() {
	if s.dead {
		return
	}
	s.dead, s.rcvShut, s.sndShut = true, true, true
	s.out.purge()
	s.w.send(s, wireReset, 0)
}

func (s *socket) closeTCP() {
	switch {
	case s.dead:
	case s.state == stateConnecting:
		s.dead = true
		if s.peer != nil {
			s.peer.dead = true // a half-open connection that nobody has seen
		}
	case s.linger0 || s.unread() > 0:
		s.abort()
	case !s.sndShut:
		s.sndShut = true
		s.out.fin = finQueued
		s.pump()
	}
	s.drain()
}

// drain gives the storage of unread bytes back: nobody will read them.
func (s *socket) drain() {
	if s.peer == nil {
		return
	}
	f := &s.peer.out
	if f.arrived > 0 && f.held() == 0 {
		s.w.recycle(f.buf)
		f.buf, f.off, f.arrived = nil, 0, 0
	}
}
