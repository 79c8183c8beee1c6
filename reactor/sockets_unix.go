//go:build linux || darwin || freebsd || openbsd || netbsd

package reactor

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strconv"

	"github.com/panjf2000/gnet/v2/pkg/socket"
	"golang.org/x/sys/unix"
)

// The cold calls, the same everywhere: making sockets and asking about them. The portable part of that is gnet's.

// Listen is socket, bind and listen.
func (*sockets) Listen(network, address string, o ListenOptions) (int, error) {
	var fd int
	var err error
	switch network {
	case "tcp", "tcp4", "tcp6":
		fd, _, err = socket.TCPSocket(network, address, true, listenerOptions(o), nil)
	case "unix":
		fd, err = listenUnix(address, o.UnixMode)
	default:
		err = net.UnknownNetworkError(network)
	}
	if err == nil && o.Backlog > 0 {
		// gnet asks for all there is; the kernel lets it be changed at any time.
		if err = os.NewSyscallError("listen", unix.Listen(fd, o.Backlog)); err != nil {
			unix.Close(fd)
		}
	}
	if err != nil {
		return -1, &Error{Op: "listen " + network + " " + address, Err: err}
	}
	return fd, nil
}

// listenerOptions are set before bind. Connections accepted inherit what is set on their listener, which spares a
// system call for each.
func listenerOptions(o ListenOptions) []socket.Option[int] {
	opts := []socket.Option[int]{{SetSockOpt: socket.SetReuseAddr, Opt: 1}}
	if !o.Delay {
		opts = append(opts, socket.Option[int]{SetSockOpt: socket.SetNoDelay, Opt: 1})
	}
	if o.ReusePort {
		opts = append(opts, socket.Option[int]{SetSockOpt: socket.SetReuseport, Opt: 1})
	}
	return opts
}

// listenUnix listens on path, and replaces a socket there that nobody listens on: what a server that was killed leaves.
func listenUnix(path string, mode fs.FileMode) (int, error) {
	fd, _, err := socket.UnixSocket("unix", path, true, nil, nil)
	if errors.Is(err, unix.EADDRINUSE) && stale(path) {
		if err = os.Remove(path); err == nil {
			fd, _, err = socket.UnixSocket("unix", path, true, nil, nil)
		}
	}
	if err == nil && mode != 0 && path[0] != '@' {
		if err = os.Chmod(path, mode); err != nil {
			unix.Close(fd)
			os.Remove(path)
		}
	}
	return fd, err
}

// stale reports whether path is a socket that refuses connections.
func stale(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSocket == 0 {
		return false
	}
	fd, _, err := socket.UnixSocket("unix", path, false, nil, nil)
	if err == nil {
		unix.Close(fd)
	}
	return errors.Is(err, unix.ECONNREFUSED)
}

// Relisten is listen(2) on a socket that listens.
func (*sockets) Relisten(fd, backlog int) Errno { return errnoOf(unix.Listen(fd, backlog)) }

// Connect is socket, bind if there is a local address, and connect.
func (*sockets) Connect(network, address string, local netip.AddrPort) (fd int, pending bool, err error) {
	if network == "unix" {
		fd, _, err = socket.UnixSocket(network, address, false, nil, nil)
	} else {
		opts := []socket.Option[int]{{SetSockOpt: socket.SetNoDelay, Opt: 1}}
		if local.IsValid() {
			bind := func(fd, _ int) error { return bindBeforeConnect(fd, local) }
			opts = append(opts, socket.Option[int]{SetSockOpt: bind}) // options are set before the connect
		}
		fd, _, err = socket.TCPSocket(network, address, false, opts, nil)
	}
	switch {
	case err == nil:
		return fd, false, nil
	case errors.Is(err, unix.EINPROGRESS):
		return fd, true, nil
	}
	return -1, false, err
}

// bindBeforeConnect gives fd its own address.
func bindBeforeConnect(fd int, local netip.AddrPort) error {
	if local.Port() == 0 {
		leavePortToConnect(fd)
	} else if err := socket.SetReuseAddr(fd, 1); err != nil {
		return err
	}
	addr := local.Addr()
	return os.NewSyscallError("bind", unix.Bind(fd, socket.IPToSockaddr(addr.AsSlice(), int(local.Port()), addr.Zone())))
}

