package stdhttp_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/httpcore/stdhttp"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	weirstream "github.com/weir-go/weir/stream"
)

// script is a server that does with each connection what it is told, by hand.
func script(t *testing.T, fn func(c *net.TCPConn, in *bufio.Reader)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var conns []net.Conn
	all.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				for _, c := range conns {
					c.Close()
				}
				return
			}
			conns = append(conns, c)
			_ = c.SetDeadline(now().Add(patience))
			all.Go(func() {
				defer c.Close()
				fn(c.(*net.TCPConn), bufio.NewReader(c))
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		all.Wait()
	})
	return "http://" + ln.Addr().String()
}

// head reads a request's head.
func head(in *bufio.Reader) (text string) {
	for {
		line, err := in.ReadString('\n')
		text += line
		if err != nil || line == "\r\n" {
			return text
		}
	}
}

// until waits for the other end to go, and throws away what it sends.
func until(in *bufio.Reader) { _, _ = io.Copy(io.Discard, in) }

// endless is a body that never ends, but when it is closed.
type endless struct {
	closed chan struct{}
	once   sync.Once
	block  bool
}

func newEndless(block bool) *endless { return &endless{closed: make(chan struct{}), block: block} }

func (e *endless) Read(p []byte) (int, error) {
	if e.block {
		<-e.closed
	}
	select {
	case <-e.closed:
		return 0, io.ErrClosedPipe
	default:
		return len(p), nil
	}
}

func (e *endless) Close() error {
	e.once.Do(func() { close(e.closed) })
	return nil
}

