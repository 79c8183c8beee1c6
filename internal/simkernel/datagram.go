package simkernel

import (
	"net/netip"
	"syscall"
	"time"

	"github.com/weir-go/weir/reactor"
)

// maxPayload is the longest datagram: 64 KiB without the headers of IPv4 and UDP.
const maxPayload = 65507

// datagrams is what only a UDP socket has.
type datagrams struct {
	o       reactor.DatagramOptions
	ip6     bool
	queue   []packet // arrived, oldest first
	bytes   int      // in it
	flying  int      // bytes that the sender's buffer still holds
	errors  []asyncError
	members []reactor.Membership
	quiet   bool       // multicast does not loop
	cast    bool       // broadcast is allowed
	itf     netip.Addr // where multicast leaves
	bound   netip.Addr // what it was bound to; connected, it has the address it sends from
}

// packet is a datagram on the wire or in a queue.
type packet struct {
	from, to netip.AddrPort
	data     []byte
}

// asyncError is what the network has said of a datagram that was sent.
type asyncError struct {
	about netip.AddrPort
	errno Errno
}

// DatagramStats is what has become of every datagram: those sent are those received, dropped, refused, in a queue
// (Waiting) or on their way, where a duplicate counts as one more. Multicast counts as often as it was delivered.
type DatagramStats struct {
	Sent       int // the kernel took it from the sender
	Received   int // Receive has given it out
	Duplicated int // Faults.Duplicate made one more of it
	Dropped    int // Faults.Drop, or a BlackHole
	Overflowed int // the receiver's buffer was full
	Refused    int // nobody listened: the sender may have been told
	Discarded  int // the receiver closed with it in its queue
	Truncated  int // of those received, the ones that were cut short
	Waiting    int // in a queue now
	Flying     int // on the wire now
}

// Datagrams counts the datagrams since the world began.
func (w *World) Datagrams() DatagramStats {
	st := w.dgrams
	for _, s := range w.udp {
		st.Waiting += len(s.udp.queue)
	}
	return st
}

// Missing is the number of datagrams that nothing above explains; it is 0.
func (st DatagramStats) Missing() int {
	return st.Sent + st.Duplicated - st.Received - st.Dropped - st.Overflowed - st.Refused - st.Discarded - st.Waiting - st.Flying
}

// Datagram is socket(2).
func (k *Kernel) Datagram(network string, o reactor.DatagramOptions) (fd int, ip6 bool, errno Errno) {
	w := k.begin("Datagram")
	s := w.newSocket(kindUDP)
	s.udp = &datagrams{o: o, ip6: network != "udp4"}
	s.unbind()
	fd = -1
	switch {
	case o.ReceiveErrors && w.bsd():
		errno = syscall.EOPNOTSUPP
	case !w.install(s):
		errno = syscall.EMFILE
	default:
		fd = s.fd
		w.udp = append(w.udp, s)
	}
	w.log.add(record{at: w.now, op: opDatagram, kernel: k.id, id: -1, result: int64(fd), errno: errno})
	return fd, s.udp.ip6, errno
}

// unbind gives a socket what getsockname says of one without an address.
func (s *socket) unbind() {
	s.udp.bound = netip.IPv4Unspecified()
	if s.udp.ip6 {
		s.udp.bound = netip.IPv6Unspecified()
	}
	s.local = netip.AddrPortFrom(s.udp.bound, 0)
}

// datagram finds the UDP socket of a call.
func (k *Kernel) datagram(call string, fd int) (*socket, Errno) {
	s := k.w.lookup(call, fd)
	switch {
	case s == nil:
		return nil, syscall.EBADF
	case s.udp == nil && !s.connection() && !s.listener():
		return nil, syscall.ENOTSOCK
	case s.udp == nil:
		return nil, syscall.EOPNOTSUPP
	}
	return s, 0
}

// Bind is bind(2).
func (k *Kernel) Bind(fd int, at netip.AddrPort) Errno {
	k.begin("Bind")
	s, errno := k.datagram("Bind", fd)
	if errno == 0 {
		errno = s.bindDatagram(at)
	}
	return k.done(opBind, fd, errno)
}

