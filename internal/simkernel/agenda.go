package simkernel

import "time"

// never is a moment that doesn't come.
const never = time.Duration(1<<63 - 1)

// event is something that happens at a moment of virtual time: a thing on the wire that arrives, or a script's turn.
type event struct {
	at   time.Duration
	seq  uint64 // ties happen in the order they were scheduled
	kind wireKind
	s    *socket // who sent it
	n    int     // bytes of a segment, or the errno of what the network says
	pkt  *packet // a datagram
	fn   func()  // a script
}

func (e *event) before(o *event) bool {
	return e.at < o.at || e.at == o.at && e.seq < o.seq
}

// agenda is a binary heap of events, earliest first. It is written out because container/heap would box each event.
type agenda []event

func (a agenda) next() time.Duration {
	if len(a) == 0 {
		return never
	}
	return a[0].at
}

func (a *agenda) push(e event) {
	h := append(*a, e)
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !h[i].before(&h[parent]) {
			break
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
	*a = h
}

func (a *agenda) pop() event {
	h := *a
	top := h[0]
	last := len(h) - 1
	h[0] = h[last]
	h[last] = event{}
	h = h[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && h[child+1].before(&h[child]) {
			child++
		}
		if !h[child].before(&h[i]) {
			break
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
	*a = h
	return top
}
