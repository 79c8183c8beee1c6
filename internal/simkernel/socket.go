package simkernel

import (
	"fmt"
	"net/netip"
	"syscall"
)

// kind is what a descriptor stands for.
type kind uint8

const (
	kindSystem kind = iota // standard input and its like: never ours
	kindTCP                // a TCP connection
	kindUnix               // a Unix stream connection
	kindTCPListener
	kindUnixListener
	kindReserve // good for nothing but being closed
	kindFile    // something inherited that is not a socket
	kindUDP
	kindOpenFile // a file or folder of the disk
	kindPipe     // one end of a pipe
)

// state is where a connection is in its life. What becomes of it afterwards is told by the flags of socket, as in a
// real kernel.
type state uint8

const (
	stateConnecting state = iota // our SYN is on its way
	stateReceived                // a listener's kernel has answered a SYN
	stateConnected
)

// socket is one end of a connection, ours or a foreign peer's, or a listener, or another thing with a descriptor.
type socket struct {
	w       *World
	peer    *socket // the other end; nil before there is one
	foreign *Peer   // the script that owns it; nil if we do
	parent  *socket // the listener whose queue it is going to enter
	ln      *listening
	udp     *datagrams
	file    *openFile // of kindOpenFile
	pipe    *pipe     // of kindPipe
	out     flow      // what we send. What we receive is peer.out

	local, remote netip.AddrPort
	path          string

	id             int32
	fd             int // its last descriptor; -1 if it never had one
	fds            int // descriptors it has: Adopt duplicates
	sndbuf, rcvbuf int
	tries          int // SYNs that got no answer

	err     Errno // sk_err, so_error: reported once
	kind    kind
	state   state
	rcvShut bool // nothing more will arrive
	sndShut bool // we may send no more
	sawFin  bool // the peer's end of output has arrived (SOCK_DONE)
	dead    bool // reset, or ended by both sides: TCP_CLOSE
	closed  bool // its owner has closed it: what remains of it goes on without one
	linger0 bool // closing sends a reset
	pipeIn  bool // the end of a pipe that is written to
	exact   bool // its window is filled to the last byte
	nospace bool // the sender was told that there is no room, and is owed the news when there is

	reg registration
}

// listening is what only a listener has.
type listening struct {
	queue   []*socket // accepted by the kernel, not yet by us
	pending int       // on their way into the queue
	backlog int
	reuse   bool
	deaf    bool        // answers no SYN
	serve   func(*Peer) // a foreign server's; nil if the listener is ours
}

func (w *World) newSocket(k kind) *socket {
	w.sockets++
	return &socket{w: w, id: w.sockets, kind: k, fd: -1, sndbuf: w.opts.SendBuffer, rcvbuf: w.opts.ReceiveBuffer}
}

// join makes a and b the ends of one connection.
func join(a, b *socket) { a.peer, b.peer = b, a }

func (s *socket) listener() bool   { return s.ln != nil }
func (s *socket) connection() bool { return s.kind == kindTCP || s.kind == kindUnix }

// unread is the number of bytes a read would find, or of datagrams.
func (s *socket) unread() int {
	if s.udp != nil {
		return len(s.udp.queue)
	}
	if s.peer == nil {
		return 0
	}
	return s.peer.out.arrived
}

// used counts what fills the sender's buffer. A Unix socket's bytes stay the sender's until they are read.
func (s *socket) used() int {
	if s.kind == kindUnix {
		return len(s.out.buf) - s.out.off
	}
	if s.udp != nil {
		return s.udp.flying
	}
	return s.out.held()
}

// room is the number of bytes a write would take.
func (s *socket) room() int { return max(0, s.sndbuf-s.used()) }

// writable says whether a poll reports room. It takes more than one byte: a third of a TCP socket's buffer, three
// quarters of a Unix socket's on Linux; the low-water mark on BSD.
func (s *socket) writable() bool {
	used := s.used()
	switch {
	case s.w.bsd():
		return s.sndbuf-used >= min(2048, s.sndbuf/2)
	case s.kind == kindUnix:
		return used <= s.sndbuf/4
	default:
		return s.sndbuf-used >= used/2
	}
}

