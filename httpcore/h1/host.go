package h1

// uri-host [ ":" port ], as a Host field and an authority have it: RFC 9110 section 7.2, RFC 3986 section 3.2.2. An IP
// literal's bytes are checked, not what they mean.

// The states of the machine that reads it, in Parser.sub. Parser.cand is set once a port has a digit.
const (
	hostStart   uint8 = iota
	hostName          // a reg-name or an IPv4 address
	hostPct1          // behind "%"
	hostPct2          // behind "%" and a digit
	hostLiteral       // behind "["
	hostInside        // and a byte more
	hostAfter         // behind "]"
	hostPort          // behind ":"
	hostSpace         // whitespace behind a field's value
)

// hostDone reports whether what was read is complete; nothing at all is.
func hostDone(s uint8) bool {
	return s == hostStart || s == hostName || s >= hostAfter
}

// host moves the machine on by c, and reports whether c may stand there.
func (p *Parser) host(c byte) bool {
	k := classes[c]
	switch p.sub {
	case hostStart:
		switch {
		case c == '[':
			p.sub = hostLiteral
			return true
		case c == ':':
			return false // a port of no host
		}
		p.sub = hostName
		fallthrough
	case hostName:
		switch {
		case k&classHost != 0:
			return true
		case c == '%':
			p.sub = hostPct1
			return true
		case c == ':':
			p.sub = hostPort
			return true
		}
	case hostPct1, hostPct2:
		if k&classHex != 0 {
			p.sub++
			if p.sub > hostPct2 {
				p.sub = hostName
			}
			return true
		}
	case hostLiteral, hostInside:
		switch {
		case c == ']':
			ok := p.sub == hostInside
			p.sub = hostAfter
			return ok
		case k&classHost != 0 || c == ':' || c == '%': // "%25" begins a zone
			p.sub = hostInside
			return true
		}
	case hostAfter:
		if c == ':' {
			p.sub = hostPort
			return true
		}
	case hostPort:
		if c >= '0' && c <= '9' {
			p.cand = 1
			return true
		}
	}
	return false
}
