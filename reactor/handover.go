package reactor

import "net/netip"

// Accepted is a connection that a listener has taken from the kernel and that no reactor owns yet. It is a value: it may
// be given to another goroutine, whose reactor takes it. Whoever has it must Take or Discard it, once: nothing else
// closes its descriptor.
type Accepted struct {
	fd   int
	peer netip.AddrPort
	unix bool
}

// RemoteAddr is the peer's address; zero for a Unix socket.
func (a Accepted) RemoteAddr() netip.AddrPort { return a.peer }

// ListenAccepted is Listen for connections that may go to another reactor: onAccept is given each as it comes from the
// kernel. A panic of it belongs to nobody.
func (r *Reactor) ListenAccepted(network, address string, o ListenOptions, onAccept func(Accepted)) (*Listener, error) {
	if onAccept == nil {
		panic("reactor: ListenAccepted with a nil callback")
	}
	return r.listen(network, address, o, onAccept, nil)
}

// AdoptListenerAccepted is AdoptListener for connections that may go to another reactor.
func (r *Reactor) AdoptListenerAccepted(f File, onAccept func(Accepted)) (*Listener, error) {
	if onAccept == nil {
		panic("reactor: AdoptListenerAccepted with a nil callback")
	}
	return r.adoptListener(f, onAccept, nil)
}

// Take makes a connection of a, which this reactor owns from now on, neither reading nor writing yet. The code that runs
// then belongs to it: if it panics, the connection is reset. After Close it returns ErrClosed and a is as it was.
func (r *Reactor) Take(a Accepted) (*Conn, error) {
	r.guard.check()
	if r.closed {
		return nil, &Error{Op: "take", Peer: a.peer, Err: ErrClosed}
	}
	c := r.newConn(a.fd, a.peer, a.unix, lifeOpen)
	r.own(c)
	return c, nil
}

// Discard resets a connection that no reactor takes. Any reactor of the process will do.
func (r *Reactor) Discard(a Accepted) {
	r.guard.check()
	if !a.unix {
		r.k.SetOption(a.fd, OptReset, 1) // if it fails the end is merely orderly
	}
	r.k.Close(a.fd)
	r.descriptorFreed()
}
