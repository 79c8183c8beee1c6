package httpcore

// The exchanges of a connection that are not answered, in the order of their requests.

// queue appends an exchange to those that wait for their answers.
func (c *serverConn) queue(x *exchange) {
	if c.last != nil {
		c.last.next = x
	} else {
		c.first = x
	}
	c.last = x
	c.pending++
	c.owned()
}

// owned has the first response own the transport.
func (c *serverConn) owned() {
	c.out = nil
	if c.first != nil {
		c.out = &c.first.res.outgoing
	}
}

// drop takes x, the last one, out again.
func (c *serverConn) drop(x *exchange) {
	c.pending--
	if c.first == x {
		c.first, c.last = nil, nil
		c.owned()
		return
	}
	y := c.first
	for y.next != x {
		y = y.next
	}
	y.next, c.last = nil, y
}

// answered is the first response having handed over its last byte: the next one owns the transport.
func (c *serverConn) answered(*outgoing) {
	x := c.first
	r := &x.res
	c.first = x.next
	if c.first == nil {
		c.last = nil
	}
	x.next = nil
	c.pending--
	c.owned()
	switch {
	case !r.keepAlive:
		c.tillEnd = c.flags&(connLast|connGone) == 0 && !r.noBody && !r.chunked && r.length < 0
		behind := c.first
		c.first, c.last, c.pending = nil, nil, 0
		c.owned()
		c.finish()
		if behind != nil {
			c.sl.l.NextTick(func() { c.loseAll(behind, ErrAborted) })
		}
		return
	case c.first != nil:
		c.first.res.own()
	case c.flags&connEnded != 0:
		c.finish()
	default:
		c.rested()
	}
	c.wrote()
}

// lose is an exchange having lost its connection before its answer was sent.
func (c *serverConn) lose(x *exchange, err error) {
	defer x.res.cutOff(c.reason(err)) // whoever panics
	if x.res.req != nil {
		c.abandon(&x.req, err)
	}
}

// loseAll is lose of x and those behind it.
func (c *serverConn) loseAll(x *exchange, err error) {
	if x == nil {
		return
	}
	next := x.next
	x.next = nil
	defer c.loseAll(next, err) // whoever panics; there are maxPipelined at most
	c.lose(x, err)
}

// abandon is a request having lost its connection.
func (c *serverConn) abandon(m *IncomingMessage, err error) {
	if c.in != nil && &c.in.req == m {
		c.in = nil
		if c.flags&connParsing != 0 {
			c.p.Pause()
		}
	}
	m.loose = true
	m.cancelled(err)
	if !m.Destroyed() {
		m.Destroy(ErrAborted.because(err))
	}
}

// lost is a write having failed: so has the connection, and a response that had handed over everything is not sent.
func (c *serverConn) lost(o *outgoing, err error) {
	c.destroy(err)
	if o.flying > 0 {
		return
	}
	for x := c.first; x != nil; x = x.next {
		if &x.res.outgoing == o {
			return // when the transport is closed
		}
	}
	why := c.reason(err)
	if r := o.msg.(*ServerResponse); r.req != nil {
		if c.why == nil {
			err = ErrAborted // not what the transport calls it when we close
		} else {
			err = c.why
		}
		c.abandon(r.req, err)
	}
	o.cutOff(why)
}
