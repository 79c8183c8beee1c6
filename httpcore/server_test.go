package httpcore_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
)

func serve(t *testing.T, o httpcore.ServerOptions, fn func(*httpcore.IncomingMessage, *httpcore.ServerResponse)) string {
	t.Helper()
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := httpcore.NewServer(o)
	s.OnRequest(fn)
	addr, err := s.ListenLoop(l, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- l.Run() }()
	t.Cleanup(func() {
		l.Post(l.Stop)
		<-done
	})
	return addr.String()
}

func TestAGETIsAnswered(t *testing.T) {
	addr := serve(t, httpcore.ServerOptions{}, func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		res.SetHeader("Content-Type", "text/plain")
		res.EndString("Hello, " + req.URL())
	})
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, strings.Repeat("GET /x HTTP/1.1\r\nHost: a\r\n\r\n", 3))
	r := bufio.NewReader(c)
	for range 3 {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if string(b) != "Hello, /x" || err != nil {
			t.Error(string(b), err, res.Header)
		}
	}
	c.Close()
}

func TestABodyIsPipedBack(t *testing.T) {
	addr := serve(t, httpcore.ServerOptions{}, func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		req.Pipe(res)
	})
	body := strings.Repeat("0123456789", 1<<20)
	res, err := http.Post("http://"+addr+"/", "x", struct{ io.Reader }{strings.NewReader(body)})
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if string(b) != body || err != nil {
		t.Error(len(b), err, res.Header)
	}
}
