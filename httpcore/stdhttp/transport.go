package stdhttp

import (
	"net/http"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
)

// Transport is an http.RoundTripper on httpcore's client: what is written for net/http's client, http.Client itself, SDKs,
// httputil.ReverseProxy, makes its requests on loops. NewTransport makes one. Any number of goroutines may use it, but none
// that runs a loop.
type Transport struct {
	next func() *loop.Loop
	o    TransportOptions
}

var _ http.RoundTripper = (*Transport)(nil)

// TransportOptions say how a Transport makes its requests. The zero value is good.
type TransportOptions struct {
	// Request are the options of each request. Its Agent has the connections; nil is an Agent of the Transport's own. Its Header
	// are fields for requests that have none of that name. Its HighWaterMark, the mark of either body, is 64 KiB by default: each
	// piece of a body costs a way to the loop and back. Target, Context and Timeout are not looked at.
	Request httpcore.RequestOptions
}

// defaultMark is what HighWaterMark is by default.
const defaultMark = 64 << 10

// NewTransport returns a Transport. next says which loop a request is made on: Group.Next gives each in turn, and
// func() *loop.Loop { return l } always the same. Any goroutine calls it. A connection serves only its own loop's
// requests. A nil next panics.
//
// The loops must run until the last answer has been read or closed: a request to a loop that does not run waits for it, or for
// its context.
func NewTransport(next func() *loop.Loop, o TransportOptions) *Transport {
	if next == nil {
		panic("stdhttp: NewTransport without a loop")
	}
	if o.Request.Agent == nil {
		o.Request.Agent = httpcore.NewAgent(httpcore.AgentOptions{})
	}
	if o.Request.HighWaterMark == 0 {
		o.Request.HighWaterMark = defaultMark
	}
	o.Request.Target, o.Request.Context, o.Request.Timeout = "", nil, 0
	return &Transport{next: next, o: o}
}

// Agent is what has the connections.
func (t *Transport) Agent() *httpcore.Agent { return t.o.Request.Agent }

// CloseIdleConnections closes the connections that are idle, soon, on their loops. http.Client has a method that calls it.
func (t *Transport) CloseIdleConnections() { t.Agent().CloseIdleConnections() }

// RoundTrip makes a request and returns the answer when its head is there, whatever its status; the body follows as it is read,
// and must be read to its end or closed. The request is not changed. Its body is closed in any case, perhaps later.
//
// The context ends everything at any time, until the end of the body has been read or a protocol was switched. An error is,
// by errors.Is, what has caused it: context.Canceled or DeadlineExceeded and the context's cause, an errno, an error of
// httpcore's, what the request's body has failed with; its Timeout method is what net.Error says. Of a body that is cut off it is
// io.ErrUnexpectedEOF as well.
//
// It waits for the loop, so it returns stream.ErrWouldBlock on the goroutine of the one that next has given.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	x := &trip{t: t, r: r, l: t.next()}
	x.bell = make(chan struct{}, 1)
	if err := x.prepare(); err != nil {
		x.closeBody()
		return nil, tripError(err)
	}
	res, err := x.run()
	if err != nil {
		x.giveUp(err)
		return nil, x.failure(err)
	}
	return res, nil
}
