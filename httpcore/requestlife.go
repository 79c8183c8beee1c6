package httpcore

import (
	"errors"

	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// The life of a request: it waits for a connection, has one, and is over, in this order but for a second try.

// attached reports whether what is written goes to a connection.
func (r *ClientRequest) attached() bool { return r.conn != nil && r.conn.out == &r.outgoing }

// answered reports whether the whole response has come.
func (r *ClientRequest) answered() bool { return r.res != nil && r.res.complete }

// connected is the request having a connection.
func (r *ClientRequest) connected() {
	c := r.conn
	if c == nil || r.gone || r.attached() || c.flags&connGone != 0 {
		return
	}
	r.onSocket.Each(func(fn func()) { fn() })
	if r.conn != c || r.gone {
		return
	}
	c.out = &r.outgoing
	if r.timeout > 0 {
		c.d.Start(loop.DeadlineIdle, r.timeout)
	}
	r.own()
	if r.headSent {
		r.awaitContinue()
	}
}

// ending is p being the last of the body, and all of it if nothing was written: one that may have to be sent once more is kept.
func (r *ClientRequest) ending(p content) {
	if r.written == 0 && p.len() > 0 && p.len() <= maxReplay && r.idempotent() && !r.o.NoRetry && r.keepAlive {
		r.replay = p.appendTo(nil)
	}
}

// flushed is the request being sent: the server may take so long to answer.
func (r *ClientRequest) flushed() {
	c := r.conn
	switch {
	case c == nil:
		if r.leaving {
			r.close()
		}
	case r.res == nil:
		c.d.Start(loop.DeadlineRead, r.o.HeaderTimeout)
	case r.res.ReadableEnded() && r.res.complete:
		c.consumed(r.res)
	}
}

// mayRetry reports whether the request is to be made once more, since c is lost.
func (r *ClientRequest) mayRetry(c *clientConn) bool {
	var panicked *loop.PanicError
	switch {
	case r.gone || r.retried || c.begun || r.res != nil || errors.As(c.why, &panicked): // its own listener, then
		return false
	case c.unused():
		return true // nobody can have seen it
	}
	return r.reused && !r.o.NoRetry && r.idempotent() && r.over && r.flying == 0 &&
		(r.written == 0 || len(r.replay) == int(r.written)) && len(r.extra().trailers) == 0
}

// retry makes the request once more. whole says that all of it is sent again; else nothing was.
func (r *ClientRequest) retry(whole bool) {
	if r.gone {
		return
	}
	a := r.o.Agent
	p, err := a.on(r.loop()) // the pool may have been forgotten meanwhile
	if err == nil && whole {
		err = r.again()
	}
	if err != nil {
		r.conclude(err)
		return
	}
	r.retried, r.p = true, p
	a.counts.retried.Add(1)
	p.origin(r.key).request(r)
}

// again has the whole request wait for a connection: its head, and what is kept of its body.
func (r *ClientRequest) again() error {
	b, err := r.appendHead(nil)
	if err != nil {
		return err
	}
	if r.hold { // the body still waits for its 100
		r.extend().head = b
		return nil
	}
	if r.chunked {
		b = h1.AppendSectionEnd(h1.AppendLastChunk(h1.AppendChunk(b, r.replay)))
	} else {
		b = append(b, r.replay...)
	}
	x := r.extend()
	x.held, x.heldBytes, x.fresh = []piece{{p: b, lasts: lastsOn}}, len(b), 0
	return nil
}

// Destroy ends the request at once, and its connection if anything was sent: what was not is lost, and its callbacks are told.
// If there is no answer yet the listeners of OnError are told err, or ErrHangUp. An answer that was not read to its end is
// aborted.
func (r *ClientRequest) Destroy(err error) {
	if r.gone {
		return
	}
	r.gone, r.unwanted = true, true
	if err != nil && r.answered() && !r.res.ReadableEnded() {
		r.loop().NextTick(func() { r.fail(err) })
	}
	r.failedWith(err)
	switch c := r.conn; {
	case c != nil && !c.unused():
		c.destroy(err)
		return
	case c != nil: // it is as good as new
		c.detach()
		c.served--
		c.o.put(c)
	case r.waits != nil:
		r.waits.leave(r)
	}
	r.loop().NextTick(func() { r.conclude(err) })
}

// conclude is the request having no connection, and getting none: everybody who waits is told.
func (r *ClientRequest) conclude(err error) {
	if r.closed {
		return
	}
	why := err
	if why == nil {
		why = stream.ErrDestroyed
	}
	whole := false
	defer r.closeBehind(&whole)
	defer r.unanswered(err, &whole) // whoever panics
	r.unsent(why)
	whole = true
}

// unanswered tells that there is no answer, or no more of it. whole is whether nobody has panicked.
func (r *ClientRequest) unanswered(err error, whole *bool) {
	before := *whole
	*whole = false
	m := r.res
	switch {
	case m == nil && err == nil:
		r.fail(ErrHangUp)
	case m == nil:
		r.fail(err)
	case !m.Destroyed() && (!m.complete || r.unwanted || m.ReadableEnded()): // the last if a listener of its end panicked
		m.Destroy(ErrAborted.because(err))
	}
	*whole = before
}

// switched is the connection being somebody's who speaks another protocol.
func (r *ClientRequest) switched(m *IncomingMessage, s *stream.Socket, head []byte) {
	take := r.onConnect
	if m.StatusCode() == 101 {
		take = r.onUpgrade
	}
	take(m, s, head)
	if r.flying == 0 { // else when the kernel has it all
		r.close()
	}
}

// closing lets go of what might have ended the request.
func (r *ClientRequest) closing() {
	if r.stop != nil {
		r.stop()
	}
	if r.whole != nil {
		r.whole.Close(nil)
	}
	if r.res != nil {
		r.res.cancelled(nil)
	}
}
