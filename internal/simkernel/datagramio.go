package simkernel

import (
	"net/netip"
	"syscall"

	"github.com/weir-go/weir/reactor"
)

// Send is sendmmsg(2) on Linux, and sendmsg(2) in a loop elsewhere.
func (k *Kernel) Send(fd int, out []reactor.Outgoing) (int, Errno) {
	w := k.begin("Send")
	w.calls.Send++
	n, errno := k.send(fd, out)
	w.log.add(record{at: w.now, op: opSend, kernel: k.id, id: int32(fd), arg: int64(len(out)), result: int64(n), errno: errno})
	return n, errno
}

func (k *Kernel) send(fd int, out []reactor.Outgoing) (n int, errno Errno) {
	w, f := k.w, &k.w.faults
	s, errno := k.datagram("Send", fd)
	switch {
	case errno != 0:
		return 0, errno
	case len(out) == 0 || len(out) > reactor.MaxDatagrams:
		w.violate("Send of %d datagrams", len(out))
		return 0, syscall.EINVAL
	case w.random.chance(f.Interrupt):
		return 0, syscall.EINTR
	case w.random.chance(f.WouldBlock):
		return 0, syscall.EAGAIN
	case w.random.chance(f.NoBuffers):
		return 0, syscall.ENOBUFS
	}
	if len(out) > 1 && w.random.chance(f.ShortBatch) {
		out = out[:1+w.random.below(len(out)-1)]
	}
	for i := range out {
		if errno := s.sendOne(&out[i]); errno != 0 {
			if i > 0 {
				errno = 0 // as in sendmmsg: what was met is met again, or was an error that nobody is told now
			}
			return i, errno
		}
	}
	return len(out), 0
}

func (s *socket) sendOne(m *reactor.Outgoing) Errno {
	w, u := s.w, s.udp
	to := s.remote
	if m.To.IsValid() {
		var errno Errno
		if to, errno = s.destination(m.To); errno != 0 {
			return errno
		}
	}
	size := 0
	for _, b := range m.Bufs {
		size += len(b)
	}
	switch {
	case !to.IsValid():
		return syscall.EDESTADDRREQ
	case m.To.IsValid() && s.remote.IsValid() && w.bsd():
		return syscall.EISCONN
	case size > maxPayload, len(m.Bufs) > reactor.MaxVectors:
		return syscall.EMSGSIZE
	case s.err != 0:
		return s.takeError()
	case u.flying >= s.sndbuf:
		s.nospace = true
		return syscall.EAGAIN
	}
	s.bindDatagram(netip.AddrPort{})
	p := packet{from: s.local, to: to, data: make([]byte, 0, size)}
	if p.from.Addr().IsUnspecified() || p.from.Addr().Is6() && to.Addr().Is4() {
		p.from = netip.AddrPortFrom(loopback(to.Addr().Is6()), s.local.Port())
	}
	for _, b := range m.Bufs {
		p.data = append(p.data, b...)
	}
	w.dgrams.Sent++
	w.launch(s, p)
	return 0
}

// Receive is recvmmsg(2).
func (k *Kernel) Receive(fd int, into []reactor.Incoming) (int, Errno) {
	w := k.begin("Receive")
	w.calls.Receive++
	n, errno := k.receive(fd, into)
	w.log.add(record{at: w.now, op: opReceive, kernel: k.id, id: int32(fd), arg: int64(len(into)), result: int64(n), errno: errno})
	return n, errno
}

func (k *Kernel) receive(fd int, into []reactor.Incoming) (n int, errno Errno) {
	w, f := k.w, &k.w.faults
	s, errno := k.datagram("Receive", fd)
	switch {
	case errno != 0:
		return 0, errno
	case len(into) == 0 || len(into) > reactor.MaxDatagrams:
		w.violate("Receive of %d datagrams", len(into))
		return 0, syscall.EINVAL
	case w.random.chance(f.Interrupt):
		return 0, syscall.EINTR
	case w.random.chance(f.WouldBlock):
		return 0, syscall.EAGAIN
	case s.err != 0:
		return 0, s.takeError()
	}
	u := s.udp
	for n < len(into) && len(u.queue) > 0 {
		if n > 0 && w.random.chance(f.ShortBatch) {
			return n, 0 // a short batch need not mean that the queue is empty
		}
		p := u.queue[0]
		u.queue[0] = packet{}
		u.queue = u.queue[1:]
		u.bytes -= len(p.data)
		m := &into[n]
		n++
		m.N, m.From, m.Truncated = copy(m.Buf, p.data), p.from, len(p.data) > len(m.Buf)
		w.dgrams.Received++
		if m.Truncated {
			w.dgrams.Truncated++
		}
	}
	if n == 0 {
		return 0, syscall.EAGAIN
	}
	return n, 0
}

// TakeError is recvmsg(2) with MSG_ERRQUEUE.
func (k *Kernel) TakeError(fd int) (about netip.AddrPort, why, errno Errno) {
	k.begin("TakeError")
	s, errno := k.datagram("TakeError", fd)
	switch {
	case errno != 0:
	case len(s.udp.errors) == 0:
		errno = syscall.EAGAIN
	default:
		e := s.udp.errors[0]
		s.udp.errors = s.udp.errors[1:]
		about, why = e.about, e.errno
		s.err = 0
		if len(s.udp.errors) > 0 {
			s.err = s.udp.errors[0].errno
		}
	}
	k.done(opTakeError, fd, errno)
	return about, why, errno
}
