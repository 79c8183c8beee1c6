package reactor

import "net/netip"

// Datagrams is the part of Kernel that makes and moves datagram sockets; they are closed, and their options set, as any
// other.
//
// An address of one family fits a socket of that family. Whoever sends or connects by IPv4 on an IPv6 socket that takes
// both gives the address mapped (::ffff:a.b.c.d); every address the kernel reports is unmapped.
type Datagrams interface {
	// Datagram creates a UDP socket and sets the options that must be set before it is bound. network is "udp4", "udp6"
	// or "udp": the last is an IPv6 socket that takes both families where the system has such, and IPv4 elsewhere. ip6
	// tells which it has become.
	Datagram(network string, o DatagramOptions) (fd int, ip6 bool, errno Errno)

	// Bind gives a datagram socket its address. An invalid one is any address of the socket's family with a port of the
	// kernel's choice; it does nothing if the socket has a port already.
	Bind(fd int, at netip.AddrPort) Errno

	// Associate is connect(2) of a datagram socket: only what comes from the peer is received from then on. It never
	// waits. An invalid address ends that; the socket keeps its port, and the address it was bound to.
	Associate(fd int, peer netip.AddrPort) Errno

	// Receive takes datagrams from the socket's queue, at most as many as there are elements in into, and fills those
	// from the first on. Fewer than that, without an errno, say that the queue was empty, as a rule. An errno may come with
	// datagrams: it is what followed them.
	Receive(fd int, into []Incoming) (n int, errno Errno)

	// Send sends datagrams in order and returns how many the kernel took. Fewer than there are, without an errno, say
	// that something stood in the way of the next one: sending that again tells what. There are at most MaxDatagrams.
	Send(fd int, out []Outgoing) (n int, errno Errno)

	// TakeError takes the oldest entry of the socket's queue of errors: why, and about which destination. EAGAIN means
	// that it is empty, which it always is without DatagramOptions.ReceiveErrors.
	TakeError(fd int) (about netip.AddrPort, why, errno Errno)

	// SetMulticastInterface chooses where multicast leaves: the interface that has this address, or for IPv6 the one that
	// its zone names. An invalid or unspecified address leaves it to the system.
	SetMulticastInterface(fd int, itf netip.Addr) Errno

	// Membership joins or leaves a multicast group.
	Membership(fd int, m Membership) Errno

	// AdoptDatagram is Adopt for a UDP socket: it reports EINVAL for any other. peer is zero if it is not connected.
	// An error queue is turned off, since nobody would empty it.
	AdoptDatagram(fd int) (own int, ip6 bool, peer netip.AddrPort, err error)
}

// MaxDatagrams is the most datagrams that one Send or Receive is asked to move. A raw call keeps its processor, and on
// the loopback each datagram sent is also delivered within it.
const MaxDatagrams = 32

// Incoming is a datagram that Receive has taken.
type Incoming struct {
	Buf       []byte // where to put the bytes; the caller's
	From      netip.AddrPort
	N         int  // how many bytes there are in Buf
	Truncated bool // there were more, which are lost
}

// Outgoing is a datagram for Send: its bytes, in at most MaxVectors pieces, and where to. An invalid address is the
// socket's peer.
type Outgoing struct {
	Bufs [][]byte
	To   netip.AddrPort
}

// DatagramOptions say how a Datagram is made. The zero value is good.
type DatagramOptions struct {
	// ReuseAddr lets sockets that all set it share one address: SO_REUSEADDR, and SO_REUSEPORT on the BSDs. A unicast
	// datagram goes to one of them, as a rule to the last, and multicast to all.
	ReuseAddr bool
	// ReusePort shares the address too, and the kernel spreads senders over the sockets (SO_REUSEPORT).
	ReusePort bool
	// IPv6Only keeps an IPv6 socket from taking IPv4 as well.
	IPv6Only bool
	// ReceiveErrors has the kernel report what the network says of datagrams sent (a port that nobody listens on) even
	// if the socket is not connected, with the address it is about (IP_RECVERR). Linux only; elsewhere making the
	// socket fails with EOPNOTSUPP.
	ReceiveErrors bool
	// MaxSize is the most bytes received of one datagram; what is longer is truncated, and said to be. The default,
	// and the most, is 64 KiB: UDP has no longer ones.
	MaxSize int
}

// Membership asks for a multicast group to be joined or left.
type Membership struct {
	// Group is the multicast address.
	Group netip.Addr
	// Interface is the one to join on, by its address or, for IPv6, by a zone. The zero value leaves it to the system.
	Interface netip.Addr
	// Source, if valid, restricts the membership to what this host sends.
	Source netip.Addr
	// Leave ends a membership of the same three.
	Leave bool
}
