package reactor

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Datagram is a UDP socket that a Reactor owns. It receives only while asked to, tells of every datagram sent how that
// went, exactly once, and sends what a turn has queued in as few system calls as there can be.
//
// All methods are for the loop's goroutine. No callback ever runs inside the call that caused it. After Close every
// outstanding request completes, in order, then the close callback runs, once, and then nothing more.
//
// An idle Datagram holds no buffer: the one batch that is received at a time, the requests and the blocks belong to the
// reactor. Behaviour is libuv's (its docs/src/udp.rst) where nothing else is said.
type Datagram struct {
	watch
	life    life
	ip6     bool // the socket's family; IPv4 addresses are mapped for it
	flags   datagramFlags
	recvErr uint16          // an errno that a send has met and the receiver is owed
	maxSize int32           // of a datagram received, in bytes
	handler DatagramHandler // nil until the first ReceiveStart
	out     *outbox         // nil while nothing is under way
	peer    netip.AddrPort  // what Connect was given; zero if it is not connected
	kept    fifo[kept]      // received, and not delivered because of ReceiveStop
}

type datagramFlags uint8

const (
	dgramFlushing datagramFlags = 1 << iota // in r.flushing
	dgramHeld                               // in r.held
	dgramPending                            // in r.pending
	dgramErrors                             // DatagramOptions.ReceiveErrors
	dgramRetried                            // the head of the queue has met somebody else's error already
)

const maxDatagram = 64 << 10

// OpenDatagram makes a UDP socket and binds it to address: a literal "ip:port", or ":port" for all addresses. Port 0
// picks a free one, see LocalAddr. With "" the socket stays unbound: the kernel binds it when it first sends, and
// ReceiveStart to a port of its choice. network is "udp4", "udp6" or "udp", which takes the family of the address, and
// without one both where the system can.
//
// It returns what is wrong with the network or the address, EADDRINUSE, EADDRNOTAVAIL, EACCES, EMFILE … wrapped, and
// ErrClosed after Close.
func (r *Reactor) OpenDatagram(network, address string, o DatagramOptions) (*Datagram, error) {
	r.guard.check()
	op := "open " + network + " " + address
	if r.closed {
		return nil, &Error{Op: op, Err: ErrClosed}
	}
	network, at, err := datagramAddress(network, address)
	if err != nil {
		return nil, &Error{Op: op, Err: err}
	}
	if o.MaxSize <= 0 || o.MaxSize > maxDatagram {
		o.MaxSize = maxDatagram
	}
	fd, ip6, errno := r.k.Datagram(network, o)
	if errno != 0 {
		return nil, &Error{Op: op, Err: errno}
	}
	d := r.newDatagram(fd, ip6, o)
	if address == "" {
		return d, nil
	}
	if !at.Addr().IsValid() {
		all := netip.IPv4Unspecified()
		if ip6 {
			all = netip.IPv6Unspecified()
		}
		at = netip.AddrPortFrom(all, at.Port())
	}
	if errno := r.k.Bind(fd, at); errno != 0 {
		d.forget()
		r.k.Close(fd)
		return nil, &Error{Op: op, Err: errno}
	}
	return d, nil
}

// datagramAddress reads an address and decides the network by it. The address of ":port" is invalid but has the port.
func datagramAddress(network, address string) (string, netip.AddrPort, error) {
	switch network {
	case "udp", "udp4", "udp6":
	default:
		return network, netip.AddrPort{}, net.UnknownNetworkError(network)
	}
	if address == "" {
		return network, netip.AddrPort{}, nil
	}
	if text, ok := strings.CutPrefix(address, ":"); ok {
		port, err := strconv.ParseUint(text, 10, 16)
		return network, netip.AddrPortFrom(netip.Addr{}, uint16(port)), err
	}
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return network, at, err
	}
	at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	family := "udp6"
	if at.Addr().Is4() {
		family = "udp4"
	}
	if network != "udp" && network != family {
		return network, at, EAFNOSUPPORT
	}
	return family, at, nil
}

