package stdhttp_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/stdhttp"
)

// BenchmarkHandler runs handlers on our server and on net/http's, one request at a time on each of some connections. The
// client is the same, raw and in the same process.
func BenchmarkHandler(b *testing.B) {
	large := make([]byte, 64<<10)
	for _, c := range []struct {
		name, request string
		conns         int
		h             http.HandlerFunc
	}{
		{"hello", "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n", 1, hello},
		{"hello", "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n", 32, hello},
		{"echo", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n" + strings.Repeat("x", 100), 32, func(w http.ResponseWriter, r *http.Request) {
			io.Copy(w, r.Body)
		}},
		{"64K", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 8, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "65536")
			w.Write(large)
		}},
		{"4M", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 4, func(w http.ResponseWriter, _ *http.Request) {
			for range 64 {
				w.Write(large)
			}
		}},
	} {
		name := fmt.Sprintf("%s/%d", c.name, c.conns)
		b.Run(name+"/weir", func(b *testing.B) {
			x := serve(b, c.h, stdhttp.Options{}, httpcore.ServerOptions{})
			load(b, x.addr, c.request, c.conns)
			m := x.l.Metrics()
			b.ReportMetric(float64(m.Posts)/float64(b.N), "posts/op")
		})
		b.Run(name+"/nethttp", func(b *testing.B) {
			s := httptest.NewServer(c.h)
			defer s.Close()
			load(b, s.Listener.Addr().String(), c.request, c.conns)
		})
	}
}

func hello(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	io.WriteString(w, "Hello, World!")
}

// load asks addr over conns connections, b.N times in all.
func load(b *testing.B, addr, request string, conns int) {
	b.ReportAllocs()
	todo := make(chan struct{}, conns)
	done := make(chan error, conns)
	for range conns {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		go func() {
			done <- func() error {
				in := bufio.NewReaderSize(c, 64<<10)
				for range todo {
					if _, err := io.WriteString(c, request); err != nil {
						return err
					}
					if err := skipAnswer(in); err != nil {
						return err
					}
				}
				return nil
			}()
		}()
	}
	b.ResetTimer()
	for range b.N {
		todo <- struct{}{}
	}
	close(todo)
	for range conns {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
}

// skipAnswer reads an answer and allocates nothing for it.
func skipAnswer(in *bufio.Reader) error {
	length, chunked := 0, false
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		switch s := string(line); {
		case s == "\r\n":
			if !chunked {
				_, err := in.Discard(length)
				return err
			}
			return skipChunks(in)
		case strings.HasPrefix(s, "Content-Length: "):
			fmt.Sscan(s[16:], &length)
		case strings.HasPrefix(s, "Transfer-Encoding: "):
			chunked = true
		}
	}
}

func skipChunks(in *bufio.Reader) error {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		var n int
		if _, err := fmt.Sscanf(string(line), "%x", &n); err != nil {
			return err
		}
		if _, err := in.Discard(n + 2); err != nil || n == 0 {
			return err
		}
	}
}
