package stdhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/stdhttp"
	"github.com/weir-go/weir/internal/transporttest"
	"github.com/weir-go/weir/loop"
)

const get = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

func TestAPanicIsToldAndItsAnswerNeverLooksComplete(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name   string
		begin  func(w http.ResponseWriter)
		looks  string // how the answer begins
		panics func()
		told   bool
	}{
		{"before the head", func(http.ResponseWriter) {}, "", func() { panic(boom) }, true},
		{"behind a small write", func(w http.ResponseWriter) { io.WriteString(w, "x") }, "", func() { panic(boom) }, true},
		{"inside chunks", func(w http.ResponseWriter) {
			io.WriteString(w, "x")
			w.(http.Flusher).Flush()
		}, "HTTP/1.1 200 OK", func() { panic(boom) }, true},
		{"on purpose", func(w http.ResponseWriter) {
			io.WriteString(w, "x")
			w.(http.Flusher).Flush()
		}, "HTTP/1.1 200 OK", func() { panic(http.ErrAbortHandler) }, false},
		{"by the end of the goroutine", func(w http.ResponseWriter) { io.WriteString(w, "x") }, "", runtime.Goexit, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/fine" {
					return
				}
				c.begin(w)
				c.panics()
			})
			raw := x.dial()
			io.WriteString(raw, get)
			text, _ := io.ReadAll(raw) // a reset is as good as an end
			if got := string(text); !strings.HasPrefix(got, c.looks) || c.looks == "" && got != "" || strings.HasSuffix(got, "0\r\n\r\n") {
				t.Errorf("got %q", got)
			}
			logged, errs := x.told()
			if logged != "" || len(errs) > 0 != c.told {
				t.Errorf("logged %q, uncaught %v", logged, errs)
			}
			for _, err := range errs {
				var p *stdhttp.PanicError
				if !errors.As(err, &p) || !errors.Is(err, boom) || p.Method != "GET" || p.URL != "/" ||
					!strings.Contains(err.Error(), "handler_test.go") {
					t.Errorf("uncaught: %v", err)
				}
			}
			if res, err := client(t).Get(x.url + "/fine"); err != nil {
				t.Errorf("the next request: %v", err)
			} else {
				res.Body.Close()
			}
		})
	}
}

func TestHandlersAreBoundedAndThoseBeyondWaitOrAreRefused(t *testing.T) {
	var running, most, served atomic.Int64
	began := make(chan struct{}, 10)
	release := make(chan struct{})
	x := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		n := running.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		began <- struct{}{}
		<-release
		served.Add(1)
		running.Add(-1)
	}), stdhttp.Options{MaxHandlers: 2, MaxQueued: 3}, httpcore.ServerOptions{})
	var conns []*net.TCPConn
	for range 5 {
		c := x.dial()
		io.WriteString(c, get)
		conns = append(conns, c)
	}
	for range 2 {
		wait(t, "two handlers", began)
	}
	// The next one that is refused was sent behind all others; until they are in the queue it may be taken itself.
	statuses := map[int]int{}
	for statuses[503] == 0 {
		if len(conns) > 50 {
			close(release)
			t.Fatal("nobody is refused")
		}
		c := x.dial()
		io.WriteString(c, get)
		_ = c.SetReadDeadline(now().Add(shortly))
		text, _ := io.ReadAll(c)
		if strings.HasPrefix(string(text), "HTTP/1.1 503 ") {
			statuses[503]++
		} else {
			conns = append(conns, c)
		}
	}
	close(release)
	for _, c := range conns {
		_ = c.SetReadDeadline(now().Add(patience))
		text, err := io.ReadAll(c)
		switch {
		case err != nil:
			t.Error(err)
		case strings.HasPrefix(string(text), "HTTP/1.1 200 "):
			statuses[200]++
		case strings.HasPrefix(string(text), "HTTP/1.1 503 "):
			statuses[503]++
		default:
			t.Errorf("got %q", text)
		}
	}
	if statuses[200] != 5 || served.Load() != 5 || most.Load() != 2 {
		t.Errorf("got statuses %v, %d served, %d at once at most; want 5 served, 2 at once", statuses, served.Load(), most.Load())
	}
	x.quiet()
}

