package h1

// The chunked coding: RFC 9112 section 7.1.

// beginChunk is before a chunk's size, at i. While its line is read, end is where the line is too long, and max also
// where the message's extensions are.
func (p *Parser) beginChunk(i int) {
	p.end = p.off + uint64(i) + p.limits.chunkLine()
	p.max = p.end
	p.state, p.left, p.idx = stateChunkSize, 0, 0
}

func (p *Parser) chunkSize(data []byte, i int) int {
	end := p.window(data)
	for ; i < end; i++ {
		c := data[i]
		if classes[c]&classHex == 0 {
			if p.idx == 0 {
				return p.fail(i, CodeInvalidChunkSize, "a chunk without a size")
			}
			return p.sizeEnd(data, i)
		}
		d := uint64(c - '0')
		if c > '9' {
			d = uint64(c|0x20-'a') + 10
		}
		if p.idx == maxChunkDigits || p.left > (1<<63-1)>>4 {
			return p.failWith(i, CodeInvalidChunkSize, "a chunk that is too large", 413)
		}
		p.left = p.left<<4 | d
		p.idx++
		p.steps.add(1)
	}
	return i
}

// sizeEnd is behind the digits.
func (p *Parser) sizeEnd(data []byte, i int) int {
	switch data[i] {
	case '\r':
		p.state = stateChunkLF
		return i + 1
	case ';', ' ', '\t':
		p.begin = p.off + uint64(i)
		p.max = min(p.end, p.begin+max(p.limits.chunkExtensions(), p.extra)-p.extra+1) // with the CR behind them
		p.state = stateChunkBWS
		return i
	case '\n':
		return p.fail(i, CodeCRExpected, "a line ends with CR LF")
	}
	return p.fail(i, CodeInvalidChunkSize, "a byte in a chunk's size that is no digit")
}

// chunkBWS is behind the size, before a ";" that must come: whitespace may stand around ";" and "=", and nowhere else.
func (p *Parser) chunkBWS(data []byte, i int) int {
	i, ok := p.blanks(data, i)
	switch {
	case !ok:
		return i
	case data[i] != ';':
		return p.fail(i, CodeInvalidChunkSize, "something behind a chunk's size that is no extension")
	}
	p.state = stateExtStart
	return i + 1
}

// extStart is behind ";".
func (p *Parser) extStart(data []byte, i int) int {
	i, ok := p.blanks(data, i)
	switch {
	case !ok:
		return i
	case classes[data[i]]&classToken == 0:
		return p.fail(i, CodeStrict, "a chunk extension without a name")
	}
	p.state = stateExtName
	return i
}

func (p *Parser) extName(data []byte, i int) int {
	end := p.window(data)
	j := skip(data[:end], i, classToken)
	p.steps.add(j - i)
	switch {
	case j == len(data):
		p.h.OnChunkExtensionName(data[i:j:j], false)
		return j
	case j == end:
		return p.overflow(j)
	}
	switch data[j] {
	case '\r', ';', '=', ' ', '\t':
	default:
		return p.fail(j, CodeStrict, "a byte in a chunk extension's name that is not of a token")
	}
	p.state = stateExtNameBWS
	p.idx = 0
	p.h.OnChunkExtensionName(data[i:j:j], true)
	return j
}

// extNameBWS is behind a name. idx is 1 behind whitespace, after which the line may not end.
func (p *Parser) extNameBWS(data []byte, i int) int {
	if data[i] == ' ' || data[i] == '\t' {
		p.idx = 1
	}
	i, ok := p.blanks(data, i)
	switch {
	case !ok:
		return i
	case data[i] == '=':
		p.state = stateExtValueStart
		return i + 1
	}
	return p.extNext(data, i)
}

// extNext is behind an extension that is complete: another, or the end of the line.
func (p *Parser) extNext(data []byte, i int) int {
	switch {
	case data[i] == ';':
		p.state = stateExtStart
		return i + 1
	case data[i] == '\r' && p.idx == 0:
		p.extra += p.off + uint64(i) - p.begin
		p.max = p.end
		p.state = stateChunkLF
		return i + 1
	case data[i] == '\n':
		return p.fail(i, CodeCRExpected, "a line ends with CR LF")
	}
	return p.fail(i, CodeStrict, "something behind a chunk extension")
}

