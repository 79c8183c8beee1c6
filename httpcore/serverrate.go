package httpcore

import (
	"errors"
	"time"

	"github.com/weir-go/weir/loop"
)

// The least rate of a body. A clock that limits pauses is content with a byte now and then, and a connection with a body that
// drips is held for as long as its whole request may take. So the bytes of a body, which are counted anyway, are looked at
// once in a while. The clock is that of idleness, which no connection needs inside a body; it stands still while we do not
// read.

// rateWindow is the shortest time that a rate is measured over: what a bad moment of a network is in should be small.
const rateWindow = 10 * time.Second

var errSlowBody = errors.New("the body is slower than MinBodyRate")

// window is the time that the rate of a body is measured over.
func (o *ServerOptions) window() time.Duration { return max(rateWindow, 2*o.BodyTimeout) }

// rate begins to measure, where so many bytes of the body have come.
func (c *serverConn) rate(received int64) {
	if o := &c.sl.s.o; o.MinBodyRate > 0 {
		c.rated = received
		c.d.Start(loop.DeadlineIdle, o.window())
	}
}

// checkRate refuses a body that is too slow.
func (c *serverConn) checkRate() {
	o := &c.sl.s.o
	least := int64(o.window().Seconds() * float64(o.MinBodyRate))
	received := c.in.req.received
	if received-c.rated < least && !c.awaitsContinue() {
		c.refuse(408, ErrTimeout.because(errSlowBody))
		return
	}
	c.rate(received)
}

// awaitsContinue reports whether the client sends no body since nobody has asked for it yet.
func (c *serverConn) awaitsContinue() bool {
	return c.in != nil && c.in.res.expecting && !c.in.res.continued && c.in.req.received == 0
}
