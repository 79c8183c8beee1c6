package simkernel

import "time"

// What somebody needs who steps several loops of a world on one goroutine, none of which waits: package weirtest does.

// Next is the moment when the next thing happens by itself: something on the wire arrives, work ends, a script has its turn. ok is
// false if nothing is under way.
func (w *World) Next() (at time.Duration, ok bool) {
	at = min(w.wire.next(), w.scripts.next())
	return at, at != never
}

// Pending reports whether a Wait would find something now: a change that failed, a Wake, a descriptor that may be ready.
func (k *Kernel) Pending() bool {
	if len(k.failed) > 0 || k.woken.Load() {
		return true
	}
	for n := k.ready.head; n != nil; n = n.next {
		if n.s.reg.held <= k.w.now {
			return true
		}
	}
	return false
}

// Attend says that the next Waits have a cause that the kernel does not see, so that they are no spin.
func (k *Kernel) Attend() { k.dry = 0 }

// SetWindow has the peer take exactly n bytes more than it reads, to the last: whoever sends to it does not wait for more room, as it
// would not for ever either. Its own send buffer becomes send bytes long.
func (p *Peer) SetWindow(send, n int) { p.s.sndbuf, p.s.rcvbuf, p.s.exact = send, n, true }
