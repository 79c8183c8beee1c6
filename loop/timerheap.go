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
	*h = append(*h, timerNode{t.due, t.order, t})
	h.up(len(*h) - 1)
}

// remove takes t, which must be in the heap, out of it.
func (h *timerHeap) remove(t *Timer) {
	s := *h
	i, last := t.index, len(s)-1
	moved := s[last]
	s[last] = timerNode{}
	*h = s[:last]
	t.index = -1
	if i == last {
		return
	}
	(*h)[i] = moved
	moved.t.index = i
	h.down(i)
	h.up(moved.t.index)
}

func (h timerHeap) up(i int) {
	n := h[i]
	for i > 0 {
		parent := (i - 1) / arity
		if !n.before(&h[parent]) {
			break
		}
		h[i] = h[parent]
		h[i].t.index = i
		i = parent
	}
	h[i] = n
	n.t.index = i
}

func (h timerHeap) down(i int) {
	n := h[i]
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
		h[i].t.index = i
		i = least
	}
	h[i] = n
	n.t.index = i
}
