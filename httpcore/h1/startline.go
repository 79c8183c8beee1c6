package h1

// The start line: RFC 9112 sections 3 and 4.

// start is before a message.
func (p *Parser) start(data []byte, i int) int {
	c := data[i]
	switch {
	case p.kind == Response:
		if c != 'H' {
			return p.fail(i, CodeInvalidConstant, "a response begins with HTTP/")
		}
		p.message(i)
		p.state, p.idx = stateHTTP, 0
		p.h.OnMessageBegin()
		if p.halt {
			return i
		}
		return p.wholeStatusLine(data, i)
	case c == '\r' && p.empty < maxEmptyLines:
		p.state = stateStartLF
		return i + 1
	case classes[c]&classToken == 0:
		return p.fail(i, CodeInvalidMethod, "a request begins with a method")
	}
	p.message(i)
	p.state, p.idx = stateMethod, 0
	p.h.OnMessageBegin()
	if p.halt {
		return i
	}
	return p.wholeRequestLine(data, i)
}

// message forgets the last message.
func (p *Parser) message(i int) {
	p.max = p.off + uint64(i) + p.limits.startLine()
	p.seen, p.body, p.left, p.fields, p.extra, p.empty = 0, 0, 0, 0, 0, 0
	p.status = 0
	p.word = [8]byte{}
}

// startLF ends an empty line before a request.
func (p *Parser) startLF(data []byte, i int) int {
	if data[i] != '\n' {
		return p.fail(i, CodeLFExpected, "a CR without LF")
	}
	p.empty++
	p.state = stateStart
	return i + 1
}

func (p *Parser) method(data []byte, i int) int {
	end := min(p.window(data), i+maxMethod-int(p.idx)+1) // with the space behind it
	j := skip(data[:end], i, classToken)
	p.steps.add(j - i)
	if p.idx < uint8(len(p.word)) {
		copy(p.word[p.idx:], data[i:j])
	}
	p.idx += uint8(j - i)
	switch {
	case p.idx > maxMethod:
		return p.failWith(j-1, CodeInvalidMethod, "the method is too long", 501)
	case j == len(data):
		p.h.OnMethod(data[i:j:j], false)
		return j
	case j == end:
		return p.overflow(j)
	case data[j] != ' ':
		return p.fail(j, CodeInvalidMethod, "a method is a token, with one space behind it")
	}
	p.state, p.idx = stateTargetStart, 0
	if p.isMethod("PRI") {
		if p.off+uint64(j) > uint64(len("PRI")) { // a connection begins with it, or has it nowhere
			return p.fail(j, CodeInvalidMethod, "PRI is reserved for HTTP/2")
		}
		p.state, p.max = statePreface, noLimit // it has one length
	}
	p.h.OnMethod(data[i:j:j], true)
	return j + 1
}

// isMethod reports whether the method is m, which has less than 8 bytes.
func (p *Parser) isMethod(m string) bool {
	return string(p.word[:len(m)]) == m && p.word[len(m)] == 0
}

// h2Preface is what follows "PRI " at the beginning of an HTTP/2 connection.
const h2Preface = "* HTTP/2.0\r\n\r\nSM\r\n\r\n"

// preface reads an HTTP/2 connection's beginning: RFC 9113 section 3.4. The method is reserved for it.
func (p *Parser) preface(data []byte, i int) int {
	for ; i < len(data) && p.idx < uint8(len(h2Preface)); i++ {
		if data[i] != h2Preface[p.idx] {
			return p.fail(i, CodeInvalidMethod, "PRI is reserved for HTTP/2")
		}
		p.idx++
	}
	if p.idx == uint8(len(h2Preface)) {
		p.state = statePrefaced
	}
	return i
}

const httpName = "HTTP/"

func (p *Parser) http(data []byte, i int) int {
	for end := p.window(data); i < end; i++ {
		if data[i] != httpName[p.idx] {
			return p.fail(i, CodeInvalidConstant, "expected HTTP/")
		}
		if p.idx++; p.idx == uint8(len(httpName)) {
			p.state = stateMajor
			return i + 1
		}
	}
	return i
}

