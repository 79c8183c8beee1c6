package httpcore

import "github.com/weir-go/weir/loop"

// When a connection's input is looked at: who stops it, and who lets it go on.

// keep keeps what the parser has not taken: once, so if it was kept already, no more than where it begins changes.
func (c *serverConn) keep(rest []byte) {
	if !c.kept {
		rest = append([]byte(nil), rest...)
	}
	c.spill = rest
}

// stop has the transport read no more, and the clocks of the client stand still.
func (c *serverConn) stop() {
	c.d.Pause(loop.DeadlineRead)
	c.d.Pause(loop.DeadlineIdle)
	if c.in == nil || !c.in.res.done {
		c.d.Pause(loop.DeadlineExchange) // a body that is left lying behind its answer does not hold the connection for ever
	}
	if c.flags&connStopped == 0 {
		c.flags |= connStopped
		c.t.ReadStop()
	}
}

// start undoes stop.
func (c *serverConn) start() {
	if c.flags&connStopped == 0 {
		return
	}
	c.flags &^= connStopped
	c.d.Resume(loop.DeadlineRead)
	c.d.Resume(loop.DeadlineIdle)
	c.d.Resume(loop.DeadlineExchange)
	if c.flags&connEnded == 0 {
		c.read()
	}
}

func (c *serverConn) read() {
	if err := c.t.ReadStart(c); err != nil {
		c.destroy(err)
	}
}

// blocked is why nothing is parsed.
func (c *serverConn) blocked() bool { return c.flags&(connBody|connAnswers) != 0 }

// unblock has the connection go on, on a tick, if nothing else holds it up.
func (c *serverConn) unblock(why connFlags) {
	if c.flags&why == 0 {
		return
	}
	c.flags &^= why
	switch {
	case c.blocked() || c.flags&(connGone|connDeaf) != 0:
	case c.flags&connParsing != 0:
		c.p.Resume() // it had been asked to pause, and has not yet
	case c.flags&connGoingOn == 0:
		c.flags |= connGoingOn
		if c.goOn == nil {
			c.goOn = c.resume
		}
		c.sl.l.NextTick(c.goOn)
	}
}

// resume parses what was kept, and reads on.
func (c *serverConn) resume() {
	c.flags &^= connGoingOn
	if c.flags&(connGone|connParsing) != 0 || c.blocked() {
		return
	}
	if data := c.spill; len(data) > 0 {
		c.spill, c.kept = nil, true
		c.parse(data)
		c.kept = false
	} else if c.p != nil {
		c.parse(nil) // what needs no byte
	}
	if c.flags&connGone == 0 && !c.blocked() {
		c.start()
	}
}

// bodyWanted is the request asking for more.
func (c *serverConn) bodyWanted(m *IncomingMessage) {
	if c.in != nil && &c.in.req == m {
		c.unblock(connBody)
	}
}

// discard counts what nobody wants. While an answer is due it stops when it is too much; behind the last one the time is
// limited instead.
func (c *serverConn) discard(n int) {
	if c.dumped += n; c.dumped > maxDump && c.flags&connLingering == 0 {
		c.stop()
	}
}

// checkAnswers looks whether enough answers have gone for more requests to be looked at.
func (c *serverConn) checkAnswers() {
	if c.pending < maxPipelined && c.t.WriteQueueSize() <= c.sl.s.o.HighWaterMark {
		c.unblock(connAnswers)
	}
}
