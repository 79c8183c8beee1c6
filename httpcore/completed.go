package httpcore

import (
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// What a transport's having taken a write leads to.

// completed is what the transport calls for the oldest write that it has not called it for.
func (c *serverConn) completed(err error) {
	if c.settled > 0 {
		c.settled-- // told already
		return
	}
	c.complete(err)
}

// complete is the oldest write being taken, or having failed.
func (c *serverConn) complete(err error) {
	f := c.flights.pop()
	o := f.o
	o.flying--
	if err != nil {
		c.broken(err)
		if f.cb != nil {
			f.cb(c.reason(err))
		}
		c.lost(o, err)
		return
	}
	if left := c.t.WriteQueueSize(); left == 0 {
		c.d.Stop(loop.DeadlineWrite)
		if o.owns() {
			o.mayDrain()
		}
		c.rest()
	} else if c.d.Active(loop.DeadlineWrite) {
		c.awaitTaking()
	}
	if f.cb != nil {
		f.cb(nil)
	}
	if o.over && o.flying == 0 && len(o.held) == 0 {
		o.finish()
	}
	if c.flags&connCut != 0 && c.flights.len() == 0 {
		c.cutOver()
	}
	if x := c.first; x != nil && &x.res.outgoing != o && c.t.WriteQueueSize() == 0 {
		x.res.mayDrain() // it may have waited for what the ones before it had written
	}
	c.checkAnswers()
}

// reason is what a write is told that was not sent: why the connection was closed, if it was.
func (c *serverConn) reason(err error) error {
	switch {
	case c.flags&connGone == 0:
		return err
	case c.why != nil:
		return c.why
	}
	return stream.ErrDestroyed
}

// mayDrain tells that it is time to go on, if somebody waits for that.
func (o *outgoing) mayDrain() {
	if o.needDrain && !o.gone && o.heldBytes < o.c.sl.s.o.HighWaterMark {
		o.drained()
	}
}

// drained tells that it is time to go on.
func (o *outgoing) drained() {
	o.needDrain = false
	if !o.ended {
		o.onDrain.Each(func(fn func()) { fn() })
	}
}