// takeError reports a pending error, once.
func (s *socket) takeError() Errno {
	err := s.err
	s.err = 0
	return err
}

// read is recv(2). The order of its questions is the kernel's: data first, always.
func (s *socket) read(p []byte) (int, Errno) {
	if !s.connection() {
		if s.listener() {
			return 0, syscall.ENOTCONN
		}
		return 0, syscall.ENOTSOCK
	}
	if s.unread() > 0 {
		n := s.peer.out.take(s.w, p)
		s.peer.roomier()
		return n, 0
	}
	if s.kind == kindTCP && !s.w.bsd() && s.sawFin {
		return 0, 0 // an error behind the end of input stays for the writer
	}
	if s.err != 0 {
		return 0, s.takeError()
	}
	if s.rcvShut {
		return 0, 0
	}
	return 0, syscall.EAGAIN
}

// mayWrite is the first half of send(2): what stands in the way. It may consume the pending error.
func (s *socket) mayWrite() Errno {
	switch {
	case s.listener():
		return syscall.EPIPE
	case !s.connection():
		return syscall.ENOTSOCK
	case s.kind == kindUnix || s.w.bsd():
		if s.sndShut {
			return syscall.EPIPE // the error is left for the reader
		}
		if s.err != 0 {
			return s.takeError()
		}
	case s.err != 0:
		return s.takeError()
	case s.sndShut:
		return syscall.EPIPE
	}
	if s.state == stateConnecting {
		if s.w.bsd() {
			return syscall.ENOTCONN
		}
		return syscall.EAGAIN
	}
	if s.room() == 0 {
		s.nospace = true
		return syscall.EAGAIN
	}
	return 0
}

// roomier is called when bytes have left the sender's buffer, or the receiver's.
func (s *socket) roomier() {
	s.pump()
	if s.nospace && s.writable() {
		s.nospace = false
		s.wake(condOut)
	}
}

// closeWrite is shutdown(SHUT_WR).
func (s *socket) closeWrite() Errno {
	switch {
	case !s.connection():
		return syscall.ENOTSOCK
	case s.dead, s.state == stateConnecting:
		return syscall.ENOTCONN
	case s.kind == kindUnix:
		s.sndShut = true
		s.peer.rcvShut = true
		s.peer.wake(condIn | condEnded)
		s.wake(0)
		return 0
	}
	if !s.sndShut {
		s.sndShut = true
		s.out.fin = finQueued
		s.pump()
		s.wake(0)
	}
	return 0
}

// close is what happens when the last descriptor is gone.
func (s *socket) close() {
	if s.closed {
		return
	}
	s.closed = true
	switch s.kind {
	case kindTCPListener, kindUnixListener:
		s.closeListener()
	case kindUnix:
		s.closeUnix()
	case kindTCP:
		s.closeTCP()
	case kindUDP:
		s.closeDatagram()
	}
}

func (s *socket) describe() string {
	switch s.kind {
	case kindTCPListener:
		return fmt.Sprintf("listener on %v, %d waiting", s.local, len(s.ln.queue))
	case kindUnixListener:
		return fmt.Sprintf("listener on %s, %d waiting", s.path, len(s.ln.queue))
	case kindReserve:
		return "reserve"
	case kindUDP:
		return fmt.Sprintf("udp socket #%d %v -> %v, %d unread, armed %v", s.id, s.local, s.remote, s.unread(), s.reg.armed)
	case kindFile:
		return "file"
	case kindOpenFile:
		return "file " + s.file.path
	case kindPipe:
		return fmt.Sprintf("pipe with %d bytes in it", len(s.pipe.buf))
	case kindUnix:
		return fmt.Sprintf("unix socket #%d, %d unread, armed %v", s.id, s.unread(), s.reg.armed)
	default:
		return fmt.Sprintf("tcp socket #%d %v -> %v, %d unread, %d unsent, armed %v", s.id, s.local, s.remote, s.unread(), s.out.held(), s.reg.armed)
	}
}
