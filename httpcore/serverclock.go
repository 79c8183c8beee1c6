package httpcore

import "github.com/weir-go/weir/loop"

// The deadlines of a connection.

// hurry gives a client that has sent nothing yet less time to do so: the server closes.
func (c *serverConn) hurry() {
	if c.served == 0 && c.quiet() && c.flags&connDeaf == 0 {
		c.d.Start(loop.DeadlineExchange, lastCall)
	}
}

// rest starts the idle clock if nothing is under way, and the client has taken what it was sent.
func (c *serverConn) rest() {
	switch {
	case c.flags&(connGone|connLast|connDeaf) != 0 || c.served == 0 || !c.quiet():
	case c.sl.closing:
		c.finish()
	case c.t.WriteQueueSize() == 0 && !c.d.Active(loop.DeadlineIdle):
		c.d.Start(loop.DeadlineIdle, c.sl.s.o.IdleTimeout)
	}
}

// quiet reports whether no request is under way.
func (c *serverConn) quiet() bool {
	return c.p == nil && c.first == nil && c.in == nil && len(c.spill) == 0
}

// writing is n bytes having been handed to the transport.
func (c *serverConn) writing(n int) {
	c.handed += uint32(n)
	if c.watch != nil {
		c.watch.stats.BytesWritten += int64(n)
	}
	if !c.d.Active(loop.DeadlineWrite) {
		c.awaitTaking()
	}
}

// awaitTaking starts the clock of a client that has to take something.
func (c *serverConn) awaitTaking() {
	c.acked = c.handed - uint32(c.t.WriteQueueSize())
	c.d.Start(loop.DeadlineWrite, c.sl.s.o.WriteTimeout)
}

// OnDeadline is what the loop calls.
func (c *serverConn) OnDeadline(which loop.Deadline) {
	if conn, ok := c.t.(*loop.Conn); ok {
		c.sl.l.Reactor().SetOwner(conn)
	}
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
		if c.handed-uint32(c.t.WriteQueueSize()) != c.acked {
			c.awaitTaking() // of one large write, that is: others were seen to be complete
			return
		}
		c.broken(ErrTimeout)
	case loop.DeadlineRead:
		if c.awaitsContinue() {
			c.d.Start(loop.DeadlineRead, c.sl.s.o.BodyTimeout)
			return
		}
		c.refuse(408, ErrTimeout)
	default:
		if c.p == nil && c.in == nil {
			c.finish() // it has sent nothing at all
			return
		}
		c.refuse(408, ErrTimeout)
	}
}
