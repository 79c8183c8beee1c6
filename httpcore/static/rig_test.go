package static_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/static"
	"github.com/weir-go/weir/loop"
)

// patience is how long a test waits for what must happen: so long that only a hang takes it.
const patience = 20 * time.Second

// rig is a folder, a handler of it, and a server with that on loops.
type rig struct {
	*testing.T
	dir  string
	h    *static.Handler
	addr string
	g    *loop.Group

	before atomic.Pointer[handler] // called with each request first

	mu       sync.Mutex
	uncaught []string
}

// old is when the files of a rig were changed: long enough ago for strong validators.
var old = time.Date(2020, 5, 6, 7, 8, 9, 123456789, time.UTC)

// newRig serves files, by their paths and contents; what ends with a slash is a folder. Every test finds that no descriptor is
// left and that everything uncaught was looked at.
func newRig(t *testing.T, o static.Options, files map[string]string) *rig {
	t.Helper()
	r := &rig{T: t, dir: t.TempDir()}
	for name, content := range files {
		r.put(name, content)
	}
	watchDescriptors(t)
	h, err := static.New(r.dir, o)
	if err != nil {
		t.Fatal(err)
	}
	r.h = h
	g, err := loop.NewGroup(loop.GroupOptions{Loops: 2, Loop: loop.Options{
		OnUncaught: func(err error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.uncaught = append(r.uncaught, err.Error())
		},
		OnPanic: func(err *loop.PanicError) { t.Errorf("%v\n%s", err, err.Stack) },
	}})
	if err != nil {
		t.Fatal(err)
	}
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		if fn := r.before.Load(); fn != nil {
			(*fn)(req, res)
		}
		if rest, ok := strings.CutPrefix(req.Path(), "/prefix"); ok {
			h.ServePath(req, res, rest)
			return
		}
		h.Serve(req, res)
	})
	addr, err := srv.Listen(g, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr, r.g = addr.String(), g
	ended := make(chan error, 1)
	go func() { ended <- g.Run() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := g.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		for _, said := range r.said() {
			t.Errorf("uncaught: %s", said)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

type handler func(*httpcore.IncomingMessage, *httpcore.ServerResponse)

// first has fn called with each request before it is served.
func (r *rig) first(fn handler) { r.before.Store(&fn) }

// put makes a file or a folder.
func (r *rig) put(name, content string) {
	r.Helper()
	full := filepath.Join(r.dir, name)
	var err error
	if strings.HasSuffix(name, "/") {
		err = os.MkdirAll(full, 0o755)
	} else if err = os.MkdirAll(filepath.Dir(full), 0o755); err == nil {
		if err = os.WriteFile(full, []byte(content), 0o644); err == nil {
			err = os.Chtimes(full, old, old)
		}
	}
	if err != nil {
		r.Fatal(err)
	}
}

// said is what was told to OnUncaught since it was last asked for.
func (r *rig) said() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.uncaught
	r.uncaught = nil
	return all
}

// watchDescriptors fails a test that leaves more descriptors behind than it has found.
func watchDescriptors(t *testing.T) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0") // whatever the runtime opens, it opens now
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
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
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// client is a connection that says what it is told to, to whatever address.
type client struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return &client{c, t, bufio.NewReader(c)}
}

// ask sends a request: "GET /path", and fields with a newline between them. The connection ends behind the answer.
func (c *client) ask(line, fields string) {
	c.t.Helper()
	if fields != "" {
		fields = strings.ReplaceAll(fields, "\n", "\r\n") + "\r\n"
	}
	if _, err := io.WriteString(c, line+" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"+fields+"\r\n"); err != nil {
		c.t.Fatal(err)
	}
}

// answer is what came back: all of it.
type answer struct {
	status int
	header http.Header
	body   string
	err    error // why the body is not whole
}

func (c *client) answer(method string) answer {
	c.t.Helper()
	res, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		c.t.Fatalf("no answer: %v", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body), err}
}

// get asks and gets the answer.
func get(t *testing.T, addr, line, fields string) answer {
	t.Helper()
	c := dial(t, addr)
	defer c.Close()
	c.ask(line, fields)
	method, _, _ := strings.Cut(line, " ")
	return c.answer(method)
}

func (r *rig) get(line, fields string) answer {
	r.Helper()
	return get(r.T, r.addr, line, fields)
}

// wants fails the test if the answer to a request is another.
func (r *rig) wants(line, fields string, status int, body string) answer {
	r.Helper()
	a := r.get(line, fields)
	if a.err != nil || a.status != status || a.body != body {
		r.Errorf("%s: got %d %.100q, %v; want %d %.100q", line, a.status, a.body, a.err, status, body)
	}
	return a
}
