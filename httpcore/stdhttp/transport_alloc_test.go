//go:build !weirdebug && !race

package stdhttp_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/weir-go/weir/httpcore/stdhttp"
)

// answering is a server that allocates nothing: it answers each request, whose body has that many bytes, with the same.
func answering(t *testing.T, ends string, answer []byte) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var conns []net.Conn
	t.Cleanup(func() {
		ln.Close()
		<-done
	})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				for _, c := range conns {
					c.Close()
				}
				return
			}
			conns = append(conns, c)
			go func() {
				buf, end := make([]byte, 1<<20), []byte(ends)
				for n := 0; ; {
					m, err := c.Read(buf[n:])
					if n += m; bytes.HasSuffix(buf[:n], end) {
						n = 0
						_, err = c.Write(answer)
					}
					if err != nil {
						return
					}
				}
			}()
		}
	}()
	return "http://" + ln.Addr().String()
}

func TestARequestIsFewPostsAndAllocations(t *testing.T) {
	answer := func(n int) []byte {
		return []byte(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", n, strings.Repeat("x", n)))
	}
	whole, rest := strings.NewReader(""), strings.NewReader("")
	memory := io.NopCloser(whole)
	for _, c := range []struct {
		name, ends string
		answer     []byte
		body       func(r *http.Request)
		posts      uint64
		allocs     float64
	}{
		{"a get", "\r\n\r\n", answer(13), nil, 1, 36},
		{"one without an answer's body", "\r\n\r\n", answer(0), nil, 1, 32},
		{"one of 40 KiB", "\r\n\r\n", answer(40 << 10), nil, 1, 42},
		{"a body in memory", "text", answer(2), func(r *http.Request) {
			whole.Reset("text")
			r.Body, r.ContentLength = memory, 4
			r.GetBody = func() (io.ReadCloser, error) { return nil, errOfBody }
		}, 1, 42},
		{"a stream of 100 KiB", "end", answer(2), func(r *http.Request) {
			rest.Reset(long100)
			r.Body, r.ContentLength = io.NopCloser(only{rest}), 100<<10
		}, 1 + 3 + 1, 60},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := answering(t, c.ends, c.answer)
			x := lay(t, stdhttp.TransportOptions{})
			r, err := http.NewRequest("GET", base, nil)
			if err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 64<<10)
			exchange := func() {
				if c.body != nil {
					r.Method = "PUT"
					c.body(r)
				}
				res, err := x.tr.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				for err == nil {
					_, err = res.Body.Read(buf)
				}
				if err != io.EOF {
					t.Fatal(err)
				}
				res.Body.Close()
			}
			exchange()
			const times = 50
			before := x.l.Metrics().Posts
			for range times {
				exchange()
			}
			if n := x.l.Metrics().Posts - before; n != times*c.posts {
				t.Errorf("got %d posts in %d times, want %d each", n, times, c.posts)
			}
			allocs := testing.AllocsPerRun(100, exchange)
			t.Logf("%v allocations", allocs)
			if allocs > c.allocs {
				t.Errorf("got %v allocations, want at most %v", allocs, c.allocs)
			}
		})
	}
}

var long100 = strings.Repeat("x", 100<<10-3) + "end"