func (r *Reactor) newDatagram(fd int, ip6 bool, o DatagramOptions) *Datagram {
	d := &Datagram{life: lifeOpen, ip6: ip6, maxSize: int32(o.MaxSize)}
	if o.ReceiveErrors {
		d.flags |= dgramErrors
	}
	r.taken(fd)
	d.r, d.fd = r, int32(fd)
	d.tok = r.slots.add(d)
	return d
}

// Connect has the socket send to peer and receive from there only; the zero AddrPort ends that, and leaves the socket the
// port it has. What is queued already leaves for where it was to go, but on kqueue systems what the kernel has no room for
// at the moment of connecting fails with EISCONN: a connected socket sends nowhere else there. It returns EISCONN if the
// socket is connected, ENOTCONN if there is nothing to end, ErrClosed after Close, or the errno of connect(2).
//
// A connected socket is told when the peer's port is closed: see DatagramHandler.
func (d *Datagram) Connect(peer netip.AddrPort) error {
	d.r.guard.check()
	const op = "connect"
	switch {
	case d.life >= lifeClosing:
		return d.fail(op, peer, ErrClosed)
	case peer.IsValid() && d.peer.IsValid():
		return d.fail(op, peer, EISCONN)
	case !peer.IsValid() && !d.peer.IsValid():
		return d.fail(op, peer, ENOTCONN)
	case !d.fits(peer):
		return d.fail(op, peer, EAFNOSUPPORT)
	}
	if d.out != nil && d.out.unsent.head != nil {
		d.send() // before what is queued would go elsewhere
	}
	if errno := d.r.k.Associate(int(d.fd), d.wire(peer)); errno != 0 {
		return d.fail(op, peer, errno)
	}
	if d.out != nil {
		d.out.unsent.address(d.peer)
	}
	d.peer = peer
	return nil
}

// fits says that an address may be used on this socket: IPv6 has no place on an IPv4 one.
func (d *Datagram) fits(to netip.AddrPort) bool {
	return d.ip6 || !to.Addr().Is6() || to.Addr().Is4In6()
}

// wire is an address as this socket's kernel wants it.
func (d *Datagram) wire(to netip.AddrPort) netip.AddrPort {
	switch addr := to.Addr(); {
	case d.ip6 && addr.Is4():
		return netip.AddrPortFrom(netip.AddrFrom16(addr.As16()), to.Port())
	case !d.ip6 && addr.Is4In6():
		return netip.AddrPortFrom(addr.Unmap(), to.Port())
	}
	return to
}

// Active reports whether the socket is receiving, or has a request under way.
func (d *Datagram) Active() bool {
	return d.life < lifeClosing && (d.want&WantRead != 0 || d.out != nil)
}

// Closing reports whether Close was called; it stays true afterwards.
func (d *Datagram) Closing() bool { return d.life >= lifeClosing }

// RemoteAddr is the address the socket is connected to; zero if it is not.
func (d *Datagram) RemoteAddr() netip.AddrPort { return d.peer }

// LocalAddr is our address, asked of the kernel: port 0 before the socket is bound; zero after Close.
func (d *Datagram) LocalAddr() netip.AddrPort {
	d.r.guard.check()
	if d.fd < 0 {
		return netip.AddrPort{}
	}
	addr, errno := d.r.k.LocalAddr(int(d.fd))
	if errno != 0 {
		return netip.AddrPort{}
	}
	return addr
}

// FD is the descriptor, for what this package does not offer; -1 after Close.
func (d *Datagram) FD() int { return int(d.fd) }

// fail makes the error of an operation on this socket.
func (d *Datagram) fail(op string, peer netip.AddrPort, why error) error {
	if !peer.IsValid() {
		peer = d.peer
	}
	return &Error{Op: op, Peer: peer, Err: why}
}

// box returns the outbox, which every request needs.
func (d *Datagram) box() *outbox {
	if d.out == nil {
		d.out = d.r.pool.outbox()
	}
	return d.out
}

// tidy gives the outbox back once it holds nothing.
func (d *Datagram) tidy() {
	if d.out != nil && d.life < lifeClosing && d.out.empty() && d.out.count == 0 {
		d.r.pool.releaseOutbox(d.out)
		d.out = nil
	}
}
