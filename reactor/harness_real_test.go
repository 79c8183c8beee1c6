//go:build linux || darwin || freebsd || openbsd || netbsd

package reactor_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/reactor/reactortest"
)

// realHarness is the system's kernel, and peers on sockets of package net. The peers belong to the test's goroutine as
// the reactor does: they use the sockets without waiting.
type realHarness struct {
	t       *testing.T
	o       reactor.SystemOptions
	dir     string // for the paths of Unix sockets: short, because those must be
	n       int
	fds     map[string]bool // open before
	closers []io.Closer     // what the harness itself has opened
}

func newRealHarness(t *testing.T, o reactor.SystemOptions) *realHarness {
	warmUp()
	dir, err := os.MkdirTemp("", "weir")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return &realHarness{t: t, o: o, dir: dir, fds: openFDs()}
}

// warmUp has the runtime open the descriptors of its own poller, which then stay.
var warmUp = sync.OnceFunc(func() {
	if ln, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		ln.Close()
	}
})

func (h *realHarness) Kernel() reactor.Kernel {
	k, err := reactor.System(h.o)
	if err != nil {
		h.t.Fatal(err)
	}
	return k
}

func (*realHarness) Networks() []string {
	if hasIPv6() {
		return []string{"tcp4", "tcp6", "unix"}
	}
	return []string{"tcp4", "unix"}
}

var hasIPv6 = sync.OnceValue(func() bool {
	ln, err := net.Listen("tcp6", "[::1]:0")
	if err == nil {
		ln.Close()
	}
	return err == nil
})

func (h *realHarness) Address(network string) string {
	switch network {
	case "tcp4":
		return "127.0.0.1:0"
	case "tcp6":
		return "[::1]:0"
	}
	h.n++
	return filepath.Join(h.dir, fmt.Sprintf("%d.sock", h.n))
}

func (h *realHarness) Refusing(network string) string {
	ln, err := net.Listen(network, h.Address(network))
	if err != nil {
		h.t.Fatal(err)
	}
	defer ln.Close()
	if u, ok := ln.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
		return ln.Addr().String()
	}
	near, err := net.Dial(network, ln.Addr().String())
	if err != nil {
		h.t.Fatal(err)
	}
	h.closers = append(h.closers, near)
	far, err := ln.Accept()
	if err != nil {
		h.t.Fatal(err)
	}
	h.closers = append(h.closers, far)
	return near.LocalAddr().String() // while the connection lasts nobody can listen there
}

