package loop

import "github.com/weir-go/weir/reactor"

// Listen listens on address and calls onConn for each connection. network is "tcp", "tcp4", "tcp6" or "unix"; a host
// name is resolved at once, which may block. See reactor.Listener for the rest. This and the calls below return ErrClosed
// after Loop.Close.
func (l *Loop) Listen(network, address string, onConn func(*reactor.Conn)) (*reactor.Listener, error) {
	return l.ListenWith(network, address, reactor.ListenOptions{}, onConn)
}

// ListenWith is Listen with options.
func (l *Loop) ListenWith(network, address string, o reactor.ListenOptions, onConn func(*reactor.Conn)) (*reactor.Listener, error) {
	return l.r.Listen(network, address, o, onConn)
}

// Connect connects to a literal "ip:port", or a path for "unix"; done is told in a later turn how it went. See
// reactor.Reactor.Connect.
func (l *Loop) Connect(network, address string, done func(error)) (*reactor.Conn, error) {
	return l.r.Connect(network, address, done)
}

// ConnectWith is Connect with options.
func (l *Loop) ConnectWith(network, address string, o reactor.ConnectOptions, done func(error)) (*reactor.Conn, error) {
	return l.r.ConnectWith(network, address, o, done)
}

// AdoptConn makes a connection of a socket that something else has opened, and closes f. See reactor.File.
func (l *Loop) AdoptConn(f reactor.File) (*reactor.Conn, error) { return l.r.AdoptConn(f) }

// AdoptListener makes a listener of a socket that something else has opened, and closes f. See reactor.File.
func (l *Loop) AdoptListener(f reactor.File, onConn func(*reactor.Conn)) (*reactor.Listener, error) {
	return l.r.AdoptListener(f, onConn)
}

// OpenDatagram makes a UDP socket, bound to address unless that is "". network is "udp", "udp4" or "udp6". See
// reactor.Reactor.OpenDatagram.
func (l *Loop) OpenDatagram(network, address string, o reactor.DatagramOptions) (*reactor.Datagram, error) {
	return l.r.OpenDatagram(network, address, o)
}

// AdoptDatagram makes a datagram socket of one that something else has opened, and closes f. See reactor.File.
func (l *Loop) AdoptDatagram(f reactor.File) (*reactor.Datagram, error) { return l.r.AdoptDatagram(f) }

// NewPoll watches a descriptor that something else owns: see reactor.Poll. Among others it returns EPERM for regular
// files and directories, and EEXIST for a descriptor that the loop watches already.
func (l *Loop) NewPoll(fd int) (*reactor.Poll, error) { return l.r.NewPoll(fd) }

// Conn is a reactor's connection, under a name for floors that know the reactor only through the loop.
type Conn = reactor.Conn