// TestAServerThatDiesIsToldWithItsReason: at each stage of an exchange, by an end and by a reset, with a body in memory, one
// that blocks, and one that never ends.
func TestAServerThatDiesIsToldWithItsReason(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, stage := range []struct {
		name, sends string
		answered    bool // there is a response, and its body fails
		body        string
	}{
		{"before it has said anything", "", false, ""},
		{"inside the status line", "HTTP/1.1 20", false, ""},
		{"inside the head", ok + "Content-Le", false, ""},
		{"behind an interim response", "HTTP/1.1 103 x\r\n\r\n", false, ""},
		{"before the body", ok + "Content-Length: 10\r\n\r\n", true, ""},
		{"inside the body", ok + "Content-Length: 10\r\n\r\nhalf", true, "half"},
		{"inside a chunk", ok + "Transfer-Encoding: chunked\r\n\r\na\r\nhalf", true, "half"},
		{"between chunks", ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", true, "half"},
		{"inside the trailers", ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\nX-", true, "half"},
		{"with a chunk that is none", ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nxyz\r\n", true, "half"},
		{"with what is no HTTP", "SSH-2.0-x\r\n\r\n", false, ""},
	} {
		for _, reset := range []bool{false, true} {
			for _, kind := range []string{"no body", "memory", "blocks", "endless"} {
				t.Run(fmt.Sprintf("%s/reset %t/%s", stage.name, reset, kind), func(t *testing.T) {
					x := lay(t, stdhttp.TransportOptions{Request: httpcore.RequestOptions{NoRetry: true}})
					read := make(chan struct{})
					base := script(t, func(c *net.TCPConn, in *bufio.Reader) {
						head(in)
						io.WriteString(c, stage.sends)
						if reset {
							if stage.answered {
								<-read // a reset may overtake what was sent
							}
							c.SetLinger(0)
						}
					})
					var body io.Reader
					var e *endless
					switch kind {
					case "memory":
						body = strings.NewReader("text")
					case "blocks", "endless":
						e = newEndless(kind == "blocks")
						body = e
					}
					r, err := http.NewRequest("POST", base, body)
					if err != nil {
						t.Fatal(err)
					}
					res, err := x.client().Do(r)
					if (err == nil) != stage.answered {
						close(read)
						t.Fatalf("got %v", err)
					}
					if res != nil {
						got := make([]byte, len(stage.body))
						if _, err := io.ReadFull(res.Body, got); err != nil || string(got) != stage.body {
							t.Errorf("got %q and %v before the end, want %q", got, err, stage.body)
						}
						close(read)
						_, err = io.ReadAll(res.Body)
						res.Body.Close()
						if !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, httpcore.ErrAborted) {
							t.Errorf("the body ends with %v", err)
						}
					} else {
						close(read)
					}
					if err == nil {
						t.Fatal("nobody is told")
					}
					if e != nil {
						wait(t, "the body to be closed", e.closed)
					}
				})
			}
		}
	}
}

// TestAContextEndsARequestAtAnyStage, and the error is the context's, its cause's, and httpcore's.
func TestAContextEndsARequestAtAnyStage(t *testing.T) {
	cause := errors.New("the cause")
	for _, stage := range []string{"waiting for a connection", "sending", "waiting for the head", "waiting for a 100", "reading the body"} {
		for _, deadline := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/deadline %t", stage, deadline), func(t *testing.T) {
				agent := httpcore.NewAgent(httpcore.AgentOptions{MaxSockets: 1})
				x := lay(t, stdhttp.TransportOptions{Request: httpcore.RequestOptions{Agent: agent, ContinueTimeout: patience}})
				there := make(chan struct{}, 10)
				gone := make(chan struct{}, 10)
				base := script(t, func(c *net.TCPConn, in *bufio.Reader) {
					text := head(in)
					there <- struct{}{}
					if strings.HasPrefix(text, "GET /body") {
						io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
					}
					until(in)
					gone <- struct{}{}
				})
				ctx, cancel := context.WithCancelCause(context.Background())
				defer cancel(nil)
				want := []error{httpcore.ErrCanceled, context.Canceled, cause}
				if deadline {
					var stop func()
					ctx, stop = context.WithTimeout(context.Background(), 20*time.Millisecond)
					defer stop()
					want = []error{httpcore.ErrCanceled, context.DeadlineExceeded}
				}
				end := func() {
					if !deadline {
						cancel(cause)
					}
				}
				r, err := http.NewRequestWithContext(ctx, "GET", base, nil)
				if err != nil {
					t.Fatal(err)
				}
				var e *endless
				switch stage {
				case "waiting for a connection":
					first, stop := context.WithCancel(context.Background())
					other, _ := http.NewRequestWithContext(first, "GET", base, nil)
					done := make(chan struct{})
					go func() {
						defer close(done)
						if _, err := x.tr.RoundTrip(other); err == nil {
							t.Error("a request is answered that was not")
						}
					}()
					wait(t, "the first request", there)
					defer func() {
						stop()
						wait(t, "the first request to end", done)
					}()
					there <- struct{}{}
				case "sending", "waiting for a 100":
					e = newEndless(false)
					r.Method, r.Body = "POST", e
					if stage != "sending" {
						r.Header.Set("Expect", "100-continue")
					}
				case "reading the body":
					r.URL.Path = "/body"
				}
				go func() {
					<-there
					if stage != "reading the body" {
						end()
					}
				}()
				res, err := x.tr.RoundTrip(r)
				if stage == "reading the body" {
					if err != nil {
						t.Fatal(err)
					}
					io.ReadFull(res.Body, make([]byte, 4))
					end()
					_, err = res.Body.Read(make([]byte, 1))
					defer res.Body.Close()
				}
				for _, w := range want {
					if !errors.Is(err, w) {
						t.Errorf("got %v, which is not %v", err, w)
					}
				}
				var n net.Error
				if !errors.As(err, &n) || n.Timeout() != deadline {
					t.Errorf("%v: a timeout? got %t", err, n.Timeout())
				}
				if e != nil {
					wait(t, "the body to be closed", e.closed)
				}
				if stage != "waiting for a connection" {
					wait(t, "the connection to end", gone)
				}
			})
		}
	}
}

