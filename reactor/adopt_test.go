//go:build linux || darwin || freebsd || openbsd || netbsd

package reactor_test

import (
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/weir-go/weir/reactor"
)

// Adopting what package net and package os have opened.

func TestAdoptConnOfPackageNet(t *testing.T) {
	for _, network := range []string{"tcp4", "unix"} {
		for _, asFile := range []bool{false, true} {
			t.Run(map[bool]string{false: "Conn", true: "File"}[asFile]+"/"+network, func(t *testing.T) {
				d, h := realReactor(t)
				f, p := h.InheritConn(network)
				if asFile {
					f = dup(t, f)
				}
				c, err := d.R.AdoptConn(f)
				if err != nil {
					t.Fatal(err)
				}
				if err := c.Write([][]byte{[]byte("hello")}, nil); err != nil {
					t.Fatal(err)
				}
				var buf [16]byte
				got := 0
				d.Until(func() bool {
					n, err := p.Recv(buf[got:])
					got += n
					return got == 5 || err != nil
				})
				if string(buf[:got]) != "hello" {
					t.Errorf("the peer got %q", buf[:got])
				}
				if err := f.Close(); err == nil {
					t.Error("the file was still open")
				}
			})
		}
	}
}

// dup turns what package net has opened into an *os.File, which is in blocking mode, as what a parent process hands
// down is.
func dup(t *testing.T, f reactor.File) *os.File {
	t.Helper()
	file, err := f.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		t.Fatal(err)
	}
	if u, ok := f.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	f.Close()
	return file
}

func TestAdoptListenerOfPackageNet(t *testing.T) {
	for _, network := range []string{"tcp4", "unix"} {
		for _, asFile := range []bool{false, true} {
			t.Run(map[bool]string{false: "Listener", true: "File"}[asFile]+"/"+network, func(t *testing.T) {
				d, h := realReactor(t)
				f, address := h.InheritListener(network)
				if asFile {
					f = dup(t, f)
				}
				accepted := 0
				ln, err := d.R.AdoptListener(f, func(c *reactor.Conn) {
					accepted++
					if network == "tcp4" && noDelay(t, c) == 0 {
						t.Error("Nagle's algorithm is on for what an adopted listener accepts")
					}
				})
				if err != nil {
					t.Fatal(err)
				}
				h.Dial(network, address)
				if !d.Until(func() bool { return accepted == 1 }) {
					t.Error("nobody listens")
				}
				ln.Close(nil)
				if network == "unix" && !exists(address) {
					t.Error("the path of an adopted listener was removed: it is its maker's")
				}
			})
		}
	}
}

func noDelay(t *testing.T, c *reactor.Conn) int {
	t.Helper()
	on, err := unix.GetsockoptInt(c.FD(), unix.IPPROTO_TCP, unix.TCP_NODELAY)
	if err != nil {
		t.Error(err)
	}
	return on
}

func TestNagleIsOffUnlessAskedFor(t *testing.T) {
	for _, delay := range []bool{false, true} {
		d, h := realReactor(t)
		var c *reactor.Conn
		ln, err := d.R.Listen("tcp", "127.0.0.1:0", reactor.ListenOptions{Delay: delay}, func(conn *reactor.Conn) { c = conn })
		if err != nil {
			t.Fatal(err)
		}
		h.Dial("tcp4", ln.Addr().String())
		d.Until(func() bool { return c != nil })
		if on := noDelay(t, c) != 0; on == delay {
			t.Errorf("with Delay %v, TCP_NODELAY is %v", delay, on)
		}
		if err := c.SetNoDelay(delay); err != nil {
			t.Error(err)
		}
		if on := noDelay(t, c) != 0; on != delay {
			t.Errorf("after NoDelay(%v) it is %v", delay, on)
		}
	}
}

func TestAdoptRefusesWhatIsNoStreamSocket(t *testing.T) {
	d, _ := realReactor(t)
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	unconnected := os.NewFile(uintptr(fd), "unconnected")
	defer unconnected.Close()
	closed, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for _, test := range []struct {
		name       string
		f          reactor.File
		asConn     error
		asListener error
	}{
		{"datagrams", udp.(reactor.File), reactor.EINVAL, reactor.EINVAL},
		{"pipe", r, reactor.ENOTSOCK, reactor.ENOTSOCK},
		{"unconnected", unconnected, reactor.ENOTCONN, reactor.EINVAL},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := d.R.AdoptConn(test.f)
			wantErrno(t, "AdoptConn", err, test.asConn)
			_, err = d.R.AdoptListener(test.f, ignore)
			wantErrno(t, "AdoptListener", err, test.asListener)
		})
	}
	if c, err := d.R.AdoptConn(closed); err == nil {
		t.Errorf("a closed file was adopted: %v", c)
	}
	if _, err := w.Write([]byte("x")); err != nil {
		t.Errorf("the pipe is broken: %v", err)
	}
}
