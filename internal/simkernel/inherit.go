package simkernel

import (
	"net/netip"
	"os"
	"syscall"

	"github.com/weir-go/weir/reactor"
)

// What a parent process leaves in our table, and Adopt takes.

// InheritConn puts a connected TCP socket into the table, as a parent process would leave it, and returns its far end.
func (w *World) InheritConn() (fd int, p *Peer, err error) {
	ours, theirs := w.newSocket(kindTCP), w.newSocket(kindTCP)
	join(ours, theirs)
	ours.state, theirs.state = stateConnected, stateConnected
	ours.local = netip.AddrPortFrom(loopback(false), w.ephemeral())
	theirs.local = netip.AddrPortFrom(loopback(false), w.ephemeral())
	ours.remote, theirs.remote = theirs.local, ours.local
	p = &Peer{w: w, s: theirs}
	theirs.foreign = p
	if !w.install(ours) {
		return -1, nil, syscall.EMFILE
	}
	return ours.fd, p, nil
}

// InheritListener puts a listening socket into the table.
func (w *World) InheritListener(network, address string) (fd int, err error) {
	fd, errno, err := w.listen(network, address, reactor.ListenOptions{})
	if errno != 0 {
		err = errno
	}
	return fd, err
}

// InheritFile puts something into the table that is no socket.
func (w *World) InheritFile() (fd int, err error) {
	s := w.newSocket(kindFile)
	if !w.install(s) {
		return -1, syscall.EMFILE
	}
	return s.fd, nil
}

// Adopt duplicates what World.Inherit… has put into the table.
func (k *Kernel) Adopt(fd int, listening bool) (own int, unix bool, err error) {
	w := k.begin("Adopt")
	own, unix, errno := w.adopt(fd, listening)
	w.log.add(record{at: w.now, op: opAdopt, kernel: k.id, id: int32(fd), result: int64(own), errno: errno})
	if errno != 0 {
		return -1, false, os.NewSyscallError("adopt", errno)
	}
	return own, unix, nil
}

func (w *World) adopt(fd int, listening bool) (own int, unix bool, errno Errno) {
	if fd < 0 || fd >= len(w.fds) || w.fds[fd] == nil {
		return -1, false, syscall.EBADF // not a mistake of ours: a user may hand in anything
	}
	s := w.fds[fd]
	switch {
	case s.udp != nil:
		return -1, false, syscall.EINVAL
	case !s.listener() && !s.connection():
		return -1, false, syscall.ENOTSOCK
	case s.listener() != listening:
		return -1, false, syscall.EINVAL
	case !listening && (s.state != stateConnected || s.dead):
		return -1, false, syscall.ENOTCONN
	case !w.install(s):
		return -1, false, syscall.EMFILE
	}
	return s.fd, s.kind == kindUnixListener || s.kind == kindUnix, 0
}