func TestHTTPClientsTimeoutIsOne(t *testing.T) {
	x := lay(t, stdhttp.TransportOptions{})
	base := script(t, func(_ *net.TCPConn, in *bufio.Reader) { until(in) })
	c := &http.Client{Transport: x.tr, Timeout: 20 * time.Millisecond}
	_, err := c.Get(base)
	var u *url.Error
	if !errors.As(err, &u) || !u.Timeout() || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestWhatCannotBeDoneIsSaid(t *testing.T) {
	x := lay(t, stdhttp.TransportOptions{})
	get := func(change func(*http.Request)) error {
		r, err := http.NewRequest("GET", "http://127.0.0.1:1/", nil)
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		body := newEndless(true)
		r.Body = body
		if _, err = x.tr.RoundTrip(r); err == nil {
			t.Error("it is answered")
		}
		wait(t, "the body to be closed", body.closed)
		return err
	}
	for _, c := range []struct {
		name   string
		change func(*http.Request)
		want   error
	}{
		{"https", func(r *http.Request) { r.URL.Scheme = "https" }, httpcore.ErrInvalidProtocol},
		{"no URL", func(r *http.Request) { r.URL = nil }, httpcore.ErrInvalidURL},
		{"no host", func(r *http.Request) { r.URL.Host = "" }, httpcore.ErrInvalidURL},
		{"a target that is none", func(r *http.Request) { r.URL.Opaque = "a b" }, httpcore.ErrInvalidTarget},
		{"CONNECT", func(r *http.Request) { r.Method = "CONNECT" }, errors.ErrUnsupported},
		{"another coding", func(r *http.Request) { r.TransferEncoding = []string{"gzip", "chunked"} }, errors.ErrUnsupported},
		{"a Host that is none", func(r *http.Request) { r.Method, r.Host = "POST", "a b" }, &h1.Error{Code: h1.CodeUnsafe}},
		{"a name in Unicode", func(r *http.Request) { r.URL.Host = "bücher.example" }, httpcore.ErrInvalidURL},
		{"a method that is none", func(r *http.Request) { r.Method = "a b" }, httpcore.ErrInvalidMethod},
		{"a field that is none", func(r *http.Request) { r.Header["a b"] = []string{""} }, httpcore.ErrInvalidName},
		{"a trailer that cannot be one", func(r *http.Request) { r.Trailer = http.Header{"Content-Length": nil} }, httpcore.ErrInvalidTrailer},
		{"nobody listens", func(r *http.Request) {}, syscall.ECONNREFUSED},
	} {
		if err := get(c.change); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	on := make(chan error, 1)
	_ = x.l.Post(func() { on <- get(func(*http.Request) {}) })
	if err := wait(t, "the loop", on); !errors.Is(err, weirstream.ErrWouldBlock) {
		t.Errorf("on the loop: got %v", err)
	}
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	x.tr = stdhttp.NewTransport(func() *loop.Loop { return l }, stdhttp.TransportOptions{})
	if err := get(func(*http.Request) {}); !errors.Is(err, reactor.ErrClosed) {
		t.Errorf("on a loop that is closed: got %v", err)
	}
}

// TestAReaderThatIsSlowStopsTheServer, and then everything comes.
func TestAReaderThatIsSlowStopsTheServer(t *testing.T) {
	const size = 64 << 20
	x := lay(t, stdhttp.TransportOptions{})
	wrote := make(chan int, 1)
	base := script(t, func(c *net.TCPConn, in *bufio.Reader) {
		head(in)
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", size)
		n := 0
		for n < size {
			_ = c.SetWriteDeadline(now().Add(100 * time.Millisecond))
			m, err := c.Write(make([]byte, 1<<20))
			if n += m; err != nil {
				break // it is stopped
			}
		}
		wrote <- n
		_ = c.SetWriteDeadline(now().Add(patience))
		c.Write(make([]byte, size-n))
		until(in)
	})
	res, err := x.client().Get(base)
	if err != nil {
		t.Fatal(err)
	}
	if n := wait(t, "the server to be stopped", wrote); n == size {
		t.Errorf("%d bytes were taken while nobody read", n)
	}
	n, err := io.Copy(io.Discard, res.Body)
	if n != size || err != nil {
		t.Errorf("got %d bytes and %v", n, err)
	}
	res.Body.Close()
}

// TestAServerThatIsSlowStopsTheBody: what was read of it is bounded.
func TestAServerThatIsSlowStopsTheBody(t *testing.T) {
	const size = 64 << 20
	x := lay(t, stdhttp.TransportOptions{})
	goOn := make(chan struct{})
	base := script(t, func(c *net.TCPConn, in *bufio.Reader) {
		head(in)
		<-goOn
		if n, err := io.CopyN(io.Discard, in, size); err != nil {
			t.Errorf("%d bytes have come, and %v", n, err)
		}
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		until(in)
	})
	var read atomic.Int64
	count := func(p []byte) { read.Add(int64(len(p))) }
	r, _ := http.NewRequest("PUT", base, &counted{io.LimitReader(newEndless(false), size), count})
	r.ContentLength = size
	done := make(chan error, 1)
	go func() {
		res, err := x.client().Do(r)
		if err == nil {
			res.Body.Close()
		}
		done <- err
	}()
	standing(t, &read)
	if n := read.Load(); n >= size {
		t.Errorf("%d bytes were read while nobody took them", n)
	}
	close(goOn)
	if err := wait(t, "the answer", done); err != nil {
		t.Error(err)
	}
}

type counted struct {
	io.Reader
	fn func([]byte)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.fn(p[:n])
	return n, err
}

// TestABodyThatIsRefusedIsNotRead: a proxy would have asked its own client for it.
func TestABodyThatIsRefusedIsNotRead(t *testing.T) {
	x := lay(t, stdhttp.TransportOptions{Request: httpcore.RequestOptions{ContinueTimeout: patience}})
	base := script(t, func(c *net.TCPConn, in *bufio.Reader) {
		head(in)
		io.WriteString(c, "HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno")
		until(in)
	})
	body := &closer{only{failing{strings.NewReader("")}}, make(chan struct{})}
	body.Reader = &counted{body.Reader, func([]byte) { t.Error("it is read") }}
	r, _ := http.NewRequest("PUT", base, body)
	r.Header.Set("Expect", "100-continue")
	res, err := x.client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(res.Body); string(text) != "no" || err != nil {
		t.Errorf("got %q, %v", text, err)
	}
	res.Body.Close()
	wait(t, "the body to be closed", body.closed)
}

// TestConnectionsAreUsedAgain, and requests that are under way at the same time have one each.
func TestConnectionsAreUsedAgain(t *testing.T) {
	x := lay(t, stdhttp.TransportOptions{})
	s := serve(t, far(), stdhttp.Options{}, httpcore.ServerOptions{})
	c := x.client()
	for _, path := range []string{"/dump", "/size/100000", "/size/100000?length", "/size/0?length", "/status/204", "/trailer", "/hints"} {
		for range 5 {
			res, err := c.Get(s.url + path)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
		for _, method := range []string{"HEAD", "POST"} {
			r, _ := http.NewRequest(method, s.url+path, nil)
			if method == "POST" {
				r.Body = io.NopCloser(strings.NewReader(strings.Repeat("x", 50_000)))
				r.ContentLength = 50_000
			}
			res, err := c.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	}
	if m := x.tr.Agent().Metrics(); m.Connections > 7 || m.Reused+m.Connections != m.Requests { // a POST that is answered early ends its own
		t.Errorf("%+v", m)
	}
}

// TestAnAnswerThatIsClosedUnreadLeavesItsConnection, if all of it has come, even where it is more than the mark.
func TestAnAnswerThatIsClosedUnreadLeavesItsConnection(t *testing.T) {
	for _, mark := range []int{0, 10} {
		x := lay(t, stdhttp.TransportOptions{Request: httpcore.RequestOptions{HighWaterMark: mark}})
		s := serve(t, far(), stdhttp.Options{}, httpcore.ServerOptions{})
		for range 3 {
			res, err := x.client().Get(s.url + "/size/100?length")
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
		}
		if m := x.tr.Agent().Metrics(); m.Connections != 1 || m.Reused != 2 {
			t.Errorf("with a mark of %d: %+v", mark, m)
		}
	}
}

// TestAnAnswerThatIsClosedBeforeItsEndEndsItsConnection: there is no other way not to read it.
func TestAnAnswerThatIsClosedBeforeItsEndEndsItsConnection(t *testing.T) {
	x := lay(t, stdhttp.TransportOptions{})
	gone := make(chan struct{})
	base := script(t, func(c *net.TCPConn, in *bufio.Reader) {
		head(in)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
		until(in)
		close(gone)
	})
	res, err := x.client().Get(base)
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan error, 1)
	go func() {
		_, err := io.ReadAll(res.Body)
		read <- err
	}()
	res.Body.Close()
	if err := wait(t, "the Read", read); !errors.Is(err, http.ErrBodyReadAfterClose) {
		t.Errorf("got %v", err)
	}
	wait(t, "the connection to end", gone)
}

// TestManyRequestsAtATimeOnAGroup has 200 goroutines use one Transport on two loops.
func TestManyRequestsAtATimeOnAGroup(t *testing.T) {
	g, err := loop.NewGroup(loop.GroupOptions{Loops: 2})
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- g.Run() }()
	tr := stdhttp.NewTransport(g.Next, stdhttp.TransportOptions{})
	ts := httptest.NewServer(far())
	defer ts.Close()
	c := &http.Client{Transport: tr, Timeout: patience}
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			for k := range 3 {
				var body io.Reader = strings.NewReader(fmt.Sprintf("%d.%d", i, k))
				if k == 1 {
					body = only{body}
				}
				res, err := c.Post(ts.URL+"/echo", "text/plain", body)
				if err != nil {
					t.Error(err)
					return
				}
				text, err := io.ReadAll(res.Body)
				res.Body.Close()
				if want := fmt.Sprintf("%d.%d", i, k); string(text) != want || err != nil {
					t.Errorf("got %q and %v, want %q", text, err, want)
				}
			}
		})
	}
	all.Wait()
	tr.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := g.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := wait(t, "the group", ran); err != nil {
		t.Error(err)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}

