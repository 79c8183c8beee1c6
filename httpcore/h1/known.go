package h1

// The fields that a Parser reads the values of, since framing depends on them. Each has a small machine that moves on
// byte by byte, so that it makes no difference in how many pieces a value comes.

// known is such a field.
type known uint8

const (
	knownHost known = iota + 1
	knownUpgrade
	knownConnection
	knownLength
	knownCoding
	knownExpect // framing does not depend on it, but each server asks whether it is there
)

// knownLengths has a bit for each length of a known name, at its initial. Nearly all other names have none of theirs there.
var knownLengths = [32]uint32{
	'H' & 31: 1 << len("Host"),
	'U' & 31: 1 << len("Upgrade"),
	'C' & 31: 1<<len("Connection") | 1<<len("Content-Length"),
	'T' & 31: 1 << len("Transfer-Encoding"),
	'E' & 31: 1 << len("Expect"),
}

// knownField is the field of that name; 0 is all others. name is a token.
func knownField[S ~string | ~[]byte](name S) known {
	switch len(name) {
	case 4:
		if load4(name)|0x20202020 == load4("host") {
			return knownHost
		}
	case 6:
		if foldEqual(name, "expect") {
			return knownExpect
		}
	case 7:
		if foldEqual(name, "upgrade") {
			return knownUpgrade
		}
	case 10:
		if foldEqual(name, "connection") {
			return knownConnection
		}
	case 14:
		if foldEqual(name, "content-length") {
			return knownLength
		}
	case 17:
		if foldEqual(name, "transfer-encoding") {
			return knownCoding
		}
	}
	return 0
}

// foldEqual reports whether name, of the same length, is lower in some case. lower has four bytes or more. Of the bytes of a token
// only letters become other bytes of lower's by this.
func foldEqual[S ~string | ~[]byte](name S, lower string) bool {
	i := 0
	for ; i < len(lower)-8; i += 8 {
		if load(name[i:])|0x20*ones != load(lower[i:]) {
			return false
		}
	}
	if last := len(lower) - 8; last >= 0 {
		return load(name[last:])|0x20*ones == load(lower[last:])
	}
	last := len(lower) - 4
	return load4(name)|0x20202020 == load4(lower) && load4(name[last:])|0x20202020 == load4(lower[last:])
}

// beginKnown is at the colon, at j, of a field that is known.
func (p *Parser) beginKnown(j int) bool {
	p.sub, p.cand, p.idx = 0, 0, 0
	switch p.known {
	case knownHost:
		if p.kind == Request && p.seen&seenHost != 0 {
			p.fail(j, CodeInvalidHost, "a second Host")
			return false
		}
		p.seen |= seenHost
		if p.kind == Response {
			p.known = 0
		}
	case knownUpgrade:
		p.seen |= seenUpgrade
	case knownExpect:
		p.seen |= seenExpect
	case knownConnection:
		p.cand = isClose | isKeepAlive | isUpgrade
	case knownLength:
		switch {
		case p.seen&seenLength != 0:
			p.fail(j, CodeUnexpectedContentLength, "a second Content-Length")
			return false
		case p.seen&seenCoding != 0:
			p.fail(j, CodeUnexpectedContentLength, "Content-Length beside Transfer-Encoding")
			return false
		}
		p.seen |= seenLength
	case knownCoding:
		switch {
		case p.seen&seenCoding != 0:
			p.fail(j, CodeInvalidTransferEncoding, "a second Transfer-Encoding")
			return false
		case p.seen&seenLength != 0:
			p.fail(j, CodeInvalidTransferEncoding, "Transfer-Encoding beside Content-Length")
			return false
		}
		p.seen |= seenCoding
	}
	return true
}

// readKnown moves the machine on by data[i:j], and refuses the first byte that is wrong. last says that the value ends at j.
func (p *Parser) readKnown(data []byte, i, j int, last bool) bool {
	p.steps.add(j - i)
	switch p.known {
	case knownHost:
		return p.readHost(data, i, j, last)
	case knownConnection:
		p.readConnection(data[i:j], last)
	case knownLength:
		return p.readLength(data, i, j, last)
	case knownCoding:
		return p.readCoding(data, i, j, last)
	case knownUpgrade, knownExpect: // that it is there is all
	}
	return true
}

