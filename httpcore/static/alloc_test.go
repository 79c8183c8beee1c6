//go:build !weirdebug && !race

package static_test

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/weir-go/weir/httpcore/static"
)

// What a request costs, the client's and the runtime's share included: a client that writes and reads bytes allocates
// nothing. Half of it are the os package's: each name is looked up from an open folder, and a file is an object.
func TestARequestAllocatesLittle(t *testing.T) {
	r := newRig(t, static.Options{}, map[string]string{"dir/small.txt": "hello, world"})
	r.noise("large.txt", 1<<20)
	tag := r.get("HEAD /dir/small.txt", "").header.Get("ETag")
	for _, k := range []struct {
		name, request string
		status        string
		size          int // of the body
		most          uint64
	}{
		{"a small file", "GET /dir/small.txt HTTP/1.1\r\nHost: a\r\n\r\n", "200", 12, 45},
		{"a small file that has not changed", "GET /dir/small.txt HTTP/1.1\r\nHost: a\r\nIf-None-Match: " + tag + "\r\n\r\n", "304", 0, 45},
		{"what is not there", "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", "404", 10, 30},
		{"a large file", "GET /large.txt HTTP/1.1\r\nHost: a\r\n\r\n", "200", 1 << 20, 150},
		{"a part of it", "GET /large.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=1000-1999\r\n\r\n", "206", 1000, 45},
	} {
		t.Run(k.name, func(t *testing.T) {
			c := dial(t, r.addr)
			request, buf := []byte(k.request), make([]byte, 2<<20)
			exchange := func() {
				c.Write(request)
				n, want := 0, -1
				for n != want {
					m, err := c.Conn.Read(buf[n:])
					if err != nil {
						t.Fatal(err)
					}
					n += m
					if end := bytes.Index(buf[:n], []byte("\r\n\r\n")); want < 0 && end >= 0 {
						want = end + 4 + k.size
					}
				}
				if got := string(buf[9:12]); got != k.status {
					t.Fatalf("got %s, want %s", got, k.status)
				}
			}
			for range 100 {
				exchange()
			}
			const rounds = 200
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range rounds {
				exchange()
			}
			runtime.ReadMemStats(&after)
			n := (after.Mallocs - before.Mallocs) / rounds
			t.Logf("%d allocations, %d bytes", n, (after.TotalAlloc-before.TotalAlloc)/rounds)
			if n > k.most {
				t.Errorf("it allocates %d times, want %d at most", n, k.most)
			}
		})
	}
}
