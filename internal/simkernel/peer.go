package simkernel

import (
	"io"
	"net/netip"
	"syscall"
)

// Peer is the far end of a connection: a socket outside the process, moved by a script. Faults of system calls don't
// touch it; the network's do.
type Peer struct {
	w        *World
	s        *socket
	notified func(*Peer)
	owed     bool
}

// Dial connects a foreign client to address: "ip:port", or the path of a Unix socket. Without latency the connection is
// made when it returns; otherwise Send keeps what it is given until it is. If nobody listens the Peer is refused: see
// Err.
func (w *World) Dial(address string) *Peer {
	s := w.newSocket(kindTCP)
	p := &Peer{w: w, s: s}
	s.foreign = p
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		s.kind = kindUnix
		if errno := w.connectUnix(s, address); errno != 0 {
			s.fail(errno)
		}
		return p
	}
	if errno := w.connectTCP(s, to, netip.AddrPort{}); errno != 0 {
		s.fail(errno)
	}
	return p
}

// ListenPeer makes a foreign server at address, "ip:port" or a path, that our Connect reaches. serve is called for each
// connection, as a script. Any IP address will do. It returns what ends it.
func (w *World) ListenPeer(address string, serve func(*Peer)) (stop func()) {
	s := w.newSocket(kindTCPListener)
	s.ln = &listening{backlog: somaxconn, serve: serve}
	var err error
	if s.local, err = netip.ParseAddrPort(address); err != nil {
		s.kind, s.path = kindUnixListener, address
	}
	w.listeners = append(w.listeners, s)
	return s.close
}

// Notify has fn called, as a script, after something has happened to the peer: bytes or the end of input have arrived,
// it was reset, its connect has ended, there is room to send again. Several of these may be told at once.
func (p *Peer) Notify(fn func(*Peer)) {
	p.notified = fn
	p.notify()
}

func (p *Peer) notify() {
	if p.notified == nil || p.owed || p.s.closed {
		return
	}
	p.owed = true
	p.w.After(0, func() {
		p.owed = false
		if !p.s.closed {
			p.notified(p)
		}
	})
}

// Send sends what the send buffer takes of b and returns how much that is: 0 if it is full or the connection is over.
// See Err for which.
func (p *Peer) Send(b []byte) int {
	s := p.s
	n := 0
	if s.err == 0 && !s.sndShut && !s.closed {
		n = min(len(b), s.room())
		p.vector(b[:n])
	}
	if n < len(b) {
		s.nospace = true
	}
	p.w.log.add(record{at: p.w.now, op: opPeerSend, kernel: -1, id: s.id, arg: int64(len(b)), result: int64(n), sample: sample(b[:n])})
	return n
}

func (p *Peer) vector(b []byte) {
	var v [1][]byte
	v[0] = b
	p.s.take(v[:], len(b))
}

// Recv takes at most limit bytes of what has arrived. Its error is nil with bytes, and with none when none are there;
// io.EOF at the end of input; ECONNRESET and its like once.
func (p *Peer) Recv(limit int) ([]byte, error) {
	b := make([]byte, min(limit, max(1, p.s.unread())))
	n, err := p.Read(b)
	return b[:n], err
}

// Read is Recv into b.
func (p *Peer) Read(b []byte) (int, error) {
	n, errno := p.s.read(b)
	p.w.log.add(record{at: p.w.now, op: opPeerRecv, kernel: -1, id: p.s.id, arg: int64(len(b)), result: int64(n), sample: sample(b[:n]), errno: errno})
	switch {
	case errno == syscall.EAGAIN:
		return 0, nil
	case errno != 0:
		return 0, errno
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// CloseWrite sends the end of output, behind what is still to be sent.
func (p *Peer) CloseWrite() {
	s := p.s
	p.w.note(opPeerFin, s, 0)
	if s.state == stateConnecting && !s.dead {
		s.sndShut, s.out.fin = true, finQueued // follows when the connection is made
		return
	}
	s.closeWrite()
}

// Close ends the connection as close(2) does: in good order, or with a reset if something is unread.
func (p *Peer) Close() {
	p.w.note(opPeerClose, p.s, 0)
	p.s.close()
}

// Reset ends the connection with a reset.
func (p *Peer) Reset() {
	p.w.note(opPeerReset, p.s, 0)
	p.s.linger0 = p.s.kind == kindTCP
	p.s.close()
}

// Buffered is the number of bytes that have arrived and wait to be read.
func (p *Peer) Buffered() int { return p.s.unread() }

// Unsent is the number of bytes that Send took and the other end does not have yet.
func (p *Peer) Unsent() int { return p.s.out.held() }

// Connected reports whether the connection was made, even if it has ended since.
func (p *Peer) Connected() bool { return p.s.state == stateConnected }

// Ended reports whether the peer's input has ended: nothing more will arrive than what is buffered.
func (p *Peer) Ended() bool { return p.s.rcvShut }

// Closed reports whether Close or Reset was called.
func (p *Peer) Closed() bool { return p.s.closed }

// Over reports whether the connection is over for both sides: refused, reset, or ended by both.
func (p *Peer) Over() bool { return p.s.dead || p.s.closed || p.s.rcvShut && p.s.sndShut }

// Err is the error that waits to be reported by Recv: ECONNREFUSED, ECONNRESET …; nil if there is none.
func (p *Peer) Err() error {
	if p.s.err == 0 {
		return nil
	}
	return p.s.err
}

// LocalAddr and RemoteAddr are the peer's own address and ours; zero for Unix sockets.
func (p *Peer) LocalAddr() netip.AddrPort { return p.s.local }

// RemoteAddr is our address as the peer sees it.
func (p *Peer) RemoteAddr() netip.AddrPort { return p.s.remote }
