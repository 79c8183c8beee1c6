package h1

// framing is how the end of a body is known.
type framing uint8

const (
	framingNone       framing = iota // there is none
	framingChunked                   // by the last chunk
	framingLength                    // by Content-Length
	framingUntilClose                // by the end of the connection
	framingTunnel                    // there is none, and what follows is not HTTP
)

// frame decides how long the body is, in the order of RFC 9112 section 6.3, but for its second rule. Repeated,
// contradictory and unknown lengths and codings were refused when they were read: rule 3 where Transfer-Encoding meets
// Content-Length, rule 4 where chunked is not the final coding, rule 5 where Content-Length is invalid.
func (p *Parser) frame(a Answer) framing {
	if p.kind == Response {
		switch {
		case p.status == 101:
			return framingTunnel // RFC 9110 section 15.2.2
		case a == Upgrade && p.status/100 == 2:
			return framingTunnel // rule 2; before rule 1, since any 2xx begins a tunnel, 204 too: RFC 9110 section 9.3.6
		case a == NoBody || p.status < 200 || p.status == 204 || p.status == 304:
			return framingNone // rule 1
		}
	}
	switch {
	case p.kind == Request && p.isMethod("CONNECT"):
		return framingTunnel // RFC 9110 section 9.3.6
	case p.seen&seenCoding != 0:
		return framingChunked // rule 4
	case p.seen&seenLength != 0:
		return framingLength // rule 6
	case p.kind == Request:
		return framingNone // rule 7
	}
	return framingUntilClose // rule 8
}

// headComplete is at the head's last byte, at i: what needs the whole head is checked, and the handler is asked.
func (p *Parser) headComplete(i int) int {
	switch {
	case p.kind == Request && p.minor > 0 && p.seen&seenHost == 0:
		return p.fail(i, CodeInvalidHost, "no Host") // section 3.2
	case p.seen&seenCoding != 0 && p.minor == 0:
		return p.fail(i, CodeInvalidTransferEncoding, "Transfer-Encoding in HTTP/1.0") // section 6.1
	case p.isInterim():
		if p.interim >= p.limits.interim() {
			return p.fail(i, CodeInterimOverflow, "too many interim responses")
		}
		p.interim++
	default:
		p.interim = 0
	}
	p.seen |= seenHead
	p.body = p.frame(Proceed) // for what the handler may ask
	a := p.h.OnHeadersComplete()
	if p.err != nil {
		return i + 1
	}
	if a != Proceed {
		p.body = p.frame(a)
	}
	switch {
	case p.kind == Response:
	case p.body == framingTunnel && (p.seen&seenCoding != 0 || p.left > 0):
		p.seen |= seenClose // if the tunnel is refused, what others take for a body must not become a request
	case a == Upgrade:
		p.seen |= seenNeedsUpgrade
	}
	switch {
	case p.body == framingChunked:
		p.beginChunk(i + 1)
	case p.body == framingLength && p.left > 0:
		p.state = stateBody
	case p.body == framingUntilClose:
		p.state = stateUntilClose
	default:
		p.state = stateDone
		if !p.halt {
			p.done()
		}
	}
	return i + 1
}

// isInterim reports whether the message is a response that another follows: a 1xx, but for 101, which is the last in HTTP.
func (p *Parser) isInterim() bool {
	return p.kind == Response && p.status < 200 && p.status != 101
}
