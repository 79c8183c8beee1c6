package stdhttp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
)

// exchange is one request and its response, from when the loop has the head until the handler has returned and the loop
// knows. It is made on the loop, and then belongs to the handler's goroutine; fields that say so stay the loop's.
type exchange struct {
	h   *handler
	l   *loop.Loop
	req *httpcore.IncomingMessage // its head never changes, so any goroutine may read that; all else is the loop's
	res *httpcore.ServerResponse  // the loop's

	ctx   context.Context // the message's
	local netip.AddrPort
	outer requestContext

	w    response
	body body
	r    *http.Request

	over bool // the loop's: the handler has returned, and the loop was told
}

// newExchange is for the loop.
func newExchange(h *handler, req *httpcore.IncomingMessage, res *httpcore.ServerResponse) *exchange {
	x := &exchange{h: h, l: req.Loop(), req: req, res: res, ctx: req.Context(), local: req.LocalAddr()}
	x.outer = requestContext{x.ctx, x}
	x.w.init(x)
	x.body.x = x
	return x
}

// requestContext is the context of a request: the message's, with what net/http's has.
type requestContext struct {
	context.Context
	x *exchange
}

// Value has http.ServerContextKey and http.LocalAddrContextKey.
func (c *requestContext) Value(key any) any {
	switch key {
	case http.ServerContextKey:
		return c.x.h.server
	case http.LocalAddrContextKey:
		return addr(c.x.local)
	}
	return c.Context.Value(key)
}

// addr is an address of package net: one without a name for a connection that has none, over a Unix socket.
func addr(a netip.AddrPort) net.Addr {
	if !a.IsValid() {
		return &net.UnixAddr{Net: "unix"}
	}
	return net.TCPAddrFromAddrPort(a)
}

// serve runs the handler.
func (x *exchange) serve() {
	if cause := context.Cause(x.ctx); cause != nil && !errors.Is(cause, httpcore.ErrClientEnded) {
		return // nobody waits for the answer any more
	}
	returned := false
	defer func() {
		if !returned {
			x.failed(recover()) // nil is runtime.Goexit: no answer either
		}
	}()
	r, err := x.request()
	switch {
	case err != nil:
		x.refuse()
	case r.Method == http.MethodOptions && r.RequestURI == "*" && !x.h.server.DisableGeneralOptionsHandler:
		x.w.Header().Set("Content-Length", "0")
	default:
		x.h.h.ServeHTTP(&x.w, r)
	}
	returned = true
	x.finish()
}

// refuse answers a target that net/http's URLs have no room for, as net/http does.
func (x *exchange) refuse() {
	h := x.w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Connection", "close")
	x.w.WriteHeader(http.StatusBadRequest)
	x.w.WriteString("400 Bad Request")
}

// finish is the handler having returned.
func (x *exchange) finish() {
	x.body.closed.Store(true)
	if x.r != nil && x.r.MultipartForm != nil {
		if err := x.r.MultipartForm.RemoveAll(); err != nil {
			x.h.logf("removing the files of a form: %v", err)
		}
	}
	if err := x.w.finish(); err != nil {
		x.abort(err, nil)
	}
}

// failed is the handler having panicked with v.
func (x *exchange) failed(v any) {
	x.body.closed.Store(true)
	x.w.abandon()
	if v == nil || v == http.ErrAbortHandler {
		x.abort(nil, nil)
		return
	}
	e := &PanicError{Value: v, Stack: debug.Stack(), Method: x.req.Method(), URL: x.req.URL()}
	x.abort(fmt.Errorf("stdhttp: the handler panicked: %v", v), e)
}

// abort ends the connection, so that the response does not look complete. tell is for the loop's Uncaught.
func (x *exchange) abort(err, tell error) {
	_ = x.l.Post(func() { // of a loop that is closed: its connections have gone with it
		x.end()
		if tell != nil {
			x.l.Uncaught(tell)
		}
		x.res.OnError(func(error) {}) // it is told, or logged, already
		x.res.Destroy(err)
	})
}

// end is the loop learning that the handler has returned.
func (x *exchange) end() {
	x.over = true
	x.body.release()
	x.body.deadline.stop()
	x.w.deadline.stop()
}
