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

	flights flights
	sent    func(error) // completed, made once
	goOn    func()      // resume, made when it is needed

	served uint32
	minor  uint8 // of the version of the request whose head is being received
	dumped int   // bytes of a body that nobody reads, or of what came behind the last request
	flags  connFlags
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
	sl.conns.add(c)
	if err := t.ReadStart(c); err != nil {
		c.destroy(err)
	}
	return c
}

// OnRead is what the Transport calls.
func (c *serverConn) OnRead(p []byte, err error) {
	switch {
	case c.flags&connGone != 0:
	case err == nil && c.flags&connDeaf != 0:
		c.discard(len(p))
	case err == nil:
		c.parse(p)
	case err == io.EOF:
		c.clientEnded()
	default:
		c.destroy(err)
	}
}

// OnHangUp is what a Transport calls that is not read, when its peer has gone: nobody waits for an answer.
func (c *serverConn) OnHangUp() {
	if c.flags&connGone == 0 {
		c.destroy(ErrAborted)
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
	if c.p.Between() || c.flags&connDeaf != 0 {
		if c.p.Between() {
			c.sl.giveBack(c.p)
		}
		c.p = nil
	}
	c.rest()
}

// keep keeps what the parser has not taken: once, so if it was kept already, no more than where it begins changes.
func (c *serverConn) keep(rest []byte) {
	if !c.kept {
		rest = append([]byte(nil), rest...)
	}
	c.spill = rest
}

// stop has the transport read no more.
func (c *serverConn) stop() {
	if c.flags&connStopped == 0 {
		c.flags |= connStopped
		c.t.ReadStop()
		c.d.Pause(loop.DeadlineRead)
		c.d.Pause(loop.DeadlineExchange)
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
	case c.blocked() || c.flags&connGone != 0:
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
	if c.flags&connStopped != 0 {
		c.flags &^= connStopped
		c.d.Resume(loop.DeadlineRead)
		c.d.Resume(loop.DeadlineExchange)
	}
	if data := c.spill; len(data) > 0 {
		c.spill, c.kept = nil, true
		c.parse(data)
		c.kept = false
	} else if c.p != nil {
		c.parse(nil) // what needs no byte
	}
	if c.flags&(connGone|connStopped) == 0 {
		if err := c.t.ReadStart(c); err != nil {
			c.destroy(err)
		}
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

// clientEnded is the client's FIN.
func (c *serverConn) clientEnded() {
	c.flags |= connEnded
	switch {
	case c.flags&(connLingering|connLast) != 0:
		if c.flags&connLingering != 0 {
			c.destroy(nil)
		}
		return
	case c.sl.s.o.CloseOnFIN:
		c.destroy(ErrClientEnded)
		return
	}
	if c.p != nil && c.flags&connDeaf == 0 {
		if err := c.p.Finish(); err != nil {
			c.refuse(h1.StatusOf(err), err)
			return
		}
	}
	c.flags |= connDeaf
	for x := c.first; x != nil; x = x.next {
		x.req.cancelled(ErrClientEnded)
		x.res.keepAlive = false
	}
	if c.first == nil {
		c.destroy(nil)
	}
}

// refuse answers with status behind the answers that are due, and takes no more requests; 0 gives no answer. The request
// that is being received, if there is one, is cut off: if its response has not begun, this is the answer.
func (c *serverConn) refuse(status int, err error) {
	c.flags |= connDeaf
	c.spill = nil
	if x := c.in; x != nil {
		c.in = nil
		if x.res.begun() {
			c.destroy(err)
			return
		}
		c.drop(x)
		x.req.c = nil
		x.req.Destroy(ErrAborted.because(err))
		x.req.cancelled(err)
		x.res.cutOff(err)
	}
	c.flags &^= connBody | connAnswers
	c.d.Stop(loop.DeadlineRead)
	c.d.Stop(loop.DeadlineExchange)
	if status == 0 {
		c.lastIfIdle()
		return
	}
	x := &exchange{}
	x.res.init(c, x)
	x.res.keepAlive = false
	x.res.StatusCode = status
	c.push(x)
	x.res.End()
}

// lastIfIdle ends our side if no answer is due.
func (c *serverConn) lastIfIdle() {
	if c.first == nil && c.flags&connGone == 0 {
		c.finish()
	}
}

// push appends an exchange to those that wait for their answers.
func (c *serverConn) push(x *exchange) {
	if c.last != nil {
		c.last.next = x
	} else {
		c.first = x
	}
	c.last = x
	c.pending++
}

// drop takes x, the last one, out again.
func (c *serverConn) drop(x *exchange) {
	c.pending--
	if c.first == x {
		c.first, c.last = nil, nil
		return
	}
	y := c.first
	for y.next != x {
		y = y.next
	}
	y.next, c.last = nil, y
}

// answered is the first response having handed over its last byte: the next one owns the transport.
func (c *serverConn) answered(r *ServerResponse) {
	x := c.first
	c.first = x.next
	if c.first == nil {
		c.last = nil
	}
	x.next = nil
	c.pending--
	if !r.keepAlive {
		for y := c.first; y != nil; y = y.next {
			y.req.c = nil
			y.res.cutOff(ErrAborted)
		}
		c.first, c.last, c.pending = nil, nil, 0
		c.finish()
		return
	}
	if c.flags&connEnded != 0 && c.first == nil {
		c.finish()
		return
	}
	if c.first != nil {
		c.first.res.own()
		return
	}
	c.rest()
	c.checkAnswers()
}

// checkAnswers looks whether enough answers have gone for more requests to be looked at.
func (c *serverConn) checkAnswers() {
	if c.pending < maxPipelined && c.t.WriteQueueSize() <= c.sl.s.o.HighWaterMark {
		c.unblock(connAnswers)
	}
}

// rest starts the idle clock if nothing is under way.
func (c *serverConn) rest() {
	switch {
	case c.flags&(connGone|connLast|connDeaf) != 0 || c.p != nil || c.first != nil || c.in != nil || len(c.spill) > 0:
		return
	case c.sl.closing && c.served > 0:
		c.finish()
	case c.served > 0:
		c.d.Start(loop.DeadlineIdle, c.sl.s.o.IdleTimeout)
	}
}

// finish ends our side: the last byte of the last answer is on its way. The client's is waited for, so that what it has
// sent meanwhile does not turn our close into a reset.
func (c *serverConn) finish() {
	if c.flags&connLast != 0 {
		return
	}
	c.flags |= connLast | connDeaf
	c.spill = nil
	c.d.Stop(loop.DeadlineIdle)
	c.d.Stop(loop.DeadlineRead)
	c.d.Stop(loop.DeadlineExchange)
	if c.t.CloseWrite(c.ended) != nil {
		c.destroy(nil)
	}
}

// ended is our end being sent.
func (c *serverConn) ended(err error) {
	if c.flags&connGone != 0 {
		return
	}
	if err != nil || c.flags&connEnded != 0 {
		c.destroy(err)
		return
	}
	c.flags |= connLingering
	c.d.Start(loop.DeadlineIdle, lingerTime)
	c.flags &^= connStopped
	if err := c.t.ReadStart(c); err != nil {
		c.destroy(err)
	}
}

// destroy closes the transport at once. What is under way is cut off: with a reset if a response that only the end of the
// connection ends would look complete otherwise.
func (c *serverConn) destroy(err error) {
	if c.flags&connGone != 0 {
		return
	}
	c.flags |= connGone
	c.spill = nil
	c.leave()
	closed := func() { c.closed(err) }
	if c.first != nil && c.first.res.endsWithConnection() && c.t.CloseReset(closed) == nil {
		return
	}
	c.t.Close(closed)
}

// leave has the server forget the connection.
func (c *serverConn) leave() {
	c.d.Close()
	c.sl.conns.remove(c)
	c.sl.s.left(c.sl)
}

// closed is the transport being closed: everybody who waits is told.
func (c *serverConn) closed(err error) {
	if err == nil {
		err = ErrAborted
	}
	first := c.first
	c.first, c.last, c.pending = nil, nil, 0
	for x := first; x != nil; x = x.next {
		if m := x.res.req; m != nil {
			m.c = nil
			m.cancelled(err)
			if !m.complete {
				m.Destroy(ErrAborted.because(err))
			}
		}
		x.res.cutOff(err)
	}
	if x := c.in; x != nil { // answered, and not received to its end
		c.in = nil
		x.req.c = nil
		x.req.cancelled(err)
		x.req.Destroy(ErrAborted.because(err))
	}
}

// OnDeadline is what the loop calls.
func (c *serverConn) OnDeadline(which loop.Deadline) {
	if conn, ok := c.t.(*loop.Conn); ok {
		c.sl.l.Reactor().SetOwner(conn)
	}
	switch which {
	case loop.DeadlineIdle:
		if c.flags&connLingering != 0 {
			c.destroy(nil)
		} else {
			c.finish()
		}
	case loop.DeadlineWrite:
		c.destroy(ErrTimeout)
	default:
		if c.p == nil && c.in == nil {
			c.finish() // it has sent nothing at all
			return
		}
		c.refuse(408, ErrTimeout)
		c.p = nil
	}
}
