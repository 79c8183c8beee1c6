package h1

// Field lines: RFC 9112 section 5. They are read the same way in the head and in a trailer section.

func (p *Parser) fieldStart(data []byte, i int) int {
	if i = p.wholeFields(data, i); p.state != stateFieldStart || i == len(data) {
		return i
	}
	switch c := data[i]; {
	case p.off+uint64(i) >= p.max: // run has looked, but whole lines have been read since
		return p.overflow(i)
	case classes[c]&classToken != 0:
		if !p.countField(i) {
			return i
		}
		p.state, p.nameN = stateName, 0
		return i
	case c == '\r':
		p.state = stateSectionLF
		return i + 1
	case c == '\n':
		return p.fail(i, CodeCRExpected, "a line ends with CR LF")
	case c == ':':
		return p.fail(i, CodeInvalidHeaderToken, "a field without a name")
	case (c == ' ' || c == '\t') && p.fields > 0:
		return p.fail(i, CodeInvalidHeaderToken, "whitespace at the beginning of a field line")
	case c == ' ' || c == '\t':
		return p.fail(i, CodeUnexpectedSpace, "whitespace before the first field")
	}
	return p.fail(i, CodeInvalidHeaderToken, "a byte in a field's name that is not of a token")
}

// countField counts a field line that begins at i.
func (p *Parser) countField(i int) bool {
	if p.fields >= p.limits.fields() {
		p.failWith(i, CodeHeaderOverflow, "too many fields", 431)
		return false
	}
	p.fields++
	return true
}

// nameIs has the field of that name, whose colon is at j, begin. It reports false if there may not be one.
func (p *Parser) nameIs(name []byte, j int) bool {
	p.known = 0
	if p.seen&seenTrailers == 0 {
		p.known = knownField(name)
	}
	return p.known == 0 || p.beginKnown(j)
}

func (p *Parser) fieldName(data []byte, i int) int {
	end := p.window(data)
	j := skip(data[:end], i, classToken)
	p.steps.add(j - i)
	switch {
	case j == len(data):
		p.saveName(data[i:j])
		p.h.OnHeaderField(data[i:j:j], false)
		return j
	case j == end:
		return p.overflow(j)
	case data[j] == ' ' || data[j] == '\t':
		return p.fail(j, CodeInvalidHeaderToken, "whitespace between a field's name and its colon")
	case data[j] != ':':
		return p.fail(j, CodeInvalidHeaderToken, "a byte in a field's name that is not of a token")
	}
	name := data[i:j]
	if p.nameN > 0 {
		p.saveName(name)
		name = p.name[:p.nameN]
	}
	if !p.nameIs(name, j) {
		return j
	}
	p.state = stateValueStart
	p.h.OnHeaderField(data[i:j:j], true)
	return j + 1
}

// saveName keeps what is needed to know a name that comes in pieces.
func (p *Parser) saveName(piece []byte) {
	p.nameN += uint8(copy(p.name[p.nameN:], piece))
}

// valueStart skips the whitespace before a value.
func (p *Parser) valueStart(data []byte, i int) int {
	i, ok := p.blanks(data, i)
	if ok {
		p.state = stateValue
	}
	return i
}

func (p *Parser) value(data []byte, i int) int {
	end := p.window(data)
	j := skipText(data[:end], i)
	p.steps.add(j - i)
	if p.known != 0 && !p.readKnown(data, i, j, j < end && data[j] == '\r') {
		return p.errAt()
	}
	switch {
	case j == len(data):
		p.h.OnHeaderValue(data[i:j:j], false)
		return j
	case j == end:
		return p.overflow(j)
	case data[j] == '\n':
		return p.fail(j, CodeCRExpected, "a line ends with CR LF")
	case data[j] != '\r':
		return p.fail(j, CodeInvalidHeaderToken, "a control byte in a field's value")
	}
	p.state = stateFieldLF
	p.h.OnHeaderValue(data[i:j:j], true)
	return j + 1
}

// errAt is the index of the byte that was just refused.
func (p *Parser) errAt() int { return int(p.err.(*Error).Offset - p.off) }

func (p *Parser) fieldLF(data []byte, i int) int {
	if data[i] != '\n' {
		return p.fail(i, CodeLFExpected, "a CR without LF")
	}
	p.line(i + 1)
	return i + 1
}

// sectionLF ends the head, or the trailer section and with it the last chunk.
func (p *Parser) sectionLF(data []byte, i int) int {
	if data[i] != '\n' {
		return p.fail(i, CodeLFExpected, "a CR without LF")
	}
	return p.sectionEnd(i)
}

// sectionEnd is at the last byte of a section, at i.
func (p *Parser) sectionEnd(i int) int {
	p.max = noLimit
	if p.seen&seenTrailers == 0 {
		return p.headComplete(i)
	}
	p.state = stateDone
	p.h.OnChunkComplete()
	return i + 1
}

// blanks skips spaces and tabs. It reports false if there is nothing behind them yet, or they were refused.
func (p *Parser) blanks(data []byte, i int) (int, bool) {
	end := p.window(data)
	for i < end && (data[i] == ' ' || data[i] == '\t') {
		i++
		p.steps.add(1)
	}
	switch {
	case i == len(data):
		return i, false
	case i == end:
		return p.overflow(i), false
	}
	return i, true
}
