package httpcore

import (
	"errors"
	"net/netip"

	"github.com/weir-go/weir/loop"
)

// ClientError is what OnClientError is told: what a client did wrong, or what has become of it.
type ClientError struct {
	// Err is what is wrong. It is an h1.Error of what is no HTTP, ErrTimeout, ErrBodyTooLarge, ErrAborted, or the transport's
	// own: errors.Is finds a syscall.ECONNRESET.
	Err error
	// Request is the request whose body was being received, and which is cut off; nil if there was none.
	Request *IncomingMessage
	// Response is the answer that the server is about to give; nil if none can be given, since the client is gone, or the
	// answer to its request has begun already. Its StatusCode is what the server would say: 400, 408, 413 and so on.
	Response *ServerResponse
	// RemoteAddr is the client's address.
	RemoteAddr netip.AddrPort
}

// OnClientError sets what is told of a client that has sent what is no request, has let a deadline pass, or was lost: Node's
// 'clientError'. Without it a client that can be answered is, with a status and no body.
//
// With it the hook may change that answer: its status, its fields, a body, End. What it does not begin before it returns is
// ended for it, so a hook that only counts changes nothing. In any case the answer waits for those that are due before it, says
// Connection: close, and the connection ends behind it. Node gives the bare socket here, and leaves it open if nobody closes
// it; that a connection be closed without a word is said by Response.Destroy, which takes with it what is due.
//
// A connection that ends between two requests, or before the first, is no error; one that is reset is, unless it was waited
// for behind its last answer. A panic, which resets its connection, is not the client's: the loop's OnPanic is told. fn is
// called on the connection's loop.
func (s *Server) OnClientError(fn func(e *ClientError)) { s.onClientError = fn }

// blame tells of a client's error. x is the exchange whose request it has cut off, or nil, and res the answer that is to be
// given, or nil.
func (c *serverConn) blame(err error, x *exchange, res *ServerResponse) {
	if c.watch != nil {
		c.watch.refused(c, err, res)
	}
	c.log(err, x, res)
	fn := c.sl.s.onClientError
	if fn == nil || err == nil || errors.Is(err, ErrResponseTimeout) {
		return
	}
	e := &ClientError{Err: err, Response: res, RemoteAddr: c.t.RemoteAddr()}
	if x != nil {
		e.Request = &x.req
	}
	fn(e)
}

// lostPeer is the connection being of no use any more, by no wish of ours.
func (c *serverConn) lostPeer(err error) {
	if c.flags&connGone != 0 {
		return
	}
	x, heard := c.in, c.flags&connLingering != 0
	c.destroy(err)
	var panicked *loop.PanicError
	if !heard && !errors.As(err, &panicked) { // else it has its last answer, and is what many clients do then; or it was us
		c.blame(err, x, nil)
	}
}
