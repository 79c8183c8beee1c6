package httpcore

import (
	"bytes"
	"time"

	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// clientConn is a connection to a server. It has one exchange at a time, and between two of them it lies in its origin's
// list of idle ones, where it holds nothing but this.
//
// An exchange is over when its request has been sent and its response has been read to its end; then the connection is given
// back, if both sides agree, or else destroyed.
type clientConn struct {
	wire
	o             *origin
	prev, next    *clientConn // of the idle ones
	before, after *clientConn // of all that the origin has

	req       *ClientRequest   // whose exchange it is; nil while there is none
	in        *IncomingMessage // what is being received, from its head on
	broken    error            // what was written is not taken any more; an answer may come all the same
	patience  time.Duration    // how long the server keeps it idle, by its word; 0 if it has said nothing
	served    int
	idle      bool
	used      bool // something of the request was sent
	begun     bool // something of an answer has come
	keepAlive bool // it may serve another request

	goConnected, goFree func() // connected and free, made once
}

var _ side = (*clientConn)(nil)

// transportRefs are what a Transport has that keeps its loop running.
type transportRefs interface {
	Ref()
	Unref()
}

// newClientConn makes t, which was just connected, a connection of o.
func newClientConn(o *origin, t stream.Transport) *clientConn {
	c := &clientConn{o: o, keepAlive: true}
	c.goConnected, c.goFree = c.connected, c.free
	c.attach(&o.p.shared, t, c)
	c.after = o.conns
	if o.conns != nil {
		o.conns.before = c
	}
	o.conns = c
	o.open++
	c.read()
	return c
}

func (c *clientConn) limits() (h1.Kind, *h1.Limits) { return h1.Response, &c.o.p.a.o.Limits }

func (c *clientConn) receiving() *IncomingMessage { return c.in }

func (c *clientConn) takeLimits() (time.Duration, int) {
	if c.req == nil {
		return 0, 0
	}
	return c.req.o.WriteTimeout, 0
}

// OnRead is what the Transport calls. While there is no exchange nothing may come, and before anything of a request was sent no
// answer to it.
func (c *clientConn) OnRead(p []byte, err error) {
	if c.flags&connGone != 0 {
		return
	}
	if c.req == nil || c.unused() && err == nil {
		c.destroy(nil)
		return
	}
	c.begun = c.begun || err == nil
	c.d.Touch(loop.DeadlineIdle)
	c.wire.OnRead(p, err)
}

// OnHangUp is what a Transport calls that is not read, when its peer has gone. What has arrived is still read, when somebody
// wants it.
func (c *clientConn) OnHangUp() {
	if c.req == nil && c.flags&connGone == 0 {
		c.destroy(nil)
	}
}

// assign begins an exchange. The request learns of it on a tick.
func (c *clientConn) assign(r *ClientRequest) {
	c.d.Stop(loop.DeadlineIdle)
	if t, ok := c.t.(transportRefs); ok {
		t.Ref()
	}
	a := c.o.p.a
	r.reused = c.served > 0
	if r.reused {
		a.counts.reused.Add(1)
	}
	c.served++
	c.used, c.begun, c.dumped = false, false, 0
	c.req = r
	r.c, r.conn, r.waits = &c.wire, c, nil
	c.sh.l.NextTick(c.goConnected)
}

// connected tells the request that it has the connection.
func (c *clientConn) connected() {
	if c.req != nil {
		c.claim()
		c.req.connected()
	}
}

// rest is the connection lying idle.
func (c *clientConn) rest() {
	limit := c.o.p.a.o.IdleTimeout
	if c.patience > 0 && (limit == 0 || c.patience < limit) {
		limit = c.patience
	}
	c.d.Start(loop.DeadlineIdle, limit)
	if t, ok := c.t.(transportRefs); ok {
		t.Unref()
	}
}

// free is the exchange being over: the connection is given back.
func (c *clientConn) free() {
	r := c.req
	if c.flags&connGone != 0 || r == nil {
		return
	}
	c.detach()
	if c.patience < 0 {
		c.destroy(nil)
	} else {
		c.o.put(c)
	}
	r.close()
}

// unused reports whether nothing of the exchange was sent: the connection is as good as it was.
func (c *clientConn) unused() bool { return !c.used }

// detach ends the exchange, without a word to anybody.
func (c *clientConn) detach() *ClientRequest {
	r := c.req
	c.req, c.out = nil, nil
	for _, which := range [...]loop.Deadline{loop.DeadlineIdle, loop.DeadlineRead, loop.DeadlineWrite, loop.DeadlineExchange} {
		c.d.Stop(which)
	}
	r.c, r.conn = nil, nil
	if r.res != nil {
		r.res.c = nil
	}
	return r
}

// OnDeadline is what the loop calls.
func (c *clientConn) OnDeadline(which loop.Deadline) {
	c.claim()
	r := c.req
	switch {
	case r == nil:
		c.destroy(nil) // it was idle for long enough
	case which == loop.DeadlineIdle:
		c.d.Start(which, r.timeout)
		r.onTimeout.Each(func(fn func()) { fn() })
	case which == loop.DeadlineExchange && c.broken != nil:
		c.destroy(c.broken)
	case which == loop.DeadlineExchange:
		r.goAhead()
	case which == loop.DeadlineWrite && c.taking() == nil:
	default:
		r.retried = true // it would take as long once more
		c.destroy(ErrResponseTimeout)
	}
}

// The rest of what a side is.

func (c *clientConn) rested() {}

// stopped is nothing being read any more, because we have stopped: what has come of an answer is not given up meanwhile.
func (c *clientConn) stopped() {
	if c.broken != nil {
		c.d.Pause(loop.DeadlineExchange)
	}
}

func (c *clientConn) wrote() { c.d.Touch(loop.DeadlineIdle) }

// lostPeer is the server having gone.
func (c *clientConn) lostPeer(err error) { c.destroy(err) }

// handing is something being sent. It is not counted: a body may be longer than any counter.
func (c *clientConn) handing(n int) { c.used = c.used || n > 0 }

// answered is the request having handed over its last byte; its 'finish' is what counts.
func (c *clientConn) answered(*outgoing) {}

// lost is a write having failed: whoever waits is told when the transport is closed, if that is still ours.
func (c *clientConn) lost(o *outgoing, err error) {
	if r := o.msg.(*ClientRequest); r.leaving && o.flying == 0 {
		r.conclude(err)
	}
}

// discard is bytes that belong to no exchange.
func (c *clientConn) discard(int) { c.stop() }

// refused is the parser not going on.
func (c *clientConn) refused(err error) {
	if c.req.answered() {
		c.surplus()
		return
	}
	c.destroy(err)
}

// surplus is bytes behind the response: they answer nobody, and so nothing that follows would be believed. The exchange ends as
// any other, but the connection with it.
func (c *clientConn) surplus() {
	c.patience = -1
	if r := c.req; !r.done {
		c.keepAlive = false // nor would be what the rest of the request is answered
		if r.res.ReadableEnded() {
			c.destroy(nil)
			return
		}
	}
	c.flags |= connDeaf
	if c.flags&connParsing != 0 {
		c.p.Pause()
	}
	c.stop()
}

// writeFailed is the server not taking what is written. It may have answered, though, and then gone: that is read first.
func (c *clientConn) writeFailed(err error) {
	if c.flags&connGone != 0 || c.broken != nil {
		return
	}
	if c.req == nil || c.req.answered() {
		c.destroy(err)
		return
	}
	c.broken, c.keepAlive = err, false
	c.req.needDrain = true // for good
	c.d.Stop(loop.DeadlineWrite)
	c.d.Start(loop.DeadlineExchange, lingerTime)
}

// ended is the server's FIN.
func (c *clientConn) ended() {
	c.keepAlive = false
	if c.p != nil && c.flags&connDeaf == 0 {
		c.flags |= connParsing
		err := c.p.Finish() // a body that lasts until now is complete
		c.flags &^= connParsing
		if err != nil && c.broken == nil {
			c.destroy(nil)
			return
		}
	}
	if c.req.answered() {
		c.destroy(nil)
	} else {
		c.destroy(c.broken)
	}
}

// handOver is the connection leaving HTTP.
func (c *clientConn) handOver(rest []byte) {
	r, m := c.req, c.req.res
	c.t.ReadStop()
	c.leave()
	c.detach()
	r.leaving = true
	c.o.gone()
	r.switched(m, stream.NewSocket(c.sh.l, c.t, stream.SocketOptions{PauseOnCreate: true, AllowHalfOpen: true}), bytes.Clone(rest))
}

// leave has the origin forget the connection, and HTTP the transport.
func (c *clientConn) leave() {
	c.wire.leave()
	if c.idle {
		c.o.unidle(c)
	}
	if c.before != nil {
		c.before.after = c.after
	} else {
		c.o.conns = c.after
	}
	if c.after != nil {
		c.after.before = c.before
	}
	c.before, c.after = nil, nil
	c.o.open--
}

// destroy closes the transport at once. What is under way is cut off, or begun again elsewhere if that is safe.
func (c *clientConn) destroy(err error) {
	if c.flags&connGone != 0 {
		return
	}
	c.why = err
	r := c.req
	c.leave()
	switch {
	case r == nil:
	case r.mayRetry(c):
		whole := !c.unused()
		c.detach()
		c.sh.l.NextTick(func() { r.retry(whole) })
	default:
		r.gone = true // what is written from now on goes nowhere; the rest is told when the transport is closed
		if err != nil && !r.answered() {
			c.sh.l.NextTick(func() { r.fail(err) })
		}
	}
	c.t.Close(c.closed)
}

// closed is the transport being closed: everybody who waits is told.
func (c *clientConn) closed() {
	r := c.req
	if r != nil {
		c.detach()
	}
	c.o.gone() // before those who are told, as they may panic
	if r != nil {
		r.conclude(c.why)
	}
}
