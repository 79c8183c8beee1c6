//go:build !weirdebug && !race

package stdhttp_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// exchanges returns a function that has one request answered, and allocates nothing at the client's end.
func exchanges(t *testing.T, x *rig, request, ends string) func() {
	c := x.dial()
	in, out := make([]byte, 256<<10), []byte(request)
	return func() {
		if _, err := c.Write(out); err != nil {
			t.Fatal(err)
		}
		for n := 0; n < len(ends) || string(in[n-len(ends):n]) != ends; {
			m, err := c.Read(in[n:])
			if err != nil {
				t.Fatal(err)
			}
			n += m
		}
	}
}

func TestAnAnswerIsFewPostsAndAllocations(t *testing.T) {
	const get = "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n"
	const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
	for _, c := range []struct {
		name, request, ends string
		h                   http.HandlerFunc
		posts               uint64
		allocs              float64
	}{
		{"a small one", get, "World!", hello, 1, 20},
		{"one of several small writes", get, " 99", func(w http.ResponseWriter, _ *http.Request) {
			for i := range 100 {
				fmt.Fprintf(w, " %d", i)
			}
		}, 1, 20},
		{"to a body that came with its head", post, "hello", func(w http.ResponseWriter, r *http.Request) {
			buf := make([]byte, 100)
			for {
				n, err := r.Body.Read(buf)
				w.Write(buf[:n])
				if err != nil {
					return
				}
			}
		}, 1, 25},
		{"of 64 KiB with a length", get, "x!", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "65536")
			io.WriteString(w, long)
		}, 2, 46},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := serveFunc(t, c.h)
			exchange := exchanges(t, x, c.request, c.ends)
			exchange()
			const times = 50
			before := x.l.Metrics().Posts
			for range times {
				exchange()
			}
			n := x.l.Metrics().Posts - before // the client may have all before the last post, or the first of the next time
			if n+1 < times*c.posts || n > times*c.posts+1 {
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

var long = strings.Repeat("x", 65535) + "!"
