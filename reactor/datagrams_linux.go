package reactor

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The hot calls of datagram sockets on Linux: recvmmsg and sendmmsg, raw, since they return at once on a non-blocking
// socket.

// datagramScratch is what one Send or Receive hands the kernel, made at the first one.
type datagramScratch struct {
	calls *[MaxDatagrams]mmsghdr
	names *[MaxDatagrams]unix.RawSockaddrAny
	iov   []unix.Iovec
	zones zones
}

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

// zones remembers the names of interfaces, which cost several system calls to find out: the few that link-local
// addresses come by. An interface that is renamed keeps its old name here, and one whose number is given to another.
type zones struct {
	names   map[uint32]string
	indexes map[string]uint32
}

// maxZones bounds what a flood of made-up zones can leave behind.
const maxZones = 64

func (z *zones) name(index uint32) string {
	name, ok := z.names[index]
	if !ok {
		if name = zoneName(index); len(z.names) >= maxZones || z.names == nil {
			z.names = map[uint32]string{}
		}
		z.names[index] = name
	}
	return name
}

func (z *zones) index(name string) uint32 {
	index, ok := z.indexes[name]
	if !ok {
		if index = zoneIndex(name); len(z.indexes) >= maxZones || z.indexes == nil {
			z.indexes = map[string]uint32{}
		}
		z.indexes[name] = index
	}
	return index
}

func (s *datagramScratch) prepare() {
	if s.calls == nil {
		s.calls, s.names = new([MaxDatagrams]mmsghdr), new([MaxDatagrams]unix.RawSockaddrAny)
	}
}

// Receive is recvmmsg(2).
func (s *sockets) Receive(fd int, into []Incoming) (int, Errno) {
	sc := &s.scratch.datagrams
	sc.prepare()
	into = into[:min(len(into), MaxDatagrams)]
	sc.reserve(len(into))
	for i := range into {
		iov := &sc.iov[i]
		iov.Base = unsafe.SliceData(into[i].Buf)
		iov.SetLen(len(into[i].Buf))
		h := &sc.calls[i].hdr
		*h = unix.Msghdr{Name: (*byte)(unsafe.Pointer(&sc.names[i])), Namelen: unix.SizeofSockaddrAny, Iov: iov}
		h.SetIovlen(1)
	}
	r, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(sc.calls)), uintptr(len(into)), 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	n := int(r)
	for i := range n {
		m, c := &into[i], &sc.calls[i]
		m.N = int(c.n)
		m.Truncated = c.hdr.Flags&unix.MSG_TRUNC != 0
		m.From = sc.address(&sc.names[i])
		raceWrite(m.Buf[:m.N])
	}
	return n, 0
}

// Send is sendmmsg(2).
func (s *sockets) Send(fd int, out []Outgoing) (int, Errno) {
	sc := &s.scratch.datagrams
	sc.prepare()
	out = out[:min(len(out), MaxDatagrams)]
	total := 0
	for i := range out {
		total += len(out[i].Bufs)
	}
	sc.reserve(total)
	used := 0
	for i := range out {
		iov := sc.iov[used : used+len(out[i].Bufs)]
		used += len(iov)
		for j, b := range out[i].Bufs {
			raceRead(b)
			iov[j].Base = unsafe.SliceData(b)
			iov[j].SetLen(len(b))
		}
		h := &sc.calls[i].hdr
		*h = unix.Msghdr{Iov: unsafe.SliceData(iov)}
		h.SetIovlen(len(iov))
		if to := out[i].To; to.IsValid() {
			h.Name = (*byte)(unsafe.Pointer(&sc.names[i]))
			h.Namelen = sc.putAddress(&sc.names[i], to)
		}
	}
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(sc.calls)), uintptr(len(out)),
		unix.MSG_NOSIGNAL, 0, 0)
	clear(sc.iov[:used]) // the bytes were lent
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// reserve makes room for n vectors, so that pointers to them stay good.
func (s *datagramScratch) reserve(n int) {
	if len(s.iov) < n {
		s.iov = make([]unix.Iovec, max(n, MaxDatagrams))
	}
}

// address reads the address the kernel wrote; zero if it is not an IP address.
func (s *datagramScratch) address(sa *unix.RawSockaddrAny) netip.AddrPort {
	if sa.Addr.Family != unix.AF_INET6 {
		return rawAddrPort(sa)
	}
	in := (*unix.RawSockaddrInet6)(unsafe.Pointer(sa))
	addr := netip.AddrFrom16(in.Addr).Unmap()
	if in.Scope_id != 0 && addr.Is6() {
		addr = addr.WithZone(s.zones.name(in.Scope_id))
	}
	return netip.AddrPortFrom(addr, networkOrder(&in.Port))
}

// putAddress writes an address for the kernel and returns its length.
func (s *datagramScratch) putAddress(sa *unix.RawSockaddrAny, to netip.AddrPort) uint32 {
	addr := to.Addr()
	if addr.Is4() {
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		*in = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: addr.As4()}
		binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&in.Port))[:], to.Port())
		return unix.SizeofSockaddrInet4
	}
	in := (*unix.RawSockaddrInet6)(unsafe.Pointer(sa))
	*in = unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: addr.As16()}
	if zone := addr.Zone(); zone != "" {
		in.Scope_id = s.zones.index(zone)
	}
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&in.Port))[:], to.Port())
	return unix.SizeofSockaddrInet6
}

