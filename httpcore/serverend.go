package httpcore

import (
	"cmp"
	"errors"

	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/loop"
)

// How a connection ends: refused, finished and waited for, or at once.

// ended is the client's FIN. What it has asked for is still answered, but nothing that follows is.
func (c *serverConn) ended() {
	switch {
	case c.flags&connReset != 0:
		return // it has its time to read
	case c.flags&connLingering != 0:
		c.destroy(nil)
		return
	case c.flags&connLast != 0:
		return // when our end is sent it is over
	case c.sl.s.o.CloseOnFIN && c.in != nil:
		c.lostPeer(ErrClientEnded)
		return
	case c.sl.s.o.CloseOnFIN:
		c.destroy(ErrClientEnded)
		return
	}
	if c.p != nil && c.flags&connDeaf == 0 {
		if err := c.p.Finish(); err != nil {
			c.refuse(h1.StatusOf(err), err)
		}
	}
	if c.flags&connReset != 0 {
		return
	}
	for x := c.first; x != nil; x = x.next {
		x.req.cancelled(ErrClientEnded)
	}
	c.deafen()
	c.endBehind()
}

// refused is the parser not going on.
func (c *serverConn) refused(err error) {
	if errors.Is(err, h1.ErrH2Preface) {
		c.refuse(505, err) // a client that is told nothing takes it for a fault of the network
		return
	}
	c.refuse(h1.StatusOf(err), err)
}

// deafen has everything that still comes be thrown away: it is no request.
func (c *serverConn) deafen() {
	c.flags |= connDeaf
	c.flags &^= connBody | connAnswers
	c.spill, c.head, c.headDue = nil, nil, false
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
	case c.flags&connEnded != 0 && c.queued() == 0:
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
// that is being received, if there is one, is cut off: if its response has not begun, this is the answer; if it has, that is
// cut off too. One that is answered already is not answered again.
func (c *serverConn) refuse(status int, err error) {
	x := c.in
	c.in = nil
	c.why = err // until something else is
	c.deafen()
	switch {
	case x == nil:
	case x.res.over:
		c.abandon(&x.req, err)
		c.endBehind()
		c.blame(err, x, nil)
		return
	case x.res.begun():
		c.cutShort(x, err)
		c.blame(err, x, nil)
		return
	default:
		if c.watch != nil {
			c.watch.hold(x)
		}
		c.drop(x)
		c.lose(x, err)
	}
	switch {
	case c.flags&connGone != 0:
		c.blame(err, x, nil)
	case status == 0:
		c.endBehind()
		c.blame(err, x, nil)
	default:
		c.answerInstead(status, err, x)
	}
}

// answerInstead is the answer to what is no request, or, in the place of its handler's, to one that was not received to its
// end.
func (c *serverConn) answerInstead(status int, err error, refused *exchange) {
	x := &exchange{}
	x.res.init(c, x)
	x.res.keepAlive = false
	x.res.StatusCode = status
	if refused != nil {
		x.res.head, x.res.minor = refused.res.head, refused.res.minor
	}
	c.queue(x)
	c.blame(err, refused, &x.res)
	if !x.res.headSent && !x.res.gone {
		x.res.End()
	}
}

// finish ends our side: the last byte of the last answer is on its way. The client's is waited for, so that what it has
// sent meanwhile does not turn our close into a reset.
func (c *serverConn) finish() {
	if c.flags&(connLast|connGone) != 0 {
		return
	}
	c.flags |= connLast
	c.deafen()
	c.sendEnd()
}

// sendEnd sends our end. One that completes the last answer waits until the kernel has all of that: before, we may still have
// to give it up, and then with a reset.
func (c *serverConn) sendEnd() {
	if c.tillEnd && c.queued() > 0 {
		return // when it has, rested is called
	}
	c.tillEnd = false
	c.handGathered()
	if c.t.CloseWrite(c.endSent) != nil {
		c.destroy(nil)
	}
}

// endSent is our end being sent.
func (c *serverConn) endSent(err error) {
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
	c.why = err
	for x := c.first; x != nil; x = x.next {
		// Other goroutines that wait for the handler learn why from the context, as soon as they may learn that it is over.
		x.req.cancelled(cmp.Or(err, error(ErrAborted)))
		x.res.gone = true // what is written from now on goes nowhere; the rest is told when the transport is closed
	}
	c.leave()
	closed := func() { c.closed(err) }
	if c.looksWhole() && c.t.CloseReset(closed) == nil {
		return
	}
	c.t.Close(closed)
}

// looksWhole reports whether our end, now, would have the client take an answer for whole that is not.
func (c *serverConn) looksWhole() bool {
	switch {
	case c.flags&connReset != 0:
		return true
	case c.first != nil:
		return c.first.res.endsWithConnection()
	}
	return c.tillEnd
}

// leave has the server forget the connection, and HTTP the transport.
func (c *serverConn) leave() {
	if c.watch != nil {
		c.watch.stats.BytesWritten -= int64(c.queued())
	}
	c.wire.leave()
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
	c.owned()
	defer c.forgotten(err) // whoever panics
	c.loseAll(first, err)
}

// forgotten is what is left to tell when nobody waits for an answer any more.
func (c *serverConn) forgotten(err error) {
	if c.watch != nil {
		defer c.watch.over(c)
	}
	if x := c.in; x != nil { // answered, and not received to its end
		c.abandon(&x.req, err)
	}
}
