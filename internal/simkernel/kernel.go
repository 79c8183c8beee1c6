package simkernel

import (
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/weir-go/weir/reactor"
)

// somaxconn is the longest accept queue.
const somaxconn = 4096

// Kernel is what one loop sees of a World.
type Kernel struct {
	w        *World
	id       int8
	ready    readyList
	slots    []*socket         // by slot of the token, to find what a token names
	gone     [16]reactor.Token // tokens of what was closed last, for stale events
	nGone    int               // how many were closed so far
	failed   []reactor.Event   // changes that failed, not reported yet
	slept    time.Duration     // see Idle
	deadline time.Duration     // when the Wait that is or was last under way ends; due if it has returned
	idle     int               // times others gave way to this kernel since its last call
	dry      int               // polls in a row that waited for nothing and found nothing, with no other call in between
	released bool
	woken    atomic.Bool
	wakes    atomic.Int64
	vector   [1][]byte // Write is a Writev of one
}

var _ reactor.Kernel = (*Kernel)(nil)

// World returns the world it belongs to.
func (k *Kernel) World() *World { return k.w }

// begin is what every call does first.
func (k *Kernel) begin(call string) *World {
	if k.released {
		k.w.violate("%s after Release", call)
	}
	k.idle = 0
	if call != "Wait" {
		k.dry = 0
	}
	k.w.spend()
	return k.w
}

// Listen is socket, bind and listen.
func (k *Kernel) Listen(network, address string, o reactor.ListenOptions) (int, error) {
	w := k.begin("Listen")
	w.calls.Listen++
	fd, errno, err := w.listen(network, address, o)
	if errno != 0 {
		err = os.NewSyscallError("listen", errno)
	}
	w.log.add(record{at: w.now, op: opListen, kernel: k.id, id: -1, result: int64(fd), errno: errno})
	return fd, err
}

func (w *World) listen(network, address string, o reactor.ListenOptions) (int, Errno, error) {
	s := w.newSocket(kindTCPListener)
	if network == "unix" {
		s.kind, s.path = kindUnixListener, address
		if w.listenerPath(address) != nil {
			return -1, syscall.EADDRINUSE, nil
		}
	} else {
		addr, err := resolve(network, address)
		if err != nil {
			return -1, 0, err
		}
		var errno Errno
		if s.local, errno = w.bind(addr, o.ReusePort); errno != 0 {
			return -1, errno, nil
		}
	}
	s.ln = &listening{backlog: backlog(o.Backlog), reuse: o.ReusePort}
	if !w.install(s) {
		return -1, syscall.EMFILE, nil
	}
	w.unlink(s.path)
	w.listeners = append(w.listeners, s)
	return s.fd, 0, nil
}

func backlog(n int) int {
	if n <= 0 || n > somaxconn {
		return somaxconn
	}
	return n
}

// Relisten is listen(2) once more.
func (k *Kernel) Relisten(fd, n int) Errno {
	w := k.begin("Relisten")
	s := w.lookup("Relisten", fd)
	errno := Errno(0)
	switch {
	case s == nil:
		errno = syscall.EBADF
	case !s.listener():
		errno = syscall.EINVAL
	default:
		s.ln.backlog = backlog(n)
	}
	return k.done(opRelisten, fd, errno)
}

// done writes a simple call's line of the trace.
func (k *Kernel) done(o op, fd int, errno Errno) Errno {
	k.w.log.add(record{at: k.w.now, op: o, kernel: k.id, id: int32(fd), errno: errno})
	return errno
}

// Accept is accept4. It needs a descriptor before it looks at the queue, so EMFILE says nothing about who waits.
func (k *Kernel) Accept(fd int) (int, netip.AddrPort, Errno) {
	w := k.begin("Accept")
	w.calls.Accept++
	conn, peer, errno := k.accept(fd)
	w.log.add(record{at: w.now, op: opAccept, kernel: k.id, id: int32(fd), result: int64(conn), errno: errno})
	return conn, peer, errno
}

func (k *Kernel) accept(fd int) (int, netip.AddrPort, Errno) {
	w, f := k.w, &k.w.faults
	none := netip.AddrPort{}
	s := w.lookup("Accept", fd)
	switch {
	case s == nil:
		return -1, none, syscall.EBADF
	case !s.listener():
		return -1, none, syscall.EINVAL
	case w.full():
		return -1, none, syscall.EMFILE
	case w.random.chance(f.Interrupt):
		return -1, none, syscall.EINTR
	case w.random.chance(f.WouldBlock):
		return -1, none, syscall.EAGAIN
	case w.random.chance(f.AcceptFail):
		return -1, none, [...]Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS}[w.random.below(4)]
	}
	child, errno := s.accept()
	if errno != 0 {
		return -1, none, errno
	}
	w.install(child)
	w.calls.Accepted++
	return child.fd, child.remote, 0
}