// extValueStart is behind "=".
func (p *Parser) extValueStart(data []byte, i int) int {
	i, ok := p.blanks(data, i)
	if !ok {
		return i
	}
	switch c := data[i]; {
	case c == '"':
		p.state = stateExtQuoted
		p.h.OnChunkExtensionValue(data[i:i+1:i+1], false)
		return i + 1
	case classes[c]&classToken != 0:
		p.state = stateExtValue
		return i
	}
	return p.fail(i, CodeStrict, "a chunk extension without the value that its = announces")
}

func (p *Parser) extValue(data []byte, i int) int {
	end := p.window(data)
	j := skip(data[:end], i, classToken)
	p.steps.add(j - i)
	switch {
	case j == len(data):
		p.h.OnChunkExtensionValue(data[i:j:j], false)
		return j
	case j == end:
		return p.overflow(j)
	}
	switch data[j] {
	case '\r', ';', ' ', '\t':
	default:
		return p.fail(j, CodeStrict, "a byte in a chunk extension's value that is not of a token")
	}
	p.state, p.idx = stateExtBWS, 0
	p.h.OnChunkExtensionValue(data[i:j:j], true)
	return j
}

func (p *Parser) extQuoted(data []byte, i int) int {
	end := p.window(data)
	j := skip(data[:end], i, classQuoted)
	p.steps.add(j - i)
	switch {
	case j == len(data):
		p.h.OnChunkExtensionValue(data[i:j:j], false)
		return j
	case j == end:
		return p.overflow(j)
	case data[j] == '\\':
		p.state = stateExtEscape
	case data[j] == '"':
		p.state, p.idx = stateExtBWS, 0
	default:
		return p.fail(j, CodeStrict, "a control byte in a chunk extension's value")
	}
	p.h.OnChunkExtensionValue(data[i:j+1:j+1], data[j] == '"')
	return j + 1
}

func (p *Parser) extEscape(data []byte, i int) int {
	if classes[data[i]]&classText == 0 {
		return p.fail(i, CodeStrict, "a control byte in a chunk extension's value")
	}
	p.state = stateExtQuoted
	p.h.OnChunkExtensionValue(data[i:i+1:i+1], false)
	return i + 1
}

// extBWS is behind a value. idx is as in extNameBWS.
func (p *Parser) extBWS(data []byte, i int) int {
	if data[i] == ' ' || data[i] == '\t' {
		p.idx = 1
	}
	i, ok := p.blanks(data, i)
	if !ok {
		return i
	}
	return p.extNext(data, i)
}

func (p *Parser) chunkLF(data []byte, i int) int {
	if data[i] != '\n' {
		return p.fail(i, CodeLFExpected, "a CR without LF")
	}
	if p.left > 0 {
		p.max = noLimit
		p.state = stateChunkData
	} else {
		p.seen |= seenTrailers
		p.section(i+1, p.limits.trailer())
	}
	p.h.OnChunkHeader(p.left)
	return i + 1
}

func (p *Parser) chunkData(data []byte, i int) int {
	n := min(uint64(len(data)-i), p.left)
	p.left -= n
	if p.left == 0 {
		p.state = stateChunkDataCR
	}
	p.h.OnBody(data[i : i+int(n) : i+int(n)])
	return i + int(n)
}

func (p *Parser) chunkDataCR(data []byte, i int) int {
	if data[i] != '\r' {
		return p.fail(i, CodeStrict, "a chunk is longer than it says")
	}
	p.state = stateChunkDataLF
	return i + 1
}

func (p *Parser) chunkDataLF(data []byte, i int) int {
	if data[i] != '\n' {
		return p.fail(i, CodeLFExpected, "a CR without LF")
	}
	p.beginChunk(i + 1)
	p.h.OnChunkComplete()
	return i + 1
}
