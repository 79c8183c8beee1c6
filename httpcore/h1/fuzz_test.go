package h1_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/weir-go/weir/httpcore/h1"
)

// record is what a Parser tells of, the same wherever the input is cut: spans joined, a line each.
type record struct {
	p      *h1.Parser
	b      strings.Builder
	acc    []byte
	body   []byte
	pauses uint64 // bit n: pause in callback n, modulo 64
	calls  int
	answer h1.Answer
}

func (r *record) did(format string, args ...any) {
	if len(r.body) > 0 {
		fmt.Fprintf(&r.b, "body %q\n", r.body)
		r.body = r.body[:0]
	}
	if format != "" {
		fmt.Fprintf(&r.b, format+"\n", args...)
	}
	if r.pauses>>(r.calls%64)&1 != 0 {
		r.p.Pause()
	}
	r.calls++
}

func (r *record) span(what string, p []byte, last bool) {
	r.acc = append(r.acc, p...)
	if last {
		r.did("%s %q", what, r.acc)
		r.acc = r.acc[:0]
	} else {
		r.did("")
	}
}

func (r *record) OnMessageBegin()                          { r.did("begin") }
func (r *record) OnMethod(p []byte, last bool)             { r.span("method", p, last) }
func (r *record) OnURL(p []byte, last bool)                { r.span("target", p, last) }
func (r *record) OnVersion(major, minor int)               { r.did("version %d.%d", major, minor) }
func (r *record) OnStatus(p []byte, last bool)             { r.span("reason", p, last) }
func (r *record) OnHeaderField(p []byte, last bool)        { r.span("name", p, last) }
func (r *record) OnHeaderValue(p []byte, last bool)        { r.span("value", p, last) }
func (r *record) OnChunkExtensionName(p []byte, last bool) { r.span("extension", p, last) }
func (r *record) OnChunkExtensionValue(p []byte, last bool) {
	r.span("extension value", p, last)
}
func (r *record) OnChunkHeader(size uint64) { r.did("chunk %d", size) }
func (r *record) OnChunkComplete()          { r.did("chunk complete") }
func (r *record) OnMessageComplete()        { r.did("complete") }

func (r *record) OnHeadersComplete() h1.Answer {
	r.did("head: status %d length %d keep-alive %v upgrade %v",
		r.p.StatusCode(), r.p.ContentLength(), r.p.KeepAlive(), r.p.WantsUpgrade())
	return r.answer
}

func (r *record) OnBody(p []byte) {
	body := append(r.body, p...)
	r.body = r.body[:0]
	r.did("") // where a body is cut is no matter
	r.body = body
}

// feed has a Parser read input in pieces that cut makes: each call says how long the next one is. It returns what was told,
// and fails if the Parser stands still or says that it consumed what it cannot have.
func feed(t *testing.T, kind h1.Kind, a h1.Answer, input []byte, pauses uint64, cut func(left int) int) string {
	t.Helper()
	var p h1.Parser
	r := &record{p: &p, pauses: pauses, answer: a}
	p.Reset(kind, r, &h1.Limits{StartLine: 200, Header: 400, Field: 150, Fields: 8, ChunkLine: 80, ChunkExtensions: 100, Trailer: 120, Interim: 3})
	var err error
	still := 0
	for len(input) > 0 {
		piece := input[:cut(len(input))]
		calls := r.calls
		var n int
		n, err = p.Execute(piece)
		if n < 0 || n > len(piece) {
			t.Fatalf("Execute says that it consumed %d of %d bytes", n, len(piece))
		}
		input = input[n:]
		if err == nil && n < len(piece) {
			t.Fatalf("Execute stopped at %d of %d bytes without an error", n, len(piece))
		}
		if errors.Is(err, h1.ErrPaused) {
			if n == 0 && r.calls == calls {
				if still++; still > 1 {
					t.Fatal("Execute neither advances nor calls")
				}
			} else {
				still = 0
			}
			p.Resume()
			continue
		}
		if err != nil {
			break
		}
	}
	for range 4 { // what needs no byte, and may pause
		if err == nil || errors.Is(err, h1.ErrPaused) {
			p.Resume()
			_, err = p.Execute(nil)
		}
	}
	if err == nil {
		err = p.Finish()
		for errors.Is(err, h1.ErrPaused) {
			p.Resume()
			err = p.Finish()
		}
	}
	if _, again := p.Execute([]byte("x")); err != nil && again != err {
		t.Fatalf("after %v Execute returned %v", err, again)
	}
	r.pauses = 0
	r.did("%v, %d", err, h1.StatusOf(err))
	return r.b.String()
}

