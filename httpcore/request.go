package httpcore

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// ClientRequest is a request that a client makes: a writable stream of its body, which is framed and handed to the transport as
// a ServerResponse is. Its answer is a readable stream.
//
//	req, err := httpcore.NewRequest(l, "GET", "http://127.0.0.1:8080/", httpcore.RequestOptions{})
//	req.OnResponse(func(res *httpcore.IncomingMessage) { res.Pipe(dst) })
//	req.OnError(func(err error) { … })
//	req.End()
//
// It asks its Agent for a connection at once, and sends nothing before something is written, FlushHeaders or End: a request is
// always ended, with a body or without. If nobody has set a framing, a body that is given to End as a whole has a
// Content-Length, and one that is written in pieces is chunked, whatever the method.
//
// OnClose is the last event of every request. If there was no answer, or it was cut off by more than the server's end, OnError
// comes before it; if nobody listens, the error goes to the loop's OnUncaught. An answer that is cut off fails as a stream.
//
// It belongs to the loop's goroutine.
type ClientRequest struct {
	outgoing
	mine   extras // every request waits for its connection, and most have somebody who listens
	o      keptOptions
	p      *pool
	key    originKey
	method string
	target string
	host   string // for the Host field

	waits      *origin // while it waits for a connection
	prev, next *ClientRequest
	dial       *dialling   // what is being made for it
	conn       *clientConn // while it has one
	res        *IncomingMessage
	firstHeld  [1]piece      // where what is kept begins: the head, as a rule, until there is a connection
	replay     []byte        // a body that may be sent once more
	timeout    time.Duration // SetTimeout
	whole      *loop.Timer   // TotalTimeout
	stop       func() bool   // has the context forget about it

	keepAlive bool
	queued    bool // no connection is being made for it, because of a limit
	reused    bool // the connection has served others
	retried   bool // once is enough
	leaving   bool // its connection is somebody's who speaks another protocol
	unwanted  bool // Destroy was called: nobody reads the rest of an answer

	onResponse    stream.Listeners[func(*IncomingMessage)]
	onInformation stream.Listeners[func(*Information)]
	onContinue    stream.Listeners[func()]
	onSocket      stream.Listeners[func()]
	onTimeout     stream.Listeners[func()]
	onUpgrade     func(*IncomingMessage, *stream.Socket, []byte)
	onConnect     func(*IncomingMessage, *stream.Socket, []byte)
}

var _ message = (*ClientRequest)(nil)

// RequestOptions say how a request is made. The zero value is good. In a duration a negative value is no limit.
type RequestOptions struct {
	// Agent has the connections. nil is DefaultAgent.
	Agent *Agent
	// Header are fields, in turn name and value. A name that is given twice has two lines. Host, Connection and the framing
	// are added where they are missing.
	Header []string
	// Target is what is asked for, if it is not the URL's path and query: "*", a whole URL for a proxy, or "host:port" for
	// CONNECT, which needs it.
	Target string
	// SocketPath is a Unix socket to connect to. The URL's host is then only a name.
	SocketPath string
	// LocalAddr is where to connect from: see loop.DialOptions.
	LocalAddr netip.AddrPort
	// HighWaterMark is the mark of the body and of the response's, in bytes. Default 16 KiB; stream.NoBuffer is as little as can be,
	// and other negative values panic. Either may be changed later: see SetWritableHighWaterMark, and
	// IncomingMessage.SetReadableHighWaterMark.
	HighWaterMark int
	// Context destroys the request when it is done, with ErrCanceled for what has caused that.
	Context context.Context
	// Timeout is what SetTimeout would be given. Default 0: nothing is told.
	Timeout time.Duration
	// TotalTimeout is how long the whole may take, from NewRequest to the end of the response, with all waiting. It is exact.
	// Default 0: no limit, as negative ones are.
	TotalTimeout time.Duration
	// HeaderTimeout is how long the server may take to answer, once the request is sent. Default 5 min.
	HeaderTimeout time.Duration
	// BodyTimeout is how long it may send nothing of its answer. While we are the ones who do not read, it does not count.
	// Default 5 min.
	BodyTimeout time.Duration
	// WriteTimeout is how long it may take nothing of what it is sent. Default 30 s.
	WriteTimeout time.Duration
	// ContinueTimeout is how long a body waits for the 100 that an Expect field asks for: RFC 9110 section 10.1.1. Then it is
	// sent all the same. Default 1 s.
	ContinueTimeout time.Duration
	// NoRetry has a request fail that was sent over a connection that had served others and turned out to be closed. By default
	// such a request is made once more, if nothing of an answer has come and its method is idempotent, with its body if that
	// was given to End as a whole and has 16 KiB at most: RFC 9112 section 9.3.1.
	NoRetry bool
}