// ConnectResult is SO_ERROR, and getpeername to tell a finished connect from an event that came for nothing.
func (s *sockets) ConnectResult(fd int) Errno {
	value, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return errnoOf(err)
	}
	if value != 0 {
		return Errno(value)
	}
	if _, err := unix.Getpeername(fd); err == unix.ENOTCONN {
		return EINPROGRESS
	}
	return 0
}

// SetOption is setsockopt(2).
func (*sockets) SetOption(fd int, opt Option, value int) Errno {
	var err error
	switch opt {
	case OptNoDelay:
		err = socket.SetNoDelay(fd, value)
	case OptKeepAlive:
		if value == 0 {
			err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 0)
		} else {
			err = socket.SetKeepAlivePeriod(fd, value)
		}
	case OptReset:
		err = socket.SetLinger(fd, 0)
	case OptSendBuffer:
		err = socket.SetSendBuffer(fd, value)
	case OptReceiveBuffer:
		err = socket.SetRecvBuffer(fd, value)
	case OptReusePort:
		return sharePort(fd)
	case OptDeaf:
		return deafen(fd)
	case OptBroadcast:
		err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, value)
	case OptTTL, OptMulticastTTL, OptMulticastLoop:
		err = setDatagramOption(fd, opt, value)
	default:
		return EINVAL
	}
	return errnoOf(err)
}

// LocalAddr is getsockname.
func (*sockets) LocalAddr(fd int) (netip.AddrPort, Errno) {
	sa, err := unix.Getsockname(fd)
	return addrPort(sa), errnoOf(err)
}

// PeerAddr is getpeername.
func (*sockets) PeerAddr(fd int) (netip.AddrPort, Errno) {
	sa, err := unix.Getpeername(fd)
	return addrPort(sa), errnoOf(err)
}

// Adopt duplicates a stream socket. The duplicate shares O_NONBLOCK with the original, so it is judged first.
func (*sockets) Adopt(fd int, listening bool) (own int, isUnix bool, err error) {
	typ, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return -1, false, err
	}
	accepting, _ := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN) // it is a socket, so it has the option
	if typ != unix.SOCK_STREAM || (accepting != 0) != listening {
		return -1, false, EINVAL
	}
	if _, err := unix.Getpeername(fd); err != nil && !listening {
		return -1, false, err
	}
	if sa, err := unix.Getsockname(fd); err == nil {
		_, isUnix = sa.(*unix.SockaddrUnix)
	}
	if own, err = socket.Dup(fd); err != nil {
		return -1, false, err
	}
	if err = unix.SetNonblock(own, true); err != nil {
		unix.Close(own)
		return -1, false, err
	}
	return own, isUnix, nil
}

// Reserve opens the null device: the cheapest thing that has a descriptor.
func (*sockets) Reserve() (int, Errno) {
	fd, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	return fd, errnoOf(err)
}

// Unlink removes path, unless it is a name that is in no directory.
func (*sockets) Unlink(path string) Errno {
	if path == "" || path[0] == '@' {
		return 0
	}
	return errnoOf(unix.Unlink(path))
}

// addrPort is the netip form of sa; zero if it is not an IP address.
func addrPort(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return ip6AddrPort(sa.Addr, sa.ZoneId, uint16(sa.Port))
	}
	return netip.AddrPort{}
}

// ip6AddrPort shows an IPv4 peer of a socket that takes both as what it is.
func ip6AddrPort(ip [16]byte, scope uint32, port uint16) netip.AddrPort {
	addr := netip.AddrFrom16(ip).Unmap()
	if scope != 0 && addr.Is6() {
		addr = addr.WithZone(zoneName(scope))
	}
	return netip.AddrPortFrom(addr, port)
}

func zoneName(scope uint32) string {
	if itf, err := net.InterfaceByIndex(int(scope)); err == nil {
		return itf.Name
	}
	return strconv.FormatUint(uint64(scope), 10)
}

// errnoOf finds the errno in err; EINVAL if there is an error without one.
func errnoOf(err error) Errno {
	if err == nil {
		return 0
	}
	if errno, plain := err.(Errno); plain { // what x/sys returns, without the memory that As takes
		return errno
	}
	var errno Errno
	if errors.As(err, &errno) {
		return errno
	}
	return EINVAL
}
