package main

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

// partOn returns one loop's part of a server and what it listens on. Its loop is the test's to run.
func partOn(t *testing.T, onConn func(*reactor.Conn)) (*part, *reactor.Listener) {
	t.Helper()
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := &part{l: l}
	ln, err := l.Listen("tcp", "127.0.0.1:0", func(c *reactor.Conn) {
		p.accept(c)
		onConn(c)
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, ln
}

func step(t *testing.T, l *loop.Loop) {
	t.Helper()
	if _, err := l.RunOnce(); err != nil {
		t.Fatal(err)
	}
}

// A client reads late. The look that marks its connection quiet comes while we do not read from it; the next one falls
// due in the iteration in which its queue has emptied, before what it has sent meanwhile could be read.
func TestADrainServesAClientThatWasPausedByBackpressure(t *testing.T) {
	const total = 24 << 20
	var conn *reactor.Conn
	p, ln := partOn(t, func(c *reactor.Conn) { conn = c })
	begin, got := make(chan struct{}), make(chan int64, 1)
	go func() {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Error(err)
			got <- 0
			return
		}
		defer c.Close()
		go func() {
			c.Write(make([]byte, total)) // if it fails, less comes back
			c.(*net.TCPConn).CloseWrite()
		}()
		<-begin
		n, _ := io.Copy(io.Discard, c)
		got <- n
	}()
	for conn == nil || conn.Reading() || conn.WriteQueueSize() == 0 {
		step(t, p.l)
	}
	ln.Close(nil)
	p.look(0)
	p.look(drainLook)
	close(begin)
	check := p.l.NewCheck() // right behind the poll phase, as the timer's turn may be
	check.Unref()
	err := check.Start(func() {
		if conn.WriteQueueSize() == 0 && !conn.Closing() {
			check.Stop()
			p.look(drainLook)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.l.Run(); err != nil {
		t.Fatal(err)
	}
	if n := <-got; n != total {
		t.Errorf("the client got %d of %d bytes back", n, int64(total))
	}
}

// More clients than one batch of events takes have each sent a byte when the drain begins, and an iteration lasts longer
// than the time between two looks.
func TestADrainServesThoseWhoWaitForTheirTurn(t *testing.T) {
	const clients = 1600
	accepted := 0
	p, ln := partOn(t, func(*reactor.Conn) { accepted++ })
	conns := make([]net.Conn, clients)
	dialled := make(chan struct{})
	go func() {
		defer close(dialled)
		for i := range conns {
			c, err := net.Dial("tcp", ln.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			conns[i] = c
		}
	}()
	for accepted < clients && !t.Failed() {
		step(t, p.l)
	}
	<-dialled
	if t.Failed() {
		return
	}
	for _, c := range conns {
		c.Write([]byte("x"))
	}
	work := p.l.NewPrepare()
	work.Unref()
	if err := work.Start(func() { time.Sleep(drainLook + 10*time.Millisecond) }); err != nil {
		t.Fatal(err)
	}
	ln.Close(nil)
	p.drain()
	ended := make(chan error, 1)
	go func() { ended <- p.l.Run() }()
	lost := 0
	for _, c := range conns {
		var b [1]byte
		c.SetReadDeadline(time.Now().Add(20 * time.Second))
		if n, _ := c.Read(b[:]); n != 1 {
			lost++
		}
		c.Close()
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if lost > 0 {
		t.Errorf("%d of %d bytes that had been received were thrown away", lost, clients)
	}
}
