//go:build darwin || freebsd || openbsd || netbsd

package reactor

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// The hot calls of datagram sockets by the ordinary wrappers: one message a call.

// Receive is recvmsg(2), until there is no more or no more room.
func (*sockets) Receive(fd int, into []Incoming) (int, Errno) {
	for i := range into {
		m := &into[i]
		n, _, flags, from, err := unix.Recvmsg(fd, m.Buf, nil, 0)
		if err == unix.EAGAIN && i > 0 {
			return i, 0
		}
		if err != nil {
			return i, errnoOf(err)
		}
		m.N, m.From, m.Truncated = n, addrPort(from), flags&unix.MSG_TRUNC != 0
	}
	return len(into), 0
}

// Send is sendmsg(2) for each.
func (*sockets) Send(fd int, out []Outgoing) (int, Errno) {
	for i := range out {
		var to unix.Sockaddr
		if out[i].To.IsValid() {
			to = sockaddr(out[i].To)
		}
		if _, err := unix.SendmsgBuffers(fd, out[i].Bufs, nil, to, 0); err != nil {
			if i > 0 {
				return i, 0 // sending it again tells
			}
			return 0, errnoOf(err)
		}
	}
	return len(out), 0
}

// TakeError finds nothing: these systems keep no queue of errors.
func (*sockets) TakeError(int) (about netip.AddrPort, why, errno Errno) { return about, 0, EAGAIN }

// receiveErrors can only be turned off.
func receiveErrors(_ int, _, on bool) error {
	if on {
		return unix.EOPNOTSUPP
	}
	return nil
}

// reuseDatagramAddress: here SO_REUSEADDR alone shares nothing but multicast.
func reuseDatagramAddress(fd int) error {
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
}

// dissociate connects to an address that cannot be, which connect(2) of these systems documents as the way: it fails, and
// the socket has no peer any more.
func dissociate(fd int) Errno {
	var null unix.Sockaddr = &unix.SockaddrInet4{}
	if ip6, _ := isIPv6(fd); ip6 {
		null = &unix.SockaddrInet6{}
	}
	err := unix.Connect(fd, null)
	if _, peerErr := unix.Getpeername(fd); peerErr != nil {
		return 0
	}
	return errnoOf(err)
}

// sourceMembership: not here. Of these systems only some have it, each with a layout of its own.
func sourceMembership(int, Membership) Errno { return EOPNOTSUPP }