// Silent is a listener whose queue is full: the kernel drops what would not fit, as if nobody were there.
func (h *realHarness) Silent() string {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		h.t.Fatal(err)
	}
	h.closers = append(h.closers, rawFD(fd))
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), unix.Listen(fd, 0)); err != nil {
		h.t.Fatal(err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		h.t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", sa.(*unix.SockaddrInet4).Port)
	for {
		c, err := net.DialTimeout("tcp", address, 100*time.Millisecond)
		if err != nil {
			return address
		}
		h.closers = append(h.closers, c)
	}
}

// rawFD is a descriptor of our own.
type rawFD int

func (fd rawFD) Close() error { return unix.Close(int(fd)) }

func (h *realHarness) Dial(network, address string) reactortest.Peer {
	c, err := net.Dial(network, address)
	if err != nil {
		h.t.Fatal(err)
	}
	return newRealPeer(h, c)
}

func (h *realHarness) Listen(network string) reactortest.PeerListener {
	ln, err := net.Listen(network, h.Address(network))
	if err != nil {
		h.t.Fatal(err)
	}
	return &realListener{h, ln}
}

func (h *realHarness) InheritConn(network string) (reactor.File, reactortest.Peer) {
	ln, err := net.Listen(network, h.Address(network))
	if err != nil {
		h.t.Fatal(err)
	}
	defer ln.Close()
	p := h.Dial(network, ln.Addr().String())
	c, err := ln.Accept()
	if err != nil {
		h.t.Fatal(err)
	}
	return c.(reactor.File), p
}

func (h *realHarness) InheritListener(network string) (reactor.File, string) {
	ln, err := net.Listen(network, h.Address(network))
	if err != nil {
		h.t.Fatal(err)
	}
	return ln.(reactor.File), ln.Addr().String()
}

func (h *realHarness) InheritDatagram(network string) (reactor.File, string) {
	pc, err := net.ListenPacket(map[string]string{"tcp4": "udp4", "tcp6": "udp6"}[network], h.Address(network))
	if err != nil {
		h.t.Fatal(err)
	}
	return pc.(*net.UDPConn), pc.LocalAddr().String()
}

func (h *realHarness) InheritFile() reactor.File {
	f, err := os.Open(os.DevNull)
	if err != nil {
		h.t.Fatal(err)
	}
	return f
}

func (h *realHarness) Folder() string { return h.t.TempDir() }

func (h *realHarness) Check() (left []string) {
	for _, c := range h.closers {
		c.Close()
	}
	// A peer that was closed while package net still had it in hand takes a moment.
	for begin := time.Now(); time.Since(begin) < 10*time.Second; {
		left = left[:0]
		for fd := range openFDs() {
			if !h.fds[fd] {
				left = append(left, "left open: "+fd)
			}
		}
		if len(left) == 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return left
}

// openFDs are the descriptors of this process, as Linux names them; none elsewhere.
func openFDs() map[string]bool {
	fds := map[string]bool{}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return fds
	}
	for _, e := range entries {
		to, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil && !strings.HasPrefix(to, "/proc/") {
			fds[e.Name()+" "+to] = true
		}
	}
	return fds
}

// realPeer is a peer on a real socket.
type realPeer struct {
	c   net.Conn
	raw syscall.RawConn
}

func newRealPeer(h *realHarness, c net.Conn) *realPeer {
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		h.t.Fatal(err)
	}
	h.closers = append(h.closers, c) // closing twice does nothing
	return &realPeer{c, raw}
}

func (p *realPeer) Send(b []byte) (n int) {
	p.raw.Write(func(fd uintptr) bool {
		n, _ = unix.Write(int(fd), b)
		return true
	})
	return max(n, 0)
}

func (p *realPeer) Recv(b []byte) (n int, err error) {
	closed := p.raw.Read(func(fd uintptr) bool {
		n, err = unix.Read(int(fd), b)
		return true
	})
	switch {
	case closed != nil:
		return 0, io.ErrClosedPipe
	case err == unix.EAGAIN, err == unix.EINTR:
		return 0, nil
	case err != nil:
		return 0, err
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

func (p *realPeer) CloseWrite() {
	p.c.(interface{ CloseWrite() error }).CloseWrite()
}

func (p *realPeer) Close() { p.c.Close() }

func (p *realPeer) Reset() {
	if c, ok := p.c.(*net.TCPConn); ok {
		c.SetLinger(0)
	}
	p.c.Close()
}

func (p *realPeer) LocalAddr() netip.AddrPort  { return addrPort(p.c.LocalAddr()) }
func (p *realPeer) RemoteAddr() netip.AddrPort { return addrPort(p.c.RemoteAddr()) }

func addrPort(a net.Addr) netip.AddrPort {
	if a, ok := a.(*net.TCPAddr); ok {
		return a.AddrPort()
	}
	return netip.AddrPort{}
}

// realListener is a foreign server on real sockets.
type realListener struct {
	h  *realHarness
	ln net.Listener
}

func (l *realListener) Addr() string { return l.ln.Addr().String() }

func (l *realListener) Accept() reactortest.Peer {
	l.ln.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Now().Add(time.Millisecond))
	c, err := l.ln.Accept()
	if err != nil {
		return nil
	}
	return newRealPeer(l.h, c)
}

func (l *realListener) Close() { l.ln.Close() }