// TestWebSocketsGoThroughReverseProxy: bytes that come with the 101, both directions, and each end.
func TestWebSocketsGoThroughReverseProxy(t *testing.T) {
	x := lay(t, stdhttp.TransportOptions{})
	base := script(t, func(c *net.TCPConn, in *bufio.Reader) {
		if text := head(in); !strings.Contains(text, "Upgrade: echo\r\n") || !strings.Contains(text, "Connection: Upgrade\r\n") {
			t.Errorf("got %q", text)
		}
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nfirst ")
		io.Copy(c, in)
	})
	target, _ := url.Parse(base)
	front := httptest.NewServer(&httputil.ReverseProxy{Transport: x.tr, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }})
	defer front.Close()
	c, err := net.Dial("tcp", front.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(now().Add(patience))
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	in := bufio.NewReader(c)
	if text := head(in); !strings.HasPrefix(text, "HTTP/1.1 101 ") {
		t.Fatalf("got %q", text)
	}
	const size = 1 << 20
	go func() {
		io.WriteString(c, strings.Repeat("x", size))
		c.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(in)
	if want := "first " + strings.Repeat("x", size); string(got) != want || err != nil {
		t.Errorf("got %d bytes and %v, want %d", len(got), err, len(want))
	}
}

func TestASwitchedConnectionIsClosedWhileSomebodyReads(t *testing.T) {
	x := lay(t, stdhttp.TransportOptions{})
	gone := make(chan struct{})
	base := script(t, func(c *net.TCPConn, in *bufio.Reader) {
		head(in)
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		until(in)
		close(gone)
	})
	r, _ := http.NewRequest("GET", base, nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "echo")
	res, err := x.tr.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 101 || res.Header.Get("Upgrade") != "echo" || res.ContentLength != 0 && res.ContentLength != -1 {
		t.Errorf("got %+v", res)
	}
	read := make(chan error, 1)
	go func() {
		_, err := res.Body.Read(make([]byte, 1))
		read <- err
	}()
	res.Body.Close()
	if err := wait(t, "the Read", read); err == nil {
		t.Error("it reads something")
	}
	wait(t, "the connection to end", gone)
}

// TestAnAnswerThatNobodyWaitsForIsNotKept: it has come while a trace was told of what came before, and that ends the request.
func TestAnAnswerThatNobodyWaitsForIsNotKept(t *testing.T) {
	for _, answer := range []string{
		"101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
		"200 OK\r\nContent-Length: 10\r\n\r\nhalf",
	} {
		x := lay(t, stdhttp.TransportOptions{})
		gone := make(chan struct{})
		base := script(t, func(c *net.TCPConn, in *bufio.Reader) {
			head(in)
			io.WriteString(c, "HTTP/1.1 103 x\r\n\r\nHTTP/1.1 "+answer)
			until(in)
			close(gone)
		})
		ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
			Got1xxResponse: func(int, textproto.MIMEHeader) error {
				done := make(chan struct{})
				_ = x.l.Post(func() { close(done) })
				<-done // the answer has come
				return errOfBody
			},
		})
		r, _ := http.NewRequestWithContext(ctx, "GET", base, nil)
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "echo")
		if _, err := x.tr.RoundTrip(r); !errors.Is(err, errOfBody) {
			t.Errorf("got %v", err)
		}
		wait(t, "the connection to end", gone)
	}
}

