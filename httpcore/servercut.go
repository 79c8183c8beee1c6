package httpcore

import "github.com/weir-go/weir/loop"

// An answer that has begun and can't go on, since what its request still sends is no HTTP, or does not come. Nothing else
// can be said to the client; but what it was told before, it gets: the answers to earlier requests, and this one as far as it
// was written.

// cutShort ends the connection behind what was written of x, the last answer of all, which has begun. From now on its
// handler writes to nobody. It is told that it is over when the writes before are told.
func (c *serverConn) cutShort(x *exchange, err error) {
	if x.res.endsWithConnection() {
		c.flags |= connReset
	}
	c.flags |= connCut
	c.why = err
	x.res.gone = true
	c.abandon(&x.req, err)
	if c.flags&connGone == 0 && c.flights.len() == 0 {
		c.cutOver()
	}
}

// cutOver is the kernel having everything that was written. A chunked answer without its last chunk, and one that is shorter
// than it says, can't be taken for complete, and our end follows. One that only the end completes has to be ended by a
// reset: but that may overtake what is still on its way, so the client is given the time that it has to read a last word.
func (c *serverConn) cutOver() {
	c.flags &^= connCut
	x := c.first
	c.drop(x)
	c.lose(x, c.why)
	switch {
	case c.flags&connGone != 0:
	case c.flags&connReset == 0:
		c.finish()
	default:
		c.flags |= connLast | connLingering
		c.d.Start(loop.DeadlineIdle, lingerTime)
		if c.flags&connEnded == 0 {
			c.flags &^= connStopped
			c.read()
		}
	}
}
