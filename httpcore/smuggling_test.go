package httpcore_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/internal/transporttest"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// sink takes what a request sends, over a pair in memory that a simulated loop moves.
type sink struct {
	m    *transporttest.Mem
	text string
}

// OnRead is what the Transport calls.
func (s *sink) OnRead(p []byte, _ error) { s.text += string(p) }

// sent is what a request puts on the wire, and where it goes. err is why it can't be made, or what became of it.
func sent(t *testing.T, method, url string, o httpcore.RequestOptions, body func(q call)) (wire, address string, err error) {
	t.Helper()
	l, e := loop.New(loop.Options{
		Kernel:     simkernel.New(simkernel.Options{Seed: 1}).Kernel(),
		OnUncaught: func(err error) { t.Errorf("uncaught: %v", err) },
	})
	if e != nil {
		t.Fatal(e)
	}
	s := &sink{}
	o.Agent = httpcore.NewAgent(httpcore.AgentOptions{
		Connect: func(l *loop.Loop, network, addr string, done func(stream.Transport, error)) (func(), error) {
			address = network + " " + addr
			return nil, l.Post(func() {
				a, b := transporttest.Pair(l, 1<<20)
				s.m = b
				b.ReadStart(s)
				done(a, nil)
			})
		},
	})
	l.Post(func() {
		q, e := httpcore.NewRequest(l, method, url, o)
		if err = e; e != nil {
			return
		}
		q.OnError(func(e error) { err = e })
		if body != nil {
			body(q)
		} else {
			q.End()
		}
	})
	turns := func() {
		for range 100 {
			if _, err := l.RunNoWait(); err != nil {
				t.Fatal(err)
			}
		}
	}
	turns()
	wire = strings.ReplaceAll(s.text, "\r\n", "|")
	told := err
	o.Agent.Destroy()
	if s.m != nil {
		s.m.Close(nil)
	}
	turns()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	return wire, address, told
}

// bad is what must not get onto the wire anywhere.
var bad = []string{"\r", "\n", "\r\n", "\r\nX: y", "\r\n\r\nGET /evil HTTP/1.1\r\n\r\n", "\x00", "\x01", "\x7f"}

