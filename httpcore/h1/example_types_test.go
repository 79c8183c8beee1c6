package h1_test

import (
	"errors"
	"fmt"

	"github.com/weir-go/weir/httpcore/h1"
)

// pieces gathers a target, which comes in as many pieces as the input was cut into.
type pieces struct {
	h1.Nop
	target []byte
}

func (g *pieces) OnURL(p []byte, last bool) {
	g.target = append(g.target, p...) // a copy: p is borrowed
	if last {
		fmt.Printf("target %s\n", g.target)
		g.target = g.target[:0]
	}
}

// A Handler keeps what it needs of a span, and learns from last that there is no more of it.
func ExampleHandler() {
	var p h1.Parser
	var h h1.Handler = &pieces{}
	p.Reset(h1.Request, h, nil)
	for _, data := range []string{"GET /a", "/long", "/path HTTP/1.1\r\nHost: a\r\n\r\n"} {
		if _, err := p.Execute([]byte(data)); err != nil {
			fmt.Println(err)
		}
	}
	// Output: target /a/long/path
}

// bodies has Nop for all that it does not look at.
type bodies struct {
	h1.Nop
	bytes int
}

func (b *bodies) OnBody(p []byte) { b.bytes += len(p) }

func ExampleNop() {
	var p h1.Parser
	b := &bodies{}
	p.Reset(h1.Request, b, nil)
	_, err := p.Execute([]byte("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"))
	fmt.Println(b.bytes, err)
	// Output: 6 <nil>
}

// A Code tells one mistake from another: for a metric by its name, or with errors.Is.
func ExampleCode() {
	refused := map[string]int{}
	for _, text := range []string{"GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"} {
		var p h1.Parser
		p.Reset(h1.Request, h1.Nop{}, nil)
		_, err := p.Execute([]byte(text))
		if e := (*h1.Error)(nil); errors.As(err, &e) {
			refused[e.Code.String()]++
		}
		if errors.Is(err, &h1.Error{Code: h1.CodeCRExpected}) {
			fmt.Println("a line without CR")
		}
	}
	fmt.Println(refused)
	// Output:
	// a line without CR
	// map[CR_EXPECTED:1 INVALID_HOST:2]
}

// stopper has the parser stop at each body, and fails at a DELETE.
type stopper struct {
	h1.Nop
	p *h1.Parser
}

func (s stopper) OnBody([]byte) { s.p.Pause() }

func (s stopper) OnMethod(p []byte, last bool) {
	if string(p) == "DELETE" {
		s.p.Fail(errors.New("nothing is deleted here"))
	}
}

// Who counts its clients' mistakes must not count its own, nor what is none.
func ExampleFault() {
	names := map[h1.Fault]string{h1.FaultNone: "nobody's", h1.FaultPeer: "the client's", h1.FaultLocal: "ours"}
	for _, text := range []string{
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n.",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n.",
		"DELETE / HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		var p h1.Parser
		p.Reset(h1.Request, stopper{p: &p}, nil)
		_, err := p.Execute([]byte(text))
		if e := (*h1.Error)(nil); errors.As(err, &e) {
			fmt.Println(e.Code, "is", names[e.Fault()])
		}
	}
	// Output:
	// PAUSED is nobody's
	// INVALID_CONTENT_LENGTH is the client's
	// USER is ours
}

// A client reads responses. One without a length lasts until the connection ends, which the parser must be told.
func ExampleKind() {
	var p h1.Parser
	b := &bodies{}
	p.Reset(h1.Response, b, nil)
	_, err := p.Execute([]byte("HTTP/1.1 200 OK\r\n\r\nhello"))
	fmt.Println(p.StatusCode(), b.bytes, err, "complete:", p.Between())
	err = p.Finish()
	fmt.Println(err, "complete:", p.Between())
	// Output:
	// 200 5 <nil> complete: false
	// <nil> complete: true
}

// answers is a client's: only it knows what the responses are for.
type answers struct {
	h1.Nop
	methods []string // of the requests that were sent, in order
}

func (a *answers) OnHeadersComplete() h1.Answer {
	method := a.methods[0]
	a.methods = a.methods[1:]
	switch method {
	case "HEAD":
		return h1.NoBody
	case "CONNECT":
		return h1.Upgrade
	}
	return h1.Proceed
}

func (a *answers) OnBody(p []byte) { fmt.Printf("body %s\n", p) }

func (a *answers) OnMessageComplete() { fmt.Println("complete") }

// A response to HEAD has a length and no body; behind one to CONNECT a tunnel begins.
func ExampleAnswer() {
	var p h1.Parser
	p.Reset(h1.Response, &answers{methods: []string{"HEAD", "GET", "CONNECT"}}, nil)
	text := "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" +
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" +
		"HTTP/1.1 200 OK\r\n\r\nno HTTP"
	n, err := p.Execute([]byte(text))
	fmt.Println(errors.Is(err, h1.ErrUpgrade), text[n:])
	// Output:
	// complete
	// body hello
	// complete
	// complete
	// true no HTTP
}
