package httpcore

import (
	"time"

	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/loop"
)

// serverLoop is what a Server has on one loop, and its connections there share. Only that loop's goroutine touches it.
type serverLoop struct {
	s *Server
	l *loop.Loop

	conns    connList
	closing  bool // no request is served any more but those that have begun
	parsers  []*h1.Parser
	heads    []byte // memory for the head that is being received, while nobody has it
	arena    arena
	clocks   map[*ServerResponse]*responseClock // of those that have been given a time
	date     []byte
	dateTill time.Duration // the loop's time until which it is right
}

// maxParsers is how many parsers are kept while nobody needs one. A connection needs one only while a message arrives.
const maxParsers = 64

// parser gives c a parser.
func (sl *serverLoop) parser(c *serverConn) *h1.Parser {
	var p *h1.Parser
	if n := len(sl.parsers); n > 0 {
		p, sl.parsers = sl.parsers[n-1], sl.parsers[:n-1]
	} else {
		p = new(h1.Parser)
	}
	p.Reset(h1.Request, c, &sl.s.o.Limits)
	return p
}

// giveBack takes a parser that is between two messages.
func (sl *serverLoop) giveBack(p *h1.Parser) {
	if len(sl.parsers) < maxParsers {
		sl.parsers = append(sl.parsers, p)
	}
}

// timeFormat is an IMF-fixdate: RFC 9110 section 5.6.7.
const timeFormat = "Mon, 02 Jan 2006 15:04:05 GMT"

// appendDate appends the value of a Date field. It is made once a second.
func (sl *serverLoop) appendDate(b []byte) []byte {
	if now := sl.l.Now(); now >= sl.dateTill {
		wall := sl.l.Reactor().Kernel().Wall().UTC()
		sl.date = wall.AppendFormat(sl.date[:0], timeFormat)
		sl.dateTill = now + time.Second - time.Duration(wall.Nanosecond())
	}
	return append(b, sl.date...)
}

// arena is memory for what lasts for a turn: heads and frames on their way to the transport.
type arena struct {
	buf   []byte
	l     *loop.Loop
	reset func() // made once
	due   bool
}

const arenaSize = 16 << 10

// take returns room for n bytes, with a length of 0.
func (a *arena) take(n int) []byte {
	if !a.due {
		a.due = true
		if a.reset == nil {
			a.reset = func() {
				a.buf, a.due = a.buf[:0], false
				if cap(a.buf) > arenaSize {
					a.buf = nil // somebody has written much at once
				}
			}
		}
		a.l.AtTurnEnd(a.reset)
	}
	if cap(a.buf)-len(a.buf) < n {
		a.buf = make([]byte, 0, max(arenaSize, n)) // what is in the old one stays where it is
	}
	return a.buf[len(a.buf) : len(a.buf) : len(a.buf)+n]
}

// put keeps b, which take has given room for and nobody has outgrown, until the turn ends.
func (a *arena) put(b []byte) []byte {
	a.buf = a.buf[:len(a.buf)+len(b)]
	return b[:len(b):len(b)]
}

// connList is the connections of a loop.
type connList struct {
	first *serverConn
	n     int
}

func (x *connList) add(c *serverConn) {
	c.next = x.first
	if x.first != nil {
		x.first.prev = c
	}
	x.first = c
	x.n++
}

func (x *connList) remove(c *serverConn) {
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		x.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	}
	c.next, c.prev = nil, nil
	x.n--
}

// each calls fn with every connection; fn may remove the one that it is given.
func (x *connList) each(fn func(*serverConn)) {
	for c := x.first; c != nil; {
		next := c.next
		fn(c)
		c = next
	}
}