func TestNothingThatAUserGivesBecomesAnotherRequest(t *testing.T) {
	const url = "http://h/"
	refuse := func(what, method, url string, o httpcore.RequestOptions, body func(call), want error) {
		t.Helper()
		wire, _, err := sent(t, method, url, o, body)
		if !errors.Is(err, want) || wire != "" {
			t.Errorf("%s: got %v, want %v, and on the wire %q", what, err, want, wire)
		}
	}
	for _, s := range append([]string{" ", "\t", ":", "é", "(", "/"}, bad...) {
		refuse(fmt.Sprintf("method %q", s), s, url, httpcore.RequestOptions{}, nil, httpcore.ErrInvalidMethod)
		refuse(fmt.Sprintf("method with %q", s), "GE"+s+"T", url, httpcore.RequestOptions{}, nil, httpcore.ErrInvalidMethod)
		refuse(fmt.Sprintf("name with %q", s), "GET", url, fields("X"+s+"A", "1"), nil, httpcore.ErrInvalidName)
		refuse(fmt.Sprintf("name behind which %q", s), "GET", url, fields("X"+s, "1"), nil, httpcore.ErrInvalidName)
	}
	for _, s := range bad {
		refuse(fmt.Sprintf("value with %q", s), "GET", url, fields("X", "1"+s+"2"), nil, httpcore.ErrInvalidValue)
		refuse(fmt.Sprintf("host with %q", s), "GET", url, fields("Host", "a"+s+"b"), nil, httpcore.ErrInvalidValue)
		refuse(fmt.Sprintf("URL with %q in its host", s), "GET", "http://a"+s+"b/", httpcore.RequestOptions{}, nil, httpcore.ErrInvalidURL)
		refuse(fmt.Sprintf("URL with %q in its path", s), "GET", "http://a/b"+s+"c", httpcore.RequestOptions{}, nil, httpcore.ErrInvalidURL)
		refuse(fmt.Sprintf("URL with %q in its query", s), "GET", "http://a/?"+s+"c", httpcore.RequestOptions{}, nil, httpcore.ErrInvalidURL)
		refuse(fmt.Sprintf("trailer value with %q", s), "POST", url, httpcore.RequestOptions{}, func(q call) {
			if err := q.AddTrailer("X", "a"+s+"b"); err == nil {
				t.Error("a trailer's value was taken")
			}
			q.Destroy(httpcore.ErrInvalidValue)
		}, httpcore.ErrInvalidValue)
	}
	for _, s := range append([]string{" ", "\t", "é", "#", "#f"}, bad...) {
		for _, x := range []struct{ method, before, after string }{
			{"GET", "/a", "b"},
			{"GET", "/a?b", "c"},
			{"GET", "http://a", "b/c"},
			{"GET", "http://a/b", "c"},
			{"OPTIONS", "*", ""},
			{"CONNECT", "a", "b:1"},
			{"CONNECT", "a:1", "1"},
		} {
			refuse(fmt.Sprintf("target with %q", s), x.method, url, httpcore.RequestOptions{Target: x.before + s + x.after}, nil, httpcore.ErrInvalidTarget)
		}
	}
	for _, x := range []struct{ method, target string }{
		{"GET", "*"},
		{"GET", "a"},
		{"GET", "h:1"},
		{"GET", "http://"},
		{"GET", "http:///a"},
		{"GET", "http://u@h/"},
		{"GET", "http://h:x/"},
		{"GET", "http://h:65536/"},
		{"CONNECT", ""},
		{"CONNECT", "h"},
		{"CONNECT", "h:"},
		{"CONNECT", "h:0"},
		{"CONNECT", "h:65536"},
		{"CONNECT", "h:1/x"},
		{"CONNECT", "u@h:1"},
		{"CONNECT", "/"},
		{"CONNECT", "*"},
		{"CONNECT", "http://h:1"},
		{"CONNECT", ":1"},
		{"CONNECT", "[::1:1"},
	} {
		refuse(x.method+" "+x.target, x.method, url, httpcore.RequestOptions{Target: x.target}, nil, httpcore.ErrInvalidTarget)
	}
	for _, s := range []string{
		"http://", "http:///a", "http:h", "http:/h", "http://h:x/", "http://h:65536/", "http://h:0/", "http://[::1", "http://::1/", "http://[x]/", "http://h%0d%0a/", "http://b\u00fccher.example/",
		"http://a b/", "http://a\\b/", "http://a:1:2/",
	} {
		refuse(s, "GET", s, httpcore.RequestOptions{}, nil, httpcore.ErrInvalidURL)
	}
	for _, s := range []string{"", "h", "//h/", "/", "https://h/", "ftp://h/", "unix:/x", "httpx://h/"} {
		refuse(s, "GET", s, httpcore.RequestOptions{}, nil, httpcore.ErrInvalidProtocol)
	}
	refuse("half a field", "GET", url, fields("X"), nil, httpcore.ErrOddFields)
}

