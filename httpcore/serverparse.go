package httpcore

import (
	"strings"

	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/loop"
)

// The callbacks of a connection's parser.

// OnMessageBegin is what the parser calls with the first byte of a request.
func (c *serverConn) OnMessageBegin() {
	c.d.Stop(loop.DeadlineIdle)
	c.headDue = c.served > 0
	c.beginHead()
}

// OnMethod is what the parser calls.
func (c *serverConn) OnMethod(p []byte, last bool) { c.gather(p, last, '\n') }

// OnURL is what the parser calls.
func (c *serverConn) OnURL(p []byte, last bool) { c.gather(p, last, '\n') }

// OnStatus is never called: these are requests.
func (c *serverConn) OnStatus([]byte, bool) {}

// OnHeadersComplete is what the parser calls: there is a request.
func (c *serverConn) OnHeadersComplete() h1.Answer {
	s := c.sl.s
	c.headDue = false
	c.d.Stop(loop.DeadlineExchange)
	c.served++
	x := &exchange{}
	c.in = x
	m := &x.req
	c.begin(m)
	x.res.init(c, x)
	x.res.keepAlive = c.p.KeepAlive() && !c.sl.closes() &&
		(s.o.MaxRequestsPerSocket == 0 || int(c.served) < s.o.MaxRequestsPerSocket)
	c.queue(x)
	if c.watch != nil {
		c.watch.begin(c, x)
	}
	if m.hasBody {
		c.d.Start(loop.DeadlineRead, s.o.BodyTimeout)
		c.d.Start(loop.DeadlineExchange, s.o.RequestTimeout)
		c.rate(0)
	}
	connect := m.Method() == "CONNECT"
	upgrade := c.p.WantsUpgrade() && !m.hasBody && !connect
	m.upgrade = upgrade || connect
	x.res.maySwitch = upgrade && s.onUpgrade == nil
	if !x.res.keepAlive {
		c.flags |= connLastRequest
	}
	expect := ""
	if c.p.Expects() {
		expect = m.Header("Expect")
	}
	switch {
	case s.o.MaxBody > 0 && m.length > s.o.MaxBody:
		c.refuseInside(413, ErrBodyTooLarge)
		return h1.Proceed
	case connect && (s.onConnect == nil || c.pending > 1):
		c.refuseInside(501, nil)
		return h1.Proceed
	case connect, upgrade && s.onUpgrade != nil && c.pending == 1:
		c.flags &^= connLastRequest // what follows is another protocol, and not to be thrown away
		return h1.Upgrade
	case expect == "" || m.minor == 0:
	case !strings.EqualFold(expect, "100-continue"):
		x.res.StatusCode = 417
		x.res.keepAlive = false
		c.flags |= connLastRequest
		x.res.End()
		return h1.Proceed
	case s.onCheckContinue != nil:
		x.res.expecting = true
		s.onCheckContinue(m, &x.res)
		return h1.Proceed
	default:
		x.res.WriteContinue()
	}
	if s.onRequest != nil {
		s.onRequest(m, &x.res)
	} else {
		x.res.StatusCode = 404
		x.res.End()
	}
	if c.flags&connGone != 0 && !m.hasBody {
		m.end("") // the handler has destroyed the connection, and with it the parser's way to say so
	}
	return h1.Proceed
}

// refuseInside is refuse from inside the parser.
func (c *serverConn) refuseInside(status int, err error) {
	c.p.Pause()
	c.refuse(status, err)
}

// begin makes m the request whose head is complete.
func (c *serverConn) begin(m *IncomingMessage) {
	text := c.taken()
	method := 0
	for text[method] != '\n' { // nearly all are so short that a call to look for it costs more
		method++
	}
	target := method + 1 + strings.IndexByte(text[method+1:], '\n')
	m.c = &c.wire
	m.text, m.line, m.method, m.minor = text, uint32(target+1), uint16(method), c.minor
	m.length = c.p.ContentLength()
	m.hasBody = m.length != 0
	if m.Method() == "CONNECT" {
		m.length, m.hasBody = 0, false
	}
	m.begin(c.sh, c.sl.s.o.HighWaterMark)
}

// OnBody is what the parser calls. The ticks that a piece causes run before the next piece.
func (c *serverConn) OnBody(p []byte) {
	m := &c.in.req
	c.d.Touch(loop.DeadlineRead)
	m.received += int64(len(p))
	switch most := c.sl.s.o.MaxBody; {
	case most > 0 && m.received > most:
		c.refuseInside(413, ErrBodyTooLarge)
		return
	case m.dumped:
		if c.dumped += len(p); c.dumped > maxDump {
			c.tooMuch()
		}
		return
	}
	c.push(m, p)
	c.sl.l.RunTicks()
}

// tooMuch gives up a body that nobody reads: the connection ends behind its answer.
func (c *serverConn) tooMuch() {
	c.abandon(&c.in.req, ErrBodyTooLarge)
	c.deafen()
	c.endBehind()
}

// OnMessageComplete is what the parser calls.
func (c *serverConn) OnMessageComplete() {
	x := c.in
	c.in = nil
	if x.req.hasBody {
		c.d.Stop(loop.DeadlineIdle)
		c.d.Stop(loop.DeadlineRead)
		c.d.Stop(loop.DeadlineExchange)
		c.flags &^= connBody
	}
	tail := c.tail()
	c.dumped = 0
	if c.flags&connDeaf != 0 || c.flags&connLastRequest != 0 && !x.res.maySwitch {
		c.deafen() // what follows is no request: RFC 9112 section 9.6. Behind one that may switch it waits for the answer
	}
	x.req.end(tail)
	if x.res.finished() {
		x.req.loose = true
	}
	if c.burst++; c.burst == maxBurst {
		_ = c.sh.l.Post(c.restart)
	}
	if c.flags&connDeaf == 0 && c.enough() {
		c.flags |= connAnswers
		c.p.Pause()
	}
}
