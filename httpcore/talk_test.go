package httpcore

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/transporttest"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// patience is how long a test waits for what should come at once.
const patience = 20 * time.Second

// talk is a Server on a loop of its own, and the clients that a test has there.
type talk struct {
	t    *testing.T
	l    *loop.Loop
	s    *Server
	dial func() client
	real bool

	// These belong to the loop.
	transports []*spied
	exchanges  []*told
}

// client is one client's end. Its calls block, for patience at most.
type client interface {
	io.ReadWriteCloser
	CloseWrite() error
	Reset()
}

// told is what was told of one exchange.
type told struct {
	req                                 *IncomingMessage
	res                                 *ServerResponse
	reqClosed, resClosed, ended, finish int
	aborted                             int
	pending                             func() int // callbacks of writes that were not called
}

// over runs a test over a connection, over a pair in memory, and over a filter that makes other pieces of every byte.
func over(t *testing.T, o ServerOptions, fn func(*IncomingMessage, *ServerResponse), test func(k *talk)) {
	t.Helper()
	for _, kind := range []string{"conn", "pair", "resplit"} {
		t.Run(kind, func(t *testing.T) {
			k := newTalk(t, o, fn)
			switch kind {
			case "conn":
				k.overConn()
			case "pair":
				k.overPair(func(m stream.Transport) stream.Transport { return m })
			default:
				r := rand.New(rand.NewPCG(1, 2))
				k.overPair(func(m stream.Transport) stream.Transport {
					return transporttest.NewResplit(k.l, m, func(n int) int {
						if r.IntN(4) == 0 {
							return 1
						}
						return 1 + r.IntN(n)
					})
				})
			}
			test(k)
		})
	}
}

