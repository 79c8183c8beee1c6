package httpcore

import (
	"strconv"
	"strings"
	"time"

	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/loop"
)

// The callbacks of a connection's parser: what a server sends.

// OnMessageBegin is what the parser calls with the first byte of a response.
func (c *clientConn) OnMessageBegin() {
	if c.req.answered() {
		c.surplus()
		return
	}
	c.begun = true
	c.beginHead()
}

// OnMethod is never called: these are responses.
func (c *clientConn) OnMethod([]byte, bool) {}

// OnURL is never called.
func (c *clientConn) OnURL([]byte, bool) {}

// OnStatus is what the parser calls.
func (c *clientConn) OnStatus(p []byte, last bool) { c.gather(p, last, '\n') }

// OnHeadersComplete is what the parser calls: there is a response.
func (c *clientConn) OnHeadersComplete() h1.Answer {
	r := c.req
	status := c.p.StatusCode()
	text := c.taken()
	line := strings.IndexByte(text, '\n')
	switch {
	case r.method == "CONNECT" && status/100 == 2:
		return c.switches(status, text, line, r.onConnect != nil)
	case status == 101:
		return c.switches(status, text, line, r.method != "CONNECT" && r.onUpgrade != nil && r.HasHeader("Upgrade") && r.over)
	case status < 200:
		c.interim(&Information{StatusCode: status, StatusMessage: text[:line], fields: section(text[line+1:])})
		return h1.Proceed
	}
	c.flags &^= connKeepParser
	m := c.begin(status, text, line)
	c.d.Start(loop.DeadlineRead, r.o.BodyTimeout)
	if r.hold { // the body was not asked for, and is not sent
		c.keepAlive = false
		c.d.Stop(loop.DeadlineExchange)
	}
	if r.onResponse.Len() == 0 {
		m.dump()
	} else {
		r.onResponse.Each(func(fn func(*IncomingMessage)) { fn(m) })
	}
	if r.method == "HEAD" {
		return h1.NoBody
	}
	return h1.Proceed
}

// begin makes the message whose head is complete. Its reason phrase has line bytes.
func (c *clientConn) begin(status int, text string, line int) *IncomingMessage {
	m := &IncomingMessage{
		c: &c.wire, text: text, line: uint32(line + 1), status: uint16(status), minor: c.minor,
		length: c.p.ContentLength(),
	}
	m.hasBody = m.length != 0 && c.req.method != "HEAD"
	m.begin(c.sh, c.req.o.HighWaterMark)
	c.in, c.req.res = m, m
	return m
}

// interim is a response that another follows.
func (c *clientConn) interim(i *Information) {
	r := c.req
	c.flags |= connKeepParser
	c.d.Touch(loop.DeadlineRead)
	if i.StatusCode == 100 {
		r.goAhead()
		r.onContinue.Each(func(fn func()) { fn() })
	}
	if r.onInformation.Len() > 0 && c.req == r {
		r.onInformation.Each(func(fn func(*Information)) { fn(i) })
	}
}

// switches is the last response in HTTP. wanted says that somebody takes the connection.
func (c *clientConn) switches(status int, text string, line int, wanted bool) h1.Answer {
	if !wanted {
		c.destroy(ErrUnexpectedSwitch)
		return h1.Proceed
	}
	m := c.begin(status, text, line)
	m.length, m.hasBody, m.upgrade = 0, false, true
	return h1.Upgrade
}

// OnBody is what the parser calls.
func (c *clientConn) OnBody(p []byte) {
	m := c.in
	c.d.Touch(loop.DeadlineRead)
	m.received += int64(len(p))
	if m.dumped {
		if c.dumped += len(p); c.dumped > maxDump {
			c.destroy(ErrBodyTooLarge)
		}
		return
	}
	c.push(m, p)
}

// OnMessageComplete is what the parser calls.
func (c *clientConn) OnMessageComplete() {
	m := c.in
	if m == nil || c.flags&connGone != 0 {
		return // an interim response
	}
	c.in = nil
	c.d.Stop(loop.DeadlineRead)
	c.flags &^= connBody
	if !c.p.KeepAlive() {
		c.keepAlive = false
	}
	c.patience = keptFor(m)
	m.end(c.tail())
}

// consumed is the response having been read to its end.
func (c *clientConn) consumed(m *IncomingMessage) {
	r := c.req
	switch {
	case r == nil || r.res != m:
	case !c.keepAlive || !r.keepAlive || r.hold:
		c.destroy(nil)
	case r.done && r.flying == 0:
		c.sh.l.NextTick(c.goFree)
	}
}

// keptFor is how long a server says that it keeps the connection, less a second for what is on its way; 0 if it does not say,
// and -1 if that is no time at all.
func keptFor(m *IncomingMessage) time.Duration {
	value, ok := m.fields().first("Keep-Alive")
	if !ok {
		return 0
	}
	for value != "" {
		var member string
		member, value = cutMember(value)
		name, n, _ := strings.Cut(member, "=")
		if !sameName(name, "timeout") {
			continue
		}
		seconds, err := strconv.ParseUint(strings.Trim(n, `"`), 10, 31)
		switch {
		case err != nil:
			return 0
		case seconds <= 1:
			return -1
		}
		return time.Duration(seconds-1) * time.Second
	}
	return 0
}
