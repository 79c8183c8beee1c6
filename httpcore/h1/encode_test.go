package h1_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/weir-go/weir/httpcore/h1"
)

// part is a part of a message, as it would be without an encoder, and what a parser that reads it as it was meant tells
// of. The head and the trailer section are told of, and not the message's end.
type part struct {
	encode        func(dst []byte) ([]byte, error)
	plain         string // the part itself
	kind          h1.Kind
	before, after string // what makes a message of it
	want          []string
	stricter      bool // the encoder refuses it, but the parser does not
}

func requestLine(method, target string) part {
	return part{
		encode: func(dst []byte) ([]byte, error) { return h1.AppendRequestLine(dst, method, target) },
		plain:  method + " " + target + " HTTP/1.1\r\n", after: "Host: a\r\n\r\n",
		want: []string{"begin", "method " + method, "target " + target, "version 1.1", "name Host", "value a", "head"},
	}
}

func statusLine(status int, reason string) part {
	return part{
		encode: func(dst []byte) ([]byte, error) { return h1.AppendStatusLine(dst, status, reason) },
		plain:  fmt.Sprintf("HTTP/1.1 %d %s\r\n", status, reason), kind: h1.Response, after: "\r\n",
		want: []string{"begin", "version 1.1", fmt.Sprintf("status %d %s", status, reason), "head"},
	}
}

func field(name, value string) part {
	p := part{
		encode: func(dst []byte) ([]byte, error) { return h1.AppendField(dst, name, value) },
		plain:  name + ": " + value + "\r\n", before: "GET / HTTP/1.1\r\n", after: "\r\n",
		want: []string{"begin", "method GET", "target /", "version 1.1", "name " + name, "value " + value},
	}
	if !strings.EqualFold(name, "Host") {
		p.after = "Host: a\r\n\r\n"
		p.want = append(p.want, "name Host", "value a")
	}
	p.want = append(p.want, "head")
	return p
}

func length(n int64) part {
	p := field("Content-Length", fmt.Sprint(n))
	p.encode = func(dst []byte) ([]byte, error) { return h1.AppendContentLength(dst, n) }
	return p
}

const chunkedHead = "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n"

func chunkedTrace(more ...string) []string {
	head := []string{"begin", "version 1.1", "status 200 ", "name Transfer-Encoding", "value chunked", "head"}
	return append(head, more...)
}

func chunkHeader(size uint64) part {
	return part{
		encode: func(dst []byte) ([]byte, error) { return h1.AppendChunkHeader(dst, size) },
		plain:  fmt.Sprintf("%x\r\n", size), kind: h1.Response, before: chunkedHead,
		want: chunkedTrace(fmt.Sprintf("chunk %d", size)), stricter: size == 0,
	}
}

func trailer(name, value string) part {
	framing := []string{"host", "content-length", "transfer-encoding", "connection", "upgrade"}
	return part{
		encode: func(dst []byte) ([]byte, error) { return h1.AppendTrailer(dst, name, value) },
		plain:  name + ": " + value + "\r\n", kind: h1.Response, before: chunkedHead + "0\r\n", after: "\r\n",
		want:     chunkedTrace("chunk 0", "name "+name, "value "+value, "chunk end"),
		stricter: slices.Contains(framing, strings.ToLower(name)),
	}
}

// check holds the encoder to the parser: it writes the part if a parser reads it back as it was meant, whole and cut in
// two, and refuses it otherwise.
func (p part) check(t *testing.T, cut int) {
	t.Helper()
	got, err := written(t, p.encode)
	meant := p.readBack(len(p.before)) && p.readBack(cut%(len(p.before)+len(p.plain)+len(p.after)))
	switch {
	case err != nil && meant && !p.stricter:
		t.Errorf("%q is refused, but would be read back: %v", p.plain, err)
	case err == nil && p.stricter:
		t.Errorf("%q is written", p.plain)
	case err == nil && !meant:
		t.Errorf("%q is written, but not read back", p.plain)
	case err == nil && got != p.plain:
		t.Errorf("got %q, want %q", got, p.plain)
	}
}