func TestARequestWhoseClientGoesWhileItWaitsIsNotServed(t *testing.T) {
	began, release := make(chan string, 10), make(chan struct{})
	x := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		began <- r.URL.Path
		if r.URL.Path == "/1" {
			<-release
			runtime.Goexit() // somebody else goes on with the queue
		}
	}), stdhttp.Options{MaxHandlers: 1}, httpcore.ServerOptions{})
	one := x.dial()
	io.WriteString(one, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
	wait(t, "the first", began)
	gone := x.dial()
	io.WriteString(gone, "GET /gone HTTP/1.1\r\nHost: a\r\n\r\n")
	reads := func(n uint64) { // until the loop has read so often
		for begin := now(); x.l.Metrics().Reads < n; time.Sleep(time.Millisecond) {
			if now().Sub(begin) > patience {
				close(release)
				t.Fatalf("the loop has not read %d times", n)
			}
		}
	}
	reads(2)
	_ = gone.SetLinger(0)
	gone.Close()
	last := x.dial()
	io.WriteString(last, "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	reads(4) // two more: the reset, and the last
	close(release)
	if text, err := io.ReadAll(last); err != nil || !strings.HasPrefix(string(text), "HTTP/1.1 200 ") {
		t.Errorf("got %q, %v", text, err)
	}
	if path := wait(t, "the last", began); path != "/last" {
		t.Errorf("the handler was called for %s", path)
	}
}

func TestShutdownWaitsForHandlers(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	x := serveFunc(t, func(w http.ResponseWriter, _ *http.Request) {
		close(began)
		<-release
		io.WriteString(w, "answered")
	})
	c := x.dial()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	wait(t, "the handler", began)
	down := make(chan error, 1)
	go func() { down <- x.srv.Shutdown(context.Background()) }()
	select {
	case err := <-down:
		t.Errorf("Shutdown returns %v while a handler runs", err)
	case <-time.After(shortly):
	}
	close(release)
	if text, err := io.ReadAll(c); err != nil || !strings.HasSuffix(string(text), "answered") || !strings.Contains(string(text), "Connection: close") {
		t.Errorf("got %q, %v", text, err)
	}
	c.Close()
	if err := wait(t, "the end of Shutdown", down); err != nil {
		t.Error(err)
	}
}

func TestAShutdownThatIsOutOfPatienceEndsReadingAndWriting(t *testing.T) {
	why := make(chan error, 2)
	began := make(chan struct{}, 2)
	x := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		began <- struct{}{}
		var err error
		if r.Method == "POST" {
			_, err = r.Body.Read(make([]byte, 1))
		}
		for piece := make([]byte, 1<<20); r.Method == "GET" && err == nil; {
			_, err = w.Write(piece)
		}
		why <- err
	})
	for _, request := range []string{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"} {
		io.WriteString(x.dial(), request)
		wait(t, "the handler", began)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := x.srv.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown gives %v", err)
	}
	for range 2 {
		if err := wait(t, "the end of a call", why); !errors.Is(err, httpcore.ErrAborted) || !errors.Is(err, httpcore.ErrServerClosed) {
			t.Errorf("got %v", err)
		}
	}
	x.quiet()
}

func TestAClientThatTakesNothingEndsWriting(t *testing.T) {
	why := make(chan error, 1)
	x := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var err error
		for piece := make([]byte, 1<<20); err == nil; {
			_, err = w.Write(piece)
		}
		why <- err
	}), stdhttp.Options{}, httpcore.ServerOptions{WriteTimeout: shortly})
	io.WriteString(x.dial(), get)
	if err := wait(t, "the end of Write", why); !errors.Is(err, httpcore.ErrAborted) || !errors.Is(err, httpcore.ErrTimeout) {
		t.Errorf("got %v", err)
	}
	x.quiet()
}

func TestAReadDeadlineEndsReadingAndLeavesTheAnswer(t *testing.T) {
	for name, left := range map[string]time.Duration{"soon": 10 * time.Millisecond, "past": -time.Second} {
		t.Run(name, func(t *testing.T) {
			x := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
				c := http.NewResponseController(w)
				for _, d := range []time.Duration{time.Hour, left} {
					if err := c.SetReadDeadline(now().Add(d)); err != nil {
						t.Error(err)
					}
				}
				_, err := io.ReadAll(r.Body)
				fmt.Fprint(w, errors.Is(err, os.ErrDeadlineExceeded))
				if err := c.SetReadDeadline(time.Time{}); err != nil {
					t.Error(err)
				}
				_, err = r.Body.Read(make([]byte, 1))
				fmt.Fprint(w, errors.Is(err, os.ErrDeadlineExceeded))
			})
			c := x.dial()
			io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nhello")
			text, err := io.ReadAll(c)
			if err != nil || !strings.HasSuffix(string(text), "\r\n\r\ntruetrue") {
				t.Errorf("got %q, %v", text, err)
			}
			x.quiet()
		})
	}
}