func TestAServerOfHTTP10(t *testing.T) {
	x := lay(t, stdhttp.TransportOptions{})
	for _, c := range []struct{ sends, want string }{
		{"HTTP/1.0 200 OK\r\n\r\nto the end", `200 OK HTTP/1.0 length -1 close true "to the end" <nil>`},
		{"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", `200 OK HTTP/1.0 length 2 close true "ok" <nil>`},
		{"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", `200 OK HTTP/1.0 length 2 close false "ok" <nil>`},
		{"HTTP/1.1 200 \r\n\r\nto the end", `200  HTTP/1.1 length -1 close true "to the end" <nil>`},
	} {
		base := script(t, func(w *net.TCPConn, in *bufio.Reader) {
			head(in)
			io.WriteString(w, c.sends)
		})
		for name, client := range map[string]*http.Client{"weir": x.client(), "net/http": client(t)} {
			res, err := client.Get(base)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(res.Body)
			res.Body.Close()
			got := fmt.Sprintf("%s %s length %d close %t %q %v", res.Status, res.Proto, res.ContentLength, res.Close, text, err)
			if got != c.want {
				t.Errorf("%s: got %s, want %s", name, got, c.want)
			}
		}
	}
}

// TestABodyThatBlocksBehindItsEndIsClosed: it has given all that it should, and somebody looks whether there is more.
func TestABodyThatBlocksBehindItsEndIsClosed(t *testing.T) {
	x := lay(t, stdhttp.TransportOptions{})
	s := serve(t, far(), stdhttp.Options{}, httpcore.ServerOptions{})
	for _, path := range []string{"/echo", "/status/204"} {
		e := newEndless(true)
		r, _ := http.NewRequest("PUT", s.url+path, struct {
			io.Reader
			io.Closer
		}{io.MultiReader(strings.NewReader("text"), e), e})
		r.ContentLength = 4
		res, err := x.tr.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(res.Body); path == "/echo" && string(text) != "text" || err != nil {
			t.Errorf("got %q, %v", text, err)
		}
		res.Body.Close()
		wait(t, "the body to be closed", e.closed)
	}
}