// readBack reports whether a parser that gets the message in two pieces tells of the part as it was meant.
func (p part) readBack(cut int) bool {
	got, err := readIn(p.kind, []byte(p.before+p.plain+p.after), cut)
	return (err == nil || errors.Is(err, h1.ErrUpgrade)) && slices.Equal(got, p.want)
}

// written calls encode with a slice that has something in it and room behind it. It returns what was appended, and
// holds a refusal to leaving both as they were.
func written(t *testing.T, encode func(dst []byte) ([]byte, error)) (string, error) {
	t.Helper()
	const already = "already"
	room := append([]byte(already), bytes.Repeat([]byte{0xaa}, 64)...)
	before := bytes.Clone(room)
	dst, err := encode(room[:len(already)])
	if err == nil {
		if !strings.HasPrefix(string(dst), already) {
			t.Errorf("%q became %q", already, dst)
		}
		return string(dst[len(already):]), nil
	}
	var e *h1.Error
	if !errors.As(err, &e) || e.Code != h1.CodeUnsafe || e.Fault() != h1.FaultLocal || e.Reason == "" {
		t.Errorf("refused with %#v", err)
	}
	if len(dst) != len(already) || &dst[0] != &room[0] || !bytes.Equal(room, before) {
		t.Errorf("a refusal left %q, and %q where there was room", dst, room)
	}
	return "", err
}

// reader writes down what a parser tells of; spans when they are complete, the body as a whole.
type reader struct {
	h1.Nop
	p      h1.Parser
	events []string
	span   []byte
	body   []byte
}

func (r *reader) piece(what string, p []byte, last bool) {
	if r.span = append(r.span, p...); last {
		r.events = append(r.events, what+" "+string(r.span))
		r.span = r.span[:0]
	}
}

func (r *reader) event(format string, a ...any) {
	r.events = append(r.events, fmt.Sprintf(format, a...))
}

func (r *reader) OnMessageBegin()                   { r.event("begin") }
func (r *reader) OnMethod(p []byte, last bool)      { r.piece("method", p, last) }
func (r *reader) OnURL(p []byte, last bool)         { r.piece("target", p, last) }
func (r *reader) OnVersion(major, minor int)        { r.event("version %d.%d", major, minor) }
func (r *reader) OnHeaderField(p []byte, last bool) { r.piece("name", p, last) }
func (r *reader) OnBody(p []byte)                   { r.body = append(r.body, p...) }
func (r *reader) OnHeadersComplete() (a h1.Answer)  { r.event("head"); return a }
func (r *reader) OnChunkHeader(size uint64)         { r.event("chunk %d", size) }
func (r *reader) OnChunkComplete()                  { r.event("chunk end") }
func (r *reader) OnChunkExtensionName([]byte, bool) { r.event("extension") }
func (r *reader) OnStatus(p []byte, last bool) {
	r.piece(fmt.Sprintf("status %d", r.p.StatusCode()), p, last)
}

func (r *reader) OnHeaderValue(p []byte, last bool) {
	if r.span = append(r.span, p...); last {
		r.span = h1.TrimOWS(r.span)
		r.piece("value", nil, true)
	}
}

// noLimits are limits that nothing here reaches, since an encoder has none.
var noLimits = &h1.Limits{StartLine: 1 << 30, Header: 1 << 30, Field: 1 << 30, Trailer: 1 << 30}

// readIn reads data in two pieces. What a parser does not consume is an error.
func readIn(kind h1.Kind, data []byte, cut int) (events []string, err error) {
	r := &reader{}
	r.p.Reset(kind, r, noLimits)
	n, err := r.p.Execute(data[:cut])
	if err == nil {
		var m int
		m, err = r.p.Execute(data[cut:])
		n += m
	}
	if n < len(data) && errors.Is(err, h1.ErrUpgrade) {
		err = fmt.Errorf("%d bytes were not consumed", len(data)-n)
	}
	if r.body != nil {
		r.event("body %s", r.body)
	}
	return r.events, err
}

