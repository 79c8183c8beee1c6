package httpcore

import (
	"bytes"
	"strconv"

	"github.com/weir-go/weir/stream"
)

// How the bytes of a message reach the transport, or wait until it is theirs.

// owns reports whether the message has the transport to itself.
func (o *outgoing) owns() bool { return o.c != nil && o.c.out == o }

// hand frames p and passes it on.
func (o *outgoing) hand(p []byte, l lasts, cb func(error)) {
	a := &o.sh.arena
	if !o.chunked {
		if o.headBytes != nil && !o.hold && len(p) <= copiedChunk {
			o.pass(a.put(append(o.takeHead(len(p)), p...)), lastsTurn, cb)
			return
		}
		o.flushHead()
		o.pass(p, l, cb)
		return
	}
	size := 20
	if l == lastsCall || len(p) <= copiedChunk {
		size += len(p)
	}
	b := appendChunkSize(o.takeHead(size), len(p))
	if l == lastsCall || len(p) <= copiedChunk {
		b = append(b, p...)
		b = append(b, "\r\n"...)
		o.pass(a.put(b), lastsTurn, cb)
		return
	}
	o.pass(a.put(b), lastsTurn, nil)
	o.pass(p, l, nil)
	o.pass(crlf, lastsOn, cb)
}

// appendChunkSize begins a chunk.
func appendChunkSize(b []byte, n int) []byte {
	return append(strconv.AppendInt(b, int64(n), 16), crlf...)
}

// swallow has who writes a body that is not sent, such as the answer to a HEAD, wait for a turn once a mark: one that writes for as
// long as it may would keep the loop from everything else.
func (o *outgoing) swallow(n int) {
	if n == 0 {
		return
	}
	x := o.extend()
	if x.dropped += n; x.dropped < o.hwm || o.needDrain {
		return
	}
	x.dropped, o.needDrain = 0, true
	_ = o.loop().Post(o.swallowed) // of a loop that is closed nobody waits for anything
}

// swallowed is the end of that.
func (o *outgoing) swallowed() {
	if o.c != nil {
		o.c.claim()
	}
	o.mayDrain()
}

// takeHead returns memory of the arena that has the head in it, if that was not handed over, and room for n bytes more.
func (o *outgoing) takeHead(n int) []byte {
	if o.hold {
		return o.sh.arena.take(n) // it leaves alone
	}
	h := o.headBytes
	o.headBytes = nil
	return o.sh.arena.reopen(h, n)
}

// flushHead hands the head over.
func (o *outgoing) flushHead() {
	if h := o.headBytes; h != nil && !o.hold {
		o.headBytes = nil
		o.pass(h, lastsTurn, nil)
	}
}

// pass hands bytes to the transport, or keeps them.
func (o *outgoing) pass(p []byte, l lasts, cb func(error)) {
	if o.corked > 0 || o.hold || o.inFile || !o.owns() {
		o.keep(p, l, cb)
		return
	}
	o.send(p, l, cb)
}

const (
	// maxApart is how many pieces are kept as they came. Each costs 40 bytes and an allocation besides its own, and how small
	// they are may be the peer's decision: of who sends to be echoed behind an answer that it does not read, say.
	maxApart = 64
	// maxJoined is how long the pieces become that later small ones are joined to: a few of these are a mark.
	maxJoined = 4 << 10
)

// keep has bytes wait here: where they are until the turn ends, since a request that is made and ended gets its connection in the
// same turn. In a crowd small ones are joined, unless somebody waits to be called for those in front alone.
func (o *outgoing) keep(p []byte, l lasts, cb func(error)) {
	x := o.extend()
	x.heldBytes += len(p)
	n := len(x.held)
	crowded := n > maxApart && len(p) <= copiedChunk
	if crowded {
		if last := &x.held[n-1]; last.ours && last.cb == nil && len(last.p)+len(p) <= maxJoined {
			last.p, last.cb = append(last.p, p...), cb
			return
		}
	}
	ours := crowded || l == lastsCall
	switch {
	case ours:
		p, l = append([]byte(nil), p...), lastsOn
	case l == lastsTurn:
		x.fresh++
		o.lend()
	}
	x.held = append(x.held, piece{p, cb, l, ours})
}

// lend has seal called when the turn ends.
func (o *outgoing) lend() {
	if a := &o.sh.arena; !o.lent {
		o.lent = true
		a.use()
		a.lenders = append(a.lenders, o)
	}
}

// seal copies what is kept and lasts for the turn only.
func (o *outgoing) seal() {
	o.lent = false
	o.headBytes = bytes.Clone(o.headBytes)
	if x := o.more; x != nil {
		for i := len(x.held) - 1; x.fresh > 0; i-- {
			if h := &x.held[i]; h.lasts == lastsTurn {
				h.p, h.lasts, h.ours = bytes.Clone(h.p), lastsOn, true
				x.fresh--
			}
		}
	}
}

// holds reports whether anything waits here.
func (o *outgoing) holds() bool { return o.more != nil && len(o.more.held) > 0 }

// takeHeld takes what waits here.
func (o *outgoing) takeHeld() (held []piece) {
	if x := o.more; x != nil {
		held, x.held, x.heldBytes, x.fresh = x.held, nil, 0, 0
	}
	return held
}

// send hands bytes to the transport, which is ours.
func (o *outgoing) send(p []byte, l lasts, cb func(error)) {
	c := o.c
	if l == lastsCall {
		a := &o.sh.arena
		p, l = a.put(append(a.take(len(p)), p...)), lastsTurn
	}
	o.flying++
	o.onWire = o.onWire || o.headSent // before that it is an interim response
	c.writing(len(p))
	f := flight{o: o, cb: cb}
	if l == lastsTurn && c.gathers(p, f) {
		return
	}
	c.handGathered()
	var err error
	if l == lastsOn {
		v := &o.sh.vector
		v[0] = p
		err = c.t.Write(v[:], c.sent)
		v[0] = nil
	} else {
		err = c.t.WriteBorrowed(p, c.sent)
	}
	if err != nil {
		o.loop().NextTick(func() { c.failed(o, cb, err) }) // as if the transport had told
		return
	}
	c.flights.push(f, &o.sh.flights)
	c.settleLater()
}

// own is the message getting the transport: what it has kept is moved, once.
func (o *outgoing) own() {
	if h := o.headBytes; o.hold && h != nil && o.owns() {
		o.headBytes = nil
		o.send(h, lastsOn, nil)
	}
	if o.corked == 0 {
		o.release()
	}
	if o.over && o.owns() && !o.holds() {
		o.c.side.answered(o)
		return
	}
	if o.needDrain && o.c != nil && o.flying == 0 {
		o.drained()
	}
}

// release passes on what was kept.
func (o *outgoing) release() {
	if o.hold || o.inFile || !o.owns() {
		return
	}
	held := o.takeHeld()
	for _, x := range held {
		if o.c == nil {
			o.tick(x.cb, stream.ErrDestroyed)
			continue
		}
		o.send(x.p, x.lasts, x.cb)
	}
}

// copiedChunk is the largest chunk that is copied behind its size: a copy costs less than two more pieces.
const copiedChunk = 2 << 10

var crlf = []byte("\r\n")