// TestABodyThatIsTooLongIsNoRequest, when that is seen before the answer.
func TestABodyThatIsTooLongIsNoRequest(t *testing.T) {
	x := lay(t, stdhttp.TransportOptions{})
	base := script(t, func(_ *net.TCPConn, in *bufio.Reader) { until(in) })
	for _, memory := range []bool{true, false} {
		r, _ := http.NewRequest("PUT", base, strings.NewReader("text"))
		r.ContentLength = 3
		if !memory {
			r.GetBody = nil
		}
		if _, err := x.tr.RoundTrip(r); !errors.Is(err, httpcore.ErrContentLength) {
			t.Errorf("in memory %t: got %v", memory, err)
		}
	}
}

// TestARequestOverAConnectionThatWasGoneIsMadeOnceMore, with a body that is in memory.
func TestARequestOverAConnectionThatWasGoneIsMadeOnceMore(t *testing.T) {
	x := lay(t, stdhttp.TransportOptions{})
	base := script(t, func(c *net.TCPConn, in *bufio.Reader) {
		head(in)
		io.CopyN(io.Discard, in, 4)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		head(in) // of the second one, which gets no answer
	})
	for range 2 {
		r, _ := http.NewRequest("PUT", base, strings.NewReader("text"))
		res, err := x.tr.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	if m := x.tr.Agent().Metrics(); m.Retried != 1 {
		t.Errorf("%+v", m)
	}
}

// TestATraceIsToldInOrder is what is told of a request with a body that a server asks for.
func TestATraceIsToldInOrder(t *testing.T) {
	x := lay(t, stdhttp.TransportOptions{Request: httpcore.RequestOptions{ContinueTimeout: patience}})
	s := serve(t, far(), stdhttp.Options{}, httpcore.ServerOptions{})
	var got []string
	add := func(s string) { got = append(got, s) }
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		GetConn:              func(hostPort string) { add("get " + hostPort) },
		GotConn:              func(i httptrace.GotConnInfo) { add(fmt.Sprint("got, reused ", i.Reused)) },
		Wait100Continue:      func() { add("wait") },
		Got100Continue:       func() { add("continue") },
		WroteRequest:         func(i httptrace.WroteRequestInfo) { add("wrote") },
		GotFirstResponseByte: func() { add("first byte") },
	})
	r, _ := http.NewRequestWithContext(ctx, "POST", s.url+"/echo", only{strings.NewReader("text")})
	r.Header.Set("Expect", "100-continue")
	res, err := x.tr.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, res.Body)
	res.Body.Close()
	want := "get " + s.addr + "; got, reused false; wait; first byte; continue; wrote"
	if text := strings.Join(got, "; "); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

// TestATraceMayEndARequest: an error of Got1xxResponse is RoundTrip's.
func TestATraceMayEndARequest(t *testing.T) {
	x := lay(t, stdhttp.TransportOptions{})
	s := serve(t, far(), stdhttp.Options{}, httpcore.ServerOptions{})
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		Got1xxResponse: func(int, textproto.MIMEHeader) error { return errOfBody },
	})
	r, _ := http.NewRequestWithContext(ctx, "GET", s.url+"/hints", nil)
	if _, err := x.tr.RoundTrip(r); !errors.Is(err, errOfBody) {
		t.Errorf("got %v", err)
	}
}
