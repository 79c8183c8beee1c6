package reactor

import (
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The hot calls on Linux, raw: all of them return at once on a non-blocking socket.

// scratch is what one call hands the kernel: the vectors of a gathering write, the messages of a batch of datagrams.
type scratch struct {
	iov       []unix.Iovec
	datagrams datagramScratch
}

// Read is recv(2).
func (*sockets) Read(fd int, p []byte) (int, Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))),
		uintptr(len(p)), 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	raceWrite(p[:n])
	return int(n), 0
}

// Write is send(2).
func (*sockets) Write(fd int, p []byte) (int, Errno) { return send(fd, p, unix.MSG_NOSIGNAL) }

// WriteMore is send(2) with MSG_MORE. When there is no room for all of p, the kernel does not wait for more.
func (*sockets) WriteMore(fd int, p []byte) (int, Errno) {
	return send(fd, p, unix.MSG_NOSIGNAL|unix.MSG_MORE)
}

func send(fd int, p []byte, flags uintptr) (int, Errno) {
	raceRead(p)
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))),
		uintptr(len(p)), flags, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// Writev is sendmsg(2). Slices that lie one behind the other in memory, such as the answers that a turn has made in one block,
// go as one: each costs the kernel some tens of nanoseconds.
func (s *sockets) Writev(fd int, bufs [][]byte) (int, Errno) {
	iov := s.scratch.iov[:0]
	end := uintptr(0) // of the last one
	for _, b := range bufs {
		raceRead(b)
		p := unsafe.SliceData(b)
		if len(iov) > 0 && uintptr(unsafe.Pointer(p)) == end {
			last := &iov[len(iov)-1]
			last.SetLen(int(last.Len) + len(b))
		} else {
			v := unix.Iovec{Base: p}
			v.SetLen(len(b))
			iov = append(iov, v)
		}
		end = uintptr(unsafe.Pointer(p)) + uintptr(len(b))
	}
	msg := unix.Msghdr{Iov: unsafe.SliceData(iov)}
	msg.SetIovlen(len(iov))
	n, _, errno := unix.RawSyscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&msg)), unix.MSG_NOSIGNAL)
	clear(iov) // the bytes were lent
	s.scratch.iov = iov
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// Accept is accept4(2). The peer's address comes with it, which spares getpeername, and is known even if the peer has
// reset the connection since.
func (*sockets) Accept(fd int) (int, netip.AddrPort, Errno) {
	var sa unix.RawSockaddrAny
	size := uint32(unix.SizeofSockaddrAny)
	n, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(fd), uintptr(unsafe.Pointer(&sa)),
		uintptr(unsafe.Pointer(&size)), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	if errno != 0 {
		return -1, netip.AddrPort{}, errno
	}
	return int(n), rawAddrPort(&sa), 0
}

// CloseWrite is shutdown(2).
func (*sockets) CloseWrite(fd int) Errno {
	_, _, errno := unix.RawSyscall(unix.SYS_SHUTDOWN, uintptr(fd), unix.SHUT_WR, 0)
	return errno
}

// Close is close(2): it cannot block, since no socket here lingers.
func (*sockets) Close(fd int) Errno {
	_, _, errno := unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
	return errno
}

// SendQueue is ioctl(SIOCOUTQ): of TCP the distance from what was acknowledged to what was written, of a Unix socket the
// memory of what was not read.
func (*sockets) SendQueue(fd int) (int, Errno) {
	n, err := unix.IoctlGetUint32(fd, unix.SIOCOUTQ)
	return int(n), errnoOf(err)
}

// leavePortToConnect has bind take an address without a port. The connect then picks a port that is free towards its
// peer; bind would have to pick one that is free towards everybody, and there are 28,000. A kernel that does not know
// the option (before 4.2) picks in bind, which does as well until they run out.
func leavePortToConnect(fd int) {
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
}

// rawAddrPort reads the address the kernel wrote; zero if it is not an IP address.
func rawAddrPort(sa *unix.RawSockaddrAny) netip.AddrPort {
	switch sa.Addr.Family {
	case unix.AF_INET:
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		return netip.AddrPortFrom(netip.AddrFrom4(in.Addr), networkOrder(&in.Port))
	case unix.AF_INET6:
		in := (*unix.RawSockaddrInet6)(unsafe.Pointer(sa))
		return ip6AddrPort(in.Addr, in.Scope_id, networkOrder(&in.Port))
	}
	return netip.AddrPort{}
}

// networkOrder reads a port: the kernel writes its high byte first, whatever the machine.
func networkOrder(port *uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(port))
	return uint16(b[0])<<8 | uint16(b[1])
}