func TestTheFramingOfARequestIsOneAndIsRight(t *testing.T) {
	const url = "http://h/"
	abc := func(q call) { q.EndString("abc") }
	unsafe := &h1.Error{Code: h1.CodeUnsafe}
	for _, x := range []struct {
		method string
		fields []string
		body   func(call)
		want   error
	}{
		{"POST", []string{"Content-Length", "3", "Content-Length", "3"}, abc, httpcore.ErrInvalidValue},
		{"POST", []string{"Content-Length", "3", "content-length", "4"}, abc, httpcore.ErrInvalidValue},
		{"POST", []string{"Content-Length", "3", "Transfer-Encoding", "chunked"}, abc, httpcore.ErrInvalidValue},
		{"POST", []string{"Content-Length", "3, 3"}, abc, httpcore.ErrInvalidValue},
		{"POST", []string{"Content-Length", "+3"}, abc, httpcore.ErrInvalidValue},
		{"POST", []string{"Content-Length", "-3"}, abc, httpcore.ErrInvalidValue},
		{"POST", []string{"Content-Length", "0x3"}, abc, httpcore.ErrInvalidValue},
		{"POST", []string{"Content-Length", "3 "}, abc, nil},
		{"POST", []string{"Content-Length", ""}, abc, httpcore.ErrInvalidValue},
		{"POST", []string{"Content-Length", "99999999999999999999"}, abc, httpcore.ErrInvalidValue},
		{"POST", []string{"Content-Length", "2"}, abc, httpcore.ErrContentLength},
		{"POST", []string{"Content-Length", "4"}, abc, httpcore.ErrContentLength},
		{"POST", []string{"Content-Length", "0"}, abc, httpcore.ErrContentLength},
		{"POST", []string{"Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"}, abc, httpcore.ErrInvalidValue},
		{"POST", []string{"Transfer-Encoding", "gzip"}, abc, unsafe},
		{"POST", []string{"Transfer-Encoding", "gzip, chunked"}, abc, unsafe},
		{"POST", []string{"Transfer-Encoding", "chunked, chunked"}, abc, unsafe},
		{"POST", []string{"Transfer-Encoding", "identity"}, abc, unsafe},
		{"POST", []string{"Transfer-Encoding", "xchunked"}, abc, unsafe},
		{"POST", []string{"Transfer-Encoding", ""}, abc, unsafe},
		{"POST", []string{"Transfer-Encoding", "Chunked"}, abc, nil},
		{"GET", []string{"Host", "a", "Host", "b"}, nil, httpcore.ErrInvalidValue},
		{"GET", []string{"Host", "a", "Host", "a"}, nil, httpcore.ErrInvalidValue},
		{"GET", []string{"Host", "a b"}, nil, unsafe},
		{"GET", []string{"Host", "a/b"}, nil, unsafe},
		{"GET", []string{"Host", "u@a"}, nil, unsafe},
		{"GET", []string{"Host", "a, b"}, nil, unsafe},
		{"GET", []string{"Host", "a:8080"}, nil, nil},
		{"TRACE", nil, abc, httpcore.ErrBodyNotAllowed},
		{"TRACE", []string{"Content-Length", "3"}, abc, httpcore.ErrBodyNotAllowed},
		{"TRACE", []string{"Transfer-Encoding", "chunked"}, nil, httpcore.ErrBodyNotAllowed},
		{"POST", []string{"Content-Length", "3", "Trailer", "X"}, abc, httpcore.ErrInvalidTrailer},
	} {
		wire, _, err := sent(t, x.method, url, fields(x.fields...), x.body)
		if !errors.Is(err, x.want) || (wire == "") != (x.want != nil) {
			t.Errorf("%s %q: got %v, want %v, and on the wire %q", x.method, x.fields, err, x.want, wire)
		}
		if x.want == nil {
			one(t, wire)
		}
	}
	for _, name := range []string{"Content-Length", "Transfer-Encoding", "Host", "Connection", "Trailer", "TE", "Upgrade", "X\r\n", "X Y", "", "X:"} {
		sent(t, "POST", url, httpcore.RequestOptions{}, func(q call) {
			if q.AddTrailer(name, "1") == nil {
				t.Errorf("a trailer %q was taken", name)
			}
			q.End()
		})
	}
}

// counts has a Parser count messages.
type counts struct {
	h1.Handler
	messages int
}

func (*counts) OnMethod([]byte, bool)              {}
func (*counts) OnURL([]byte, bool)                 {}
func (*counts) OnVersion(int, int)                 {}
func (*counts) OnHeaderField([]byte, bool)         {}
func (*counts) OnHeaderValue([]byte, bool)         {}
func (*counts) OnMessageBegin()                    {}
func (*counts) OnHeadersComplete() h1.Answer       { return h1.Proceed }
func (*counts) OnBody([]byte)                      {}
func (*counts) OnChunkHeader(uint64)               {}
func (*counts) OnChunkComplete()                   {}
func (c *counts) OnMessageComplete()               { c.messages++ }
func (*counts) OnChunkExtensionName([]byte, bool)  {}
func (*counts) OnChunkExtensionValue([]byte, bool) {}

// one wants a strict server to see one whole request.
func one(t *testing.T, wire string) {
	t.Helper()
	var p h1.Parser
	c := &counts{}
	p.Reset(h1.Request, c, &h1.Limits{})
	if _, err := p.Execute([]byte(strings.ReplaceAll(wire, "|", "\r\n"))); err != nil || c.messages != 1 || !p.Between() {
		t.Errorf("a server sees %d messages and says %v: %q", c.messages, err, wire)
	}
}

