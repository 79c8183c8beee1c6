package httpcore

import "github.com/weir-go/weir/loop"

// The deadlines of a connection.

// hurry gives a client that has nothing under way less time to send a request: the server closes. One that was served may
// have just sent another.
func (c *serverConn) hurry() {
	switch {
	case c.flags&connDeaf != 0 || !c.quiet():
	case c.served == 0:
		c.d.Start(loop.DeadlineExchange, lastCall)
	case c.queued() == 0 && !c.d.Active(loop.DeadlineExchange): // else when it has taken its answer
		c.d.Start(loop.DeadlineExchange, oneMore)
	}
}

// rested starts the idle clock if nothing is under way, and the client has taken what it was sent; or it sends our end, if
// that has waited for this. The time of a head that has not come whole begins.
func (c *serverConn) rested() {
	if c.headDue {
		c.headDue = false
		c.d.Start(loop.DeadlineExchange, c.sl.s.o.HeaderTimeout)
	}
	switch {
	case c.tillEnd && c.flags&connGone == 0:
		c.sendEnd()
	case c.flags&(connGone|connLast|connDeaf) != 0 || c.served == 0 || !c.quiet():
	case c.sl.closing:
		c.hurry()
	case c.queued() == 0 && !c.d.Active(loop.DeadlineIdle):
		c.d.Start(loop.DeadlineIdle, c.sl.s.o.IdleTimeout)
	}
}

// quiet reports whether no request is under way.
func (c *serverConn) quiet() bool {
	return c.p == nil && c.first == nil && c.in == nil && len(c.spill) == 0
}

// OnDeadline is what the loop calls.
func (c *serverConn) OnDeadline(which loop.Deadline) {
	c.claim()
	switch which {
	case loop.DeadlineIdle:
		switch {
		case c.flags&connLingering != 0:
			c.destroy(nil)
		case c.in != nil:
			c.checkRate()
		default:
			c.finish()
		}
	case loop.DeadlineWrite:
		if err := c.taking(); err != nil {
			c.lostPeer(err)
		}
	case loop.DeadlineRead:
		if c.awaitsContinue() {
			c.d.Start(loop.DeadlineRead, c.sl.s.o.BodyTimeout)
			return
		}
		c.refuse(408, ErrTimeout)
	default:
		if c.p == nil && c.in == nil {
			c.finish() // it has sent nothing at all, or nothing more
			return
		}
		c.refuse(408, ErrTimeout)
	}
}
