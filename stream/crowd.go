package stream

// A waiting chunk costs an entry in its queue and a block besides its bytes. Peers decide how small the pieces are that
// they send, so those that wait in a crowd are joined: what a stream holds is then bounded by its bytes, not by their number.

const (
	// maxApart is how many chunks wait as they came, each with a block of its own if it was borrowed: some 150 bytes more
	// than its own at least. It is more than there are in traffic of the usual kind, for which a mark is a few pieces, and
	// the 10 KiB that they cost at most lie below the mark.
	maxApart = 64
	// maxSmall is the largest chunk that is joined. A larger one is worth what it costs.
	maxSmall = 1 << 10
	// maxJoined is how long joined chunks become, unless their block has room for more. Each time that a block is full they
	// move to one four times as large, so a byte is copied twice at most, on an average.
	maxJoined = 4 << 10
)

// small reports whether c may be joined to another. Memory that was given away is never copied.
func (c *chunk) small() bool { return len(c.p) <= maxSmall && (c.lasts != lastsOn || c.b != nil) }

// join puts what d has behind what c has, if c waits in a block of ours: nobody else has seen that yet, what is behind its
// bytes included. It reports false, and leaves d as it is, if c cannot take it.
func (c *chunk) join(d chunk) bool {
	if c.b == nil {
		return false
	}
	if n := len(c.p) + len(d.p); n > cap(c.p) {
		if n > maxJoined {
			return false
		}
		b := newBlock(n)
		c.p = b.buf[:copy(b.buf, c.p)]
		c.b.release()
		c.b = b
	}
	c.p = append(c.p, d.p...)
	d.b.release()
	return true
}

// joinFirst is join in front of what c has. A block that is made for that has its room there.
func (c *chunk) joinFirst(d chunk) bool {
	if c.b == nil {
		return false
	}
	n := len(d.p) + len(c.p)
	room := c.b.buf[:cap(c.b.buf)]
	start := cap(room) - cap(c.p) - len(d.p)
	if start < 0 {
		if n > maxJoined {
			return false
		}
		b := newBlock(n)
		room = b.buf[:cap(b.buf)]
		start = len(room) - n
		copy(room[start+len(d.p):], c.p)
		c.b.release()
		c.b = b
	}
	copy(room[start:], d.p)
	c.p = room[start : start+n]
	d.b.release()
	return true
}
