package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/exampletest"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

// serveEcho runs the echo for as long as the test, and returns clients of it.
func serveEcho(t *testing.T) (dial func() *net.TCPConn) {
	t.Helper()
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	g := make(chan error, 1)
	ln, err := l.Listen("tcp", "127.0.0.1:0", func(c *reactor.Conn) { echo(l, c) })
	if err != nil {
		t.Fatal(err)
	}
	go func() { g <- l.Run() }()
	t.Cleanup(func() {
		l.Post(func() {
			l.Walk(func(h loop.Handle) { h.Close(nil) })
		})
		if err := <-g; err != nil {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return func() *net.TCPConn {
		c, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(ln.Addr()))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(30 * time.Second))
		return c
	}
}

func TestEverythingComesBackAndThenTheEnd(t *testing.T) {
	dial := serveEcho(t)
	for _, size := range []int{0, 1, 16 << 10, 16<<10 + 1, 64 << 10, 16 << 20} {
		c := dial()
		want := bytes.Repeat([]byte("weir"), size/4+1)[:size]
		go func() {
			c.Write(want)
			c.CloseWrite()
		}()
		got, err := io.ReadAll(c)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes of %d came back, %v", len(got), size, err)
		}
	}
}

// Who sends and does not read is stopped, and the echo holds next to nothing of what is on the way.
func TestWhoDoesNotReadIsNotReadFrom(t *testing.T) {
	c := serveEcho(t)()
	exampletest.Flood(t, c)
	c.SetLinger(0)
}

func TestLostPeerHurtsNobodyElse(t *testing.T) {
	dial := serveEcho(t)
	other := dial()
	for range 20 {
		c := dial()
		c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		c.Write(make([]byte, 100_000)) // or as much as the kernel takes, where that is less
		c.SetLinger(0)
		c.Close()
	}
	other.Write([]byte("still here"))
	other.CloseWrite()
	if got, err := io.ReadAll(other); err != nil || string(got) != "still here" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := other.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("got %v, want EPIPE", err)
	}
}
