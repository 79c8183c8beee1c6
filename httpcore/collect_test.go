package httpcore_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

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

func TestWhatIsTooMuchToCollectIsThrownAwayUpToABound(t *testing.T) {
	const limit = 1000
	for _, k := range []struct {
		body   int
		framed bool
		stays  bool
	}{{limit + 1, true, true}, {limit + 1, false, true}, {200 << 10, false, true}, {8 << 20, true, false}, {8 << 20, false, false}} {
		addr := serve(t, httpcore.ServerOptions{}, func(req *httpcore.IncomingMessage, res *httpcore.ServerResponse) {
			req.Collect(limit, func(_ []byte, err error) {
				if !errors.Is(err, httpcore.ErrBodyTooLarge) {
					t.Errorf("got %v, want ErrBodyTooLarge", err)
				}
				res.StatusCode = 413
				res.End()
			})
		})
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(20 * time.Second))
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			head := fmt.Sprintf("Content-Length: %d\r\n\r\n", k.body)
			if !k.framed {
				head = fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n", k.body)
			}
			io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\n"+head)
			c.Write(make([]byte, k.body)) // the server may end before
			if !k.framed {
				io.WriteString(c, "\r\n0\r\n\r\n")
			}
		}()
		r := bufio.NewReader(c)
		res, err := http.ReadResponse(r, nil)
		if err != nil || res.StatusCode != 413 {
			t.Fatalf("%+v: got %v, %v; want a 413", k, res, err)
		}
		if k.stays {
			<-sent
			io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n"+strings.Repeat("x", 2000))
			if res, err := http.ReadResponse(r, nil); err != nil || res.StatusCode != 413 {
				t.Errorf("%+v: got %v, %v on the same connection", k, res, err)
			}
		} else if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
			t.Errorf("%+v: got %v, want the end behind the answer", k, err)
		}
		c.Close()
	}
}
