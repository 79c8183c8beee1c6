package httpcore_test

import (
	"io"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/weir-go/weir/internal/transporttest"
	"github.com/weir-go/weir/loop"
)

// road is what a peer needs of its end of a connection. Its calls may block.
type road interface {
	io.ReadWriteCloser
	CloseWrite() error
	Reset()
}

type tcpLane struct{ *net.TCPConn }

// Reset closes with an RST.
func (c tcpLane) Reset() {
	c.SetLinger(0)
	c.Close()
}

// peer is the raw side of an errand: one connection.
type peer struct {
	x      *trip
	c      road
	number int    // of the connection, from 0 on
	text   string // what has arrived
	over   bool   // the client's side has ended, or the connection is reset
	paused bool
}

// meet has a connection follow the script, and then answer one more request.
func (x *trip) meet(c road, script func(*peer)) {
	x.mu.Lock()
	p := &peer{x: x, c: c, number: len(x.peers)}
	x.peers = append(x.peers, p)
	gone := x.gone
	x.mu.Unlock()
	if gone {
		c.Close()
		return
	}
	x.news.Broadcast()
	x.scripts.Go(p.read)
	x.scripts.Go(func() {
		script(p)
		if p.when(func() bool {
			return strings.Contains(p.text, "GET /still-there ") && strings.HasSuffix(p.text, "\r\n\r\n")
		}) {
			p.send(plain)
		}
	})
}

func (p *peer) read() {
	buf := make([]byte, 64<<10)
	for {
		p.x.mu.Lock()
		for p.paused {
			p.x.news.Wait()
		}
		p.x.mu.Unlock()
		n, err := p.c.Read(buf)
		p.x.mu.Lock()
		p.text += string(buf[:n])
		if err != nil {
			p.over = true
		}
		p.x.news.Broadcast()
		p.x.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// when waits until cond, which it calls with mu held, and reports false if there is nothing to wait for any more.
func (p *peer) when(cond func() bool) bool {
	p.x.mu.Lock()
	defer p.x.mu.Unlock()
	for !cond() {
		if p.over || p.x.gone {
			return cond()
		}
		p.x.news.Wait()
	}
	return true
}

// until waits for a text to arrive, times for that so often, event for the client's end to record something, and closed for its
// side to end.
func (p *peer) until(s string) bool { return p.times(1, s) }

func (p *peer) times(n int, s string) bool {
	return p.when(func() bool { return strings.Count(p.text, s) >= n })
}

func (p *peer) event(s string) bool {
	return p.when(func() bool { return slices.Contains(p.x.events, s) })
}

func (p *peer) closed() { p.when(func() bool { return p.over }) }

func (p *peer) send(s string) { io.WriteString(p.c, s) }

func (p *peer) pause(yes bool) {
	p.x.mu.Lock()
	p.paused = yes
	p.x.mu.Unlock()
	p.x.news.Broadcast()
}

// forget is what has arrived being too much to compare.
func (p *peer) forget() {
	p.x.mu.Lock()
	p.text = ""
	p.x.mu.Unlock()
	p.x.news.Broadcast()
}

func (p *peer) fin()   { p.c.CloseWrite() }
func (p *peer) reset() { p.c.Reset() }

// head is the end of a head.
const head = "\r\n\r\n"

// replies waits for a head and sends s.
func replies(s string) func(*peer) {
	return func(p *peer) {
		p.until(head)
		p.send(s)
	}
}

// repliesTo waits for a text and sends s.
func repliesTo(text, s string) func(*peer) {
	return func(p *peer) {
		p.until(text)
		p.send(s)
	}
}

// finishes waits for a head, sends s and ends its side.
func finishes(s string) func(*peer) {
	return func(p *peer) {
		p.until(head)
		p.send(s)
		p.fin()
	}
}

// serves answers every head.
func serves(p *peer) {
	for n := 1; p.times(n, head); n++ {
		p.send(plain)
	}
}

// lane is a peer's end of a pair in memory.
type lane struct {
	l    *loop.Loop
	m    *transporttest.Mem
	news *sync.Cond

	in          []byte
	err         error
	asked, shut bool
}

// OnRead is what the Transport calls.
func (c *lane) OnRead(p []byte, err error) {
	c.m.ReadStop()
	c.news.L.Lock()
	defer c.news.L.Unlock()
	c.in = append(c.in, p...)
	c.asked, c.err = false, err
	c.news.Broadcast()
}

// Read blocks until something has arrived.
func (c *lane) Read(p []byte) (int, error) {
	c.news.L.Lock()
	defer c.news.L.Unlock()
	for len(c.in) == 0 {
		if c.err != nil || c.shut {
			return 0, io.EOF
		}
		if !c.asked {
			c.asked = true
			if err := c.l.Post(func() { c.m.ReadStart(c) }); err != nil {
				return 0, err
			}
		}
		c.news.Wait()
	}
	n := copy(p, c.in)
	c.in = c.in[n:]
	return n, nil
}

// Write does not wait.
func (c *lane) Write(p []byte) (int, error) {
	p = append([]byte(nil), p...)
	return len(p), c.l.Post(func() { c.m.Write([][]byte{p}, nil) })
}

// CloseWrite, Close and Reset end it one way or the other.
func (c *lane) CloseWrite() error { return c.l.Post(func() { c.m.CloseWrite(nil) }) }

// Close ends both sides.
func (c *lane) Close() error {
	c.shutdown()
	return c.l.Post(func() { c.m.Close(nil) })
}

// Reset ends both sides, and not well.
func (c *lane) Reset() {
	c.shutdown()
	c.l.Post(func() { c.m.CloseReset(nil) })
}

func (c *lane) shutdown() {
	c.news.L.Lock()
	defer c.news.L.Unlock()
	c.shut = true
	c.news.Broadcast()
}
