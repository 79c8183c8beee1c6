package simkernel

import (
	"net/netip"
	"syscall"
	"time"
)

// packet is a datagram on the wire or in a queue.
type packet struct {
	from, to netip.AddrPort
	data     []byte
}

// launch puts a datagram on the wire. Nothing keeps one from overtaking another there.
func (w *World) launch(s *socket, p packet) {
	f := &w.faults
	switch fate, routed := w.fate(p.to); {
	case w.random.chance(f.Drop), routed && fate == BlackHole:
		w.dgrams.Dropped++
		return
	case routed && fate == HostUnreachable:
		w.dgrams.Refused++
		w.tell(s, p, syscall.EHOSTUNREACH, w.delay())
		return
	}
	copies := 1
	if w.random.chance(f.Duplicate) {
		w.dgrams.Duplicated++
		copies++
	}
	for range copies {
		d := w.delay()
		if w.random.chance(f.Overtake) {
			d += 1 + w.random.span(f.HoldTime)
		}
		w.dgrams.Flying++
		if d == 0 {
			w.land(s, p)
			continue
		}
		s.udp.flying += len(p.data)
		w.seq++
		w.wire.push(event{at: w.now + d, seq: w.seq, kind: wireDatagram, s: s, pkt: &p})
	}
}

// arrive is the moment at which a datagram reaches its destination, and leaves the sender's buffer.
func (w *World) arrive(s *socket, p packet) {
	s.udp.flying -= len(p.data)
	w.land(s, p)
	if s.nospace && s.writable() {
		s.nospace = false
		s.wake(condOut)
	}
}

func (w *World) land(s *socket, p packet) {
	w.note(opDatagramLands, s, len(p.data))
	w.dgrams.Flying--
	if p.to.Addr().IsMulticast() {
		w.landInGroup(s, p)
		return
	}
	to := w.receiver(p)
	if to == nil || w.random.chance(w.faults.Refuse) {
		w.dgrams.Refused++
		w.tell(s, p, syscall.ECONNREFUSED, 0)
		return
	}
	w.queue(to, p)
}

// queue puts a datagram where Receive finds it, if the buffer is not full already.
func (w *World) queue(to *socket, p packet) {
	if to.udp.bytes >= to.rcvbuf {
		w.dgrams.Overflowed++
		return
	}
	to.udp.queue = append(to.udp.queue, p)
	to.udp.bytes += len(p.data)
	to.wake(condIn)
}

// receiver finds whom a datagram is for: a socket connected to its sender before others, an exact address before the
// wildcard, in a reuse-port group whom the ports decide on, and else who was bound last.
func (w *World) receiver(p packet) *socket {
	var best *socket
	score, group := 0, 0
	for _, s := range w.udp {
		if !s.takes(p.to) || s.remote.IsValid() && s.remote != p.from {
			continue
		}
		points := 1
		if !s.local.Addr().IsUnspecified() {
			points += 2
		}
		if s.remote.IsValid() {
			points += 4
		}
		switch {
		case points > score:
			best, score, group = s, points, 1
		case points == score && s.udp.o.ReusePort:
			if group++; int(p.from.Port())%group == 0 {
				best = s
			}
		case points == score:
			best = s
		}
	}
	return best
}

// tell has the sender of p hear of it, if it listens for such.
func (w *World) tell(s *socket, p packet, errno Errno, d time.Duration) {
	if d > 0 {
		w.seq++
		w.wire.push(event{at: w.now + d, seq: w.seq, kind: wireDatagramError, s: s, n: int(errno), pkt: &p})
		return
	}
	if s.closed || s.remote.IsValid() && s.remote != p.to || !s.remote.IsValid() && !s.udp.o.ReceiveErrors {
		return
	}
	s.err = errno
	if s.udp.o.ReceiveErrors {
		s.udp.errors = append(s.udp.errors, asyncError{p.to, errno})
	}
	s.wake(0)
}
