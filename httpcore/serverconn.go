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
	if err := t.ReadStart(c); err != nil {
		c.destroy(err)
	}
	return c
}

// hurry gives a client that has sent nothing yet less time to do so: the server closes.
func (c *serverConn) hurry() {
	if c.served == 0 && c.quiet() && c.flags&connDeaf == 0 {
		c.d.Start(loop.DeadlineExchange, lastCall)
	}
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

// clientEnded is the client's FIN. What it has asked for is still answered, but nothing that follows is.
func (c *serverConn) clientEnded() {
	c.flags |= connEnded
	switch {
	case c.flags&connLingering != 0:
		c.destroy(nil)
		return
	case c.flags&connLast != 0:
		return // when our end is sent it is over
	case c.sl.s.o.CloseOnFIN:
		c.destroy(ErrClientEnded)
		return
	}
	if c.p != nil && c.flags&connDeaf == 0 {
		if err := c.p.Finish(); err != nil {
			c.refuse(h1.StatusOf(err), err)
		}
	}
	for x := c.first; x != nil; x = x.next {
		x.req.cancelled(ErrClientEnded)
	}
	c.deafen()
	c.endBehind()
}

// deafen has everything that still comes be thrown away: it is no request.
func (c *serverConn) deafen() {
	c.flags |= connDeaf
	c.flags &^= connBody | connAnswers
	c.spill, c.head = nil, nil
	c.d.Stop(loop.DeadlineIdle)
	c.d.Stop(loop.DeadlineRead)
	c.d.Stop(loop.DeadlineExchange)
	if c.flags&connParsing == 0 {
		c.p = nil
	} else if c.in == nil {
		c.p.Pause()
	}
}

// endBehind ends our side behind the answers that are due.
func (c *serverConn) endBehind() {
	switch {
	case c.flags&connGone != 0:
	case c.last != nil:
		c.last.res.keepAlive = false
	case c.flags&connEnded != 0 && c.t.WriteQueueSize() == 0:
		c.destroy(nil)
	default:
		c.finish()
	}
}

// lastAnswer is a response saying in its head that the connection ends behind it.
func (c *serverConn) lastAnswer(r *ServerResponse) {
	if c.in != nil {
		c.flags |= connLastRequest
	} else {
		c.deafen()
	}
}

// refuse answers with status behind the answers that are due, and takes no more requests; 0 gives no answer. The request
// that is being received, if there is one, is cut off: if its response has not begun, this is the answer. One that is
// answered already is not answered again.
func (c *serverConn) refuse(status int, err error) {
	x := c.in
	c.in = nil
	c.deafen()
	switch {
	case x == nil:
	case x.res.over:
		c.abandon(&x.req, err)
		c.endBehind()
		return
	case x.res.begun():
		c.destroy(err)
		return
	default:
		c.drop(x)
		c.lose(x, err)
	}
	switch {
	case c.flags&connGone != 0:
	case status == 0:
		c.endBehind()
	default:
		x = &exchange{}
		x.res.init(c, x)
		x.res.keepAlive = false
		x.res.StatusCode = status
		c.push(x)
		x.res.End()
	}
}

// abandon is a request having lost its connection.
func (c *serverConn) abandon(m *IncomingMessage, err error) {
	if c.in != nil && &c.in.req == m {
		c.in = nil
		if c.flags&connParsing != 0 {
			c.p.Pause()
		}
	}
	m.c = nil
	m.cancelled(err)
	if !m.Destroyed() {
		m.Destroy(ErrAborted.because(err))
	}
}

// lose is an exchange having lost its connection before its answer was sent.
func (c *serverConn) lose(x *exchange, err error) {
	if x.res.req != nil {
		c.abandon(&x.req, err)
	}
	x.res.cutOff(c.reason(err))
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
	switch {
	case !r.keepAlive:
		behind := c.first
		c.first, c.last, c.pending = nil, nil, 0
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
		c.rest()
	}
	c.checkAnswers()
}

// loseAll is lose of x and those behind it.
func (c *serverConn) loseAll(x *exchange, err error) {
	for x != nil {
		next := x.next
		x.next = nil
		c.lose(x, err)
		x = next
	}
}

// checkAnswers looks whether enough answers have gone for more requests to be looked at.
func (c *serverConn) checkAnswers() {
	if c.pending < maxPipelined && c.t.WriteQueueSize() <= c.sl.s.o.HighWaterMark {
		c.unblock(connAnswers)
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

// finish ends our side: the last byte of the last answer is on its way. The client's is waited for, so that what it has
// sent meanwhile does not turn our close into a reset.
func (c *serverConn) finish() {
	if c.flags&(connLast|connGone) != 0 {
		return
	}
	c.flags |= connLast
	c.deafen()
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
	c.read()
}

// destroy closes the transport at once. What is under way is cut off: with a reset if a response that only the end of the
// connection ends would look complete otherwise.
func (c *serverConn) destroy(err error) {
	if c.flags&connGone != 0 {
		return
	}
	c.flags |= connGone
	c.spill, c.head, c.why = nil, nil, err
	if c.flags&connParsing != 0 {
		c.p.Pause()
	} else {
		c.p = nil
	}
	for x := c.first; x != nil; x = x.next {
		x.res.gone = true // what is written from now on goes nowhere; the rest is told when the transport is closed
	}
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
	c.sl.s.left()
}

// closed is the transport being closed: everybody who waits is told.
func (c *serverConn) closed(err error) {
	if err == nil {
		err = ErrAborted
	}
	first := c.first
	c.first, c.last, c.pending = nil, nil, 0
	c.loseAll(first, err)
	if x := c.in; x != nil { // answered, and not received to its end
		c.abandon(&x.req, err)
	}
}

// lost is a write having failed: so has the connection, and a response that had handed over everything is not sent.
func (c *serverConn) lost(o *outgoing, err error) {
	c.destroy(err)
	if o.flying > 0 {
		return
	}
	for x := c.first; x != nil; x = x.next {
		if &x.res == o.r {
			return // when the transport is closed
		}
	}
	if o.req != nil {
		c.abandon(o.req, err)
	}
	o.cutOff(c.reason(err))
}

// writing is n bytes having been handed to the transport.
func (c *serverConn) writing(n int) {
	c.handed += uint32(n)
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
		if c.flags&connLingering != 0 {
			c.destroy(nil)
		} else {
			c.finish()
		}
	case loop.DeadlineWrite:
		if c.handed-uint32(c.t.WriteQueueSize()) != c.acked {
			c.awaitTaking() // of one large write, that is: others were seen to be complete
			return
		}
		c.destroy(ErrTimeout)
	default:
		if c.p == nil && c.in == nil {
			c.finish() // it has sent nothing at all
			return
		}
		c.refuse(408, ErrTimeout)
	}
}
