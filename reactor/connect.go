package reactor

import (
	"net"
	"net/netip"
)

// Connect makes a connection to address, a literal "ip:port" for "tcp", "tcp4" and "tcp6", a path for "unix". It
// returns at once; done is called in a later turn with nil, or with why it failed, whatever that is: refused,
// unreachable, no descriptor left. The Conn exists from the start: Write queues, Close cancels (ECANCELED). After a
// failure it stays until it is closed, as in libuv.
//
// An error from Connect itself means that the network or the address is not one; done will not be called.
func (r *Reactor) Connect(network, address string, done func(error)) (*Conn, error) {
	return r.ConnectWith(network, address, ConnectOptions{}, done)
}

// ConnectWith is Connect with options. What is wrong with the local address done is told: EAFNOSUPPORT if it is of the
// other family, EADDRNOTAVAIL, EADDRINUSE. With "unix" there is none, and ConnectWith returns EINVAL for it.
func (r *Reactor) ConnectWith(network, address string, o ConnectOptions, done func(error)) (*Conn, error) {
	r.guard.check()
	if r.closed {
		return nil, &Error{Op: "connect", Err: ErrClosed}
	}
	var peer netip.AddrPort
	switch network {
	case "tcp", "tcp4", "tcp6":
		var err error
		if peer, err = netip.ParseAddrPort(address); err != nil {
			return nil, &Error{Op: "connect", Err: err}
		}
	case "unix":
		if address == "" || o.LocalAddr != (netip.AddrPort{}) {
			return nil, &Error{Op: "connect", Err: EINVAL}
		}
	default:
		return nil, &Error{Op: "connect", Err: net.UnknownNetworkError(network)}
	}
	if done == nil {
		done = func(error) {}
	}
	fd, pending := -1, false
	local, err := localFor(peer, o.LocalAddr)
	if err == nil {
		if fd, pending, err = r.k.Connect(network, address, local); err != nil {
			fd = -1
		}
	}
	c := r.newConn(fd, peer, network == "unix", lifeConnecting)
	out := c.box()
	out.connect = done
	r.refs++
	if err != nil {
		err = c.fail("connect", err)
	} else if pending {
		c.setWant(WantWrite)
		return c, nil
	}
	out.ended, out.connectErr = true, err
	c.owe()
	return c, nil
}

// localFor is the address to bind to before connecting to peer; zero for none.
func localFor(peer, local netip.AddrPort) (netip.AddrPort, error) {
	if local == (netip.AddrPort{}) {
		return local, nil
	}
	six := !peer.Addr().Unmap().Is4()
	addr := local.Addr().Unmap()
	switch {
	case !addr.IsValid() && six:
		addr = netip.IPv6Unspecified()
	case !addr.IsValid():
		addr = netip.IPv4Unspecified()
	case addr.Is4() == six:
		return local, EAFNOSUPPORT
	}
	return netip.AddrPortFrom(addr, local.Port()), nil
}

// finishConnect asks how the connect went, when the kernel says it has ended. It reports whether a callback ran.
func (c *Conn) finishConnect() bool {
	errno := c.r.k.ConnectResult(int(c.fd))
	if errno == EINPROGRESS || errno == EINTR {
		return false
	}
	var err error
	if errno != 0 {
		err = c.fail("connect", errno)
	}
	c.connected(err)
	return true
}

// connected ends the connect: with the connection open, or failed with err.
func (c *Conn) connected(err error) {
	o := c.out
	done := o.connect
	o.connect, o.connectErr = nil, nil
	c.r.refs--
	c.setWant(0)
	if err != nil {
		c.life = lifeFailed
		c.dropUnsent(err)
	} else {
		c.life = lifeOpen
		c.flushLater()
	}
	c.tidy()
	done(err)
}