func TestAWholeMessageIsReadBackWhereverItIsCut(t *testing.T) {
	var b []byte
	must := func(dst []byte, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		b = dst
	}
	must(h1.AppendRequestLine(b, "POST", "http://example.org:8080/a?b"))
	must(h1.AppendField(b, []byte("hOst"), "example.org:8080"))
	must(h1.AppendField(b, "Empty", ""))
	must(h1.AppendField(b, "X-Latin", []byte("a\t\xe9 b")))
	must(h1.AppendField(b, "Transfer-Encoding", "Chunked"))
	b = h1.AppendSectionEnd(b)
	b = h1.AppendChunk(b, "hello ")
	b = h1.AppendChunk(b, "")
	must(h1.AppendChunkHeader(b, 26))
	b = append(b, "abcdefghijklmnopqrstuvwxyz"...)
	b = h1.AppendChunkEnd(b)
	b = h1.AppendLastChunk(b)
	must(h1.AppendTrailer(b, "Sum", "7"))
	b = h1.AppendSectionEnd(b)
	want := []string{
		"begin", "method POST", "target http://example.org:8080/a?b", "version 1.1",
		"name hOst", "value example.org:8080", "name Empty", "value ", "name X-Latin", "value a\t\xe9 b",
		"name Transfer-Encoding", "value Chunked", "head",
		"chunk 6", "chunk end", "chunk 26", "chunk end", "chunk 0", "name Sum", "value 7", "chunk end",
		"body hello abcdefghijklmnopqrstuvwxyz",
	}
	for cut := range len(b) + 1 {
		got, err := readIn(h1.Request, b, cut)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("cut at %d: %q, %v; want %q", cut, got, err, want)
		}
	}
}