func (p *Parser) readHost(data []byte, i, j int, last bool) bool {
	s := hostState(p.sub)
	if s == hostStart {
		s, i = plainHost(data[:j], i)
	}
	for ; i < j; i++ {
		c := data[i]
		if (c == ' ' || c == '\t') && s.done() {
			s = hostSpace
		} else if s = s.next(c); s == hostRefused {
			p.fail(i, CodeInvalidHost, "a Host that names no host")
			return false
		}
	}
	p.sub = uint8(s)
	if last && !s.done() {
		p.fail(j, CodeInvalidHost, "a Host that names no host")
		return false
	}
	return true
}

// readLength reads digits, with nothing but whitespace behind them: RFC 9110 section 8.6. sub is 1 from the first digit on
// and 2 from the first space on.
func (p *Parser) readLength(data []byte, i, j int, last bool) bool {
	for ; i < j; i++ {
		c := data[i]
		switch {
		case c >= '0' && c <= '9' && p.sub < 2:
			p.sub = 1
			d := uint64(c - '0')
			if p.left > (1<<63-1-d)/10 {
				p.failWith(i, CodeInvalidContentLength, "a Content-Length that is too large", 413)
				return false
			}
			p.left = p.left*10 + d
		case (c == ' ' || c == '\t') && p.sub > 0:
			p.sub = 2
		default:
			p.fail(i, CodeInvalidContentLength, "a Content-Length that is not a number")
			return false
		}
	}
	if last && p.sub == 0 {
		p.fail(j, CodeInvalidContentLength, "an empty Content-Length")
		return false
	}
	return true
}

const chunkedCoding = "chunked"

// readCoding reads "chunked" and nothing else: RFC 9112 sections 6.1 and 7. No other coding is understood here, and one that
// is not the last would not end the message. sub is 1 from the first space on.
func (p *Parser) readCoding(data []byte, i, j int, last bool) bool {
	for ; i < j; i++ {
		c := data[i]
		switch {
		case p.idx < uint8(len(chunkedCoding)) && c|0x20 == chunkedCoding[p.idx] && p.sub == 0:
			p.idx++
		case (c == ' ' || c == '\t') && p.idx == uint8(len(chunkedCoding)):
			p.sub = 1
		default:
			p.refuseCoding(i)
			return false
		}
	}
	if last && p.idx != uint8(len(chunkedCoding)) {
		p.refuseCoding(j)
		return false
	}
	return true
}

func (p *Parser) refuseCoding(i int) {
	if p.idx < uint8(len(chunkedCoding)) {
		p.failWith(i, CodeInvalidTransferEncoding, "a transfer coding other than chunked", 501)
		return
	}
	p.fail(i, CodeInvalidTransferEncoding, "something behind the coding chunked")
}

// What a member of Connection may be, in Parser.cand; idx is how many of its bytes were read, and sub whether whitespace
// has come behind it.
const (
	isClose uint8 = 1 << iota
	isKeepAlive
	isUpgrade
)

var connectionMembers = [...]struct {
	bit  uint8
	name string
	seen seen
}{
	{isClose, "close", seenClose},
	{isKeepAlive, "keep-alive", seenKeepAlive},
	{isUpgrade, "upgrade", seenConnUpgrade},
}

// readConnection finds the members that mean something to us. What is no list is none of them.
func (p *Parser) readConnection(b []byte, last bool) {
	if last && p.idx == 0 && len(b) == len("keep-alive") && foldEqual(b, "keep-alive") { // as it nearly always is
		p.seen |= seenKeepAlive
		return
	}
	for _, c := range b {
		switch {
		case c == ',':
			p.endMember()
		case c == ' ' || c == '\t':
			if p.idx > 0 {
				p.sub = 1
			}
		case p.sub != 0:
			p.cand = 0 // two words
		case p.cand != 0:
			for _, m := range connectionMembers {
				if int(p.idx) >= len(m.name) || c|0x20 != m.name[p.idx] {
					p.cand &^= m.bit
				}
			}
			p.idx++
		}
	}
	if last {
		p.endMember()
	}
}

func (p *Parser) endMember() {
	for _, m := range connectionMembers {
		if p.cand&m.bit != 0 && int(p.idx) == len(m.name) {
			p.seen |= m.seen
		}
	}
	p.cand, p.idx, p.sub = isClose|isKeepAlive|isUpgrade, 0, 0
}
