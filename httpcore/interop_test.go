package httpcore_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
)

// Our client and the servers of others: net/http, Node, and nginx, if they are there.

func TestOurClientAndNetHTTP(t *testing.T) {
	interop(t, newOffice(t, interopHandler), true)
}

func TestOurClientAndNode(t *testing.T) {
	x := newOffice(t, http.NotFound)
	x.url = foreign(t, "node", func(*net.TCPAddr) []string { return []string{"testdata/interop.js"} })
	interop(t, x, true)
}

// nginx passes what it is asked for on to net/http, as it comes. It has its own mind about expectations, how long it keeps a
// connection, and how much it takes.
func TestOurClientAndNginx(t *testing.T) {
	x := newOffice(t, interopHandler)
	behind := strings.TrimPrefix(x.url, "http://")
	dir, user := t.TempDir(), ""
	if os.Geteuid() == 0 {
		user = "user root;" // or its worker is nobody, who may not look into dir
	}
	x.url = foreign(t, "nginx", func(addr *net.TCPAddr) []string {
		config := strings.NewReplacer("DIR", dir, "ADDR", addr.String(), "BEHIND", behind).Replace(nginxConfig)
		if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{"-g", user, "-p", dir, "-e", filepath.Join(dir, "error.log"), "-c", filepath.Join(dir, "nginx.conf")}
	})
	interop(t, x, false)
	t.Run("a body that is too large is refused while it comes", func(t *testing.T) {
		for range 20 {
			r := x.ask(t, "POST", "/small", nil, func(r *httpcore.ClientRequest) { generate(r, 1<<20) })
			if r.err != nil || r.status != 413 || r.n == 0 {
				t.Errorf("got %v, want 413", r)
			}
		}
	})
	t.Run("a file is sent whole", func(t *testing.T) {
		if err := os.WriteFile(filepath.Join(dir, "file"), make([]byte, 8<<20), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := x.ask(t, "GET", "/file", nil, (*httpcore.ClientRequest).End); r.err != nil || r.n != 8<<20 || r.hash != hashOf(make([]byte, 8<<20)) {
			t.Errorf("got %v", r)
		}
	})
}

const nginxConfig = `
daemon off;
worker_processes 1;
pid DIR/pid;
error_log DIR/error.log;
events { worker_connections 100; }
http {
  access_log off;
  client_body_temp_path DIR/body;
  proxy_temp_path DIR/proxy;
  fastcgi_temp_path DIR/fastcgi;
  uwsgi_temp_path DIR/uwsgi;
  scgi_temp_path DIR/scgi;
  keepalive_requests 7;
  client_max_body_size 0;
  server {
    listen ADDR;
    location / {
      proxy_pass http://BEHIND;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_set_header Connection $http_connection;
      proxy_set_header Upgrade $http_upgrade;
    }
    location = /small { client_max_body_size 1k; proxy_pass http://BEHIND; }
    location = /file { root DIR; }
  }
}
`

// foreign starts a program that serves on the socket that is its descriptor 3, and skips the test if there is no such program.
func foreign(t *testing.T, name string, args func(*net.TCPAddr) []string) (url string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	f, err := ln.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := exec.Command(path, args(ln.Addr().(*net.TCPAddr))...)
	cmd.ExtraFiles = []*os.File{f}
	cmd.Env = append(os.Environ(), "NGINX=3;") // which is how an nginx hands its sockets to the next
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		if t.Failed() {
			t.Logf("%s said: %s", name, said.String())
		}
	})
	return "http://" + ln.Addr().String()
}

