//go:build linux || darwin || freebsd || openbsd || netbsd

package reactor_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/reactor/reactortest"
)

// TestEchoAllocatesNothing: one message to and fro on the real kernel.
func TestEchoAllocatesNothing(t *testing.T) {
	h := newRealHarness(t, reactor.SystemOptions{})
	d := &reactortest.Driver{R: reactor.New(h.Kernel(), reactor.Options{})}
	var c *reactor.Conn
	written := 0
	done := func(err error) {
		if err != nil {
			t.Error(err)
		}
		written++
	}
	ln, err := d.R.Listen("tcp", "127.0.0.1:0", reactor.ListenOptions{}, func(conn *reactor.Conn) { c = conn })
	if err != nil {
		t.Fatal(err)
	}
	fd := dialFrom(t, 1, int(ln.Addr().Port()))
	defer unix.Close(fd)
	d.Until(func() bool { return c != nil })
	echo := reactor.ReadFunc(func(p []byte, err error) {
		if err != nil {
			t.Error(err)
			return
		}
		half := len(p) / 2
		if err := c.WriteBorrowed(p[:half], done); err != nil {
			t.Error(err)
		}
		if err := c.WriteBorrowed(p[half:], done); err != nil {
			t.Error(err)
		}
	})
	if err := c.ReadStart(echo); err != nil {
		t.Fatal(err)
	}
	message := make([]byte, 100)
	turn := func() {
		before := written
		unix.Write(fd, message)
		for written < before+2 {
			d.Iterate(-1)
		}
		for left := len(message); left > 0; {
			n, err := unix.Read(fd, message)
			if err != nil {
				t.Fatal(err)
			}
			left -= n
		}
	}
	if n := testing.AllocsPerRun(2000, turn); n != 0 {
		t.Errorf("an echo allocates %v times", n)
	}
	c.Close(nil)
	ln.Close(nil)
	d.Until(func() bool { return d.R.Live() == 0 })
	if err := d.R.Close(); err != nil {
		t.Error(err)
	}
}
