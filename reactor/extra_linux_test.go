package reactor_test

import (
	"errors"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/reactor/reactortest"
)

// Facts that only Linux, and only the real one, has.

// TestADuplicateElsewhereDoesNotSpin is libuv's iouring_pollhup: a descriptor that was inherited keeps its socket in the
// epoll set after close, unless it was removed first; its hang-up would be reported for ever, to nobody.
func TestADuplicateElsewhereDoesNotSpin(t *testing.T) {
	t.Run("adopted", func(t *testing.T) {
		d, h := realReactor(t)
		f, p := h.InheritConn("tcp4")
		elsewhere, err := duplicate(f)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(elsewhere)
		c, err := d.R.AdoptConn(f)
		if err != nil {
			t.Fatal(err)
		}
		closedElsewhere(t, d, c, p)
	})
	t.Run("accepted", func(t *testing.T) {
		d, h := realReactor(t)
		var c *reactor.Conn
		ln, err := d.R.Listen("tcp", "127.0.0.1:0", reactor.ListenOptions{}, func(conn *reactor.Conn) { c = conn })
		if err != nil {
			t.Fatal(err)
		}
		p := h.Dial("tcp4", ln.Addr().String())
		d.Until(func() bool { return c != nil })
		elsewhere, err := unix.Dup(c.FD())
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(elsewhere)
		closedElsewhere(t, d, c, p)
	})
}

// duplicate is another descriptor of f.
func duplicate(f reactor.File) (fd int, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return -1, err
	}
	e := raw.Control(func(foreign uintptr) { fd, err = unix.Dup(int(foreign)) })
	return fd, errors.Join(e, err)
}

// closedElsewhere closes c, whose socket lives on, and has its peer reset it.
func closedElsewhere(t *testing.T, d *reactortest.Driver, c *reactor.Conn, p reactortest.Peer) {
	t.Helper()
	if err := c.ReadStart(reactor.ReadFunc(func([]byte, error) { t.Error("a read after Close") })); err != nil {
		t.Fatal(err)
	}
	d.Iterate(0)
	closed := false
	c.Close(func() { closed = true })
	d.Until(func() bool { return closed })
	p.Reset()
	if n := d.Pass(50 * time.Millisecond); n > 5 {
		t.Errorf("%d iterations", n)
	}
}

// TestAnUrgentByteDoesNotBreakTheStream is libuv's tcp_oob.
func TestAnUrgentByteDoesNotBreakTheStream(t *testing.T) {
	d, _ := realReactor(t)
	var got []byte
	var c *reactor.Conn
	ln, err := d.R.Listen("tcp", "127.0.0.1:0", reactor.ListenOptions{}, func(conn *reactor.Conn) {
		c = conn
		conn.ReadStart(reactor.ReadFunc(func(p []byte, _ error) { got = append(got, p...) }))
	})
	if err != nil {
		t.Fatal(err)
	}
	fd := dialFrom(t, 1, int(ln.Addr().Port()))
	defer unix.Close(fd)
	unix.Write(fd, []byte("before "))
	if err := unix.Send(fd, []byte("!"), unix.MSG_OOB); err != nil {
		t.Fatal(err)
	}
	d.Until(func() bool { return len(got) >= 7 })
	if n := d.Pass(50 * time.Millisecond); n > 8 {
		t.Errorf("%d iterations with an urgent byte", n)
	}
	c.ReadStop()
	unix.Write(fd, []byte("after"))
	if n := d.Pass(50 * time.Millisecond); n > 8 {
		t.Errorf("%d iterations with an urgent byte, paused", n)
	}
	c.ReadStart(reactor.ReadFunc(func(p []byte, _ error) { got = append(got, p...) }))
	if !d.Until(func() bool { return string(got) == "before after" }) {
		t.Errorf("got %q", got)
	}
}

// TestADescriptorClosedBehindUs is libuv's close_fd: the connection says so, once for each ReadStart, and can be closed.
func TestADescriptorClosedBehindUs(t *testing.T) {
	d, h := realReactor(t)
	f, _ := h.InheritConn("tcp4")
	c, err := d.R.AdoptConn(f)
	if err != nil {
		t.Fatal(err)
	}
	// Its number must not be given to somebody else before the end of the test.
	null, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Dup3(null, c.FD(), unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	unix.Close(null)
	var ends []error
	for i := range 2 {
		err := c.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
			if len(p) > 0 {
				t.Errorf("%d bytes", len(p))
			}
			ends = append(ends, err)
		}))
		if err != nil {
			t.Fatal(err)
		}
		if !d.Until(func() bool { return len(ends) == i+1 }) {
			t.Fatal("nobody was told")
		}
		if n := d.Pass(10 * time.Millisecond); n > 5 || len(ends) != i+1 {
			t.Errorf("%d iterations, told %d times", n, len(ends))
		}
	}
	wantErrno(t, "the end", ends[0], reactor.EPERM)
	wantErrno(t, "the end again", ends[1], reactor.EPERM)
}

// TestPortsAreNotUsedUpForEveryPeer: bind would take a port from everybody; left to the connect, it is taken from this
// peer alone.
func TestPortsAreNotUsedUpForEveryPeer(t *testing.T) {
	d, h := realReactor(t)
	server := h.Listen("tcp4")
	defer server.Close()
	// First with any port, and then with that one. It is free again: at an address of this process's own nobody shares it.
	local := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 1, byte(os.Getpid() >> 8), byte(os.Getpid())}), 0)
	for _, want := range []int{1, 0} {
		ended := false
		c, err := d.R.ConnectWith("tcp", server.Addr(), reactor.ConnectOptions{LocalAddr: local}, func(error) { ended = true })
		if err != nil {
			t.Fatal(err)
		}
		if c.FD() < 0 {
			t.Fatalf("%v is taken", local)
		}
		got, err := unix.GetsockoptInt(c.FD(), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT)
		if got != want || err != nil {
			t.Errorf("from %v: the port is left to the connect: %d, %v; want %d", local, got, err, want)
		}
		d.Until(func() bool { return ended })
		local = c.LocalAddr()
		closed := false
		c.CloseReset(func() { closed = true })
		d.Until(func() bool { return closed })
	}
}

// TestTheLastBytesAndOurEndLeaveInOneSegment: a peer that is told of both at once is woken once.
func TestTheLastBytesAndOurEndLeaveInOneSegment(t *testing.T) {
	d, _ := realReactor(t)
	ended := false
	ln, err := d.R.Listen("tcp", "127.0.0.1:0", reactor.ListenOptions{}, func(c *reactor.Conn) {
		c.Write([][]byte{[]byte("goodbye")}, nil)
		c.CloseWrite(func(err error) {
			if err != nil {
				t.Error(err)
			}
			ended = true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	fd := dialFrom(t, 1, int(ln.Addr().Port()))
	defer unix.Close(fd)
	segments := func() uint32 {
		info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			t.Fatal(err)
		}
		return info.Segs_in
	}
	before := segments()
	d.Until(func() bool { return ended })
	got, buf := "", make([]byte, 100)
	for {
		n, err := unix.Read(fd, buf)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		got += string(buf[:n])
	}
	if n := segments() - before; n != 1 || got != "goodbye" {
		t.Errorf("%q and the end came in %d segments", got, n)
	}
}
