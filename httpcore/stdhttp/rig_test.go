package stdhttp_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/stdhttp"
	"github.com/weir-go/weir/loop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen: so long that only a hang takes it.
const patience = 20 * time.Second

// rig is a server on a loop with a handler of net/http's.
type rig struct {
	t    testing.TB
	l    *loop.Loop
	srv  *httpcore.Server
	addr string
	url  string

	mu       sync.Mutex
	uncaught []error
	logged   strings.Builder
}

// Write takes what the ErrorLog is told.
func (x *rig) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.logged.Write(p)
}

// told returns what was logged, and the uncaught errors, since the last call.
func (x *rig) told() (string, []error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	text, errs := x.logged.String(), x.uncaught
	x.logged.Reset()
	x.uncaught = nil
	return text, errs
}

// quiet fails the test if anything was logged or uncaught.
func (x *rig) quiet() {
	x.t.Helper()
	if text, errs := x.told(); text != "" || len(errs) > 0 {
		x.t.Errorf("logged %q; uncaught: %v", text, errs)
	}
}

// serve starts a server that the end of the test shuts down.
func serve(t testing.TB, h http.Handler, o stdhttp.Options, so httpcore.ServerOptions) *rig {
	t.Helper()
	x := &rig{t: t}
	var err error
	x.l, err = loop.New(loop.Options{OnUncaught: func(err error) {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.uncaught = append(x.uncaught, err)
	}})
	if err != nil {
		t.Fatal(err)
	}
	o.ErrorLog = log.New(x, "", 0)
	x.srv = httpcore.NewServer(so)
	fn := stdhttp.Handle(h, o)
	x.srv.OnRequest(fn)
	x.srv.OnCheckContinue(fn)
	addr, err := x.srv.ListenLoop(x.l, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	x.addr = addr.String()
	x.url = "http://" + x.addr
	stay := x.l.NewAsync(func() {}) // the loop goes on without a listener
	ran := make(chan error, 1)
	go func() { ran <- x.l.Run() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := x.srv.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown gives %v", err)
		}
		_ = x.l.Post(func() { stay.Close(nil) })
		if err := <-ran; err != nil {
			t.Error(err)
		}
		if err := x.l.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

// serveFunc is serve of a function, with no options.
func serveFunc(t testing.TB, h http.HandlerFunc) *rig {
	return serve(t, h, stdhttp.Options{}, httpcore.ServerOptions{})
}

// client is a client of net/http's, without anything kept when the test is over.
func client(t testing.TB) *http.Client {
	tr := &http.Transport{DisableCompression: true, ExpectContinueTimeout: patience}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// dial is a raw connection to the server.
func (x *rig) dial() *net.TCPConn {
	x.t.Helper()
	c, err := net.Dial("tcp", x.addr)
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c.(*net.TCPConn)
}

// raw sends text, and returns all that comes back until the server ends.
func (x *rig) raw(text string) string {
	x.t.Helper()
	c := x.dial()
	defer c.Close()
	if _, err := io.WriteString(c, text); err != nil {
		x.t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err != nil {
		x.t.Errorf("after %q: %v", got, err)
	}
	return string(got)
}

// seen is what a client sees of an answer.
type seen struct {
	err     bool // the answer is broken off
	interim []string
	status  string
	proto   string
	header  http.Header
	length  int64
	coding  []string
	body    string
	trailer http.Header
	closes  bool // the connection
}

// see does a request and says what a client sees.
func see(t *testing.T, c *http.Client, r *http.Request) seen {
	t.Helper()
	var s seen
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			s.interim = append(s.interim, http.StatusText(code)+" "+header.Get("Link"))
			return nil
		},
	}))
	res, err := c.Do(r)
	if err != nil {
		s.err = true
		return s
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	s.err = err != nil
	s.status, s.proto, s.length, s.coding, s.trailer = res.Status, res.Proto, res.ContentLength, res.TransferEncoding, res.Trailer
	s.body = string(body)
	s.header = res.Header.Clone()
	for _, name := range []string{"Date", "Connection", "Keep-Alive"} {
		s.header.Del(name)
	}
	s.closes = res.Close
	return s
}

// beside runs net/http's own server with the same handler.
func beside(t *testing.T, h http.Handler) string {
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

// wait waits for ch, or fails.
func wait[T any](t testing.TB, what string, ch <-chan T) (x T) {
	t.Helper()
	select {
	case x = <-ch:
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
	}
	return x
}

// shortly is how long a test watches that nothing happens.
const shortly = 50 * time.Millisecond

func now() time.Time { return time.Now() }

// standing waits until n is more than none and has not grown for a while.
func standing(t testing.TB, n *atomic.Int64) {
	t.Helper()
	last := int64(0)
	for begin := now(); last == 0 || n.Load() != last; time.Sleep(shortly) {
		if now().Sub(begin) > patience {
			t.Errorf("after %v it still grows, or has not begun: %d", patience, last)
			return
		}
		last = n.Load()
	}
}
