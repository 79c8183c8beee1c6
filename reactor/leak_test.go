//go:build linux || darwin || freebsd || openbsd || netbsd

package reactor_test

import (
	"io"
	"os"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/reactor/reactortest"
)

// TestNothingIsLeftAfterManyConnections: after a hundred thousand connections, ended in every way,
// the process has the descriptors, the slots and the goroutines it began with. WEIR_CYCLES sets their number.
func TestNothingIsLeftAfterManyConnections(t *testing.T) {
	cycles := 100_000
	if testing.Short() || raceEnabled {
		cycles = 5000
	}
	if n, err := strconv.Atoi(os.Getenv("WEIR_CYCLES")); err == nil {
		cycles = n
	}
	h := newRealHarness(t, reactor.SystemOptions{})
	goroutines := runtime.NumGoroutine()
	d := &reactortest.Driver{R: reactor.New(h.Kernel(), reactor.Options{})}
	served, told := 0, 0
	ln, err := d.R.Listen("tcp", "127.0.0.1:0", reactor.ListenOptions{}, func(c *reactor.Conn) {
		served++
		// Every third is ended by us, the others by their client.
		switch served % 6 {
		case 0:
			c.Close(func() { told++ })
			return
		case 3:
			if err := c.CloseReset(func() { told++ }); err != nil {
				t.Error(err)
			}
			return
		}
		err := c.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
			if err != nil {
				if err != io.EOF {
					c.Close(func() { told++ })
					return
				}
				c.CloseWrite(func(error) { c.Close(func() { told++ }) })
				return
			}
			if err := c.WriteBorrowed(p, nil); err != nil {
				t.Error(err)
			}
		}))
		if err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	port := int(ln.Addr().Port())
	const atOnce = 64
	var fds [atOnce]int
	for i := 0; i < cycles; {
		batch := min(atOnce, cycles-i)
		for j := range batch {
			fds[j] = dialFrom(t, i+j, port)
			switch (i + j) % 5 {
			case 0:
				unix.Write(fds[j], []byte("hello"))
			case 1:
				unix.Write(fds[j], []byte("hello"))
				unix.Shutdown(fds[j], unix.SHUT_WR)
			}
		}
		i += batch
		want := i
		if !d.Until(func() bool { return served == want }) {
			t.Fatalf("%d of %d connections were accepted", served, want)
		}
		for j := range batch {
			if j%2 == 0 {
				unix.SetsockoptLinger(fds[j], unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
			}
			unix.Close(fds[j])
		}
		if !d.Until(func() bool { return told == want }) {
			t.Fatalf("%d of %d connections were closed", told, want)
		}
	}
	if n := reactor.SlotsUsed(d.R); n > 4*atOnce {
		t.Errorf("%d slots were needed for %d connections at a time", n, atOnce)
	}
	ln.Close(nil)
	if !d.Until(func() bool { return d.R.Live() == 0 }) {
		t.Fatal("the listener does not close")
	}
	if n := d.R.Refs(); n != 0 {
		t.Errorf("%d references are left", n)
	}
	if err := d.R.Close(); err != nil {
		t.Error(err)
	}
	for _, left := range h.Check() {
		t.Error(left)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines, there were %d", n, goroutines)
	}
}

// dialFrom connects to port from an address of its own, so that no pair of addresses is used again while the kernel
// remembers it. Only Linux has all of 127/8.
func dialFrom(t *testing.T, i, port int) int {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "linux" {
		if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 1, byte(i >> 8), byte(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: port}); err != nil {
		t.Fatal(err)
	}
	return fd
}
