package h1_test

import (
	"slices"
	"testing"

	"github.com/weir-go/weir/httpcore/h1"
)

// FuzzEncoder: a part of a message is written if, and only if, a parser reads its bytes back as what was meant, wherever
// they are cut, but for the empty chunk and the framing fields in a trailer section, which are never written; and a body
// comes back whole from whatever chunks it was written in.
func FuzzEncoder(f *testing.F) {
	type seed struct {
		method, target, reason, name, value string
		status                              int
		number                              int64
		body                                string
		cut                                 uint16
	}
	for _, s := range []seed{
		{"GET", "/a?b", "OK", "Accept", "text/html, */*;q=0.8", 200, 0, "hello", 3},
		{"OPTIONS", "*", "", "Host", "a:80", 204, 1, "", 20},
		{"CONNECT", "[::1]:443", "Not Found", "Content-Length", "17", 404, 1 << 62, "hello world", 33},
		{"POST", "http://a.b:80/c?d", "a\tb\xff", "Transfer-Encoding", "chunked", 99, -1, "\r\n0\r\n\r\n", 5},
		{"PRI", "* HTTP/2.0\r\n\r\nSM\r\n\r\n", "a\r\nX: y", "A: b\r\nC", " d\t", 1000, -1 << 63, "x", 1},
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET", "/#", "\x00", "upgrade", "", 101, 16, "xyz", 0},
	} {
		f.Add(s.method, s.target, s.reason, s.name, s.value, s.status, s.number, s.body, s.cut)
	}
	f.Fuzz(func(
		t *testing.T, method, target, reason, name, value string, status int, number int64, body string, cut uint16,
	) {
		for _, p := range []part{
			requestLine(method, target), requestLine("CONNECT", target), requestLine("OPTIONS", target),
			statusLine(status, reason),
			field(name, value), field("Host", value), field("Content-Length", value), field("Transfer-Encoding", value),
			length(number),
			chunkHeader(uint64(number)),
			trailer(name, value),
		} {
			p.check(t, int(cut))
		}
		checkBody(t, body, int(cut))
	})
}

// checkBody writes body in chunks, the sizes and manner of which depend on cut, and reads it back.
func checkBody(t *testing.T, body string, cut int) {
	t.Helper()
	b := []byte(chunkedHead)
	var want []byte
	for rest, i := body, 0; rest != ""; i++ {
		n := min(len(rest), 1+(cut>>(i%12))%40)
		if i%2 == 0 {
			b = h1.AppendChunk(b, rest[:n])
		} else {
			var err error
			if b, err = h1.AppendChunkHeader(b, uint64(n)); err != nil {
				t.Fatal(err)
			}
			b = h1.AppendChunkEnd(append(b, rest[:n]...))
		}
		want = append(want, rest[:n]...)
		rest = rest[n:]
	}
	b = h1.AppendSectionEnd(h1.AppendLastChunk(b))
	got, err := readIn(h1.Response, b, cut%len(b))
	last := []string{"chunk 0", "chunk end"}
	if len(want) > 0 {
		last = append(last, "body "+string(want))
	}
	if err != nil || len(got) < len(last) || !slices.Equal(got[len(got)-len(last):], last) {
		t.Errorf("%q: %q, %v", b, got, err)
	}
}
