//go:build linux || darwin || freebsd || openbsd || netbsd

package reactor

import (
	"net"
	"net/netip"
	"strconv"
	"syscall"

	"github.com/panjf2000/gnet/v2/pkg/socket"
	"golang.org/x/sys/unix"
)

// The cold calls of datagram sockets, the same everywhere.

// Datagram is socket(2), and the options that come before bind.
func (*sockets) Datagram(network string, o DatagramOptions) (fd int, ip6 bool, errno Errno) {
	ip6 = network != "udp4"
	fd, errno = datagramSocket(ip6, network == "udp", o)
	if network == "udp" && errno != 0 && errno != EMFILE && errno != ENFILE {
		ip6 = false // there is no IPv6 here, or none that takes both
		fd, errno = datagramSocket(false, false, o)
	}
	return fd, ip6, errno
}

func datagramSocket(ip6, both bool, o DatagramOptions) (int, Errno) {
	family := unix.AF_INET
	if ip6 {
		family = unix.AF_INET6
	}
	syscall.ForkLock.RLock()
	fd, err := unix.Socket(family, unix.SOCK_DGRAM, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, errnoOf(err)
	}
	err = unix.SetNonblock(fd, true)
	if err == nil && ip6 {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, boolean(o.IPv6Only))
		if err != nil && !both {
			err = nil // OpenBSD has none that takes both: it is what was asked for, but for that
		}
	}
	if err == nil && o.ReuseAddr {
		err = reuseDatagramAddress(fd)
	}
	if err == nil && o.ReusePort {
		err = socket.SetReuseport(fd, 1)
	}
	if err == nil && o.ReceiveErrors {
		err = receiveErrors(fd, ip6, true)
	}
	if err != nil {
		unix.Close(fd)
		return -1, errnoOf(err)
	}
	return fd, 0
}

// Bind is bind(2).
func (*sockets) Bind(fd int, at netip.AddrPort) Errno {
	if at.IsValid() {
		return errnoOf(unix.Bind(fd, sockaddr(at)))
	}
	switch sa, err := unix.Getsockname(fd); sa := sa.(type) {
	case *unix.SockaddrInet4:
		if sa.Port == 0 {
			return errnoOf(unix.Bind(fd, &unix.SockaddrInet4{}))
		}
	case *unix.SockaddrInet6:
		if sa.Port == 0 {
			return errnoOf(unix.Bind(fd, &unix.SockaddrInet6{}))
		}
	default:
		return errnoOf(err)
	}
	return 0
}

// Associate is connect(2).
func (*sockets) Associate(fd int, peer netip.AddrPort) Errno {
	if !peer.IsValid() {
		return dissociate(fd)
	}
	return errnoOf(unix.Connect(fd, sockaddr(peer)))
}

// SetMulticastInterface is IP_MULTICAST_IF or IPV6_MULTICAST_IF.
func (*sockets) SetMulticastInterface(fd int, itf netip.Addr) Errno {
	ip6, errno := isIPv6(fd)
	switch {
	case errno != 0:
		return errno
	case ip6 && !itf.Is4():
		index, errno := interfaceOf(itf)
		if errno != 0 {
			return errno
		}
		return errnoOf(unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF, index))
	case itf.Is6():
		return EINVAL
	}
	addr := netip.IPv4Unspecified()
	if itf.IsValid() {
		addr = itf
	}
	return errnoOf(unix.SetsockoptInet4Addr(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, addr.As4()))
}

// Membership is IP_ADD_MEMBERSHIP and its kin.
func (*sockets) Membership(fd int, m Membership) Errno {
	group := m.Group.Unmap()
	if m.Source.IsValid() {
		return sourceMembership(fd, m)
	}
	if group.Is4() {
		opt := unix.IP_ADD_MEMBERSHIP
		if m.Leave {
			opt = unix.IP_DROP_MEMBERSHIP
		}
		req := unix.IPMreq{Multiaddr: group.As4()}
		switch {
		case m.Interface.Is4():
			req.Interface = m.Interface.As4()
		case m.Interface.IsValid():
			return EINVAL
		}
		return errnoOf(unix.SetsockoptIPMreq(fd, unix.IPPROTO_IP, opt, &req))
	}
	index, errno := interfaceOf(m.Interface)
	if errno != 0 {
		return errno
	}
	opt := unix.IPV6_JOIN_GROUP
	if m.Leave {
		opt = unix.IPV6_LEAVE_GROUP
	}
	req := unix.IPv6Mreq{Multiaddr: group.As16(), Interface: uint32(index)}
	return errnoOf(unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, opt, &req))
}

