package reactor

import (
	"net/netip"
	"time"
)

// Conn is a stream socket, TCP or Unix, that a Reactor owns. It reads only while asked to, keeps what the kernel does
// not take, and tells of every request exactly once how it ended.
//
// All methods are for the loop's goroutine. No callback ever runs inside the call that caused it. After Close every
// outstanding request completes, in order, then the close callback runs, once, and then nothing more.
//
// An idle Conn holds no buffer, no request and no timer: the shared read buffer, the queue and its blocks belong to
// the reactor and are lent to it while there is something to do.
type Conn struct {
	watch
	flags   connFlags
	life    life
	readErr uint8       // the errno that ended reading; kept, because the kernel tells it only once
	sendErr uint8       // the errno that ended writing
	port    uint16      // the peer's; beside its address, not behind it, it takes no word of its own
	peer    netip.Addr  // zero for a Unix socket
	handler ReadHandler // nil until the first ReadStart
	out     *outbox     // nil while nothing is under way
}

// ReadHandler receives what a connection reads. p is borrowed: it is valid until the turn ends, and whoever keeps it
// for longer copies it or hands it to WriteBorrowed. err is nil with bytes; io.EOF at the end of input, or the reason
// why reading ended, comes alone, and once for each ReadStart.
//
// A handler that also has OnHangUp() is told, once, when both directions of the connection are gone while it is not
// reading: it may ReadStart to collect what had arrived, or Close. On kqueue systems only an error counts, not an
// orderly end of both. The name is an alias of the literal, so that
// packages which may not import one another can share it.
type ReadHandler = interface {
	OnRead(p []byte, err error)
}

// HangUpHandler is the optional part of a ReadHandler.
type HangUpHandler = interface {
	OnHangUp()
}

// ReadFunc is a function that serves as a ReadHandler.
type ReadFunc func(p []byte, err error)

// OnRead calls f.
func (f ReadFunc) OnRead(p []byte, err error) { f(p, err) }

// life is where a connection stands. It only moves forward:
//
//	connecting → open → closing → closed
//	connecting → failed → closing
type life uint8

const (
	lifeConnecting life = iota
	lifeOpen
	lifeFailed // the connect failed; only Close is left
	lifeClosing
	lifeClosed
)

type connFlags uint16

const (
	flagFlushing    connFlags = 1 << iota // in r.flushing
	flagPending                           // in r.pending
	flagWriteClosed                       // CloseWrite was asked for: no write is accepted any more
	flagHangUpTold                        // OnHangUp was called
	flagReset                             // Close sends a reset
	flagAborted                           // the handler is owed closeErr
	flagForced                            // Abort has closed it, and its owner's Close still counts
	flagBulk                              // reads are large, and the handler may know where the bytes go: see splice
	flagUnix                              // a Unix socket
	flagShared                            // the socket may live on elsewhere: it was adopted, or its descriptor was asked for
)

// newConn makes a connection of fd and counts it.
func (r *Reactor) newConn(fd int, peer netip.AddrPort, unix bool, l life) *Conn {
	r.taken(fd)
	r.stats.Connections++
	c := &Conn{life: l, peer: peer.Addr(), port: peer.Port()}
	if unix {
		c.flags = flagUnix
	}
	c.r, c.fd = r, int32(fd)
	c.tok = r.slots.add(c)
	return c
}

// Handler returns what was last given to ReadStart; nil before that and after the close callback.
func (c *Conn) Handler() ReadHandler { return c.handler }

// Active reports whether the connection is reading, or has a request under way.
func (c *Conn) Active() bool { return c.life < lifeClosing && (c.want&WantRead != 0 || c.out != nil) }

// Closing reports whether Close was called; it stays true afterwards.
func (c *Conn) Closing() bool { return c.life >= lifeClosing }

// RemoteAddr is the peer's address, known since the connection was made; zero for a Unix socket.
func (c *Conn) RemoteAddr() netip.AddrPort {
	return netip.AddrPortFrom(c.peer, c.port)
}

// unix reports whether it is a Unix socket.
func (c *Conn) unix() bool { return c.flags&flagUnix != 0 }

// LocalAddr is our address, asked of the kernel; zero for a Unix socket and after Close.
func (c *Conn) LocalAddr() netip.AddrPort {
	c.r.guard.check()
	if c.fd < 0 || c.unix() {
		return netip.AddrPort{}
	}
	addr, errno := c.r.k.LocalAddr(int(c.fd))
	if errno != 0 {
		return netip.AddrPort{}
	}
	return addr
}

// FD is the descriptor, for what this package does not offer; -1 after Close. Reading, writing or closing it behind
// the connection's back breaks the connection. Who asks may duplicate it, so Close then has the kernel forget it first: a
// system call more.
func (c *Conn) FD() int {
	c.flags |= flagShared
	return int(c.fd)
}

// SetNoDelay turns Nagle's algorithm off (true) or on. Connections that were accepted or connected have it off unless
// ListenOptions.Delay says otherwise; adopted ones keep what they have. It does nothing and returns nil for a Unix
// socket.
func (c *Conn) SetNoDelay(on bool) error {
	if c.unix() && c.life < lifeClosing {
		return nil
	}
	value := 0
	if on {
		value = 1
	}
	return c.setOption("set no delay", OptNoDelay, value)
}

// SetKeepAlive turns on probes after idle of silence, and every so long from then on, rounded up to seconds; 0 turns them
// off. They are off at first; adopted connections keep what they have. It does nothing and returns nil for a Unix socket.
func (c *Conn) SetKeepAlive(idle time.Duration) error {
	if idle < 0 {
		return c.fail("set keep-alive", EINVAL)
	}
	if c.unix() && c.life < lifeClosing {
		return nil
	}
	return c.setOption("set keep-alive", OptKeepAlive, int((idle+time.Second-1)/time.Second))
}

// SetSendBuffer and SetReceiveBuffer ask for another size of the kernel's buffers, in bytes. Systems round it, Linux doubles
// it, and all have bounds; by default they grow as needed.
func (c *Conn) SetSendBuffer(size int) error {
	return c.setBuffer("set send buffer", OptSendBuffer, size)
}

// SetReceiveBuffer is to input what SetSendBuffer is to output: how much a peer may have sent that is not read.
func (c *Conn) SetReceiveBuffer(size int) error {
	return c.setBuffer("set receive buffer", OptReceiveBuffer, size)
}

func (c *Conn) setBuffer(op string, opt Option, size int) error {
	if size <= 0 {
		return c.fail(op, EINVAL)
	}
	return c.setOption(op, opt, size)
}

func (c *Conn) setOption(op string, opt Option, value int) error {
	c.r.guard.check()
	if c.life >= lifeClosing {
		return c.fail(op, ErrClosed)
	}
	if c.fd < 0 {
		return c.fail(op, ENOTCONN)
	}
	if errno := c.r.k.SetOption(int(c.fd), opt, value); errno != 0 {
		return c.fail(op, errno)
	}
	return nil
}

// fail makes the error of an operation on this connection.
func (c *Conn) fail(op string, why error) error {
	return &Error{Op: op, Peer: c.RemoteAddr(), Err: why}
}

// box returns the outbox, which every request needs.
func (c *Conn) box() *outbox {
	if c.out == nil {
		c.out = c.r.pool.outbox()
	}
	return c.out
}

// tidy gives the outbox back once it holds nothing.
func (c *Conn) tidy() {
	if c.out != nil && c.life < lifeClosing && c.out.empty() {
		c.r.pool.releaseOutbox(c.out)
		c.out = nil
	}
}