func (p *Parser) majorDigit(data []byte, i int) int {
	switch c := data[i]; {
	case c < '0' || c > '9':
		return p.fail(i, CodeInvalidVersion, "a version is two digits with a dot between them")
	case c != '1':
		return p.failWith(i, CodeInvalidVersion, "not a version of HTTP/1", 505)
	}
	p.state = stateDot
	return i + 1
}

func (p *Parser) dot(data []byte, i int) int {
	if data[i] != '.' {
		return p.fail(i, CodeInvalidVersion, "a version is two digits with a dot between them")
	}
	p.state = stateMinor
	return i + 1
}

func (p *Parser) minorDigit(data []byte, i int) int {
	c := data[i]
	if c < '0' || c > '9' {
		return p.fail(i, CodeInvalidVersion, "a version is two digits with a dot between them")
	}
	p.minor = c - '0'
	p.state = stateRequestCR
	if p.kind == Response {
		p.state = stateStatusSP
	}
	p.h.OnVersion(1, int(p.minor))
	return i + 1
}

func (p *Parser) requestCR(data []byte, i int) int {
	switch data[i] {
	case '\r':
		p.state = stateStartLineLF
		return i + 1
	case '\n':
		return p.fail(i, CodeCRExpected, "a line ends with CR LF")
	}
	return p.fail(i, CodeInvalidVersion, "the request line ends behind the version")
}

func (p *Parser) statusSP(data []byte, i int) int {
	if data[i] != ' ' {
		return p.fail(i, CodeInvalidVersion, "one space stands between version and status")
	}
	p.state, p.idx = stateStatusCode, 0
	return i + 1
}

func (p *Parser) statusCode(data []byte, i int) int {
	for end := p.window(data); i < end && p.idx < 3; i++ {
		c := data[i]
		if c < '0' || c > '9' || p.idx == 0 && c == '0' {
			return p.fail(i, CodeInvalidStatus, "a status is three digits, the first of them not 0")
		}
		p.status = p.status*10 + uint16(c-'0')
		p.idx++
	}
	if p.idx == 3 {
		p.state = stateStatusEnd
	}
	return i
}

// statusEnd is behind the status. The space that belongs to an empty reason phrase may be missing, as section 4 allows who
// reads word by word.
func (p *Parser) statusEnd(data []byte, i int) int {
	switch data[i] {
	case ' ':
		p.state = stateReason
		return i + 1
	case '\r':
		p.state = stateReason
		return i
	case '\n':
		return p.fail(i, CodeCRExpected, "a line ends with CR LF")
	}
	return p.fail(i, CodeInvalidStatus, "a status is three digits")
}

func (p *Parser) reason(data []byte, i int) int {
	end := p.window(data)
	j := skipText(data[:end], i)
	p.steps.add(j - i)
	switch {
	case j == len(data):
		p.h.OnStatus(data[i:j:j], false)
		return j
	case j == end:
		return p.overflow(j)
	case data[j] == '\n':
		return p.fail(j, CodeCRExpected, "a line ends with CR LF")
	case data[j] != '\r':
		return p.fail(j, CodeInvalidStatus, "a control byte in the reason phrase")
	}
	p.state = stateStartLineLF
	p.h.OnStatus(data[i:j:j], true)
	return j + 1
}

func (p *Parser) startLineLF(data []byte, i int) int {
	if data[i] != '\n' {
		return p.fail(i, CodeLFExpected, "a CR without LF")
	}
	p.section(i+1, p.limits.header())
	return i + 1
}

// section begins a field section at i.
func (p *Parser) section(i int, most uint64) {
	p.end = p.off + uint64(i) + most
	p.line(i)
}

// line begins a field line at i.
func (p *Parser) line(i int) {
	p.max = min(p.end, p.off+uint64(i)+p.limits.field())
	p.state = stateFieldStart
}
