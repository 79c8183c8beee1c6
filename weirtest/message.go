package weirtest

import (
	"fmt"
	"strings"

	"github.com/weir-go/weir/httpcore/h1"
)

// Message is what requests and responses have in common, as they were received.
type Message struct {
	// Fields are the names and values of the header section, in turn.
	Fields []string
	// Body is the body without its framing.
	Body []byte
	// Trailers are the fields of the trailer section.
	Trailers []string
}

// Header is the first value of a field, in any case of its name; "" if there is none.
func (m *Message) Header(name string) string {
	for i := 0; i+1 < len(m.Fields); i += 2 {
		if strings.EqualFold(m.Fields[i], name) {
			return m.Fields[i+1]
		}
	}
	return ""
}

// Response is an answer that a client has received.
type Response struct {
	Message
	// StatusCode is 200 and the like, and Reason what stands behind it in the status line.
	StatusCode int
	Reason     string
	// Interim are the statuses of the 1xx responses before it.
	Interim []int
}

// Request is a request that an upstream server has received.
type Request struct {
	Message
	Method, Target string
}

// reader reads one message. Whatever weir writes has to be what the strict parser takes.
type reader struct {
	h1.Nop
	p      h1.Parser
	noBody bool // it answers a HEAD
	name   []byte
	value  []byte

	m       Message
	method  []byte
	target  []byte
	reason  []byte
	status  int
	interim []int
	done    bool
}

func (r *reader) OnMethod(b []byte, _ bool) { r.method = append(r.method, b...) }
func (r *reader) OnURL(b []byte, _ bool)    { r.target = append(r.target, b...) }
func (r *reader) OnStatus(b []byte, _ bool) { r.reason = append(r.reason, b...) }

func (r *reader) OnHeaderField(b []byte, _ bool) { r.name = append(r.name, b...) }

func (r *reader) OnHeaderValue(b []byte, last bool) {
	r.value = append(r.value, b...)
	if !last {
		return
	}
	list := &r.m.Fields
	if r.p.InTrailers() {
		list = &r.m.Trailers
	}
	*list = append(*list, string(r.name), string(h1.TrimOWS(r.value)))
	r.name, r.value = r.name[:0], r.value[:0]
}

func (r *reader) OnHeadersComplete() h1.Answer {
	r.status = r.p.StatusCode()
	if r.noBody && r.status >= 200 {
		return h1.NoBody
	}
	return h1.Proceed
}

func (r *reader) OnBody(b []byte) { r.m.Body = append(r.m.Body, b...) }

func (r *reader) OnMessageComplete() {
	if r.status >= 100 && r.status < 200 && r.status != 101 {
		r.interim = append(r.interim, r.status)
		r.m, r.reason = Message{}, nil
		return
	}
	r.done = true
	r.p.Pause() // what comes behind it is another's
}

// read reads the first message of b, and returns how long it is. It is not done if more has to come.
func (r *reader) read(kind h1.Kind, b []byte, ended bool) (n int, err error) {
	r.p.Reset(kind, r, nil)
	n, err = r.p.Execute(b)
	if !r.done && err == nil && ended {
		err = r.p.Finish()
	}
	if r.done {
		return n, nil
	}
	return n, err
}

// ReadResponse waits for one whole answer and takes it, with the interim ones before it. It fails the test if that does not come in
// Patience, is cut off, or is not what RFC 9112 allows. For the answer to a HEAD see ReadHead.
func (p *Peer) ReadResponse() *Response {
	p.w.t.Helper()
	r, err := p.response(false)
	if err != nil {
		p.w.t.Fatal(err)
	}
	return r
}

// ReadHead is ReadResponse of an answer that has no body although its fields speak of one, as that to a HEAD.
func (p *Peer) ReadHead() *Response {
	p.w.t.Helper()
	r, err := p.response(true)
	if err != nil {
		p.w.t.Fatal(err)
	}
	return r
}

// TryResponse is ReadResponse for worlds where connections may break: it returns why there is no whole answer.
func (p *Peer) TryResponse() (*Response, error) {
	p.w.t.Helper()
	return p.response(false)
}

func (p *Peer) response(noBody bool) (*Response, error) {
	p.w.t.Helper()
	r, err := p.message(h1.Response, noBody)
	if err != nil {
		return nil, fmt.Errorf("weirtest: no whole answer: %w", err)
	}
	return &Response{r.m, r.status, string(r.reason), r.interim}, nil
}

// ReadRequest waits for one whole request and takes it. It fails the test as ReadResponse does.
func (p *Peer) ReadRequest() *Request {
	p.w.t.Helper()
	r, err := p.message(h1.Request, false)
	if err != nil {
		p.w.t.Fatalf("weirtest: no whole request: %v", err)
	}
	return &Request{r.m, string(r.method), string(r.target)}
}

// message waits for a message and takes it. A long one is looked at each time that it has grown by half, so that reading it does
// not cost the square of its length.
func (p *Peer) message(kind h1.Kind, noBody bool) (r *reader, err error) {
	p.w.t.Helper()
	n, enough := 0, 0
	try := func() bool {
		if len(p.got) < enough && p.err == nil {
			return false
		}
		r = &reader{noBody: noBody}
		n, err = r.read(kind, p.got, p.err != nil)
		enough = len(p.got) + 1
		if len(p.got) > 1<<16 {
			enough = len(p.got) + len(p.got)/2
		}
		return r.done || err != nil
	}
	ok := p.w.until(p.w.o.Patience, func() bool { return try() || p.err != nil })
	if enough = 0; !r.done && err == nil && len(p.got) > 0 {
		try()
	}
	switch {
	case r.done:
		p.got = p.got[n:]
		return r, nil
	case err == nil && p.err != nil:
		err = fmt.Errorf("the connection has ended: %w", p.err)
	case err == nil && !ok:
		err = fmt.Errorf("it has not come in %v", p.w.o.Patience)
	}
	return nil, fmt.Errorf("%w; got %q", err, brief(p.got))
}

// Get dials address, gets target from it and returns the answer: the shortest way to ask whether a server is well.
func (w *World) Get(address, target string) *Response {
	w.t.Helper()
	return w.Ask(address, "GET", target, "")
}

// Ask dials address, makes one request with a body and header fields in turn, and returns the answer. The connection is closed
// then.
func (w *World) Ask(address, method, target, body string, fields ...string) *Response {
	w.t.Helper()
	p := w.Dial(address)
	defer p.Close()
	p.Write(RequestText(method, target, body, append(fields, "Connection", "close")...))
	if method == "HEAD" {
		return p.ReadHead()
	}
	return p.ReadResponse()
}

// RequestText is a request as it is on the wire: with Host, with Content-Length if it has a body, and header fields in turn. Nothing is
// checked, so that it can be wrong.
func RequestText(method, target, body string, fields ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: weir.test\r\n", method, target)
	for i := 0; i+1 < len(fields); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", fields[i], fields[i+1])
	}
	if body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.WriteString(body)
	return b.String()
}