func (s *socket) bindDatagram(at netip.AddrPort) Errno {
	w := s.w
	if !at.IsValid() {
		if s.local.Port() == 0 {
			s.local = netip.AddrPortFrom(s.local.Addr(), w.ephemeralDatagram())
		}
		return 0
	}
	ip := at.Addr()
	switch {
	case s.local.Port() != 0:
		return syscall.EINVAL
	case ip.Is4() == s.udp.ip6:
		return syscall.EAFNOSUPPORT
	case !ip.IsLoopback() && !ip.IsUnspecified() && !ip.IsMulticast():
		return syscall.EADDRNOTAVAIL
	case at.Port() == 0:
		at = netip.AddrPortFrom(ip, w.ephemeralDatagram())
	case at.Port() < 1024:
		return syscall.EACCES
	}
	for _, o := range w.udp {
		shared := s.udp.o.ReuseAddr && o.udp.o.ReuseAddr || s.udp.o.ReusePort && o.udp.o.ReusePort
		if o != s && !shared && o.local.Port() == at.Port() && (o.takes(at) || s.takesAs(at, o.local)) {
			return syscall.EADDRINUSE
		}
	}
	s.local, s.udp.bound = at, ip
	return 0
}

// takes says whether a datagram for to may come to this socket, by where it is bound.
func (s *socket) takes(to netip.AddrPort) bool { return s.takesAs(s.local, to) }

func (s *socket) takesAs(local, to netip.AddrPort) bool {
	if local.Port() != to.Port() || local.Port() == 0 {
		return false
	}
	if to.Addr().Is4() && s.udp.ip6 {
		return !s.udp.o.IPv6Only && local.Addr().IsUnspecified()
	}
	return to.Addr().Is4() != s.udp.ip6 && (local.Addr().IsUnspecified() || local.Addr() == to.Addr())
}

func (w *World) ephemeralDatagram() uint16 {
	for {
		p := w.ephemeral()
		taken := false
		for _, s := range w.udp {
			taken = taken || s.local.Port() == p
		}
		if !taken {
			return p
		}
	}
}

// Associate is connect(2).
func (k *Kernel) Associate(fd int, peer netip.AddrPort) Errno {
	k.begin("Associate")
	s, errno := k.datagram("Associate", fd)
	if errno == 0 && !peer.IsValid() {
		s.remote = netip.AddrPort{}
		s.local = netip.AddrPortFrom(s.udp.bound, s.local.Port())
	} else if errno == 0 {
		var to netip.AddrPort
		if to, errno = s.destination(peer); errno == 0 {
			s.bindDatagram(netip.AddrPort{})
			if s.local.Addr().IsUnspecified() {
				s.local = netip.AddrPortFrom(loopback(to.Addr().Is6()), s.local.Port())
			}
			s.remote = to
		}
	}
	return k.done(opConnect, fd, errno)
}

// destination checks an address as this socket's kernel does, and unmaps it.
func (s *socket) destination(to netip.AddrPort) (netip.AddrPort, Errno) {
	ip := to.Addr()
	switch {
	case ip.Is4() == s.udp.ip6:
		s.w.violate("socket #%d was given the address %v, of another family than its own", s.id, to)
		return to, syscall.EAFNOSUPPORT
	case ip.Is4In6() && s.udp.o.IPv6Only:
		return to, syscall.ENETUNREACH
	case to.Port() == 0:
		return to, syscall.EINVAL
	}
	ip = ip.Unmap()
	if ip.IsUnspecified() {
		ip = loopback(ip.Is6()) // 0.0.0.0 is this machine
	}
	if ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}) && !s.udp.cast {
		return to, syscall.EACCES
	}
	to = netip.AddrPortFrom(ip, to.Port())
	if fate, routed := s.w.fate(to); routed && fate == NoRoute {
		return to, syscall.ENETUNREACH
	}
	return to, 0
}

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
		w.calls.WriteAgain++
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
		w.calls.WriteAgain++
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

// landInGroup gives a copy to every member of a group. The one on the wire counts as refused if there is none, and the
// others as duplicates.
func (w *World) landInGroup(s *socket, p packet) {
	members := 0
	for _, o := range w.udp {
		if o.local.Port() != p.to.Port() || !o.member(p) || s.udp.quiet {
			continue
		}
		if members++; members > 1 {
			w.dgrams.Duplicated++
		}
		w.queue(o, p)
	}
	if members == 0 {
		w.dgrams.Refused++
	}
}

