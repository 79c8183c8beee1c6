package h1

// sized is in a body whose length is known.
func (p *Parser) sized(data []byte, i int) int {
	n := min(uint64(len(data)-i), p.left)
	p.left -= n
	if p.left == 0 {
		p.state = stateDone
	}
	p.h.OnBody(data[i : i+int(n) : i+int(n)])
	return i + int(n)
}

// untilClose is in a body that the connection's end ends.
func (p *Parser) untilClose(data []byte, i int) int {
	p.h.OnBody(data[i:len(data):len(data)])
	return len(data)
}

// BodyLeft is how many bytes of a body are to come whose length is known, while the Parser is inside it and has not refused
// anything; 0 otherwise.
func (p *Parser) BodyLeft() uint64 {
	if p.state != stateBody {
		return 0
	}
	return p.left
}

// SkipBody tells that the next n bytes of the input, which lie inside BodyLeft, went another way: they are not given to
// Execute, nor to OnBody. If they were the last ones, the next Execute completes the message, with data or without.
// SkipBody panics if n is more than BodyLeft.
func (p *Parser) SkipBody(n uint64) {
	p.enter("SkipBody")
	if n > p.BodyLeft() {
		panic("h1: SkipBody behind the end of a body")
	}
	p.left -= n
	p.off += n
	if p.left == 0 && n > 0 {
		p.state = stateDone
	}
	p.inside = false
}