func TestWhatIsAskedForAndWhere(t *testing.T) {
	for _, x := range []struct {
		method, url, target, host string
		wire, address             string
	}{
		{"GET", "http://h", "", "", "GET / HTTP/1.1|Host: h|", "tcp h:80"},
		{"GET", "http://h:80/", "", "", "GET / HTTP/1.1|Host: h|", "tcp h:80"},
		{"GET", "http://h:/", "", "", "GET / HTTP/1.1|Host: h|", "tcp h:80"},
		{"GET", "HTTP://H:8080/A", "", "", "GET /A HTTP/1.1|Host: H:8080|", "tcp h:8080"},
		{"GET", "http://h?q", "", "", "GET /?q HTTP/1.1|Host: h|", "tcp h:80"},
		{"GET", "http://h/a%20b?c%0d%0ad#e", "", "", "GET /a%20b?c%0d%0ad HTTP/1.1|Host: h|", "tcp h:80"},
		{"GET", "http://h/a b", "", "", "GET /a%20b HTTP/1.1|Host: h|", "tcp h:80"},
		{"GET", "http://h//x", "", "", "GET //x HTTP/1.1|Host: h|", "tcp h:80"},
		{"GET", "http://h/\u00e9", "", "", "GET /%C3%A9 HTTP/1.1|Host: h|", "tcp h:80"},
		{"GET", "http://[::1]/", "", "", "GET / HTTP/1.1|Host: [::1]|", "tcp [::1]:80"},
		{"GET", "http://[::1]:80/", "", "", "GET / HTTP/1.1|Host: [::1]|", "tcp [::1]:80"},
		{"GET", "http://[fe80::1%25lo]:81/", "", "", "GET / HTTP/1.1|Host: [fe80::1]:81|", "tcp [fe80::1%lo]:81"},
		{"GET", "http://xn--bcher-kva.example/", "", "", "GET / HTTP/1.1|Host: xn--bcher-kva.example|", "tcp xn--bcher-kva.example:80"},
		{"GET", "http://u:p@h/", "", "", "GET / HTTP/1.1|Host: h|Authorization: Basic dTpw|", "tcp h:80"},
		{"GET", "http://u@h/", "", "", "GET / HTTP/1.1|Host: h|Authorization: Basic dTo=|", "tcp h:80"},
		{"GET", "http://u%0D%0AX:p@h/", "", "", "GET / HTTP/1.1|Host: h|Authorization: Basic dQ0KWDpw|", "tcp h:80"},
		{"GET", "http://proxy:3128/", "http://other:81/x?y", "", "GET http://other:81/x?y HTTP/1.1|Host: other:81|", "tcp proxy:3128"},
		{"GET", "http://proxy:3128/", "http://other?y", "", "GET http://other?y HTTP/1.1|Host: other|", "tcp proxy:3128"},
		{"GET", "http://proxy:3128/", "http://other:81/x", "other:81", "GET http://other:81/x HTTP/1.1|Host: other:81|", "tcp proxy:3128"},
		{"GET", "http://proxy:3128/", "http://other:81/x", "evil", "", ""},
		{"GET", "http://h/", "", "virtual", "GET / HTTP/1.1|Host: virtual|", "tcp h:80"},
		{"OPTIONS", "http://h/", "*", "", "OPTIONS * HTTP/1.1|Host: h|", "tcp h:80"},
		{"CONNECT", "http://proxy:3128/", "h:1", "", "CONNECT h:1 HTTP/1.1|Host: h:1|", "tcp proxy:3128"},
		{"CONNECT", "http://proxy:3128/", "[::1]:1", "", "CONNECT [::1]:1 HTTP/1.1|Host: [::1]:1|", "tcp proxy:3128"},
		{"CONNECT", "http://proxy:3128/", "h:1", "evil:1", "", ""},
		{"get", "http://h/", "", "", "get / HTTP/1.1|Host: h|", "tcp h:80"},
	} {
		o := httpcore.RequestOptions{Target: x.target}
		if x.host != "" {
			o.Header = []string{"Host", x.host}
		}
		wire, address, err := sent(t, x.method, x.url, o, nil)
		want := x.wire
		switch {
		case want == "":
			if err == nil || wire != "" {
				t.Errorf("%s %s %s with Host %s: got %q, want an error", x.method, x.url, x.target, x.host, wire)
			}
			continue
		case x.method == "get":
			want += "Connection: keep-alive|Content-Length: 0||"
		default:
			want += "Connection: keep-alive||"
		}
		if wire != want || address != x.address || err != nil {
			t.Errorf("%s %s %s: got %q to %s, %v; want %q to %s", x.method, x.url, x.target, wire, address, err, want, x.address)
		}
		if x.method != "CONNECT" {
			one(t, wire)
		}
	}
}