var seeds = []string{
	"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"\r\nGET /x?y HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nmore",
	"POST / HTTP/1.1\r\nHost: a:80\r\nContent-Length:  5 \r\n\r\nhelloGET / HTTP/1.1\r\nHost:\r\n\r\n",
	"PUT http://a.b:8/x HTTP/1.1\r\nhost: [::1]:80\r\nTransfer-Encoding: chunked\r\n\r\n5 ; a = b;c=\"d\\\"\"\r\nhello\r\n00\r\nT: u\r\n\r\n",
	"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n\x16\x03",
	"OPTIONS * HTTP/1.1\r\nHost: %41\r\nUpgrade: h2c\r\nConnection: foo, Upgrade\r\n\r\nrest",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nrest",
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 204\r\n\r\n",
	"HTTP/1.0 200 OK\r\n\r\nuntil the end",
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nrest",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}

// FuzzSplit: it makes no difference how the input is cut, nor where the handler pauses: the same is told, and the same is
// refused at the same byte. And the Parser never panics, and always advances or waits.
func FuzzSplit(f *testing.F) {
	for i, s := range seeds {
		f.Add([]byte(s), uint8(i), uint64(i)*0x9e3779b97f4a7c15, uint64(0))
		f.Add([]byte(s), uint8(i/8), uint64(0x1234567), uint64(0x8421084210842108))
	}
	f.Fuzz(func(t *testing.T, input []byte, mode uint8, cuts, pauses uint64) {
		kind := h1.Kind(mode & 1)
		if bytes.HasPrefix(input, []byte("HTTP/")) {
			kind = h1.Response
		}
		a := h1.Answer(mode >> 1 % 3)
		whole := feed(t, kind, a, input, 0, func(left int) int { return left })
		for name, cut := range map[string]func(int) int{
			"byte by byte": func(int) int { return 1 },
			"in pieces": func(left int) int {
				cuts = cuts*6364136223846793005 + 1442695040888963407
				return min(left, 1+int(cuts>>60))
			},
			"in two": func() func(int) int {
				first := true
				return func(left int) int {
					if first && left > 1 {
						first = false
						return 1 + int(cuts%uint64(left-1))
					}
					return left
				}
			}(),
		} {
			if got := feed(t, kind, a, input, pauses, cut); got != whole {
				t.Errorf("%s:\n%swhole:\n%s", name, got, whole)
			}
		}
		if got := feed(t, kind, a, input, pauses, func(left int) int { return left }); got != whole {
			t.Errorf("with pauses:\n%swithout:\n%s", got, whole)
		}
	})
}

// message is what a server or a client acts on.
type message struct {
	first, second string // method and target, or status
	body          []byte
	fields        int
}

// messages keeps the messages that were complete, and where each ended.
type messages struct {
	h1.Nop
	p    *h1.Parser
	m    message
	done []message
}

func (m *messages) OnMessageBegin()           { m.m = message{} }
func (m *messages) OnMethod(p []byte, _ bool) { m.m.first += string(p) }
func (m *messages) OnURL(p []byte, _ bool)    { m.m.second += string(p) }
func (m *messages) OnStatus([]byte, bool)     { m.m.first = fmt.Sprint(m.p.StatusCode()) }
func (m *messages) OnBody(p []byte)           { m.m.body = append(m.m.body, p...) }
func (m *messages) OnHeaderField(_ []byte, last bool) {
	if last && !m.p.InTrailers() {
		m.m.fields++
	}
}

func (m *messages) OnMessageComplete() {
	m.done = append(m.done, m.m)
	m.p.Pause()
}

// FuzzFraming: what we accept, net/http's reader frames the same way, or refuses.
func FuzzFraming(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		kind := h1.Request
		if bytes.HasPrefix(input, []byte("HTTP/")) {
			kind = h1.Response
		}
		var p h1.Parser
		m := &messages{p: &p}
		p.Reset(kind, m, nil)
		theirs := bufio.NewReader(bytes.NewReader(input))
		rest := input
		for {
			n, err := p.Execute(rest)
			if err == nil {
				err = p.Finish() // a body that lasts until then
			}
			rest = rest[n:]
			if !errors.Is(err, h1.ErrPaused) {
				return // refused, incomplete, or another protocol's
			}
			p.Resume()
			ours := m.done[len(m.done)-1]
			got, ok := netHTTP(theirs, kind)
			if !ok {
				return
			}
			if got.first != ours.first || got.second != ours.second || !bytes.Equal(got.body, ours.body) || got.fields > ours.fields {
				t.Fatalf("message %d of %q:\nnet/http has %+v,\nand we have %+v", len(m.done), input, got, ours)
			}
			if left := theirs.Buffered(); len(input) < 4096 && left != len(rest) {
				t.Fatalf("message %d of %q: net/http leaves %d bytes, and we leave %d", len(m.done), input, left, len(rest))
			}
			if kind == h1.Request && ours.first == "CONNECT" || kind == h1.Response && ours.first == "101" {
				return
			}
		}
	})
}

// netHTTP reads one message with net/http; ok is false if it refuses it.
func netHTTP(r *bufio.Reader, kind h1.Kind) (m message, ok bool) {
	var body io.ReadCloser
	if kind == h1.Request {
		req, err := http.ReadRequest(r)
		if err != nil {
			return m, false
		}
		m.first, m.second, body, m.fields = req.Method, req.RequestURI, req.Body, len(req.Header)
	} else {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			return m, false
		}
		m.first, body, m.fields = fmt.Sprint(res.StatusCode), res.Body, len(res.Header)
	}
	var err error
	m.body, err = io.ReadAll(body)
	return m, err == nil
}
