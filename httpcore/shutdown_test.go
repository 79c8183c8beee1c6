package httpcore

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/weir-go/weir/loop"
)

func TestAnswersSayCloseFromTheFirstMomentOfShutdown(t *testing.T) {
	for _, pipelined := range []bool{false, true} {
		var k *talk
		var kept *ServerResponse
		ended := make(chan error, 3)
		over(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
			if req.Path() != "/1" {
				kept.EndString("one")
				res.EndString("two")
				return
			}
			go func() { ended <- k.s.Shutdown(context.Background()) }()
			for !k.s.closing.Load() {
				time.Sleep(time.Millisecond) // what Shutdown posts cannot come: this is the loop
			}
			if kept = res; !pipelined {
				res.EndString("one")
			}
		}, func(x *talk) {
			x.on(func() { k = x })
			c := x.dial()
			a := x.answers(c)
			x.send(c, get("/1")+get("/2"))
			if res := a.want(200, "one"); res.Close == pipelined {
				t.Errorf("pipelined %t: the answer of which Shutdown was called has close: %t", pipelined, res.Close)
			}
			if pipelined {
				if res := a.want(200, "two"); !res.Close {
					t.Error("the last answer does not say close")
				}
			}
			a.wantEnd()
			c.Close()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCloseAllConnectionsClosesBusyOnesToo(t *testing.T) {
	over(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
		if req.Path() == "/idle" {
			res.EndString("fine")
		}
	}, func(k *talk) {
		idle, busy := k.dial(), k.dial()
		a := k.answers(idle)
		k.send(idle, get("/idle"))
		a.want(200, "fine")
		k.send(busy, get("/busy"))
		k.wait("both requests", func() bool { return len(k.exchanges) == 2 })
		k.on(func() { k.s.CloseAllConnections(k.l) })
		a.wantEnd()
		k.answers(busy).wantEnd()
		idle.Close()
		busy.Close()
	})
}

func TestTheMostConnectionsAreThoseOfAllLoopsTogether(t *testing.T) {
	const most = 3
	s := NewServer(ServerOptions{MaxConnections: most})
	var loops []*loop.Loop // which have a connection
	answered := make(chan *loop.Loop, 10)
	s.OnRequest(func(req *IncomingMessage, res *ServerResponse) {
		answered <- req.Loop()
		res.EndString("fine")
	})
	g, err := loop.NewGroup(loop.GroupOptions{Loops: 2})
	if err != nil {
		t.Fatal(err)
	}
	addr, err := s.Listen(g, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- g.Run() }()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", addr.String())
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(patience))
		return c
	}
	served := func(c net.Conn) bool {
		io.WriteString(c, get("/")) // its error is the read's
		n, err := c.Read(make([]byte, 1000))
		if (n > 0) == (err != nil) {
			t.Errorf("got %d bytes and %v", n, err)
		}
		return n > 0
	}
	var open []net.Conn
	for range most {
		c := dial()
		open = append(open, c)
		if !served(c) {
			t.Fatalf("connection %d is closed", len(open))
		}
		if l := <-answered; !slices.Contains(loops, l) {
			loops = append(loops, l)
		}
	}
	if len(loops) != 2 {
		t.Errorf("the connections are on %d loops, want 2", len(loops))
	}
	for range 4 { // two for each loop
		c := dial()
		if served(c) {
			t.Error("a connection beyond the most is served")
		}
		c.Close()
	}
	open[0].Close()
	for again := false; !again; { // the server learns of it in time
		c := dial()
		again = served(c)
		defer c.Close()
	}
	for _, c := range open {
		c.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := errors.Join(g.Shutdown(ctx), <-done); err != nil {
		t.Error(err)
	}
}
