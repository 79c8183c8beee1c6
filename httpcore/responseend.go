package httpcore

import "github.com/weir-go/weir/stream"

// The end of a response: told, and brought about.

// conn is the connection of a response that has one.
func (r *ServerResponse) conn() *serverConn { return r.c.side.(*serverConn) }

// flushed is everything having left: what nobody has read of the request is thrown away.
func (r *ServerResponse) flushed() {
	if m := r.req; m != nil {
		m.dump()
		if m.complete {
			m.loose = true
		}
	}
	if x := r.more; x != nil && x.events.CloseListened() {
		r.loop().NextTick(r.close)
	} else {
		r.close()
	}
}

// closing is nobody working for this exchange any more.
func (r *ServerResponse) closing() {
	if r.req != nil {
		r.req.cancelled(nil)
	}
}

// Destroy ends the response, and its connection, at once: what was not sent is lost, and its callbacks are told. If err is
// not nil the listeners of OnError are; without any it goes to the loop's OnUncaught, like every error that nobody listens for.
func (r *ServerResponse) Destroy(err error) {
	if r.gone {
		return
	}
	r.gone = true
	r.failedWith(err)
	if err != nil && !r.failed {
		r.loop().NextTick(func() { r.fail(err) })
	}
	if c := r.c; c != nil {
		c.side.destroy(err)
	} else {
		r.loop().NextTick(r.close) // its connection is somebody else's
	}
}

// OnError listens for the errors of this response: a write after its end, a body that is not as long as it was said to be.
// An error of the connection is none of them, as in Node: then there is OnClose.
func (r *ServerResponse) OnError(fn func(error)) stream.Sub { return r.extend().events.OnError(fn) }
