package httpcore

import (
	"bytes"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// Client makes requests whose bodies are held in memory, whole: what most programs ask of an API. What is large, or goes on
// for long, is a ClientRequest.
type Client struct{ o ClientOptions }

// ClientOptions say how a Client makes its requests. The zero value is good.
type ClientOptions struct {
	// Request are the options of each request; its Header comes before a Call's own.
	Request RequestOptions
	// MaxBody is how long the body of an answer may be, in bytes; more is ErrBodyTooLarge. Default 10 MiB; negative is no limit.
	MaxBody int
	// MaxRedirects is how many redirections are followed, by the rules of fetch: 301 and 302 turn a POST into a GET, 303 all but
	// a HEAD; a request for another origin loses its Authorization, Cookie and Proxy-Authorization. More is
	// ErrTooManyRedirects. Default 0: none is followed, and a 3xx is an answer like any other.
	MaxRedirects int
}

const defaultMaxReply = 10 << 20

// NewClient returns a Client. It may be used on any number of loops.
func NewClient(o ClientOptions) *Client {
	if o.MaxBody == 0 {
		o.MaxBody = defaultMaxReply
	}
	return &Client{o}
}

// Call is a request, whole.
type Call struct {
	// Method is GET if it is "".
	Method string
	// URL is whom and what to ask: see NewRequest.
	URL string
	// Header are fields, in turn name and value.
	Header []string
	// Body is read until the call is over. nil is none.
	Body []byte
	// Context ends the call when it is done, in place of that of the options.
	Context context.Context
}

// Reply is an answer, whole. It is its receiver's, on any goroutine.
type Reply struct {
	// StatusCode is the status, whatever it is, and StatusMessage the reason phrase as it was received.
	StatusCode    int
	StatusMessage string
	// URL is where it came from: the call's, unless there were redirections.
	URL string
	// Body is the whole body, without its framing.
	Body []byte

	fields, tail section
}

// Header is IncomingMessage.Header.
func (p *Reply) Header(name string) string { return p.fields.joined(name) }

// HeaderValues is IncomingMessage.HeaderValues.
func (p *Reply) HeaderValues(name string) []string { return p.fields.values(name) }

// RawHeaders is IncomingMessage.RawHeaders.
func (p *Reply) RawHeaders() []string { return p.fields.raw() }

// Trailer is IncomingMessage.Trailer.
func (p *Reply) Trailer(name string) string { return p.tail.joined(name) }

// Do makes a request, and calls fn once, later: with the answer, whatever its status, or with why there is none. It is for l's
// goroutine, as fn is.
func (c *Client) Do(l *loop.Loop, call Call, fn func(*Reply, error)) {
	if call.Method == "" {
		call.Method = "GET"
	}
	x := &calling{c: c, l: l, call: call, fn: fn}
	x.call.Header = slices.Concat(c.o.Request.Header, call.Header)
	x.begin()
}

// Fetch is Do for goroutines other than the loop's: it waits. l must run: where it does not, only ctx ends the wait. When ctx is
// done it returns its cause, and the call is ended. On the loop's own goroutine it returns stream.ErrWouldBlock, on a loop that
// is closed already an error. The call's slices may be used again when it returns.
func (c *Client) Fetch(ctx context.Context, l *loop.Loop, call Call) (*Reply, error) {
	if l.OnLoop() {
		return nil, stream.ErrWouldBlock
	}
	type result struct {
		reply *Reply
		err   error
	}
	done := make(chan result, 1)
	call.Context = ctx
	call.Body, call.Header = bytes.Clone(call.Body), slices.Clone(call.Header) // it may return while they are in use
	err := l.Post(func() {
		c.Do(l, call, func(p *Reply, err error) { done <- result{p, err} })
	})
	if err != nil {
		return nil, err
	}
	select {
	case r := <-done:
		return r.reply, r.err
	case <-ctx.Done():
		return nil, ErrCanceled.because(context.Cause(ctx))
	}
}

// calling is a Call under way.
type calling struct {
	c     *Client
	l     *loop.Loop
	call  Call
	fn    func(*Reply, error) // nil once it was called
	turns int                 // redirections so far
	req   *ClientRequest
	reply *Reply // once it is whole
}

// begin makes the request.
func (x *calling) begin() {
	o := x.c.o.Request
	o.Header = x.call.Header
	if x.call.Context != nil {
		o.Context = x.call.Context
	}
	r, err := NewRequest(x.l, x.call.Method, x.call.URL, o)
	if err != nil {
		x.l.NextTick(func() { x.tell(nil, err) })
		return
	}
	x.req = r
	r.OnResponse(func(res *IncomingMessage) {
		if x.redirected(res) {
			return
		}
		limit := x.c.o.MaxBody
		if limit < 0 {
			limit = int(^uint(0) >> 1)
		}
		res.Collect(limit, func(body []byte, err error) { x.collected(res, body, err) })
	})
	r.OnError(func(err error) {
		if x.req == r {
			x.tell(nil, err)
		}
	})
	r.OnClose(func() {
		switch {
		case x.req != r:
		case x.reply != nil:
			x.tell(x.reply, nil) // now its connection serves the next request, which may be made in the callback
		default:
			x.tell(nil, ErrHangUp)
		}
	})
	r.EndWith(x.call.Body, nil)
}

// collected is the answer being whole, or not.
func (x *calling) collected(res *IncomingMessage, body []byte, err error) {
	if err != nil {
		x.tell(nil, err)
		x.req.Destroy(nil)
		return
	}
	x.reply = &Reply{
		StatusCode: res.StatusCode(), StatusMessage: res.StatusMessage(), URL: x.call.URL, Body: body,
		fields: res.fields(), tail: res.extra().tail,
	}
	if !x.req.WritableFinished() {
		x.tell(x.reply, nil) // the server has answered early, and may take the rest of the request or not
	}
}

// tell calls fn.
func (x *calling) tell(p *Reply, err error) {
	if fn := x.fn; fn != nil {
		x.fn = nil
		fn(p, err)
	}
}

// redirected makes the request that an answer asks for, if it does and may.
func (x *calling) redirected(res *IncomingMessage) bool {
	to := res.Header("Location")
	if x.c.o.MaxRedirects == 0 || to == "" || !slices.Contains([]int{301, 302, 303, 307, 308}, res.StatusCode()) {
		return false
	}
	r := x.req
	x.req = nil
	res.dump()
	if x.turns++; x.turns > x.c.o.MaxRedirects {
		r.Destroy(nil)
		x.tell(nil, ErrTooManyRedirects)
		return true
	}
	from, err := url.Parse(x.call.URL)
	if err != nil {
		x.tell(nil, ErrInvalidURL.because(err))
		return true
	}
	target, err := from.Parse(to)
	if err != nil {
		x.tell(nil, ErrInvalidURL.because(err))
		return true
	}
	x.redirect(res.StatusCode(), from, target)
	x.begin()
	return true
}

// redirect changes the call as fetch does.
func (x *calling) redirect(status int, from, to *url.URL) {
	method := x.call.Method
	if (status == 301 || status == 302) && method == "POST" || status == 303 && method != "GET" && method != "HEAD" {
		x.call.Method, x.call.Body = "GET", nil
		x.without("Content-Type", "Content-Length", "Content-Encoding", "Content-Language", "Content-Location", "Transfer-Encoding", "Expect")
	}
	if !strings.EqualFold(from.Host, to.Host) || from.Scheme != to.Scheme {
		x.without("Authorization", "Cookie", "Proxy-Authorization", "Host")
	} else if to.User == nil {
		to.User = from.User
	}
	to.Fragment = ""
	x.call.URL = to.String()
}

// without takes fields out of the call.
func (x *calling) without(names ...string) {
	var kept []string
	for i := 0; i+1 < len(x.call.Header); i += 2 {
		if !slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, x.call.Header[i]) }) {
			kept = append(kept, x.call.Header[i], x.call.Header[i+1])
		}
	}
	x.call.Header = kept
}
