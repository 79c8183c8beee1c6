package h1

// Field lines: RFC 9112 section 5. They are read the same way in the head and in a trailer section.

func (p *Parser) fieldStart(data []byte, i int) int {
	if i = p.wholeFields(data, i); i == len(data) || p.halt {
		return i
	}
	switch c := data[i]; {
	case p.off+uint64(i) >= p.max:
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
		return p.fail(i, CodeInvalidHeaderToken, "a folded field line")
	case c == ' ' || c == '\t':
		return p.fail(i, CodeUnexpectedSpace, "whitespace before the first field")
	}
	return p.fail(i, CodeInvalidHeaderToken, "a byte in a field's name that is not of a token")
}

// countField counts a field line that begins at i.
func (p *Parser) countField(i int) bool {
	if uint64(p.fields) >= p.limits.fields() {
		p.failWith(i, CodeHeaderOverflow, "too many fields", 431)
		return false
	}
	p.fields++
	return true
}

// wholeFields reads field lines as long as they are there in one piece, with nothing wrong or of meaning to us. It does
// what the states below do, only faster; it leaves to them whatever is out of the ordinary, before it has told anybody.
func (p *Parser) wholeFields(data []byte, i int) int {
	end := p.window(data)
	for {
		j := skip(data[:end], i, classToken)
		if j == i || j == end || data[j] != ':' || p.seen&seenTrailers == 0 && knownField(data[i:j]) != 0 {
			return i
		}
		v := j + 1
		for v < end && (data[v] == ' ' || data[v] == '\t') {
			v++
		}
		k := skipText(data[:end], v)
		if end-k < 2 || data[k] != '\r' || data[k+1] != '\n' || uint64(p.fields) >= p.limits.fields() {
			return i
		}
		p.steps.add(k - i)
		p.fields++
		p.h.OnHeaderField(data[i:j], true)
		if p.halt {
			p.known, p.state = 0, stateValueStart
			return j + 1
		}
		i = k + 2
		p.line(i)
		p.h.OnHeaderValue(data[v:k], true)
		if p.halt {
			return i
		}
		end = p.window(data)
	}
}

func (p *Parser) fieldName(data []byte, i int) int {
	end := p.window(data)
	j := skip(data[:end], i, classToken)
	p.steps.add(j - i)
	switch {
	case j == len(data):
		p.saveName(data[i:j])
		p.h.OnHeaderField(data[i:j], false)
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
	p.known = 0
	if p.seen&seenTrailers == 0 {
		if p.known = knownField(name); p.known != 0 && !p.beginKnown(j) {
			return j
		}
	}
	p.state = stateValueStart
	p.h.OnHeaderField(data[i:j], true)
	return j + 1
}

// saveName keeps what is needed to know a name that comes in pieces.
func (p *Parser) saveName(piece []byte) {
	p.nameN += uint8(copy(p.name[p.nameN:], piece))
}

// valueStart skips the whitespace before a value.
func (p *Parser) valueStart(data []byte, i int) int {
	end := p.window(data)
	for i < end && (data[i] == ' ' || data[i] == '\t') {
		i++
		p.steps.add(1)
	}
	switch {
	case i == len(data):
		return i
	case i == end:
		return p.overflow(i)
	}
	p.state = stateValue
	return i
}

func (p *Parser) value(data []byte, i int) int {
	end := p.window(data)
	j := skipText(data[:end], i)
	p.steps.add(j - i)
	if p.known != 0 && !p.readKnown(data, i, j) {
		return p.errAt()
	}
	switch {
	case j == len(data):
		p.h.OnHeaderValue(data[i:j], false)
		return j
	case j == end:
		return p.overflow(j)
	case data[j] == '\n':
		return p.fail(j, CodeCRExpected, "a line ends with CR LF")
	case data[j] != '\r':
		return p.fail(j, CodeInvalidHeaderToken, "a control byte in a field's value")
	case p.known != 0 && !p.endKnown(j):
		return j
	}
	p.state = stateFieldLF
	p.h.OnHeaderValue(data[i:j], true)
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
	p.max = noLimit
	if p.seen&seenTrailers == 0 {
		return p.headComplete(i)
	}
	p.state = stateDone
	p.h.OnChunkComplete()
	return i + 1
}