// Connect is socket, bind and connect.
func (k *Kernel) Connect(network, address string, local netip.AddrPort) (int, bool, error) {
	w := k.begin("Connect")
	w.calls.Connect++
	fd, pending, errno, err := w.connect(network, address, local)
	if errno != 0 {
		err = os.NewSyscallError("connect", errno)
	}
	w.log.add(record{at: w.now, op: opConnect, kernel: k.id, id: -1, result: int64(fd), errno: errno})
	return fd, pending, err
}

func (w *World) connect(network, address string, local netip.AddrPort) (fd int, pending bool, errno Errno, err error) {
	var to netip.AddrPort
	s := w.newSocket(kindUnix)
	if network != "unix" {
		s.kind = kindTCP
		if to, err = netip.ParseAddrPort(address); err != nil {
			return -1, false, 0, err
		}
		to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
		if network == "tcp4" && !to.Addr().Is4() || network == "tcp6" && !to.Addr().Is6() {
			return -1, false, syscall.EAFNOSUPPORT, nil
		}
	}
	if local.IsValid() && (s.kind == kindUnix || local.Addr().Is4() != to.Addr().Is4()) {
		w.violate("Connect to %s from %v, which is of another family", address, local)
		return -1, false, syscall.EINVAL, nil
	}
	if w.full() {
		return -1, false, syscall.EMFILE, nil
	}
	if s.kind == kindUnix {
		errno = w.connectUnix(s, address)
	} else {
		errno = w.connectTCP(s, to, local)
		pending = errno == 0
	}
	if errno != 0 {
		return -1, false, errno, nil // what was opened for it is closed again
	}
	w.install(s)
	return s.fd, pending, 0, nil
}

// ConnectResult is getsockopt(SO_ERROR), and a look at whether there is a peer.
func (k *Kernel) ConnectResult(fd int) Errno {
	w := k.begin("ConnectResult")
	w.calls.ConnectResult++
	s := w.lookup("ConnectResult", fd)
	errno := Errno(0)
	switch {
	case s == nil:
		errno = syscall.EBADF
	case s.err != 0:
		errno = s.takeError()
	case s.state == stateConnecting, s.dead: // there is no peer, and getpeername doesn't say why
		errno = syscall.EINPROGRESS
	}
	return k.done(opConnectResult, fd, errno)
}

// SendQueue is ioctl(SIOCOUTQ), and FIONWRITE with kqueue's temperament.
func (k *Kernel) SendQueue(fd int) (int, Errno) {
	w := k.begin("SendQueue")
	w.calls.SendQueue++
	n, errno := 0, Errno(0)
	s := w.lookup("SendQueue", fd)
	switch {
	case s == nil:
		errno = syscall.EBADF
	case s.listener():
		errno = syscall.EINVAL
	case !s.connection():
		errno = syscall.ENOTTY
	case s.kind == kindUnix && w.bsd():
		errno = syscall.EOPNOTSUPP
	default:
		n = s.used()
	}
	w.log.add(record{at: w.now, op: opSendQueue, kernel: k.id, id: int32(fd), result: int64(n), errno: errno})
	return n, errno
}

// CloseWrite is shutdown(SHUT_WR).
func (k *Kernel) CloseWrite(fd int) Errno {
	w := k.begin("CloseWrite")
	w.calls.CloseWrite++
	errno := Errno(syscall.EBADF)
	if s := w.lookup("CloseWrite", fd); s != nil {
		errno = s.closeWrite()
	}
	return k.done(opCloseWrite, fd, errno)
}

// Close is close(2). The last descriptor of a socket takes its registration along; while there is a duplicate, epoll
// goes on reporting it, which is why Remove comes first for one that may have some.
func (k *Kernel) Close(fd int) Errno {
	w := k.begin("Close")
	w.calls.Close++
	errno := Errno(0)
	s := w.lookup("Close", fd)
	switch {
	case s == nil:
		errno = syscall.EBADF
	case s.kind == kindSystem:
		w.violate("Close of fd %d, which is not ours", fd)
	case s.kind == kindOpenFile:
		w.violate("Close of fd %d, which is a file: it may block", fd)
		return k.done(opClose, fd, syscall.EBADF)
	default:
		w.uninstall(fd)
	}
	k.done(opClose, fd, errno)
	if errno != 0 {
		return errno
	}
	if s.fds == 0 || w.bsd() {
		s.deregister()
	}
	if s.fds == 0 {
		s.bury()
		s.close()
	}
	return 0
}

