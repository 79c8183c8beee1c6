//go:build darwin || freebsd || openbsd || netbsd

package reactor

import (
	"net/netip"

	"github.com/panjf2000/gnet/v2/pkg/socket"
	"golang.org/x/sys/unix"
)

// The hot calls by the ordinary wrappers: these systems want their calls made through libc or do not promise numbers.

// scratch is what one gathering write joins its buffers in: a portable writev on a socket is not to be had from
// x/sys on all of these systems.
type scratch struct{ joined []byte }

// Read is read(2).
func (*sockets) Read(fd int, p []byte) (int, Errno) {
	n, err := unix.Read(fd, p)
	return max(n, 0), errnoOf(err)
}

// Write is write(2). SIGPIPE is ignored by the runtime for sockets.
func (*sockets) Write(fd int, p []byte) (int, Errno) {
	n, err := unix.Write(fd, p)
	if err == unix.EPROTOTYPE {
		err = unix.ECONNRESET // macOS says so when the connection is just being torn down
	}
	return max(n, 0), errnoOf(err)
}

// WriteMore is Write: these systems have no such flag.
func (s *sockets) WriteMore(fd int, p []byte) (int, Errno) { return s.Write(fd, p) }

// Writev is one write(2) of all, copied together.
func (s *sockets) Writev(fd int, bufs [][]byte) (int, Errno) {
	joined := s.scratch.joined[:0]
	for _, b := range bufs {
		joined = append(joined, b...)
	}
	s.scratch.joined = joined
	return s.Write(fd, joined)
}

// Accept is accept(2).
func (*sockets) Accept(fd int) (int, netip.AddrPort, Errno) {
	n, sa, err := socket.Accept(fd)
	if err != nil {
		return -1, netip.AddrPort{}, errnoOf(err)
	}
	return n, addrPort(sa), 0
}

// SendQueue is what the send buffer holds, which each system has another call for, or none. What is written to a Unix
// socket lies in its peer's buffer at once, so its own would always look empty.
func (*sockets) SendQueue(fd int) (int, Errno) {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return 0, errnoOf(err)
	}
	if _, ok := sa.(*unix.SockaddrUnix); ok {
		return 0, EOPNOTSUPP
	}
	n, err := sendQueue(fd)
	return n, errnoOf(err)
}

// leavePortToConnect does nothing: here bind picks the port.
func leavePortToConnect(int) {}

// CloseWrite is shutdown(2).
func (*sockets) CloseWrite(fd int) Errno { return errnoOf(unix.Shutdown(fd, unix.SHUT_WR)) }

// Close is close(2).
func (*sockets) Close(fd int) Errno { return errnoOf(unix.Close(fd)) }

// sharePort: on most of these systems the last listener gets all connections, so it is not offered on any.
func sharePort(int) Errno { return EOPNOTSUPP }

// deafen: these systems have no such thing.
func deafen(int) Errno { return EOPNOTSUPP }