// AdoptDatagram duplicates a UDP socket. The duplicate shares O_NONBLOCK with the original, so it is judged first.
func (*sockets) AdoptDatagram(fd int) (own int, ip6 bool, peer netip.AddrPort, err error) {
	typ, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return -1, false, peer, err
	}
	ip6, errno := isIPv6(fd)
	if typ != unix.SOCK_DGRAM || errno != 0 {
		return -1, false, peer, EINVAL
	}
	if own, err = socket.Dup(fd); err != nil {
		return -1, false, peer, err
	}
	if err = unix.SetNonblock(own, true); err != nil {
		unix.Close(own)
		return -1, false, peer, err
	}
	if err = receiveErrors(own, ip6, false); err != nil { // its errors would be nobody's to collect
		unix.Close(own)
		return -1, false, peer, err
	}
	sa, _ := unix.Getpeername(own) // ENOTCONN: then there is no peer
	return own, ip6, addrPort(sa), nil
}

// setDatagramOption is setsockopt(2) for what the two families say each in its own way. A socket that takes both has it
// set for both, as far as its kernel goes along.
func setDatagramOption(fd int, opt Option, value int) error {
	ip6, errno := isIPv6(fd)
	if errno != 0 {
		return errno
	}
	err := setOption4(fd, opt, value)
	if ip6 {
		err = setOption6(fd, opt, value)
	}
	return err
}

func setOption4(fd int, opt Option, value int) error {
	switch opt {
	case OptTTL:
		return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TTL, value)
	case OptMulticastTTL: // OpenBSD and NetBSD insist on a byte, and the others take it
		return unix.SetsockoptByte(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_TTL, byte(value))
	default:
		return unix.SetsockoptByte(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP, byte(value))
	}
}

func setOption6(fd int, opt Option, value int) error {
	switch opt {
	case OptTTL:
		return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS, value)
	case OptMulticastTTL:
		return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, value)
	default:
		return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP, value)
	}
}

// isIPv6 asks for the family of a socket; EINVAL if it is not of the internet's.
func isIPv6(fd int) (bool, Errno) {
	sa, err := unix.Getsockname(fd)
	switch sa.(type) {
	case *unix.SockaddrInet4:
		return false, 0
	case *unix.SockaddrInet6:
		return true, 0
	}
	if err != nil {
		return false, errnoOf(err)
	}
	return false, EINVAL
}

// sockaddr is the form x/sys wants an address in. A mapped one stays an IPv6 address.
func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16(), ZoneId: zoneIndex(a.Addr().Zone())}
}

// interfaceOf is the number of the interface that has an address, or that the address's zone names; 0, which leaves it to
// the system, for an unspecified one without.
func interfaceOf(itf netip.Addr) (int, Errno) {
	if zone := itf.Zone(); zone != "" {
		index := zoneIndex(zone)
		if index == 0 {
			return 0, EADDRNOTAVAIL
		}
		return int(index), 0
	}
	if !itf.IsValid() || itf.IsUnspecified() {
		return 0, 0
	}
	all, err := net.Interfaces()
	if err != nil {
		return 0, errnoOf(err)
	}
	for i := range all {
		addrs, err := all[i].Addrs()
		if err != nil {
			continue // it may be gone
		}
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok {
				if ip, ok := netip.AddrFromSlice(n.IP); ok && ip.Unmap() == itf.Unmap() {
					return all[i].Index, 0
				}
			}
		}
	}
	return 0, EADDRNOTAVAIL
}

// zoneIndex is the number of the interface that a zone names, by name or by number; 0 if there is none.
func zoneIndex(zone string) uint32 {
	if zone == "" {
		return 0
	}
	if itf, err := net.InterfaceByName(zone); err == nil {
		return uint32(itf.Index)
	}
	n, _ := strconv.ParseUint(zone, 10, 32) // 0 for what is no number either
	return uint32(n)
}
