package httpcore_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/weir-go/weir/httpcore"
)

func TestCollectGivesAWholeBodyOrSaysWhyNot(t *testing.T) {
	aborted := make(chan error, 1)
	addr := serve(t, httpcore.ServerOptions{}, func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
		req.Collect(10, func(body []byte, err error) {
			switch {
			case req.Path() == "/cut":
				aborted <- err
			case errors.Is(err, httpcore.ErrBodyTooLarge):
				res.StatusCode = 413
				res.EndString("too large")
			default:
				res.EndString(string(body))
			}
		})
	})
	for _, c := range []struct {
		body    string
		chunked bool
		want    string
	}{
		{"", false, ""},
		{"0123456789", false, "0123456789"},
		{"0123456789", true, "0123456789"},
		{"0123456789a", false, "too large"},
		{"0123456789a", true, "too large"},
		{strings.Repeat("x", 100000), true, "too large"},
	} {
		var body io.Reader = strings.NewReader(c.body)
		if c.chunked {
			body = struct{ io.Reader }{body}
		}
		res, err := http.Post("http://"+addr+"/", "text/plain", body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		res.Body.Close()
		if string(got) != c.want || err != nil {
			t.Errorf("%d bytes, chunked %v: got %q, %v; want %q", len(c.body), c.chunked, got, err, c.want)
		}
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "POST /cut HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nhalf")
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
	if err := <-aborted; !errors.Is(err, httpcore.ErrAborted) {
		t.Errorf("a body that was cut off: got %v", err)
	}
}