// SetOption is setsockopt.
func (k *Kernel) SetOption(fd int, opt reactor.Option, value int) Errno {
	w := k.begin("SetOption")
	w.calls.SetOption++
	errno := Errno(0)
	s := w.lookup("SetOption", fd)
	switch {
	case s == nil:
		errno = syscall.EBADF
	case s.kind == kindReserve, s.kind == kindFile, s.kind == kindOpenFile, s.kind == kindPipe:
		errno = syscall.ENOTSOCK
	case opt == reactor.OptReset:
		s.linger0 = value != 0 && s.kind == kindTCP
	case opt == reactor.OptSendBuffer:
		s.sndbuf = max(value, 2048)
	case opt == reactor.OptReceiveBuffer:
		s.rcvbuf = max(value, 2048)
	case opt == reactor.OptReusePort, opt == reactor.OptDeaf:
		errno = w.listenerOption(s, opt)
	case s.udp != nil && opt >= reactor.OptBroadcast:
		errno = s.setDatagramOption(opt, value)
	case s.kind != kindTCP && s.kind != kindTCPListener:
		errno = syscall.EOPNOTSUPP
	}
	return k.done(opSetOption, fd, errno)
}

// listenerOption is for what only listeners have, and only on Linux.
func (w *World) listenerOption(s *socket, opt reactor.Option) Errno {
	if w.bsd() || s.kind != kindTCPListener {
		return syscall.EOPNOTSUPP
	}
	if opt == reactor.OptDeaf {
		s.ln.deaf = true
	} else {
		s.ln.reuse = true
	}
	return 0
}

// LocalAddr is getsockname.
func (k *Kernel) LocalAddr(fd int) (netip.AddrPort, Errno) {
	w := k.begin("LocalAddr")
	w.calls.Addr++
	s := w.lookup("LocalAddr", fd)
	if s == nil {
		return netip.AddrPort{}, syscall.EBADF
	}
	return s.local, 0
}

// PeerAddr is getpeername: a connection that is over has no peer any more.
func (k *Kernel) PeerAddr(fd int) (netip.AddrPort, Errno) {
	w := k.begin("PeerAddr")
	w.calls.Addr++
	s := w.lookup("PeerAddr", fd)
	switch {
	case s == nil:
		return netip.AddrPort{}, syscall.EBADF
	case s.udp != nil && s.remote.IsValid():
		return s.remote, 0
	case !s.connection(), s.dead, s.state == stateConnecting:
		return netip.AddrPort{}, syscall.ENOTCONN
	}
	return s.remote, 0
}

// Reserve opens something that is good for nothing but being closed.
func (k *Kernel) Reserve() (int, Errno) {
	w := k.begin("Reserve")
	s := w.newSocket(kindReserve)
	errno := Errno(0)
	if !w.install(s) {
		errno = syscall.EMFILE
	}
	w.log.add(record{at: w.now, op: opReserve, kernel: k.id, id: -1, result: int64(s.fd), errno: errno})
	return s.fd, errno
}

// Unlink removes the path of a Unix socket.
func (k *Kernel) Unlink(path string) Errno {
	w := k.begin("Unlink")
	errno := Errno(0)
	if !w.unlink(path) {
		errno = syscall.ENOENT
	}
	return k.done(opUnlink, -1, errno)
}

// unlink forgets a path, stale or listened on: nobody finds that listener any more, but it keeps those it has.
func (w *World) unlink(path string) bool {
	if path == "" {
		return false
	}
	for i, p := range w.stale {
		if p == path {
			w.stale = append(w.stale[:i], w.stale[i+1:]...)
			return true
		}
	}
	if l := w.listenerPath(path); l != nil {
		l.path = ""
		return true
	}
	return false
}

// Monotonic is the virtual clock.
func (k *Kernel) Monotonic() time.Duration { return k.w.now }

// Wall is the virtual time of day: the clock, and what WallJump did to it.
func (k *Kernel) Wall() time.Time { return epoch.Add(k.w.now + k.w.wallOffset) }

// epoch is when every world begins.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
