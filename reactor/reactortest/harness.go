package reactortest

import (
	"net/netip"

	"github.com/weir-go/weir/reactor"
)

// Harness is the world around one Reactor: a kernel, and other programs to talk to.
type Harness interface {
	// Kernel is the kernel of this world. It is asked for once.
	Kernel() reactor.Kernel

	// Networks are the networks there are, of "tcp4", "tcp6" and "unix".
	Networks() []string

	// Address is one that a listener of ours may listen on: port 0, or a path that nobody has had.
	Address(network string) string

	// Refusing is an address that nobody listens on. For "unix" there is a path, left behind by somebody who did.
	Refusing(network string) string

	// Silent is a TCP address that never answers, so that a connect to it goes on for ever.
	Silent() string

	// Dial makes a peer that connects to a listener of ours.
	Dial(network, address string) Peer

	// Listen makes a peer that our connections reach.
	Listen(network string) PeerListener

	// InheritConn is a connected socket, opened by something else, that has network's kind; nil if this world has none.
	InheritConn(network string) (reactor.File, Peer)

	// InheritListener is a listening socket, opened by something else, and its address; nil if this world has none.
	InheritListener(network string) (reactor.File, string)

	// InheritDatagram is a UDP socket, opened by something else and bound, and its address. network is "tcp4" or "tcp6".
	InheritDatagram(network string) (reactor.File, string)

	// InheritFile is a descriptor that is no socket.
	InheritFile() reactor.File

	// Folder is one that files may be made in, empty.
	Folder() string

	// Check is called when everything has been closed. It returns what is left behind, and what the kernel saw done
	// that must not be.
	Check() []string
}

// Peer is the far end of a connection, moved by the test. Its methods never wait.
type Peer interface {
	// Send sends what there is room for and returns how much that is: 0 if there is none, or if the connection is over.
	Send(p []byte) int
	// Recv reads what has arrived: 0 and nil if nothing has, io.EOF at the end of input, or the error.
	Recv(p []byte) (int, error)
	// CloseWrite ends the peer's output.
	CloseWrite()
	// Close closes the peer's socket, with whatever lies unread in it. It may be called again.
	Close()
	// Reset closes a TCP socket with a reset, and a Unix socket as Close does: it has no other way.
	Reset()
	// LocalAddr and RemoteAddr are the peer's own address and ours; zero for a Unix socket.
	LocalAddr() netip.AddrPort
	RemoteAddr() netip.AddrPort
}

// PeerListener is a foreign server.
type PeerListener interface {
	// Addr is what to give to Connect.
	Addr() string
	// Accept returns the next connection; nil while nobody waits.
	Accept() Peer
	// Close stops listening.
	Close()
}
