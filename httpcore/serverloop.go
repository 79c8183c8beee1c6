package httpcore

// serverLoop is what a Server has on one loop. Only that loop's goroutine touches it.
type serverLoop struct {
	shared
	s *Server

	conns   connList
	closing bool                               // no request is served any more but those that have begun
	clocks  map[*ServerResponse]*responseClock // of those that have been given a time
}

// connList is the connections of a loop.
type connList struct {
	first *serverConn
	n     int
}

func (x *connList) add(c *serverConn) {
	c.next = x.first
	if x.first != nil {
		x.first.prev = c
	}
	x.first = c
	x.n++
}

func (x *connList) remove(c *serverConn) {
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		x.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	}
	c.next, c.prev = nil, nil
	x.n--
}

// each calls fn with every connection; fn may remove the one that it is given.
func (x *connList) each(fn func(*serverConn)) {
	for c := x.first; c != nil; {
		next := c.next
		fn(c)
		c = next
	}
}
