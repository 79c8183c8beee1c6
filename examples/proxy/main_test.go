package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
)

// patience is how long a test waits for what must happen: so long that only a hang takes it.
const patience = 20 * time.Second

// scene is a proxy, what it stands in front of, and its clients. Most tests are played by hand, from both sides.
type scene struct {
	t    *testing.T
	addr string // the proxy's
	p    *proxy
	g    *loop.Group
	ln   *net.TCPListener // the upstream server, of those that are played
}

// stage is a proxy in front of a server that the test plays.
func stage(t *testing.T) *scene {
	t.Helper()
	watchDescriptors(t)
	ln := listen(t)
	s := front(t, &proxy{upstream: ln.Addr().String()})
	s.ln = ln
	return s
}

// front runs p, until the test is over and everything that went through it too.
func front(t *testing.T, p *proxy) *scene {
	t.Helper()
	g, err := loop.NewGroup(loop.GroupOptions{Loops: 2, Loop: loop.Options{
		OnUncaught: func(err error) { t.Errorf("uncaught: %v", err) },
		OnPanic:    func(err *loop.PanicError) { t.Errorf("%v\n%s", err, err.Stack) },
	}})
	if err != nil {
		t.Fatal(err)
	}
	if p.patience == 0 {
		p.patience = patience
	}
	if p.agent == nil {
		p.agent = httpcore.NewAgent(httpcore.AgentOptions{})
	}
	addr, err := p.server().Listen(g, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- g.Run() }()
	t.Cleanup(func() {
		await(t, "the end of all exchanges", func() bool { return p.agent.Metrics().Sockets == 0 })
		p.agent.CloseIdleConnections()
		await(t, "the end of idle connections", func() bool { return p.agent.Metrics().FreeSockets == 0 })
		if n := p.agent.Metrics().Queued; n != 0 {
			t.Errorf("%d requests still wait", n)
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := g.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return &scene{t: t, addr: addr.String(), p: p, g: g}
}

// watchDescriptors fails a test that leaves more descriptors behind than it has found.
func watchDescriptors(t *testing.T) {
	t.Helper()
	listen(t).Close() // whatever the runtime opens, it opens now
	before := descriptors()
	t.Cleanup(func() {
		await(t, "all descriptors to be closed", func() bool { return descriptors() <= before })
	})
}

func descriptors() int {
	names, _ := os.ReadDir("/dev/fd")
	return len(names)
}

func await(t *testing.T, what string, fn func() bool) {
	t.Helper()
	for begin := time.Now(); !fn(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > patience {
			t.Errorf("waited in vain for %s", what)
			return
		}
	}
}

func listen(t *testing.T) *net.TCPListener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln.(*net.TCPListener)
}

// accept is the next connection that the proxy makes.
func (s *scene) accept() *peer {
	s.t.Helper()
	s.ln.SetDeadline(time.Now().Add(patience))
	c, err := s.ln.AcceptTCP()
	if err != nil {
		s.t.Fatalf("the proxy connects to no server: %v", err)
	}
	return newPeer(s.t, c)
}

// dial is a new client, who says what.
func (s *scene) dial(what string) *peer {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	p := newPeer(s.t, c.(*net.TCPConn))
	p.say(what)
	return p
}

// peer is one who speaks with the proxy: a client or a server.
type peer struct {
	*net.TCPConn
	t *testing.T
	r *bufio.Reader
}

func newPeer(t *testing.T, c *net.TCPConn) *peer {
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return &peer{c, t, bufio.NewReader(c)}
}

// say sends text, whose lines end as Go's do.
func (p *peer) say(text string) {
	p.t.Helper()
	p.raw(strings.ReplaceAll(text, "\n", "\r\n"))
}

func (p *peer) raw(text string) {
	p.t.Helper()
	if _, err := io.WriteString(p, text); err != nil {
		p.t.Fatal(err)
	}
}

// hears wants text to come next.
func (p *peer) hears(text string) {
	p.t.Helper()
	want := strings.ReplaceAll(text, "\n", "\r\n")
	got := make([]byte, len(want))
	n, err := io.ReadFull(p.r, got)
	if string(got[:n]) != want {
		p.t.Fatalf("got\n%s\nand %v, want\n%s", got[:n], err, want)
	}
}

// head is the head that comes next, in the lines that Go has, without the fields whose names begin with one of those given.
func (p *peer) head(without ...string) string {
	p.t.Helper()
	var head strings.Builder
	for {
		line, err := p.r.ReadString('\n')
		if err != nil {
			p.t.Fatalf("got %q and then %v, want a head", head.String()+line, err)
		}
		line = strings.TrimSuffix(line, "\r\n")
		if line == "" {
			return head.String()
		}
		dropped := false
		for _, name := range without {
			dropped = dropped || strings.HasPrefix(line, name)
		}
		if !dropped {
			head.WriteString(line + "\n")
		}
	}
}

// answer is a whole answer to a request of that method: its head, and its body or what became of that.
func (p *peer) answer(method string) (*http.Response, string, error) {
	p.t.Helper()
	res, err := http.ReadResponse(p.r, &http.Request{Method: method})
	if err != nil {
		p.t.Fatalf("there is no answer: %v", err)
	}
	body, err := io.ReadAll(res.Body)
	return res, string(body), err
}

// gets wants a whole answer of that status and body.
func (p *peer) gets(status int, body string) *http.Response {
	p.t.Helper()
	res, got, err := p.answer("GET")
	if err != nil || res.StatusCode != status || got != body {
		p.t.Fatalf("got %d %q and %v, want %d %q", res.StatusCode, got, err, status, body)
	}
	return res
}

// ended wants the proxy to have ended the connection, well.
func (p *peer) ended() {
	p.t.Helper()
	if rest, err := io.ReadAll(p.r); err != nil || len(rest) > 0 {
		p.t.Fatalf("got %q and %v, want the end", rest, err)
	}
}

// gone wants the connection to have ended, well or not.
func (p *peer) gone() {
	p.t.Helper()
	_, err := io.Copy(io.Discard, p.r)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		p.t.Fatal("the connection goes on")
	}
}

func (p *peer) reset() {
	p.SetLinger(0)
	p.Close()
}

// wasReset reports whether an error is the other side's having cut the connection off.
func wasReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
