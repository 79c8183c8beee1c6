package h1

import "encoding/binary"

// What is there in one piece and looks as nearly all of it does is read here, line by line. Each function does what the states
// do, only faster. What is out of the ordinary it leaves to them, before it has told anybody: it then returns where it began,
// and whoever reads on there sees the same bytes.

// wholeRequestLine reads a request line of a method of a few letters, a path, and HTTP/1.1.
func (p *Parser) wholeRequestLine(data []byte, i int) int {
	line := data[i:p.window(data)]
	if len(line) < len("G / HTTP/1.1\r\n") {
		return i
	}
	letters := word(line, 0)
	n := int(first(uncapital(letters)))
	if n == 0 || n >= len("CONNECT") || line[n] != ' ' || line[n+1] != '/' || letters&0xffffff == pri {
		return i
	}
	k := skipTarget(line, n+1)
	p.steps.add(k)
	if end := line[k:]; len(end) < len(usual) || load(end) != load(usual) || load(end[3:]) != load(usual[3:]) {
		return i
	}
	binary.LittleEndian.PutUint64(p.word[:], letters&(1<<(8*n&63)-1))
	p.state = stateTargetStart
	p.h.OnMethod(line[:n:n], true)
	if p.halt {
		return i + n + 1
	}
	p.state = stateHTTP
	p.h.OnURL(line[n+1:k:k], true)
	if p.halt {
		return i + k + len(" ")
	}
	p.state, p.minor = stateRequestCR, 1
	p.h.OnVersion(1, 1)
	if p.halt {
		return i + k + len(" HTTP/1.1")
	}
	i += k + len(usual)
	p.end = p.off + uint64(i) + p.limits.header()
	return p.fieldStart(data, i)
}

// usual is what nearly always follows the target.
const usual = " HTTP/1.1\r\n"

// pri is the method that is left to the state which knows why.
const pri = 'P' | 'R'<<8 | 'I'<<16

// wholeStatusLine does the same for the status line of HTTP/1.1, with its reason phrase.
func (p *Parser) wholeStatusLine(data []byte, i int) int {
	line := data[:p.window(data)]
	if len(line)-i < len("HTTP/1.1 200 \r\n") || string(line[i:i+len("HTTP/1.1 ")]) != "HTTP/1.1 " {
		return i
	}
	code := line[i+len("HTTP/1.1 "):]
	a, b, c := code[0]-'0', code[1]-'0', code[2]-'0'
	if a-1 > 8 || b > 9 || c > 9 || code[3] != ' ' {
		return i
	}
	j := i + len("HTTP/1.1 200 ")
	k := skipText(line, j)
	p.steps.add(k - i)
	if len(line)-k < 2 || line[k] != '\r' || line[k+1] != '\n' {
		return i
	}
	p.state, p.minor = stateStatusSP, 1
	p.h.OnVersion(1, 1)
	if p.halt {
		return i + len("HTTP/1.1")
	}
	p.state, p.status = stateStartLineLF, uint16(a)*100+uint16(b)*10+uint16(c)
	p.h.OnStatus(line[j:k:k], true)
	if p.halt {
		return k + 1
	}
	p.end = p.off + uint64(k+2) + p.limits.header()
	return p.fieldStart(data, k+2)
}

// wholeFields reads field lines, and the line that ends the section, as long as they are there in one piece and look right.
func (p *Parser) wholeFields(data []byte, begin int) int {
	section := data[:min(uint64(len(data)), p.end-p.off)]
	field, fields := p.limits.field(), p.limits.fields()
	i := uint(begin)
	for {
		j, v, k := fieldLine(section, i)
		p.steps.add(int(k - i))
		if j <= i || uint64(k+2-i) > field || p.fields >= fields {
			break
		}
		p.fields++
		p.known = 0
		name := section[i:j:j]
		if knownLengths[name[0]&31]>>(len(name)&31)&1 != 0 && !p.nameIs(name, int(j)) {
			return int(j)
		}
		p.h.OnHeaderField(name, true)
		if p.halt {
			p.line(int(i))
			p.state = stateValueStart
			return int(j + 1)
		}
		if p.known != 0 && !p.readKnown(section, int(v), int(k), true) {
			return p.errAt()
		}
		p.h.OnHeaderValue(section[v:k:k], true)
		if p.halt {
			p.line(int(i))
			p.state = stateFieldLF
			return int(k + 1)
		}
		i = k + 2
	}
	if int(i+1) < len(section) && section[i] == '\r' && section[i+1] == '\n' && field >= 2 {
		p.state = stateSectionLF
		return p.sectionEnd(int(i + 1))
	}
	p.line(int(i))
	return int(i)
}

// fieldLine finds the name s[i:j] and the value s[v:k] of the field line that begins at i, with its CRLF behind it. If there is none, j
// is 0, and k how far it has looked.
func fieldLine(s []byte, i uint) (j, v, k uint) {
	for j = i; j+8 <= uint(len(s)); j += 8 {
		if m := unlettered(word(s, j)); m != 0 {
			j += first(m)
			break
		}
	}
	for j < uint(len(s)) && s[j] != ':' {
		if classes[s[j]]&classToken == 0 {
			return 0, 0, j
		}
		j++
	}
	if j == i {
		return 0, 0, j
	}
	v = j + 1
	for v < uint(len(s)) && (s[v] == ' ' || s[v] == '\t') {
		v++
	}
	for k = v; k+8 <= uint(len(s)); k += 8 {
		if m := unprinted(word(s, k)); m != 0 {
			k += first(m)
			break
		}
	}
	for k < uint(len(s)) && s[k] != '\r' {
		if classes[s[k]]&classText == 0 {
			return 0, 0, k
		}
		k++
	}
	if k+1 >= uint(len(s)) || s[k+1] != '\n' {
		return 0, 0, k
	}
	return j, v, k
}