func (s *socket) member(p packet) bool {
	for _, m := range s.udp.members {
		if m.Group == p.to.Addr() && (!m.Source.IsValid() || m.Source == p.from.Addr()) {
			return true
		}
	}
	return false
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
		w.calls.ReadAgain++
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
		w.calls.ReadAgain++
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

// MulticastInterface is IP_MULTICAST_IF: there is the loopback, and nothing else.
func (k *Kernel) MulticastInterface(fd int, itf netip.Addr) Errno {
	k.begin("MulticastInterface")
	s, errno := k.datagram("MulticastInterface", fd)
	switch {
	case errno != 0:
	case itf.IsValid() && !itf.IsUnspecified() && !itf.IsLoopback():
		errno = syscall.EADDRNOTAVAIL
	case itf.IsValid() && itf.Is4() == s.udp.ip6 && !itf.Is4():
		errno = syscall.EINVAL
	default:
		s.udp.itf = itf
	}
	return k.done(opSetOption, fd, errno)
}

// Membership is IP_ADD_MEMBERSHIP and its kin.
func (k *Kernel) Membership(fd int, m reactor.Membership) Errno {
	k.begin("Membership")
	s, errno := k.datagram("Membership", fd)
	if errno == 0 {
		errno = s.membership(m)
	}
	return k.done(opSetOption, fd, errno)
}

func (s *socket) membership(m reactor.Membership) Errno {
	u := s.udp
	switch {
	case m.Source.IsValid() && s.w.bsd():
		return syscall.EOPNOTSUPP
	case m.Group.Is6() && !u.ip6, m.Source.IsValid() && m.Source.Is4() != m.Group.Is4():
		return syscall.EINVAL
	case m.Interface.IsValid() && !m.Interface.IsUnspecified() && !m.Interface.IsLoopback():
		return syscall.ENODEV
	}
	for i, have := range u.members {
		if have.Group == m.Group && have.Source == m.Source {
			if !m.Leave {
				return syscall.EADDRINUSE
			}
			u.members = append(u.members[:i], u.members[i+1:]...)
			return 0
		}
	}
	if m.Leave {
		return syscall.EADDRNOTAVAIL
	}
	u.members = append(u.members, m)
	return 0
}

// AdoptDatagram duplicates what World.InheritDatagram has put into the table.
func (k *Kernel) AdoptDatagram(fd int) (own int, ip6 bool, peer netip.AddrPort, err error) {
	w := k.begin("AdoptDatagram")
	errno := Errno(0)
	var s *socket
	if fd >= 0 && fd < len(w.fds) {
		s = w.fds[fd]
	}
	own = -1
	switch {
	case s == nil:
		errno = syscall.EBADF
	case s.udp == nil && !s.connection() && !s.listener():
		errno = syscall.ENOTSOCK
	case s.udp == nil:
		errno = syscall.EINVAL
	case !w.install(s):
		errno = syscall.EMFILE
	default:
		own, ip6, peer = s.fd, s.udp.ip6, s.remote
		s.udp.o.ReceiveErrors, s.udp.errors = false, nil
	}
	w.log.add(record{at: w.now, op: opAdopt, kernel: k.id, id: int32(fd), result: int64(own), errno: errno})
	if errno != 0 {
		return -1, false, peer, errno
	}
	return own, ip6, peer, nil
}

// setDatagramOption is setsockopt for what only UDP has.
func (s *socket) setDatagramOption(opt reactor.Option, value int) Errno {
	switch {
	case opt == reactor.OptBroadcast:
		s.udp.cast = value != 0
	case opt == reactor.OptMulticastLoop:
		s.udp.quiet = value == 0
	case value > 255, opt == reactor.OptTTL && value < 1, value < 0:
		return syscall.EINVAL
	}
	return 0
}

// closeDatagram throws away what was not received.
func (s *socket) closeDatagram() {
	w := s.w
	for i, o := range w.udp {
		if o == s {
			w.udp = append(w.udp[:i], w.udp[i+1:]...)
			break
		}
	}
	w.dgrams.Discarded += len(s.udp.queue)
	s.udp.queue, s.udp.errors = nil, nil
}

// InheritDatagram puts a UDP socket of address into the table, as if something else had opened it.
func (w *World) InheritDatagram(address string) (int, error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return -1, err
	}
	s := w.newSocket(kindUDP)
	s.udp = &datagrams{ip6: at.Addr().Is6()}
	s.unbind()
	if errno := s.bindDatagram(at); errno != 0 {
		return -1, errno
	}
	if !w.install(s) {
		return -1, syscall.EMFILE
	}
	w.udp = append(w.udp, s)
	return s.fd, nil
}
