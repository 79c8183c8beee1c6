package httpcore

// A transport tells that it has sent something in a turn of its own. Node writes at once, and tells on a tick: 'finish' comes
// before what the ticks behind it cause, the request's 'end' say. So does this: a tick looks whether the transport's queue
// is empty, which it is unless the client is slow, and tells of all writes then. When the transport does so later, they are
// only counted.

// settleLater has settle called on a tick.
func (c *serverConn) settleLater() {
	if c.flags&connSettling != 0 {
		return
	}
	c.flags |= connSettling
	if c.goSettle == nil {
		c.goSettle = c.settle
	}
	c.sl.l.NextTick(c.goSettle)
}

// settle tells of writes that the kernel has, those of one response: the ticks that they cause come before the next one's.
func (c *serverConn) settle() {
	if c.flags&connParsing != 0 {
		c.flags |= connUnsettled // more may come, to leave with this
		return
	}
	c.flags &^= connSettling
	if c.flags&connGone != 0 || c.flights.len() == 0 {
		return
	}
	if c.t.WriteQueueSize() > 0 {
		c.sl.l.Reactor().Flush() // what a tick has written
	}
	if c.t.WriteQueueSize() > 0 {
		return // the transport will tell
	}
	o := c.flights.oldest().o
	for n := c.flights.len(); n > 0 && c.flights.oldest().o == o; n-- {
		c.settled++
		c.complete(nil)
	}
	if c.flights.len() > 0 {
		c.settleLater()
	}
}

// unsettled is the parser having returned: if settle was called inside it, it is called again.
func (c *serverConn) unsettled() {
	if c.flags&connUnsettled != 0 {
		c.flags &^= connUnsettled
		c.sl.l.NextTick(c.goSettle)
	}
}