const (
	defaultResponseTimeout = 5 * time.Minute
	defaultContinueTimeout = time.Second

	// maxReplay is how much of a body is kept for a second try.
	maxReplay = 16 << 10
)

// keptOptions are those that count for longer than NewRequest. The others need not lie about as long as a request does.
type keptOptions struct {
	Agent                                                     *Agent
	HighWaterMark                                             int
	HeaderTimeout, BodyTimeout, WriteTimeout, ContinueTimeout time.Duration
	NoRetry                                                   bool
}

func (o *RequestOptions) kept() keptOptions {
	return keptOptions{o.Agent, o.HighWaterMark, o.HeaderTimeout, o.BodyTimeout, o.WriteTimeout, o.ContinueTimeout, o.NoRetry}
}

func (o *RequestOptions) setDefaults() {
	finite(&o.HeaderTimeout, defaultResponseTimeout)
	finite(&o.BodyTimeout, defaultResponseTimeout)
	finite(&o.WriteTimeout, defaultWriteTimeout)
	finite(&o.ContinueTimeout, defaultContinueTimeout)
	if o.Agent == nil {
		o.Agent = DefaultAgent
	}
	if o.HighWaterMark == 0 {
		o.HighWaterMark = stream.DefaultHighWaterMark
	}
}

// NewRequest begins a request to an http URL. It returns ErrInvalidMethod, ErrInvalidURL, ErrInvalidProtocol, ErrInvalidTarget,
// the errors of SetHeader for the fields of the options, or ErrAgentClosed; everything else is told by OnError, later. It is
// for l's goroutine.
//
// A user in the URL is sent as Basic authorization (RFC 7617), unless there is an Authorization field.
func NewRequest(l *loop.Loop, method, url string, o RequestOptions) (*ClientRequest, error) {
	if !h1.ValidMethod(method) {
		return nil, ErrInvalidMethod
	}
	o.setDefaults()
	r := &ClientRequest{o: o.kept(), method: method, timeout: o.Timeout, keepAlive: !o.Agent.o.NoKeepAlive}
	auth, err := r.resolve(url, &o)
	if err != nil {
		return nil, err
	}
	if r.p, err = o.Agent.on(l); err != nil {
		return nil, err
	}
	r.init(&r.p.shared, r)
	r.mine.mark = writableMark(o.HighWaterMark)
	r.more = &r.mine
	r.mine.held = r.firstHeld[:0]
	if err := r.setUp(o.Header, auth); err != nil {
		r.p.leave()
		return nil, err
	}
	r.begin(l, &o)
	return r, nil
}

// setUp sets the fields that the options have.
func (r *ClientRequest) setUp(fields []string, auth string) error {
	if err := r.addAll(fields); err != nil {
		return err
	}
	if auth != "" && !r.HasHeader("Authorization") {
		r.AppendHeader("Authorization", auth)
	}
	if r.expects() {
		return r.FlushHeaders()
	}
	return nil
}

// begin asks for a connection, and has everything that may end the request do so.
func (r *ClientRequest) begin(l *loop.Loop, o *RequestOptions) {
	o.Agent.counts.requests.Add(1)
	if o.TotalTimeout > 0 {
		r.whole = l.NewTimer()
		r.whole.Start(func() { r.abort(ErrResponseTimeout) }, o.TotalTimeout, 0)
	}
	switch ctx := o.Context; {
	case ctx == nil:
	case ctx.Err() != nil:
		l.NextTick(func() { r.abort(ErrCanceled.because(context.Cause(ctx))) }) // before there is a connection
	default:
		r.stop = context.AfterFunc(ctx, func() {
			_ = l.Post(func() { r.abort(ErrCanceled.because(context.Cause(ctx))) })
		})
	}
	r.p.origin(r.key).request(r)
}

// abort is Destroy, for good.
func (r *ClientRequest) abort(err error) {
	r.retried = true
	r.Destroy(err)
}

