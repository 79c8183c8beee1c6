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
