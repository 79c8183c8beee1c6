package httpcore

import (
	"time"

	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/loop"
)

// shared is what the connections of one loop share. Only that loop's goroutine touches it.
type shared struct {
	l    *loop.Loop
	mark int // the high water mark of messages that are written and have none of their own

	parsers  []*h1.Parser
	heads    []byte // memory for the head that is being received, while nobody has it
	arena    arena
	gather   gather
	flights  []flight      // memory for a connection that has many
	vector   [1][]byte     // what a transport is given a single slice in
	date     []byte        // the line of a Date field
	dateTill time.Duration // the loop's time until which it is right
}

func (sh *shared) init(l *loop.Loop) {
	sh.l = l
	sh.arena.l = l
}

// maxParsers is how many parsers are kept while nobody needs one. A connection needs one only while a message arrives.
const maxParsers = 64

// parser gives s a parser.
func (sh *shared) parser(s side) *h1.Parser {
	var p *h1.Parser
	if n := len(sh.parsers); n > 0 {
		p, sh.parsers = sh.parsers[n-1], sh.parsers[:n-1]
	} else {
		p = new(h1.Parser)
	}
	kind, limits := s.limits()
	p.Reset(kind, s, limits)
	return p
}

// giveBack takes a parser that is between two messages.
func (sh *shared) giveBack(p *h1.Parser) {
	if len(sh.parsers) < maxParsers {
		sh.parsers = append(sh.parsers, p)
	}
}

// timeFormat is an IMF-fixdate: RFC 9110 section 5.6.7.
const timeFormat = "Mon, 02 Jan 2006 15:04:05 GMT"

// appendDate appends a Date field, whose line is made once a second.
func (sh *shared) appendDate(b []byte) []byte {
	if now := sh.l.Now(); now >= sh.dateTill {
		wall := sh.l.Reactor().Kernel().Wall().UTC()
		sh.date = append(wall.AppendFormat(append(sh.date[:0], "Date: "...), timeFormat), "\r\n"...)
		sh.dateTill = now + time.Second - time.Duration(wall.Nanosecond())
	}
	return append(b, sh.date...)
}

// arena is memory for what lasts for a turn: heads and frames on their way to the transport.
type arena struct {
	buf     []byte
	l       *loop.Loop
	reset   func() // endTurn, made once
	due     bool
	lenders []*outgoing // messages that keep what lasts for the turn only
}

const arenaSize = 16 << 10

// use has endTurn called.
func (a *arena) use() {
	if a.due {
		return
	}
	a.due = true
	if a.reset == nil {
		a.reset = a.endTurn
	}
	a.l.AtTurnEnd(a.reset)
}

// endTurn has everybody copy what is still needed, and takes the memory back.
func (a *arena) endTurn() {
	for _, o := range a.lenders {
		o.seal()
	}
	clear(a.lenders)
	if a.lenders = a.lenders[:0]; cap(a.lenders) > maxLenders {
		a.lenders = nil
	}
	if debugging {
		spoil(a)
	}
	a.buf, a.due = a.buf[:0], false
	if cap(a.buf) > arenaSize {
		a.buf = nil // somebody has written much at once
	}
}

// maxLenders is the longest list of them whose memory is kept.
const maxLenders = 256

// take returns room for n bytes, with a length of 0.
func (a *arena) take(n int) []byte {
	a.use()
	if cap(a.buf)-len(a.buf) < n {
		a.buf = make([]byte, 0, max(arenaSize, n)) // what is in the old one stays where it is
	}
	return a.buf[len(a.buf) : len(a.buf) : len(a.buf)+n]
}

// spoil fills what the turn has used, when everybody has sealed.
func spoil(a *arena) {
	used := a.buf
	a.l.AtTurnEnd(func() {
		for i := range used {
			used[i] = 0xdd
		}
	})
}

// endsWith reports whether p was the last to be put.
func (a *arena) endsWith(p []byte) bool {
	at := len(a.buf) - len(p)
	return len(p) > 0 && at >= 0 && &a.buf[at] == &p[0]
}

// join makes p a part of b, if it was the last to be put and b the last before it.
func (a *arena) join(b *[]byte, p []byte) bool {
	at := len(a.buf) - len(p) - len(*b)
	if at < 0 || !a.endsWith(p) || &a.buf[at] != &(*b)[0] {
		return false
	}
	*b = a.buf[at:len(a.buf):len(a.buf)]
	return true
}

// put keeps b, which take has given room for and nobody has outgrown, until the turn ends.
func (a *arena) put(b []byte) []byte {
	a.buf = a.buf[:len(a.buf)+len(b)]
	return b[:len(b):len(b)]
}
