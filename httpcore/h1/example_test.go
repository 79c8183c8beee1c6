package h1_test

import (
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