// interopHandler is what testdata/interop.js is in Node.
func interopHandler(w http.ResponseWriter, r *http.Request) {
	c := http.NewResponseController(w)
	switch r.URL.Path {
	case "/text":
		io.WriteString(w, "hello")
	case "/echo":
		c.EnableFullDuplex()
		buf := make([]byte, 32<<10)
		for {
			n, err := r.Body.Read(buf)
			w.Write(buf[:n])
			c.Flush()
			if err != nil {
				return
			}
		}
	case "/hash":
		if r.Header.Get("X-Refuse") != "" {
			w.Header().Set("Content-Length", "2")
			w.WriteHeader(http.StatusExpectationFailed)
			io.WriteString(w, "no")
			return
		}
		w.Header().Set("Trailer", "X-Length")
		hash := sha256.New()
		n, _ := io.Copy(hash, r.Body)
		io.WriteString(w, hex.EncodeToString(hash.Sum(nil)))
		w.Header().Set("X-Length", strconv.FormatInt(n, 10))
	case "/big":
		n, _ := strconv.ParseInt(r.URL.Query().Get("n"), 10, 64)
		io.CopyN(w, &repeated{}, n)
	case "/switch":
		conn, rw, err := c.Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nwelcome ")
		io.Copy(conn, rw)
	default:
		http.NotFound(w, r)
	}
}

// repeated is the body of /big, and what generate sends.
type repeated struct{ at int }

func (x *repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "0123456789abcdef"[x.at%16]
		x.at++
	}
	return len(p), nil
}

func repeat(n int) []byte {
	p := make([]byte, n)
	(&repeated{}).Read(p)
	return p
}

func hashOf(p []byte) string {
	hash := sha256.Sum256(p)
	return hex.EncodeToString(hash[:])
}

// generate sends n bytes as fast as the server takes them.
func generate(r *httpcore.ClientRequest, n int) {
	piece := repeat(64 << 10)
	more := func() {
		for n > 0 {
			p := piece[:min(n, len(piece))]
			n -= len(p)
			if !r.WriteOwned(p, nil) && n > 0 {
				return
			}
		}
		r.End()
	}
	r.OnDrain(more)
	more()
}

// asked is what became of a request.
type asked struct {
	status    int
	n         int
	hash      string
	body      string // its beginning
	length    string
	trailer   string
	continues int
	err       error
}

func (a asked) String() string {
	return fmt.Sprintf("%d, length %q, %d bytes beginning with %q, trailer %q, %d continues, %v", a.status, a.length, a.n, a.body, a.trailer, a.continues, a.err)
}

// ask makes a request on the loop, has send send its body, and waits until it is over.
func (x *office) ask(t *testing.T, method, path string, header []string, send func(*httpcore.ClientRequest)) (got asked) {
	t.Helper()
	over := make(chan bool)
	x.l.Post(func() {
		r, err := httpcore.NewRequest(x.l, method, x.url+path, httpcore.RequestOptions{Agent: x.a, Header: header, ContinueTimeout: -1})
		if err != nil {
			got.err = err
			close(over)
			return
		}
		hash := sha256.New()
		r.OnContinue(func() { got.continues++ })
		r.OnResponse(func(res *httpcore.IncomingMessage) {
			got.status, got.length = res.StatusCode(), res.Header("Content-Length")
			res.OnError(func(err error) { got.err = err })
			res.OnData(func(p []byte) {
				got.n += len(p)
				hash.Write(p)
				got.body += string(p[:min(len(p), 100-min(100, len(got.body)))])
			})
			res.OnEnd(func() {
				got.trailer = res.Trailer("X-Length")
				got.hash = hex.EncodeToString(hash.Sum(nil))
			})
		})
		r.OnError(func(err error) { got.err = err })
		r.OnClose(func() { close(over) })
		send(r)
	})
	await(t, over)
	return got
}

