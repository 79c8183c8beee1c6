package reactor

import (
	"io/fs"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// Kernel is everything one loop asks of the operating system: readiness, sockets, files and time. There is one Kernel a
// Reactor, owned by it; System returns the real one and internal/simkernel a seeded fake.
//
// All methods but Poller.Wake, Clock.Monotonic and those of Files are called from the loop's goroutine only, and none of
// them may block except Poller.Wait, and Listen for a host name. Files has rules of its own.
// Every descriptor a Kernel hands out is non-blocking and closed on exec. Errors of the hot calls are plain errnos, so
// that would-block costs nothing; the cold ones (Listen, Connect, Adopt) explain themselves.
//
// The interface may gain methods as the floors above need them: implement it by embedding, or expect to follow.
type Kernel interface {
	Poller
	Sockets
	Pipes
	Datagrams
	Files
	Clock
	Elsewhere
}

// Errno is the operating system's error number. Zero means no error.
type Errno = syscall.Errno

// Sockets is the part of Kernel that makes, moves and ends stream sockets.
type Sockets interface {
	// Listen creates a listening socket. network is "tcp", "tcp4", "tcp6" or "unix". A host name in address is
	// resolved and may block: listening is set-up work. It reports EADDRINUSE, EADDRNOTAVAIL, EACCES … wrapped.
	Listen(network, address string, o ListenOptions) (fd int, err error)

	// Relisten changes the backlog of a listening socket.
	Relisten(fd, backlog int) Errno

	// Accept takes one connection from fd's queue. peer is zero for a Unix socket. EAGAIN means the queue is empty.
	Accept(fd int) (conn int, peer netip.AddrPort, errno Errno)

	// Connect creates a socket and starts connecting it. pending says that the connection is still being made:
	// the descriptor becomes writable when it is, and ConnectResult tells how it went. address is a literal
	// "ip:port" for the tcp networks and a path for "unix"; names are looked up on the floor above. A valid local is
	// bound to first: it has the family of address, port 0 means any, and "unix" has none. With an error, of
	// socket(2), bind(2) or connect(2), there is no descriptor.
	Connect(network, address string, local netip.AddrPort) (fd int, pending bool, err error)

	// ConnectResult reads and clears the outcome of a connect: zero once the connection is made, EINPROGRESS while it
	// is still being made (the event was spurious), otherwise why it failed.
	ConnectResult(fd int) Errno

	// Read, Write and Writev are recv(2), send(2) and sendmsg(2): short counts are normal, EAGAIN means not now.
	// A count of 0 from Read of a non-empty p, without an errno, is the end of input. They raise no SIGPIPE.
	// Writev takes at most MaxVectors buffers.
	Read(fd int, p []byte) (n int, errno Errno)
	Write(fd int, p []byte) (n int, errno Errno)
	Writev(fd int, bufs [][]byte) (n int, errno Errno)

	// WriteMore is Write of what is sent just before more, or before our end, so that both may share a segment: MSG_MORE,
	// on Linux. Then the kernel keeps it for up to 200 ms if nothing follows.
	WriteMore(fd int, p []byte) (n int, errno Errno)

	// SendQueue is how many bytes the kernel has taken from Write and Writev and still keeps, since the peer has not
	// acknowledged them; of a Unix socket those that it has not read. See Conn.KernelQueueSize for what is exact about it.
	// EOPNOTSUPP where it can't be known.
	SendQueue(fd int) (n int, errno Errno)

	// CloseWrite sends the end of our output: shutdown(SHUT_WR).
	CloseWrite(fd int) Errno

	// Close gives the descriptor back. It never blocks: no socket here lingers.
	Close(fd int) Errno

	// SetOption sets one socket option.
	SetOption(fd int, opt Option, value int) Errno

	// LocalAddr and PeerAddr are getsockname and getpeername; zero for Unix sockets.
	LocalAddr(fd int) (netip.AddrPort, Errno)
	PeerAddr(fd int) (netip.AddrPort, Errno)

	// Adopt duplicates a foreign stream socket, one that listens or one that has a peer, makes the duplicate fit for a
	// reactor (non-blocking, close on exec) and tells whether it is a Unix socket. It reports, wrapped, EINVAL for a
	// socket of the other kind or type, ENOTCONN without a peer, ENOTSOCK, EBADF; fd itself stays the caller's, and as it
	// was.
	Adopt(fd int, listening bool) (own int, unix bool, err error)

	// Reserve opens a descriptor that is good for nothing but being closed: see Listener.
	Reserve() (fd int, errno Errno)

	// Unlink removes the path of a Unix socket that we made.
	Unlink(path string) Errno
}

// Clock is the part of Kernel that tells the time.
type Clock interface {
	// Monotonic is the time since some fixed moment, the same one for all kernels of a process (those of a simulated
	// world are one process): loops may compare what they read. It never goes back. Other goroutines may ask too, of a
	// clock that runs by itself; one that is simulated belongs to the goroutine of its world.
	Monotonic() time.Duration
	// Wall is the time of day, for people and for the Date header.
	Wall() time.Time
}

// Elsewhere is the part of Kernel that happens off the loop's goroutine. A kernel may leave it to package loop, which has
// goroutines for it, and the system's does; a simulated one does it by itself, at moments that its seed decides.
type Elsewhere interface {
	// Work has fn called once, some time later, off the loop: slow says that fn mostly waits, for a disk or a name
	// server. A nil drop says that this kernel does not do so: fn will not be called. fn tells of its end by Wake alone.
	// drop takes back what has not been called; it is called at most once, and only before fn.
	Work(slow bool, fn func()) (drop func())

	// Notify has fn called, off the loop, whenever the process gets sig, until stop is called; that is once. A nil stop
	// says that this kernel does not do so.
	Notify(sig os.Signal, fn func()) (stop func())
}

// MaxVectors is the most buffers one Writev takes: the smallest IOV_MAX of the systems we run on.
const MaxVectors = 1024

// ListenOptions say how a Listener is made. The zero value is good.
type ListenOptions struct {
	// Backlog is the length of the accept queue asked for. 0 means as long as the system allows (somaxconn).
	Backlog int
	// ReusePort lets several listeners share one address (SO_REUSEPORT), each with a queue of its own.
	ReusePort bool
	// Delay leaves Nagle's algorithm on for the connections accepted. The default is off: a turn's bytes leave in one
	// call anyway, so there is nothing to gather.
	Delay bool
	// UnixMode, if not 0, is set on the path of a Unix socket (chmod after bind).
	UnixMode fs.FileMode
}

// ConnectOptions say how a connection is made. The zero value is good.
type ConnectOptions struct {
	// LocalAddr is the address to connect from, for the tcp networks: one of this machine's, and port 0 means any port.
	// A port without an address is a port of whichever address the system picks. The zero value leaves both to the
	// system. It may be one that a connection from the same port has just left (SO_REUSEADDR), and on Linux port 0 picks
	// among those not in use towards this peer, not towards anybody (IP_BIND_ADDRESS_NO_PORT).
	LocalAddr netip.AddrPort
}

// Option names a socket option that takes an integer.
type Option uint8

// The options of Sockets.SetOption.
const (
	// OptNoDelay turns Nagle's algorithm off (1) or on (0).
	OptNoDelay Option = iota
	// OptKeepAlive turns keep-alive probes on, after and every that many seconds of silence, or off (0).
	OptKeepAlive
	// OptReset makes the next Close send a reset and throw away what is unsent (SO_LINGER with 0 seconds).
	OptReset
	// OptSendBuffer and OptReceiveBuffer are the kernel's buffer sizes in bytes.
	OptSendBuffer
	OptReceiveBuffer
	// OptReusePort lets sockets that ask for it too be bound to the same address. Set on a listener that was bound
	// without, it opens to others an address that was found free. EOPNOTSUPP where the kernel does not divide the
	// connections among them.
	OptReusePort
	// OptDeaf makes a TCP listener answer nobody any more: who asks to connect asks again later, by TCP's own rules. Those
	// who are in its queue stay there. It cannot be undone. EOPNOTSUPP where there is no such thing.
	OptDeaf
	// OptBroadcast allows sending to broadcast addresses (1) or not (0).
	OptBroadcast
	// OptTTL and OptMulticastTTL are how many routers a datagram may pass: the hop limit of IPv6.
	OptTTL
	OptMulticastTTL
	// OptMulticastLoop has multicast reach members on this host too (1) or not (0).
	OptMulticastLoop
)
