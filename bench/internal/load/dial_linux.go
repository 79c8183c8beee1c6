package load

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

const connectTimeout = 5 * time.Second

// dial returns a connected, non-blocking descriptor.
func dial(to netip.AddrPort, from netip.Addr) (int, error) {
	fd, err := dialing(to, from)
	if err != nil {
		return -1, err
	}
	if err := connected(fd); err != nil {
		return -1, errors.Join(fmt.Errorf("load: connect to %v: %w", to, err), unix.Close(fd))
	}
	return fd, nil
}

// dialing returns a non-blocking descriptor whose connection is under way. A valid from is the source address; its port is
// chosen when the destination is known, so that one source serves as many connections as there are ports.
func dialing(to netip.AddrPort, from netip.Addr) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("load: socket: %w", err)
	}
	if err := connect(fd, to, from); err != nil && err != unix.EINPROGRESS {
		return -1, errors.Join(fmt.Errorf("load: connect to %v: %w", to, err), unix.Close(fd))
	}
	return fd, nil
}

func connect(fd int, to netip.AddrPort, from netip.Addr) error {
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return err
	}
	if from.IsValid() {
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
			return err
		}
		if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: from.As4()}); err != nil {
			return err
		}
	}
	return unix.Connect(fd, &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())})
}

// connected waits for a connect in progress: on loopback, one that found the accept queue full.
func connected(fd int) error {
	deadline := time.Now().Add(connectTimeout)
	for {
		left := time.Until(deadline)
		if left <= 0 {
			return unix.ETIMEDOUT
		}
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, int(left.Milliseconds())+1)
		if err != nil && err != unix.EINTR {
			return err
		}
		if n > 0 {
			break
		}
	}
	errno, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && errno != 0 {
		err = unix.Errno(errno)
	}
	return err
}

// hangUp resets the connection, so that thousands of them leave no TIME_WAIT behind for the next subject.
func hangUp(fd int) {
	_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	_ = unix.Close(fd)
}
