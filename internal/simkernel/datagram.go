package simkernel

import (
	"net/netip"
	"syscall"

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

// asyncError is what the network has said of a datagram that was sent.
type asyncError struct {
	about netip.AddrPort
	errno Errno
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
