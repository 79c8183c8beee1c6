package reactor

import "net/netip"

// inbox is the one batch of datagrams that a reactor holds between the kernel and a handler. Each is a turn of its own,
// so the batch outlives turns, but not the event it was taken for: by then it has been delivered, or what is left was
// copied to the socket it belongs to, which had stopped receiving.
//
// The memory is 32 times the longest datagram, 2 MiB, made when the first one is received. Only the pages that datagrams
// were written to exist.
type inbox struct {
	of    *Datagram // whose batch it is; nil while there is none
	batch []Incoming
	next  int
	n     int
	mem   []byte
	seen  []byte // what this turn's handler was shown of mem
	block []byte // the kept datagram that this turn's handler was shown; it goes back to the pool when the turn ends
}

// kept is a datagram that was taken from the kernel when nobody wanted it any more.
type kept struct {
	from      netip.AddrPort
	block     []byte // of the pool
	truncated bool
}

// room is where the next batch goes, with size bytes for each datagram.
func (b *inbox) room(size int) []Incoming {
	if b.mem == nil {
		b.mem = make([]byte, MaxDatagrams*maxDatagram)
		b.batch = make([]Incoming, MaxDatagrams)
	}
	for i := range b.batch {
		at := i * maxDatagram
		b.batch[i].Buf = b.mem[at : at+size : at+size]
	}
	return b.batch
}

// fill says that the first n of room are d's.
func (b *inbox) fill(d *Datagram, n int) {
	if n > 0 {
		b.of, b.next, b.n = d, 0, n
	}
}

// take returns the next datagram; the inbox must not be empty.
func (b *inbox) take() *Incoming {
	m := &b.batch[b.next]
	if b.next++; b.next == b.n {
		b.of = nil
	}
	return m
}

// delivering says that more turns of the same batch follow this one.
func (b *inbox) delivering() bool { return b.of != nil && b.of.want&WantRead != 0 }

// shown reports whether a handler was shown something in this turn.
func (b *inbox) shown() bool { return b.seen != nil || b.block != nil }

// endTurn takes back what the turn has borrowed.
func (b *inbox) endTurn(p *pool) {
	if b.block != nil {
		p.releaseBlock(b.block)
		b.block = nil
	}
	if debug {
		poison(b.seen)
	}
	b.seen = nil
}

// keep copies the rest of the batch for the socket it belongs to. If that still receives, because the loop was left by
// a panic in the middle of the batch, the rest is delivered in the pending phase.
func (r *Reactor) keep() {
	b := &r.inbox
	d := b.of
	for b.of != nil {
		m := b.take()
		block := append(r.pool.block(m.N)[:0], m.Buf[:m.N]...)
		d.kept.push(kept{m.From, block, m.Truncated})
	}
	r.release()
	if d.want&WantRead != 0 {
		d.owe()
	}
}
