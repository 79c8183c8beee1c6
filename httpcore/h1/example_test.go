package h1_test

import (
	"errors"
	"fmt"

	"github.com/weir-go/weir/httpcore/h1"
)

// request prints what a parser tells of.
type request struct {
	h1.Nop
	name []byte
}

func (r *request) OnURL(p []byte, last bool) { fmt.Printf("target %s\n", p) }

func (r *request) OnHeaderField(p []byte, last bool) { r.name = append(r.name, p...) }

func (r *request) OnHeaderValue(p []byte, last bool) {
	fmt.Printf("%s is %s\n", r.name, h1.TrimOWS(p))
	r.name = r.name[:0]
}

func (r *request) OnBody(p []byte) { fmt.Printf("body %s\n", p) }

func (r *request) OnMessageComplete() { fmt.Println("complete") }

func ExampleParser() {
	var p h1.Parser
	p.Reset(h1.Request, &request{}, nil)
	n, err := p.Execute([]byte("POST /up HTTP/1.1\r\nHost: example.org\r\nContent-Length: 5\r\n\r\nhello"))
	fmt.Println(n, err)
	_, err = p.Execute([]byte("GET / HTTP/1.1\r\nHost : example.org\r\n\r\n"))
	fmt.Println(err)
	// Output:
	// target /up
	// Host is example.org
	// Content-Length is 5
	// body hello
	// complete
	// 64 <nil>
	// target /
	// h1: INVALID_HEADER_TOKEN at byte 84: whitespace between a field's name and its colon
}

// A message is written part by part, behind one another, into memory of the caller's. What would not be read back as what
// was meant is refused, and nothing of it written.
func ExampleAppendChunk() {
	b, _ := h1.AppendStatusLine(nil, 200, "OK")
	b, _ = h1.AppendField(b, "Transfer-Encoding", "chunked")
	b, err := h1.AppendField(b, "Location", "/\r\nSet-Cookie: evil=1")
	fmt.Println(err)
	b = h1.AppendSectionEnd(b)
	b = h1.AppendChunk(b, "hello")
	b = h1.AppendLastChunk(b)
	b, _ = h1.AppendTrailer(b, "Server-Timing", "app;dur=5")
	b = h1.AppendSectionEnd(b)
	fmt.Printf("%q\n", b)
	// Output:
	// h1: UNSAFE: a control byte in a field's value
	// "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nServer-Timing: app;dur=5\r\n\r\n"
}

// An error says whose fault it was, and what a server would answer.
func ExampleError() {
	var p h1.Parser
	p.Reset(h1.Request, h1.Nop{}, nil)
	_, err := p.Execute([]byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"))
	var e *h1.Error
	if errors.As(err, &e) {
		fmt.Println(e.Reason)
		fmt.Println(e.Code, e.Status, e.Fault() == h1.FaultPeer)
	}
	// Output:
	// Transfer-Encoding beside Content-Length
	// INVALID_TRANSFER_ENCODING 400 true
}

// Every limit has a default; this is for a server that wants smaller heads.
func ExampleLimits() {
	var p h1.Parser
	p.Reset(h1.Request, h1.Nop{}, &h1.Limits{Header: 1 << 10, Fields: 2})
	_, err := p.Execute([]byte("GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\n\r\n"))
	fmt.Println(h1.StatusOf(err), err)
	// Output: 431 h1: HEADER_OVERFLOW at byte 31: too many fields
}
