package httpcore

import (
	"errors"
	"io"

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
	sl         *serverLoop
	t          stream.Transport
	prev, next *serverConn // of the loop's connections

	p     *h1.Parser // nil while no message is being received
	head  []byte     // what has been received of a head, or of a trailer section
	spill []byte     // what was received and is not parsed yet, because somebody does not read
	kept  bool       // what is being parsed was kept: it is ours

	in          *exchange // whose request is being received
	first, last *exchange // not answered yet
	pending     int

	flights  flights
	settled  int         // writes that were told of before the transport has
	handed   uint32      // bytes handed to the transport, ever
	acked    uint32      // of them, those that the client had taken when the clock of writing began
	goSettle func()      // settle, made once
	sent     func(error) // completed, made once
	goOn     func()      // resume, made when it is needed

	why    error // it was destroyed, if it was for a reason
	served uint32
	minor  uint8 // of the version of the request whose head is being received
	dumped int   // bytes of a body that nobody reads, or of what came behind the last request
	flags  connFlags
	watch  *connWatch // what the hooks of its life are told; nil without any
	rated  int64      // bytes of the body that is being received, up to where its rate was looked at
	d      loop.Deadlines
}

// connFlags are independent of one another.
type connFlags uint16

const (
	connParsing     connFlags = 1 << iota // inside Execute
	connStopped                           // the transport is not read
	connBody                              // because nobody reads the body that is being received
	connAnswers                           // because enough requests wait for their answers, or too much for the client to read
	connGoingOn                           // goOn is scheduled
	connDeaf                              // what still comes is no request: it is thrown away
	connEnded                             // the client has ended its side
	connLast                              // the last answer was given: our side is ended
	connLingering                         // our end was sent, and theirs is waited for
	connGone                              // the transport was closed, or is somebody else's
	connLastRequest                       // the request that is being received is the last
	connSettling                          // settle is scheduled
	connUnsettled                         // it was called inside Execute, and did nothing
	connCut                               // the only answer that is left is cut off, and ends with what was written of it
	connReset                             // the end has to be a reset, or that answer would look complete
)

// exchange is a request and its response.
type exchange struct {
	req  IncomingMessage
	res  ServerResponse
	next *exchange
}

func newServerConn(sl *serverLoop, t stream.Transport) *serverConn {
	c := &serverConn{sl: sl, t: t}
	c.sent = c.completed
	c.d.Init(sl.l, c)
	c.d.Start(loop.DeadlineExchange, sl.s.o.HeaderTimeout)
	if sl.closing {
		c.hurry()
	}
	sl.conns.add(c)
	if sl.s.hooks != nil {
		c.watchFrom()
	}
	if err := t.ReadStart(c); err != nil {
		c.destroy(err)
	}
	return c
}

// OnRead is what the Transport calls.
func (c *serverConn) OnRead(p []byte, err error) {
	if c.watch != nil {
		c.watch.stats.BytesRead += int64(len(p))
	}
	switch {
	case c.flags&connGone != 0:
	case err == nil && c.flags&connDeaf != 0:
		c.discard(len(p))
	case err == nil:
		c.parse(p)
	case err == io.EOF:
		c.clientEnded()
	default:
		c.broken(err)
	}
}

// OnHangUp is what a Transport calls that is not read, when its peer has gone: nobody waits for an answer.
func (c *serverConn) OnHangUp() {
	if c.flags&connGone == 0 {
		c.broken(ErrAborted)
	}
}

// parse feeds data to the parser. What it does not take, since somebody has paused it, is kept: one read at most.
func (c *serverConn) parse(data []byte) {
	if c.p == nil {
		c.p = c.sl.parser(c)
	}
	c.flags |= connParsing
	n, err := c.p.Execute(data)
	c.flags &^= connParsing
	c.unsettled()
	switch {
	case c.flags&connGone != 0:
		c.p = nil // it stopped inside a message, and is nobody's any more
		return
	case c.flags&connDeaf != 0:
	case errors.Is(err, h1.ErrPaused):
		c.p.Resume()
		c.stop()
		if n < len(data) {
			c.keep(data[n:])
		}
	case errors.Is(err, h1.ErrUpgrade):
		c.handOver(data[n:])
		return
	case err != nil:
		c.refuse(h1.StatusOf(err), err)
	}
	if c.flags&connDeaf != 0 {
		c.p = nil
	} else if c.p.Between() {
		c.sl.giveBack(c.p)
		c.p = nil
	}
	c.rest()
}