func TestAReadDeadlineThatIsTakenAwayDoesNotPass(t *testing.T) {
	x := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		for _, until := range []time.Time{now().Add(4 * shortly), {}} {
			if err := c.SetReadDeadline(until); err != nil {
				t.Error(err)
			}
		}
		body, err := io.ReadAll(r.Body)
		fmt.Fprint(w, string(body), err)
	})
	r, w := io.Pipe()
	go func() {
		time.Sleep(5 * shortly)
		io.WriteString(w, "late")
		w.Close()
	}()
	res, err := client(t).Post(x.url, "x/y", r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got, err := io.ReadAll(res.Body); string(got) != "late<nil>" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAWriteDeadlineEndsWritingAndTheConnection(t *testing.T) {
	why := make(chan error, 2)
	x := serveFunc(t, func(w http.ResponseWriter, _ *http.Request) {
		c := http.NewResponseController(w)
		if err := c.SetWriteDeadline(now().Add(shortly)); err != nil {
			t.Error(err)
		}
		for piece := make([]byte, 1<<20); ; {
			if _, err := w.Write(piece); err != nil {
				why <- err
				break
			}
		}
		why <- c.Flush()
	})
	c := x.dial()
	io.WriteString(c, get)
	for range 2 {
		if err := wait(t, "the end of Write", why); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Write gives %v", err)
		}
	}
	if text, _ := io.ReadAll(c); strings.HasSuffix(string(text), "0\r\n\r\n") {
		t.Error("the answer looks complete")
	}
	x.quiet()
}

func TestHijackSaysThatItIsNotSupported(t *testing.T) {
	x := serveFunc(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _, err := http.NewResponseController(w).Hijack()
		fmt.Fprint(w, errors.Is(err, errors.ErrUnsupported), err)
	})
	if got := x.raw(get); !strings.Contains(got, "\r\n\r\ntrue stdhttp: ") {
		t.Errorf("got %q", got)
	}
}

func TestA100WaitsUntilTheHandlerReads(t *testing.T) {
	read := make(chan struct{})
	x := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/read" {
			<-read
			io.Copy(w, r.Body)
		}
	})
	const head = " HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
	c := x.dial()
	io.WriteString(c, "POST /read"+head)
	_ = c.SetReadDeadline(now().Add(shortly))
	buf := make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))
	if n, err := io.ReadFull(c, buf); n > 0 || err == nil {
		t.Errorf("before it reads: %q", buf[:n])
	}
	close(read)
	_ = c.SetReadDeadline(now().Add(patience))
	if _, err := io.ReadFull(c, buf); err != nil || string(buf) != "HTTP/1.1 100 Continue\r\n\r\n" {
		t.Errorf("got %q, %v", buf, err)
	}
	io.WriteString(c, "hello")
	_ = c.CloseWrite()
	if text, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(text), "HTTP/1.1 200 ") || !strings.HasSuffix(string(text), "hello") {
		t.Errorf("got %q, %v", text, err)
	}
	if got := x.raw("POST /refuse" + head); !strings.HasPrefix(got, "HTTP/1.1 200 ") || !strings.Contains(got, "Connection: close") {
		t.Errorf("got %q", got)
	}
}

func TestAnOldClientKnowsTheEndByTheConnection(t *testing.T) {
	x := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(103)
		io.WriteString(w, r.Proto)
		if r.URL.Path == "/flush" {
			w.(http.Flusher).Flush()
		}
		w.Header().Set(http.TrailerPrefix+"X-Trailer", "x")
	})
	if got := x.raw("GET / HTTP/1.0\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(got, "HTTP/1.0") {
		t.Errorf("got %q", got)
	}
	if got := x.raw("GET /flush HTTP/1.0\r\n\r\n"); strings.Contains(got, "chunked") || !strings.HasSuffix(got, "\r\n\r\nHTTP/1.0") {
		t.Errorf("got %q", got)
	}
	x.quiet()
}

func TestTargetsThatAreNoURLsAreRefusedAndAStarIsForTheServer(t *testing.T) {
	x := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.URL, " ", r.Host)
	})
	for target, want := range map[string]string{
		"GET /%zz":             "HTTP/1.1 400 ",
		"OPTIONS *":            "HTTP/1.1 200 ",
		"GET http://b.test/x?": "HTTP/1.1 200 ",
	} {
		got := x.raw(target + " HTTP/1.1\r\nHost: b.test\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q", target, got)
		}
		if strings.HasPrefix(target, "OPTIONS") != strings.Contains(got, "Content-Length: 0") {
			t.Errorf("%s: got %q", target, got)
		}
		if strings.Contains(target, "http:") && !strings.HasSuffix(got, "http://b.test/x? b.test") {
			t.Errorf("%s: got %q", target, got)
		}
	}
	x.quiet()
}

