package httpcore

import (
	"time"

	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// serverConn is one client's connection. Between two requests it holds nothing but this.
//
// What arrives goes through the parser, whose callbacks are in serverparse.go, to the request that is being received. The
// exchanges that are not answered lie in a list, in the order of their requests; the response of the first one owns the
// transport, those behind it keep what is written to them.
type serverConn struct {
	wire
	sl         *serverLoop
	prev, next *serverConn // of the loop's connections

	in          *exchange // whose request is being received
	first, last *exchange // not answered yet
	pending     int
	served      uint32
	tillEnd     bool       // the last answer was given, lasts until our end, and waits for the client to take it
	burst       uint16     // requests that were looked at in this turn
	rated       int64      // bytes of the body that is being received, up to where its rate was looked at
	watch       *connWatch // what the hooks of its life are told; nil without any
}

var _ side = (*serverConn)(nil)

// exchange is a request and its response.
type exchange struct {
	req  IncomingMessage
	res  ServerResponse
	next *exchange
}

func newServerConn(sl *serverLoop, t stream.Transport) *serverConn {
	c := &serverConn{sl: sl}
	c.attach(&sl.shared, t, c)
	c.d.Start(loop.DeadlineExchange, sl.s.o.HeaderTimeout)
	if sl.closing {
		c.hurry()
	}
	sl.conns.add(c)
	c.read() // from a later turn on; first, so that we are told if the hook panics, which resets the connection
	if sl.s.hooks != nil {
		c.watchFrom()
	}
	return c
}

// OnRead is what the Transport calls.
func (c *serverConn) OnRead(p []byte, err error) {
	c.burst = 0
	if c.watch != nil {
		c.watch.stats.BytesRead += int64(len(p))
	}
	c.wire.OnRead(p, err)
}

func (c *serverConn) limits() (h1.Kind, *h1.Limits) { return h1.Request, &c.sl.s.o.Limits }

func (c *serverConn) receiving() *IncomingMessage {
	if c.in == nil {
		return nil
	}
	return &c.in.req
}

func (c *serverConn) takeLimits() (time.Duration, int) {
	return c.sl.s.o.WriteTimeout, c.sl.s.o.MinWriteRate
}

// stopped is nothing being read any more: while we are the ones who wait, the time of the exchange does not run.
func (c *serverConn) stopped() {
	if c.in == nil || !c.in.res.done {
		c.d.Pause(loop.DeadlineExchange) // a body that is left lying behind its answer does not hold the connection for ever
	}
}

// handing is n bytes being handed to the transport.
func (c *serverConn) handing(n int) {
	if c.watch != nil {
		c.watch.stats.BytesWritten += int64(n)
	}
}

// discard counts what nobody wants. While an answer is due it stops when it is too much; behind the last one the time is
// limited instead.
func (c *serverConn) discard(n int) {
	if c.dumped += n; c.dumped > maxDump && c.flags&connLingering == 0 {
		c.stop()
	}
}

// consumed is a request having been read to its end. Its connection goes on when it is answered.
func (c *serverConn) consumed(*IncomingMessage) {}

// writeFailed is the client not taking its answer: it is lost.
func (c *serverConn) writeFailed(err error) { c.lostPeer(err) }

// enough reports whether so much waits to be answered, or to be taken by the client, that no more requests are looked at; or
// so many have been, that others should have their turn.
func (c *serverConn) enough() bool {
	return c.burst >= maxBurst || c.pending >= maxPipelined || c.queued() > max(0, c.sl.s.o.HighWaterMark) || c.last != nil && c.last.res.maySwitch
}

// restart begins another burst, in a turn of its own.
func (c *serverConn) restart() {
	c.burst = 0
	if c.flags&connGone == 0 {
		c.claim()
		c.wrote()
	}
}

// wrote looks whether everything has gone that was written of an answer that is cut off, or enough answers for more requests to
// be looked at.
func (c *serverConn) wrote() {
	if c.flags&connCut != 0 && c.flights.len() == 0 {
		c.cutOver()
	}
	if c.flags&connAnswers != 0 && !c.enough() {
		c.unblock(connAnswers)
	}
}