// interop has our client speak with the server of x about everything that both are to know. If that is not the origin, but a
// proxy as nginx is, it says 100 without asking anybody, and hands on no trailers.
func interop(t *testing.T, x *office, origin bool) {
	end := (*httpcore.ClientRequest).End
	trailer := func(n int) string {
		if origin {
			return strconv.Itoa(n)
		}
		return ""
	}
	t.Run("answers come over one connection", func(t *testing.T) {
		before := x.a.Metrics().Connections
		for range 5 {
			if r := x.ask(t, "GET", "/text", nil, end); r.err != nil || r.status != 200 || r.body != "hello" {
				t.Errorf("got %v", r)
			}
			if r := x.ask(t, "HEAD", "/text", nil, end); r.err != nil || r.status != 200 || r.n != 0 || r.length != "5" {
				t.Errorf("HEAD: got %v", r)
			}
		}
		if n := x.a.Metrics().Connections - before; n > 2 { // nginx ends one after seven requests
			t.Errorf("ten requests took %d connections", n)
		}
	})
	t.Run("a body of a known length", func(t *testing.T) {
		want := repeat(12345)
		r := x.ask(t, "POST", "/hash", nil, func(r *httpcore.ClientRequest) { r.EndWith(want, nil) })
		if r.err != nil || r.body != hashOf(want) || r.trailer != trailer(12345) {
			t.Errorf("got %v", r)
		}
	})
	t.Run("a large body in chunks", func(t *testing.T) {
		const size = 8 << 20
		r := x.ask(t, "PUT", "/hash", nil, func(r *httpcore.ClientRequest) { generate(r, size) })
		if r.err != nil || r.body != hashOf(repeat(size)) || r.trailer != trailer(size) {
			t.Errorf("got %v", r)
		}
	})
	t.Run("a large answer in chunks", func(t *testing.T) {
		const size = 8<<20 + 1
		r := x.ask(t, "GET", fmt.Sprintf("/big?n=%d", size), nil, end)
		if r.err != nil || r.n != size || r.hash != hashOf(repeat(size)) {
			t.Errorf("got %v", r)
		}
	})
	t.Run("both at once", func(t *testing.T) {
		const size = 2 << 20
		r := x.ask(t, "POST", "/echo", nil, func(r *httpcore.ClientRequest) { generate(r, size) })
		if r.err != nil || r.n != size || r.hash != hashOf(repeat(size)) {
			t.Errorf("got %v", r)
		}
	})
	t.Run("a body that waits for a 100", func(t *testing.T) {
		r := x.ask(t, "POST", "/hash", []string{"Expect", "100-continue"}, func(r *httpcore.ClientRequest) { generate(r, 100_000) })
		if r.err != nil || r.continues != 1 || r.body != hashOf(repeat(100_000)) {
			t.Errorf("got %v", r)
		}
	})
	t.Run("a body that is refused", func(t *testing.T) {
		r := x.ask(t, "POST", "/hash", []string{"Expect", "100-continue", "X-Refuse", "1"}, func(r *httpcore.ClientRequest) { generate(r, 100) })
		// Behind a proxy the body may be on its way when nobody wants it: then there is the answer all the same.
		if r.status != http.StatusExpectationFailed || origin && (r.err != nil || r.continues != 0) {
			t.Errorf("got %v, want 417", r)
		}
	})
	t.Run("another protocol, whose first bytes come with the answer", func(t *testing.T) {
		const want = "welcome and more"
		got, err := x.switches(t, want)
		if err != nil || got != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	})
}

// await waits until over is closed, so long that only a hang takes it.
func await(t *testing.T, over chan bool) {
	t.Helper()
	select {
	case <-over:
	case <-time.After(20 * time.Second):
		t.Fatal("the request does not end")
	}
}

// switches asks for another protocol, in which the server echoes, and ends our side when as much as want has come: not before
// that, since to nginx either end is both.
func (x *office) switches(t *testing.T, want string) (got string, err error) {
	t.Helper()
	over := make(chan bool)
	x.l.Post(func() {
		r, e := httpcore.NewRequest(x.l, "GET", x.url+"/switch", httpcore.RequestOptions{
			Agent: x.a, Header: []string{"Connection", "Upgrade", "Upgrade", "echo"},
		})
		if e != nil {
			err = e
			close(over)
			return
		}
		r.OnResponse(func(res *httpcore.IncomingMessage) {
			err = errors.New(res.StatusMessage())
			res.Resume()
			close(over)
		})
		r.OnError(func(e error) {
			err = e
			close(over)
		})
		r.OnUpgrade(func(_ *httpcore.IncomingMessage, s *stream.Socket, head []byte) {
			got = string(head)
			s.OnData(func(p []byte) {
				if got += string(p); len(got) == len(want) {
					s.End()
				}
			})
			s.OnError(func(e error) { err = e })
			s.OnClose(func() { close(over) })
			s.Write([]byte("and more"))
		})
		r.End()
	})
	await(t, over)
	return got, err
}