// TakeError is recvmsg(2) with MSG_ERRQUEUE. The address is that of the destination, the errno in a control message. What
// did not come from the network is left out: this host's own errors (EMSGSIZE) are what the send has returned already.
func (s *sockets) TakeError(fd int) (about netip.AddrPort, why, errno Errno) {
	for why == 0 && errno == 0 {
		about, why, errno = s.nextError(fd)
	}
	return about, why, errno
}

// nextError is TakeError of one entry; why is 0 if that did not come from the network.
func (s *sockets) nextError(fd int) (about netip.AddrPort, why, errno Errno) {
	const origin = 4 // the octet of struct sock_extended_err behind the errno
	var name unix.RawSockaddrAny
	var control [256]byte
	msg := unix.Msghdr{Name: (*byte)(unsafe.Pointer(&name)), Namelen: unix.SizeofSockaddrAny, Control: &control[0]}
	msg.SetControllen(len(control))
	_, _, errno = unix.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&msg)), unix.MSG_ERRQUEUE)
	if errno != 0 {
		return about, 0, errno
	}
	messages, err := unix.ParseSocketControlMessage(control[:msg.Controllen])
	if err != nil {
		return about, 0, EINVAL
	}
	for _, m := range messages {
		ip := m.Header.Level == unix.SOL_IP && m.Header.Type == unix.IP_RECVERR
		ip6 := m.Header.Level == unix.SOL_IPV6 && m.Header.Type == unix.IPV6_RECVERR
		if !ip && !ip6 || len(m.Data) <= origin {
			continue
		}
		switch m.Data[origin] {
		case unix.SO_EE_ORIGIN_ICMP, unix.SO_EE_ORIGIN_ICMP6:
			return s.scratch.datagrams.address(&name), Errno(binary.NativeEndian.Uint32(m.Data)), 0
		}
	}
	return about, 0, 0
}

// receiveErrors turns the queue of errors on or off; what was in it is gone then.
func receiveErrors(fd int, ip6, on bool) error {
	err := unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_RECVERR, boolean(on))
	if ip6 { // the one above is for what it sends by IPv4
		err = unix.SetsockoptInt(fd, unix.SOL_IPV6, unix.IPV6_RECVERR, boolean(on))
	}
	return err
}

func reuseDatagramAddress(fd int) error {
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
}

// dissociate connects to AF_UNSPEC, which x/sys has no address for. The kernel takes back a port that it had chosen
// itself then: we ask for the same one again, and for any other only if somebody was quicker.
func dissociate(fd int) Errno {
	before, err := unix.Getsockname(fd)
	if err != nil {
		return errnoOf(err)
	}
	sa := unix.RawSockaddr{Family: unix.AF_UNSPEC}
	_, _, errno := unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&sa)), unsafe.Sizeof(sa))
	if errno != 0 {
		return errno
	}
	after, err := unix.Getsockname(fd)
	if err != nil {
		return errnoOf(err)
	}
	if addrPort(after).Port() != 0 {
		return 0
	}
	err = unix.Bind(fd, withPort(after, int(addrPort(before).Port())))
	if err == unix.EADDRINUSE {
		err = unix.Bind(fd, after)
	}
	return errnoOf(err)
}

func withPort(sa unix.Sockaddr, port int) unix.Sockaddr {
	if sa, ok := sa.(*unix.SockaddrInet4); ok {
		return &unix.SockaddrInet4{Port: port, Addr: sa.Addr}
	}
	in := *sa.(*unix.SockaddrInet6)
	return &unix.SockaddrInet6{Port: port, Addr: in.Addr, ZoneId: in.ZoneId}
}

// sourceMembership joins or leaves by the calls of RFC 3678 that are the same for both families: a group_source_req,
// which is the interface's number and two addresses of 128 bytes, aligned as pointers are.
func sourceMembership(fd int, m Membership) Errno {
	group, source := m.Group.Unmap(), m.Source.Unmap()
	if group.Is4() != source.Is4() {
		return EINVAL
	}
	index, errno := interfaceOf(m.Interface)
	if errno != 0 {
		return errno
	}
	const storage, head = 128, unsafe.Sizeof(uintptr(0))
	req := make([]byte, head+2*storage)
	binary.NativeEndian.PutUint32(req, uint32(index))
	level, opt := unix.SOL_IPV6, unix.MCAST_JOIN_SOURCE_GROUP
	if group.Is4() {
		level = unix.SOL_IP
	}
	if m.Leave {
		opt = unix.MCAST_LEAVE_SOURCE_GROUP
	}
	putStorage(req[head:], group)
	putStorage(req[head+storage:], source)
	return errnoOf(unix.SetsockoptString(fd, level, opt, string(req)))
}

// putStorage writes an address into a sockaddr_storage.
func putStorage(b []byte, addr netip.Addr) {
	if addr.Is4() {
		binary.NativeEndian.PutUint16(b, unix.AF_INET)
		ip := addr.As4()
		copy(b[4:], ip[:])
		return
	}
	binary.NativeEndian.PutUint16(b, unix.AF_INET6)
	ip := addr.As16()
	copy(b[8:], ip[:])
}