func TestWhatNoErrorCanTellIsLogged(t *testing.T) {
	for name, c := range map[string]struct {
		h    http.HandlerFunc
		want string
	}{
		"a second WriteHeader":      {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200); w.WriteHeader(500) }, "superfluous WriteHeader"},
		"a field that cannot be":    {func(w http.ResponseWriter, _ *http.Request) { w.Header()["a b"] = []string{"c"} }, `the field "a b" is left out`},
		"a length that is none":     {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "x") }, `a Content-Length of "x"`},
		"a coding that cannot be":   {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Transfer-Encoding", "gzip") }, `a Transfer-Encoding of "gzip"`},
		"a hint that cannot be":     {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("a b", "c"); w.WriteHeader(103) }, "the informational response 103"},
		"a body that was too short": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "7") }, "has written 0 bytes and declared 7"},
		"a switch of protocols":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(101) }, "a status of 101"},
		"a trailer that cannot be": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "a b")
			w.Header()["A b"], w.Header()["a b"] = []string{"c"}, []string{"c"}
		}, `the trailer "a b" is left out`},
	} {
		t.Run(name, func(t *testing.T) {
			x := serveFunc(t, c.h)
			raw := x.dial()
			io.WriteString(raw, get)
			_, _ = io.ReadAll(raw)
			logged, errs := x.told()
			if !strings.Contains(logged, c.want) || len(errs) > 0 {
				t.Errorf("logged %q, uncaught %v; want %q", logged, errs, c.want)
			}
		})
	}
}

func TestItMakesNoDifferenceHowTheBytesArrive(t *testing.T) {
	x := serveFunc(t, func(http.ResponseWriter, *http.Request) {})
	fn := stdhttp.Handle(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		n, err := io.Copy(w, r.Body)
		w.Header().Set("X-Sum", fmt.Sprint(n, err, r.Trailer.Get("X-In")))
	}), stdhttp.Options{})
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(fn)
	addr := make(chan string, 1)
	var ln interface{ Close(func()) }
	err := x.l.Post(func() {
		l, err := x.l.Listen("tcp", "127.0.0.1:0", func(c *loop.Conn) {
			c.SetNoDelay(true)
			srv.ServeTransport(x.l, transporttest.NewResplit(x.l, c, func(int) int { return 1 }))
		})
		if err != nil {
			t.Error(err)
		}
		ln = l
		addr <- l.Addr().String()
	})
	if err != nil {
		t.Fatal(err)
	}
	x.addr = wait(t, "a listener", addr)
	got := x.raw("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: X-In\r\n\r\n" +
		"5\r\nhello\r\n7\r\n, world\r\n0\r\nX-In: in\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 200 ") || !strings.HasSuffix(got, "\r\n0\r\nX-Sum: 12 <nil>in\r\n\r\n") {
		t.Errorf("got %q", got)
	}
	if err := x.l.Post(func() { ln.Close(nil) }); err != nil {
		t.Error(err)
	}
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAUnixSocketHasAddressesWithoutAName(t *testing.T) {
	x := serveFunc(t, func(http.ResponseWriter, *http.Request) {})
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(stdhttp.Handle(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.RemoteAddr, r.Context().Value(http.LocalAddrContextKey).(net.Addr).Network())
	}), stdhttp.Options{}))
	path := filepath.Join(t.TempDir(), "s")
	listening := make(chan error, 1)
	if err := x.l.Post(func() { _, err := srv.ListenLoop(x.l, "unix", path); listening <- err }); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, "a listener", listening); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, get)
	if text, err := io.ReadAll(c); err != nil || !strings.HasSuffix(string(text), "\r\n\r\n@unix") {
		t.Errorf("got %q, %v", text, err)
	}
	c.Close()
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestManyClientsAreServedByFewHandlersOnSeveralLoops(t *testing.T) {
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(stdhttp.Handle(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, r.Body)
	}), stdhttp.Options{MaxHandlers: 3}))
	g, err := loop.NewGroup(loop.GroupOptions{Loops: 2})
	if err != nil {
		t.Fatal(err)
	}
	addr, err := srv.Listen(g, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- g.Run() }()
	c := client(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 25 {
				body := strings.Repeat(fmt.Sprint(i), 1000*i)
				res, err := c.Post("http://"+addr.String(), "x/y", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := io.ReadAll(res.Body); string(got) != body || err != nil {
					t.Errorf("got %d bytes, %v; want %d", len(got), err, len(body))
				}
				res.Body.Close()
			}
		})
	}
	all.Wait()
	c.CloseIdleConnections()
	if err := g.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := wait(t, "the group", ran); err != nil {
		t.Error(err)
	}
}
