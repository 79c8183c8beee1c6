package h1

// The request-target: RFC 9112 section 3.2. Its forms are told apart by the first byte and the method. Bytes that RFC 3986
// wants encoded, such as "|" and "{" in a query, are let through, since browsers send them; whitespace, control bytes,
// bytes beyond ASCII and a fragment are not.

func (p *Parser) targetStart(data []byte, i int) int {
	c := data[i]
	switch {
	case p.isMethod("CONNECT"):
		p.state, p.sub = stateAuthority, uint8(hostStart)
		return i
	case c == '/':
		p.state = stateTarget
		return i
	case c == '*' && p.isMethod("OPTIONS"):
		p.state = stateTargetEnd
		p.h.OnURL(data[i:i+1:i+1], false)
		return i + 1
	case isLetter(c):
		p.state = stateScheme
		return i
	}
	return p.fail(i, CodeInvalidURL, "a request-target of no form")
}

// target is behind the beginning of an origin-form or an absolute-form.
func (p *Parser) target(data []byte, i int) int {
	end := p.window(data)
	j := skipTarget(data[:end], i)
	p.steps.add(j - i)
	switch {
	case j == len(data):
		p.h.OnURL(data[i:j:j], false)
		return j
	case j == end:
		return p.overflow(j)
	}
	return p.targetLast(data, i, j)
}

// targetEnd is behind a target that is complete.
func (p *Parser) targetEnd(data []byte, i int) int { return p.targetLast(data, i, i) }

// targetLast ends the target, the last piece of which is data[i:j].
func (p *Parser) targetLast(data []byte, i, j int) int {
	switch data[j] {
	case ' ':
	case '\r', '\n':
		return p.fail(j, CodeInvalidVersion, "a request line without a version")
	case '#':
		return p.fail(j, CodeInvalidURL, "a fragment in the request-target")
	default:
		return p.fail(j, CodeInvalidURL, "a byte in the request-target that cannot be there")
	}
	p.state, p.idx = stateHTTP, 0
	p.h.OnURL(data[i:j:j], true)
	return j + 1
}

func (p *Parser) scheme(data []byte, i int) int {
	end := p.window(data)
	j := i
	for j < end && schemeByte(data[j]) {
		j++
	}
	p.steps.add(j - i)
	switch {
	case j == len(data):
		p.h.OnURL(data[i:j:j], false)
		return j
	case j == end:
		return p.overflow(j)
	case data[j] != ':':
		return p.fail(j, CodeInvalidURL, "a request-target of no form")
	}
	p.state, p.idx = stateSchemeSlash, 0
	p.h.OnURL(data[i:j+1:j+1], false)
	return j + 1
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func schemeByte(c byte) bool {
	return isLetter(c) || c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'
}

// schemeSlash reads the two slashes that an absolute-form has here.
func (p *Parser) schemeSlash(data []byte, i int) int {
	if data[i] != '/' {
		return p.fail(i, CodeInvalidURL, "an absolute-form without an authority")
	}
	if p.idx++; p.idx == 2 {
		p.state, p.sub = stateAuthority, uint8(hostStart)
	}
	p.h.OnURL(data[i:i+1:i+1], false)
	return i + 1
}

// authority reads the host and port of a CONNECT or of an absolute-form.
func (p *Parser) authority(data []byte, i int) int {
	end := p.window(data)
	connect := p.isMethod("CONNECT")
	s := hostState(p.sub)
	j := i
	for j < end && data[j] != ' ' && (connect || data[j] != '/' && data[j] != '?') {
		next := s.next(data[j])
		if next == hostDigits {
			p.left = p.left*10 + uint64(data[j]-'0') // the port
		}
		if next == hostRefused || p.left > maxPort {
			break
		}
		s = next
		j++
	}
	p.sub = uint8(s)
	p.steps.add(j - i)
	switch {
	case j == len(data):
		p.h.OnURL(data[i:j:j], false)
		return j
	case j == end:
		return p.overflow(j)
	case data[j] == ' ' || !connect && (data[j] == '/' || data[j] == '?'):
	case data[j] == '@':
		return p.fail(j, CodeInvalidURL, "user information in the request-target")
	default:
		return p.targetLast(data, i, j) // which refuses it, and says why
	}
	if s == hostStart || !s.done() || connect && p.left == 0 { // RFC 9110 section 9.3.6
		return p.fail(j, CodeInvalidURL, "the authority names no host, or a CONNECT no port")
	}
	p.left = 0
	p.state = stateTarget
	if connect {
		p.state = stateTargetEnd
	}
	if j > i {
		p.h.OnURL(data[i:j:j], false)
	}
	return j
}