func TestWhatIsWrittenIsWhatTheParserReadsBack(t *testing.T) {
	long := strings.Repeat("M", 32)
	for _, p := range []part{
		requestLine("GET", "/"), requestLine("GET", "/a?b|{c}"), requestLine("GET", ""), requestLine("", "/"),
		requestLine("GET", "*"), requestLine("OPTIONS", "*"), requestLine("options", "*"), requestLine("OPTIONS", "**"),
		requestLine("OPTIONS", "/"), requestLine("GET", "a"), requestLine("GET", "/#"), requestLine("GET", "/ "),
		requestLine("GET", "/\xe9"), requestLine(long, "/"), requestLine(long+"M", "/"), requestLine("PRI", "/"),
		requestLine("PRI", "*"), requestLine("pri", "/"), requestLine("PRIO", "/"), requestLine("G T", "/"),
		requestLine("GET", "http://a"), requestLine("GET", "http://a/"), requestLine("GET", "http://a?"),
		requestLine("GET", "h+-.9://a:/#"), requestLine("GET", "h+-.9://a:/"), requestLine("GET", "9h://a/"),
		requestLine("GET", "http://"), requestLine("GET", "http:///"), requestLine("GET", "http://:80/"),
		requestLine("GET", "http:/a"), requestLine("GET", "http:a"), requestLine("GET", "http"), requestLine("GET", "://a"),
		requestLine("GET", "http://u@a/"), requestLine("GET", "http://a/@"), requestLine("GET", "http://[::1]:80/x"),
		requestLine("GET", "http://[::1/x"), requestLine("GET", "http://[]/x"), requestLine("GET", "http://a%4/"),
		requestLine("GET", "http://a%41/"), requestLine("GET", "http://a:8x/"), requestLine("GET", "a:1"),
		requestLine("CONNECT", "a:1"), requestLine("CONNECT", "a:"), requestLine("CONNECT", "a"), requestLine("CONNECT", ""),
		requestLine("CONNECT", ":1"), requestLine("CONNECT", "/"), requestLine("CONNECT", "http://a:1"),
		requestLine("CONNECT", "a:1/"), requestLine("CONNECT", "u@a:1"), requestLine("CONNECT", "[::1%25a]:1"),
		requestLine("connect", "a:1"), requestLine("CONNECTS", "/"),
		requestLine("GET", "/ HTTP/1.1\r\nX: y"), requestLine("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET", "/"),

		statusLine(200, "OK"), statusLine(204, ""), statusLine(100, "Continue"), statusLine(999, " \t\xff "),
		statusLine(101, "x"), statusLine(304, "Not Modified"), statusLine(99, "x"), statusLine(1000, "x"),
		statusLine(0, ""), statusLine(-200, ""), statusLine(20, "0 OK"), statusLine(200, "a\r\nX: y"),
		statusLine(200, "a\nX: y"), statusLine(200, "\x00"), statusLine(200, "\x7f"),

		field("A", "b"), field("a-B_c", ""), field("A", "b\tc \xff"), field("A", " b"), field("A", "b\t"), field("A", " "),
		field("A", "\t"), field("", "b"), field("A ", "b"), field("A:", "b"), field(" A", "b"), field("A", ": b"),
		field("A", "b\r\nC: d"), field("A", "b\nC: d"), field("A", "b\rC"), field("A", "b\r\n c"), field("A", "b\x00"),
		field("A: b\r\nC", "d"), field("\xe9", "b"), field("A", "12345678\x7f2345678"), field("A", "12345678\t23456\t78"),
		field("Host", ""), field("host", "a:80"), field("Host", "a:"), field("HOST", "[::1]:8"), field("Host", "a b"),
		field("Host", "a/b"), field("Host", "u@a"), field("Host", ":80"), field("Host", "a,b"), field("Host", "a%zz"),
		field("Content-Length", "0"), field("content-length", "007"), field("Content-Length", "9223372036854775807"),
		field("Content-Length", "9223372036854775808"), field("Content-Length", "99999999999999999999"),
		field("Content-Length", ""), field("Content-Length", "-1"), field("Content-Length", "+1"),
		field("Content-Length", "1, 1"), field("Content-Length", "0x1"), field("Content-Length", "1 2"),
		field("Transfer-Encoding", "chunked"), field("transfer-encoding", "CHUNKED"), field("Transfer-Encoding", "gzip"),
		field("Transfer-Encoding", ""), field("Transfer-Encoding", "gzip, chunked"), field("Transfer-Encoding", "chunked,"),
		field("Transfer-Encoding", "chunke"), field("Transfer-Encoding", "identity"), field("Content-Lengths", "x"),
		field("Connection", "close, x, ,"), field("Upgrade", "h2c/@"), field("Connection", ""),

		length(0), length(1), length(1<<63 - 1), length(-1), length(-1 << 63),

		chunkHeader(0), chunkHeader(1), chunkHeader(0xabcdef0), chunkHeader(1<<63 - 1), chunkHeader(1 << 63),
		chunkHeader(1<<64 - 1),

		trailer("A", "b"), trailer("A", ""), trailer("A", " b"), trailer("A", "b\r\nC: d"), trailer("", "b"),
		trailer("Host", "a"), trailer("content-length", "1"), trailer("Transfer-Encoding", "chunked"),
		trailer("Connection", "x"), trailer("Upgrade", "x"), trailer("A", "b\r\n\r\nHTTP/1.1 200 \r\nC: d"),
	} {
		for cut := range len(p.before) + len(p.plain) + len(p.after) {
			p.check(t, cut)
		}
	}
}

func TestWhatIsWrittenAndWhatIsRefused(t *testing.T) {
	for _, c := range []struct {
		p       part
		refused bool
	}{
		{requestLine("GET", "/"), false},
		{requestLine("GET", "*"), true},
		{requestLine("CONNECT", "/"), true},
		{requestLine("GET", "a:1"), true},
		{requestLine("GET", "/a b"), true},
		{requestLine("G\nT", "/"), true},
		{statusLine(204, ""), false},
		{statusLine(99, ""), true},
		{statusLine(200, "a\rb"), true},
		{field("A", "b"), false},
		{field("A", " b"), true},
		{field("A", "b\x00"), true},
		{field("A\x00", "b"), true},
		{field("Host", "a b"), true},
		{field("Content-Length", "1x"), true},
		{field("Transfer-Encoding", "gzip"), true},
		{length(-1), true},
		{chunkHeader(16), false},
		{chunkHeader(0), true},
		{trailer("Content-Length", "1"), true},
	} {
		if got, err := written(t, c.p.encode); c.refused != (err != nil) || err == nil && got != c.p.plain {
			t.Errorf("%q: %q, %v", c.p.plain, got, err)
		}
	}
}

