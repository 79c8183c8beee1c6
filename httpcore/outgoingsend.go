package httpcore

import (
	"bytes"
	"strconv"

	"github.com/weir-go/weir/stream"
)

// How the bytes of a message reach the transport, or wait until it is theirs.

// owns reports whether the message has the transport to itself.
func (o *outgoing) owns() bool { return o.c != nil && o.c.out == o }

// hand frames p and passes it on, behind the head, if that was not handed over.
func (o *outgoing) hand(head, p []byte, l lasts, cb func(error)) {
	a := &o.sh.arena
	if !o.chunked {
		if head != nil && len(p) <= copiedChunk {
			o.pass(a.put(append(head, p...)), lastsTurn, cb)
			return
		}
		o.passHead(head)
		o.pass(p, l, cb)
		return
	}
	room := chunkRoom(len(p))
	if l == lastsCall {
		room = chunkRoom(0) + len(p)
	}
	if cap(head)-len(head) < room {
		o.passHead(head)
		head = nil
	}
	b := appendChunkSize(o.open(head, room), len(p))
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
	if x.dropped += n; x.dropped < o.mark() || o.needDrain {
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

// chunkRoom is how much memory a chunk of n bytes takes, with its bytes if they are few.
func chunkRoom(n int) int {
	if n > copiedChunk {
		n = 0
	}
	return n + 20
}

// takeHead has the head fixed, if it is not, and returns it in memory of the arena that is not put yet, with room for so many bytes
// more: nil if it was handed over, or leaves alone.
func (o *outgoing) takeHead(whole int64, room int) ([]byte, error) {
	if !o.headSent {
		return o.msg.fixHead(whole, room)
	}
	x := o.more
	if x == nil || x.head == nil || o.hold {
		return nil, nil
	}
	h := x.head
	x.head = nil
	return append(o.sh.arena.take(len(h)+room), h...), nil
}

// keepHead keeps the head, if there is one, which does not leave now.
func (o *outgoing) keepHead(h []byte) {
	if h != nil {
		o.extend().head = o.sh.arena.put(h)
		o.lend()
	}
}

// passHead hands the head over, if there is one.
func (o *outgoing) passHead(h []byte) {
	if h != nil {
		o.pass(o.sh.arena.put(h), lastsTurn, nil)
	}
}

// open is memory for n bytes: behind the head, if there is one.
func (o *outgoing) open(head []byte, n int) []byte {
	if head != nil {
		return head
	}
	return o.sh.arena.take(n)
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
	if a := &o.sh.arena; !o.more.lent {
		o.more.lent = true
		a.use()
		a.lenders = append(a.lenders, o)
	}
}

// seal copies what is kept and lasts for the turn only.
func (o *outgoing) seal() {
	x := o.more
	x.lent = false
	x.head = bytes.Clone(x.head)
	for i := len(x.held) - 1; x.fresh > 0; i-- {
		if h := &x.held[i]; h.lasts == lastsTurn {
			h.p, h.lasts, h.ours = bytes.Clone(h.p), lastsOn, true
			x.fresh--
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
	if x := o.more; o.hold && x.head != nil && o.owns() {
		h := x.head
		x.head = nil
		o.send(h, lastsTurn, nil)
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
