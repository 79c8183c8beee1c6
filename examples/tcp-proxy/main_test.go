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

// serveProxy runs the proxy in front of upstream for as long as the test, and returns a client of it; nil if the proxy
// has reset it already.
func serveProxy(t *testing.T, upstream string) *net.TCPConn {
	t.Helper()
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := l.Listen("tcp", "127.0.0.1:0", func(c *reactor.Conn) { forward(l, c, upstream) })
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run() }()
	c, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(ln.Addr()))
	switch {
	case err == nil:
		c.SetDeadline(time.Now().Add(30 * time.Second))
		t.Cleanup(func() { c.Close() })
	case errors.Is(err, syscall.ECONNRESET):
		c = nil
	default:
		t.Error(err)
	}
	t.Cleanup(func() {
		l.Post(func() {
			l.Walk(func(h loop.Handle) { h.Close(nil) })
		})
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// upstream is a server that gives each connection to serve.
func upstream(t *testing.T, serve func(*net.TCPConn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			serve(c.(*net.TCPConn))
		}
	}()
	return ln.Addr().String()
}

func TestAnswerThatBeginsAtTheEndOfTheQuestionArrivesWhole(t *testing.T) {
	question := bytes.Repeat([]byte("question "), 1<<20)
	c := serveProxy(t, upstream(t, func(c *net.TCPConn) {
		defer c.Close()
		all, err := io.ReadAll(c)
		if err != nil {
			t.Error(err)
		}
		c.Write(all)
	}))
	go func() {
		c.Write(question)
		c.CloseWrite()
	}()
	answer, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(answer, question) {
		t.Errorf("%d bytes of %d came back, %v", len(answer), len(question), err)
	}
}

func TestResetIsPassedOn(t *testing.T) {
	c := serveProxy(t, upstream(t, func(c *net.TCPConn) {
		io.ReadFull(c, make([]byte, 1))
		c.SetLinger(0)
		c.Close()
	}))
	c.Write([]byte("x"))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v, want ECONNRESET", err)
	}
}

func TestUpstreamThatRefusesResetsTheClient(t *testing.T) {
	c := serveProxy(t, exampletest.Refusing(t))
	if c == nil {
		return
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v, want ECONNRESET", err)
	}
}

// A server that does not read stops the client, and the proxy holds next to nothing of what is on the way.
func TestServerThatDoesNotReadStopsTheClient(t *testing.T) {
	conns := make(chan *net.TCPConn, 1)
	c := serveProxy(t, upstream(t, func(c *net.TCPConn) { conns <- c }))
	defer func() { (<-conns).Close() }()
	exampletest.Flood(t, c)
}

// A server that has said all it has to say and is gone: the client learns that what it goes on sending goes nowhere.
func TestClientThatSendsToAServerThatIsGoneIsReset(t *testing.T) {
	c := serveProxy(t, upstream(t, func(c *net.TCPConn) { c.Close() }))
	if n, err := io.Copy(io.Discard, c); err != nil || n > 0 {
		t.Fatalf("got %d bytes and %v, want the end", n, err)
	}
	for {
		if _, err := c.Write(make([]byte, 1000)); errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