func newTalk(t *testing.T, o ServerOptions, fn func(*IncomingMessage, *ServerResponse)) *talk {
	t.Helper()
	l, err := loop.New(loop.Options{OnUncaught: func(err error) { t.Errorf("uncaught: %v", err) }})
	if err != nil {
		t.Fatal(err)
	}
	k := &talk{t: t, l: l, s: NewServer(o)}
	k.s.OnRequest(func(req *IncomingMessage, res *ServerResponse) {
		k.watch(req, res)
		fn(req, res)
	})
	keep := l.NewAsync(nil)
	done := make(chan error, 1)
	go func() { done <- l.Run() }()
	t.Cleanup(func() {
		k.wait("the connections' end", func() bool { return k.s.conns.Load() == 0 })
		k.on(func() {
			k.judge()
			l.Walk(func(h loop.Handle) { h.Close(nil) })
			keep.Close(nil)
		})
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

// watch counts what is told, and complains of what comes too late.
func (k *talk) watch(req *IncomingMessage, res *ServerResponse) {
	x := &told{req: req, res: res}
	k.exchanges = append(k.exchanges, x)
	res.OnFinish(func() {
		if x.finish++; x.resClosed > 0 {
			k.t.Error("a response is finished behind its close")
		}
	})
	res.OnClose(func() { x.resClosed++ })
	res.OnDrain(func() {
		if x.resClosed > 0 {
			k.t.Error("a response drains behind its close")
		}
	})
	req.OnEnd(func() {
		if x.ended++; x.reqClosed > 0 {
			k.t.Error("a request ends behind its close")
		}
	})
	req.OnAborted(func() {
		if x.aborted++; x.reqClosed > 0 {
			k.t.Error("a request is aborted behind its close")
		}
	})
	req.OnClose(func() { x.reqClosed++ })
}

// judge checks what must hold when every connection has gone.
func (k *talk) judge() {
	for i, x := range k.exchanges {
		if x.resClosed != 1 || x.finish > 1 || x.ended > 1 || x.aborted > 1 || x.reqClosed != 1 {
			k.t.Errorf("exchange %d: %d closes of the response, %d finishes; %d closes of the request, %d ends, %d aborts", i,
				x.resClosed, x.finish, x.reqClosed, x.ended, x.aborted)
			return
		}
	}
	if n := k.s.on(k.l).conns.n; n != 0 {
		k.t.Errorf("%d connections are still known", n)
	}
}

// on runs fn on the loop, and waits for it.
func (k *talk) on(fn func()) {
	done := make(chan struct{})
	if err := k.l.Post(func() { defer close(done); fn() }); err != nil {
		k.t.Error(err)
		return
	}
	<-done
}

// wait waits until something holds, as seen on the loop.
func (k *talk) wait(what string, fn func() bool) {
	k.t.Helper()
	for begin := time.Now(); ; time.Sleep(100 * time.Microsecond) {
		held := false
		k.on(func() { held = fn() })
		if held {
			return
		}
		if time.Since(begin) > patience {
			k.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// conn is the connection of the i-th client, or nil. It is for the loop.
func (k *talk) conn(i int) *serverConn {
	if len(k.transports) <= i || k.transports[i].c == nil {
		return nil
	}
	return k.transports[i].c
}

func (k *talk) serve(t stream.Transport) {
	s := &spied{Transport: t}
	k.transports = append(k.transports, s)
	k.s.ServeTransport(k.l, s)
}

// spied is a Transport that counts.
type spied struct {
	stream.Transport
	c             *serverConn
	starts, stops int
	most          int // of its queue
}

func (s *spied) ReadStart(h stream.ReadHandler) error {
	if c, ok := h.(*serverConn); ok {
		s.c = c
	}
	s.starts++
	return s.Transport.ReadStart(h)
}

func (s *spied) ReadStop() {
	s.stops++
	s.Transport.ReadStop()
}

func (s *spied) Write(bufs [][]byte, done func(error)) error {
	err := s.Transport.Write(bufs, done)
	s.most = max(s.most, s.WriteQueueSize())
	return err
}

func (s *spied) WriteBorrowed(p []byte, done func(error)) error {
	err := s.Transport.WriteBorrowed(p, done)
	s.most = max(s.most, s.WriteQueueSize())
	return err
}

func (k *talk) overConn() {
	k.real = true
	var addr string
	k.on(func() {
		ln, err := k.l.Listen("tcp", "127.0.0.1:0", func(c *loop.Conn) { k.serve(c) })
		if err != nil {
			k.t.Error(err)
			return
		}
		addr = ln.Addr().String()
	})
	k.dial = func() client { return k.dialTCP(addr) }
}

func (k *talk) dialTCP(addr string) client {
	k.t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		k.t.Fatal(err)
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		k.t.Fatal(err)
	}
	x := tcpClient{c.(*net.TCPConn)}
	k.t.Cleanup(func() { x.Close() })
	return x
}

type tcpClient struct{ *net.TCPConn }

func (c tcpClient) Reset() {
	c.SetLinger(0)
	c.Close()
}

func (k *talk) overPair(wrap func(stream.Transport) stream.Transport) {
	k.dial = func() client {
		c := &memClient{k: k}
		c.cond = sync.NewCond(&c.mu)
		k.on(func() {
			a, b := transporttest.Pair(k.l, 64<<10)
			c.m = b
			k.serve(wrap(a))
		})
		limit := time.AfterFunc(patience, func() { c.end(errors.New("waited in vain")) })
		k.t.Cleanup(func() {
			limit.Stop()
			c.Close()
		})
		return c
	}
}

// memClient is the other end of a pair.
type memClient struct {
	k *talk
	m *transporttest.Mem

	mu     sync.Mutex
	cond   *sync.Cond
	in     []byte
	err    error
	asked  bool
	closed bool
}

func (c *memClient) OnRead(p []byte, err error) {
	c.m.ReadStop()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in = append(c.in, p...)
	c.asked = false
	if c.err == nil {
		c.err = err
	}
	c.cond.Broadcast()
}

func (c *memClient) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
	c.cond.Broadcast()
}

func (c *memClient) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.in) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		if !c.asked {
			c.asked = true
			c.k.l.Post(func() { c.m.ReadStart(c) })
		}
		c.cond.Wait()
	}
	n := copy(p, c.in)
	c.in = c.in[n:]
	return n, nil
}

func (c *memClient) Write(p []byte) (int, error) {
	done := make(chan error, 1)
	p = append([]byte(nil), p...)
	c.k.l.Post(func() {
		if err := c.m.Write([][]byte{p}, func(err error) { done <- err }); err != nil {
			done <- err
		}
	})
	select {
	case err := <-done:
		if err != nil {
			return 0, err
		}
		return len(p), nil
	case <-time.After(patience):
		return 0, errors.New("waited in vain")
	}
}

func (c *memClient) CloseWrite() error {
	c.k.on(func() { c.m.CloseWrite(nil) })
	return nil
}

func (c *memClient) Close() error {
	if !c.closed {
		c.closed = true
		c.k.on(func() { c.m.Close(nil) })
	}
	return nil
}

func (c *memClient) Reset() {
	c.closed = true
	c.k.on(func() { c.m.CloseReset(nil) })
}

// answers reads responses, and what follows.
type answers struct {
	t *testing.T
	r *bufio.Reader
}

func (k *talk) answers(c client) *answers { return &answers{k.t, bufio.NewReader(c)} }

// next reads one response to a GET, and its body.
func (a *answers) next() (*http.Response, string) {
	a.t.Helper()
	res, err := http.ReadResponse(a.r, nil)
	if err != nil {
		a.t.Fatalf("no response: %v", err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Fatalf("no whole body: %v behind %d bytes", err, len(b))
	}
	return res, string(b)
}

// want reads one response with a status and a body.
func (a *answers) want(status int, body string) *http.Response {
	a.t.Helper()
	res, got := a.next()
	if res.StatusCode != status || got != body {
		a.t.Fatalf("got %d %.100q, want %d %.100q", res.StatusCode, got, status, body)
	}
	return res
}

// wantEnd wants nothing more.
func (a *answers) wantEnd() {
	a.t.Helper()
	if b, err := io.ReadAll(a.r); len(b) > 0 || err != nil {
		a.t.Errorf("got %.200q and %v behind the last response, want the end", b, err)
	}
}

// send writes all of s, and complains if it can't.
func (k *talk) send(c client, s string) {
	k.t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		k.t.Errorf("send: %v", err)
	}
}

func get(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n" }

func post(path string, length int) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", path, length)
}

// pattern is n bytes that no other place of it looks like.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8*13 + i>>16*101)
	}
	return b
}