// Loop is the loop that the request belongs to.
func (r *ClientRequest) Loop() *loop.Loop { return r.loop() }

// Method is the method that is asked for, and Target what it is asked of.
func (r *ClientRequest) Method() string { return r.method }

// Target is the request-target.
func (r *ClientRequest) Target() string { return r.target }

// Response is the answer, once its head has come; nil before that.
func (r *ClientRequest) Response() *IncomingMessage { return r.res }

// ReusedSocket reports whether the connection has served another request before, as Node's reusedSocket: a failure before
// there is an answer may then be the server's having closed it.
func (r *ClientRequest) ReusedSocket() bool { return r.reused }

// LocalAddr is our address; the zero AddrPort while there is no connection.
func (r *ClientRequest) LocalAddr() netip.AddrPort {
	if r.c == nil {
		return netip.AddrPort{}
	}
	return r.c.t.LocalAddr()
}

// RemoteAddr is the server's address; the zero AddrPort while there is no connection.
func (r *ClientRequest) RemoteAddr() netip.AddrPort {
	if r.c == nil {
		return netip.AddrPort{}
	}
	return r.c.t.RemoteAddr()
}

// SetTimeout has OnTimeout told when the connection has been silent for so long, and again after that; 0 ends it. It does
// nothing else, as in Node: fn, if it is not nil, is added to those who listen, and decides. It is late by up to 100 ms.
func (r *ClientRequest) SetTimeout(d time.Duration, fn func()) {
	r.timeout = d
	if fn != nil {
		r.onTimeout.Add(fn)
	}
	if r.attached() {
		r.c.d.Start(loop.DeadlineIdle, d)
	}
}

// OnResponse listens for the answer: its head has come, and its body follows. If nobody listens the body is thrown away.
func (r *ClientRequest) OnResponse(fn func(res *IncomingMessage)) stream.Sub {
	return r.onResponse.Add(fn)
}

// OnContinue listens for the server asking for the body with a 100.
func (r *ClientRequest) OnContinue(fn func()) stream.Sub { return r.onContinue.Add(fn) }

// OnInformation listens for interim responses, any 1xx but 101; a 100 comes after OnContinue.
func (r *ClientRequest) OnInformation(fn func(info *Information)) stream.Sub {
	return r.onInformation.Add(fn)
}

// OnSocket listens for the request getting its connection. If it is made once more it gets another.
func (r *ClientRequest) OnSocket(fn func()) stream.Sub { return r.onSocket.Add(fn) }

// OnTimeout listens for what SetTimeout waits for.
func (r *ClientRequest) OnTimeout(fn func()) stream.Sub { return r.onTimeout.Add(fn) }

// OnError listens for what the request has failed with, once.
func (r *ClientRequest) OnError(fn func(error)) stream.Sub { return r.extend().events.OnError(fn) }

// OnUpgrade sets what takes the connection when the server answers 101 to a request with an Upgrade field. head is what it has
// sent of the other protocol already, and is fn's own; the socket is paused. A 101 that nobody takes is
// ErrUnexpectedSwitch.
func (r *ClientRequest) OnUpgrade(fn func(res *IncomingMessage, socket *stream.Socket, head []byte)) {
	r.onUpgrade = fn
}

// OnConnect is OnUpgrade for a 2xx answer to CONNECT. Any other status is a response like any other: RFC 9110 section 9.3.6.
func (r *ClientRequest) OnConnect(fn func(res *IncomingMessage, socket *stream.Socket, head []byte)) {
	r.onConnect = fn
}

// Information is an interim response: RFC 9110 section 15.2.
type Information struct {
	// StatusCode is 100 to 199, but not 101; StatusMessage is the reason phrase as it was received.
	StatusCode    int
	StatusMessage string
	fields        section
}

// Header is IncomingMessage.Header for an interim response.
func (i *Information) Header(name string) string { return i.fields.joined(name) }

// RawHeaders is IncomingMessage.RawHeaders for an interim response.
func (i *Information) RawHeaders() []string { return i.fields.raw() }

// idempotent are the methods that RFC 9110 section 9.2.2 says may be made once more.
var idempotent = []string{"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}

func (r *ClientRequest) idempotent() bool { return slices.Contains(idempotent, r.method) }
