package simkernel

import "time"

// flow is one direction of a connection, from the socket it belongs to towards that socket's peer. Its bytes lie in one
// array, oldest first: arrived (in the receiver's buffer), then flying (on the wire), then unsent (still at the
// sender's). The sender's buffer holds the last two, because a kernel keeps what isn't acknowledged.
type flow struct {
	buf     []byte
	off     int // where the oldest byte lies
	arrived int
	flying  int

	fin    finState
	onWire int           // things under way, the end of output and a reset included
	last   time.Duration // when the last of them arrives: nothing overtakes
}

type finState uint8

const (
	finNone    finState = iota
	finQueued           // behind the unsent bytes
	finFlying           // on the wire
	finArrived          // the peer knows
)

func (f *flow) unsent() int { return len(f.buf) - f.off - f.arrived - f.flying }

// held is what counts against the sender's buffer.
func (f *flow) held() int { return len(f.buf) - f.off - f.arrived }

// append takes n bytes of p at the sender's end.
func (f *flow) append(w *World, p []byte) {
	if f.buf == nil {
		f.buf = w.buffer()
	}
	if f.off > 0 && len(f.buf)+len(p) > cap(f.buf) {
		n := copy(f.buf, f.buf[f.off:])
		f.buf, f.off = f.buf[:n], 0
	}
	f.buf = append(f.buf, p...)
}

// take moves arrived bytes to the receiver.
func (f *flow) take(w *World, p []byte) int {
	n := copy(p, f.buf[f.off:f.off+f.arrived])
	f.off += n
	f.arrived -= n
	if f.off == len(f.buf) {
		w.recycle(f.buf)
		f.buf, f.off = nil, 0
	}
	return n
}

// land turns flying bytes into arrived ones.
func (f *flow) land(n int) {
	f.flying -= n
	f.arrived += n
}

// lose drops n flying bytes: there is nobody at the other end any more.
func (f *flow) lose(n int) {
	at := f.off + f.arrived
	f.buf = append(f.buf[:at], f.buf[at+n:]...)
	f.flying -= n
}

// purge drops what is unsent: a reset connection sends nothing more. What is on the wire goes on.
func (f *flow) purge() {
	if n := f.unsent(); n > 0 {
		f.buf = f.buf[:len(f.buf)-n]
	}
	if f.fin == finQueued {
		f.fin = finNone
	}
}
