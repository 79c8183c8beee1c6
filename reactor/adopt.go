package reactor

import (
	"net/netip"
	"syscall"
)

// File is a descriptor that something else has opened: an *os.File (os.NewFile for an inherited one), a *net.TCPConn,
// a *net.TCPListener, their Unix kin, a *net.UDPConn, or any other that lets its descriptor be seen.
type File interface {
	SyscallConn() (syscall.RawConn, error)
	Close() error
}

// AdoptConn makes a Conn of a connected stream socket and closes f, which must not be used any more. If it returns an
// error f is as it was: EINVAL for a socket that listens or has another type, ENOTCONN, ENOTSOCK, EBADF.
func (r *Reactor) AdoptConn(f File) (*Conn, error) {
	var unix bool
	fd, err := r.adopt(f, func(foreign int) (own int, err error) {
		own, unix, err = r.k.Adopt(foreign, false)
		return own, err
	})
	if err != nil {
		return nil, err
	}
	var peer netip.AddrPort
	if !unix {
		peer, _ = r.k.PeerAddr(fd) // it may have gone since; then its address has too
	}
	f.Close() // ours is a duplicate; what closing the other one says does not matter to it
	c := r.newConn(fd, peer, unix, lifeOpen)
	c.flags |= flagShared // other processes may have it too
	return c, nil
}

// AdoptListener makes a Listener of a socket that listens, and closes f as AdoptConn does. The path of a Unix socket
// is left where it is when the Listener closes.
func (r *Reactor) AdoptListener(f File, onConn func(*Conn)) (*Listener, error) {
	if onConn == nil {
		panic("reactor: AdoptListener with a nil callback")
	}
	return r.adoptListener(f, nil, onConn)
}

func (r *Reactor) adoptListener(f File, onAccept func(Accepted), onConn func(*Conn)) (*Listener, error) {
	var unix bool
	fd, err := r.adopt(f, func(foreign int) (own int, err error) {
		own, unix, err = r.k.Adopt(foreign, true)
		return own, err
	})
	if err != nil {
		return nil, err
	}
	if u, ok := f.(interface{ SetUnlinkOnClose(bool) }); ok {
		u.SetUnlinkOnClose(false) // a net.UnixListener would take the path with it
	}
	f.Close()
	if !unix {
		r.k.SetOption(fd, OptNoDelay, 1) // for the connections to inherit, as Listen has it; they work without
	}
	l := r.newListener(fd, unix)
	l.onAccept, l.onConn, l.shared = onAccept, onConn, true
	return l, nil
}

// AdoptDatagram makes a Datagram of a UDP socket, bound or not, connected or not, and closes f as AdoptConn does. It
// returns EINVAL for any other socket. Datagrams are received whole; a queue of errors is turned off.
func (r *Reactor) AdoptDatagram(f File) (*Datagram, error) {
	var ip6 bool
	var peer netip.AddrPort
	fd, err := r.adopt(f, func(foreign int) (own int, err error) {
		own, ip6, peer, err = r.k.AdoptDatagram(foreign)
		return own, err
	})
	if err != nil {
		return nil, err
	}
	f.Close()
	d := r.newDatagram(fd, ip6, DatagramOptions{MaxSize: maxDatagram})
	d.peer = peer
	return d, nil
}

// adopt shows the descriptor of f to take, which makes a duplicate of it that is ours.
func (r *Reactor) adopt(f File, take func(foreign int) (own int, err error)) (fd int, err error) {
	r.guard.check()
	if r.closed {
		return -1, &Error{Op: "adopt", Err: ErrClosed}
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return -1, &Error{Op: "adopt", Err: err}
	}
	if e := raw.Control(func(foreign uintptr) { fd, err = take(int(foreign)) }); e != nil {
		return -1, &Error{Op: "adopt", Err: e}
	}
	if err != nil {
		return -1, &Error{Op: "adopt", Err: err}
	}
	return fd, nil
}
