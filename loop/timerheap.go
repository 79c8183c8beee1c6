package loop

import "time"

// timerHeap is a heap of timers with four children a node: flatter than two, and a node's children share a cache line.
// The keys lie in the nodes, so that sifting does not touch the timers but to tell them their place. The earliest is
// first; among equals the one that was started first.
type timerHeap []timerNode

type timerNode struct {
	due   time.Duration
	order uint64
	t     *Timer
}

const arity = 4

func (n *timerNode) before(m *timerNode) bool {
	return n.due < m.due || n.due == m.due && n.order < m.order
}

// push adds t, whose due and order are set.
func (h *timerHeap) push(t *Timer) {
	n := timerNode{t.due, t.order, t}
	*h = append(*h, n)
	h.up(len(*h)-1, n)
}

// fix moves t, which is in the heap, to where it belongs now that its due and order have changed.
func (h timerHeap) fix(t *Timer) {
	n := timerNode{t.due, t.order, t}
	if i := int(t.index); i > 0 && n.before(&h[(i-1)/arity]) {
		h.up(i, n)
	} else {
		h.down(i, n)
	}
}

// remove takes t, which must be in the heap, out of it.
func (h *timerHeap) remove(t *Timer) {
	s := *h
	i, last := int(t.index), len(s)-1
	moved := s[last]
	s[last] = timerNode{}
	s = s[:last]
	*h = s
	t.index = -1
	switch {
	case i == last:
	case i > 0 && moved.before(&s[(i-1)/arity]):
		s.up(i, moved)
	default:
		s.down(i, moved)
	}
}

// up puts n into place i, or so far above it that its parent is before it. What is on the way moves down.
func (h timerHeap) up(i int, n timerNode) {
	for i > 0 {
		parent := (i - 1) / arity
		if !n.before(&h[parent]) {
			break
		}
		h[i] = h[parent]
		h[i].t.index = int32(i)
		i = parent
	}
	h[i] = n
	n.t.index = int32(i)
}

// down puts n into place i, or so far below it that its children are after it. What is on the way moves up.
func (h timerHeap) down(i int, n timerNode) {
	for {
		first := arity*i + 1
		if first >= len(h) {
			break
		}
		least := first
		for c := first + 1; c < min(first+arity, len(h)); c++ {
			if h[c].before(&h[least]) {
				least = c
			}
		}
		if !h[least].before(&n) {
			break
		}
		h[i] = h[least]
		h[i].t.index = int32(i)
		i = least
	}
	h[i] = n
	n.t.index = int32(i)
}