func TestARefusalSaysWhatIsWrongAndWhoseFaultItIs(t *testing.T) {
	_, err := h1.AppendField(nil, "X", "a\r\nSet-Cookie: b")
	if got, want := fmt.Sprint(err), "h1: UNSAFE: a control byte in a field's value"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(err, &h1.Error{Code: h1.CodeUnsafe}) || h1.StatusOf(err) != 0 {
		t.Errorf("got %#v", err)
	}
}

func TestAnEmptyChunkIsNotWrittenSinceItWouldEndTheBody(t *testing.T) {
	if got := h1.AppendChunk([]byte("x"), []byte(nil)); string(got) != "x" {
		t.Errorf("got %q", got)
	}
}

func TestStringsAndBytesAreWrittenAlike(t *testing.T) {
	type name string
	type data []byte
	for _, c := range []struct{ a, b func() ([]byte, error) }{
		{
			func() ([]byte, error) { return h1.AppendRequestLine(nil, "GET", "/x") },
			func() ([]byte, error) { return h1.AppendRequestLine(nil, data("GET"), []byte("/x")) },
		},
		{
			func() ([]byte, error) { return h1.AppendStatusLine(nil, 200, "Fine") },
			func() ([]byte, error) { return h1.AppendStatusLine(nil, 200, data("Fine")) },
		},
		{
			func() ([]byte, error) { return h1.AppendField(nil, "Content-Length", "17") },
			func() ([]byte, error) { return h1.AppendField(nil, data("Content-Length"), name("17")) },
		},
		{
			func() ([]byte, error) { return h1.AppendTrailer(nil, "Sum", "17") },
			func() ([]byte, error) { return h1.AppendTrailer(nil, name("Sum"), data("17")) },
		},
		{
			func() ([]byte, error) { return h1.AppendChunk(nil, "abc"), nil },
			func() ([]byte, error) { return h1.AppendChunk(nil, data("abc")), nil },
		},
	} {
		a, errA := c.a()
		b, errB := c.b()
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%q %v, %q %v", a, errA, b, errB)
		}
	}
}

func TestEncodingIntoRoomAllocatesNothing(t *testing.T) {
	room := make([]byte, 0, 1024)
	method, target := []byte("GET"), []byte("http://example.org:80/a%20b?c")
	name, value := []byte("Transfer-Encoding"), []byte("chunked")
	body := bytes.Repeat([]byte("x"), 100)
	var failed error
	keep := func(dst []byte, err error) []byte {
		failed = errors.Join(failed, err)
		return dst
	}
	n := testing.AllocsPerRun(100, func() {
		b := keep(h1.AppendRequestLine(room, method, target))
		b = keep(h1.AppendRequestLine(b, "CONNECT", "example.org:443"))
		b = keep(h1.AppendStatusLine(b, 404, "Not Found"))
		b = keep(h1.AppendField(b, name, value))
		b = keep(h1.AppendField(b, "Host", "example.org"))
		b = keep(h1.AppendField(b, "Content-Length", []byte("17")))
		b = keep(h1.AppendContentLength(b, 1<<63-1))
		b = h1.AppendSectionEnd(b)
		b = h1.AppendChunk(b, body)
		b = keep(h1.AppendChunkHeader(b, 1<<62))
		b = h1.AppendChunkEnd(b)
		b = h1.AppendLastChunk(b)
		b = keep(h1.AppendTrailer(b, []byte("Sum"), "17"))
		h1.AppendSectionEnd(b)
	})
	if n != 0 || failed != nil {
		t.Errorf("%v allocations, %v", n, failed)
	}
}
