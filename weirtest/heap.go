package weirtest

import (
	"runtime"
	"testing"
)

// heap watches what the process holds.
type heap struct {
	limit int
	base  int
	moved int // bytes that went over the network since it was looked at
	peak  int
	over  bool
}

// inUse is what the process holds now, when garbage is thrown away.
func inUse() int {
	runtime.GC()
	runtime.GC() // what lies in a sync.Pool lives for two
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func (h *heap) begin(limit int) {
	if h.limit = limit; limit > 0 {
		h.base = inUse()
	}
}

// move is n bytes going over the network.
func (h *heap) move(t testing.TB, n int) {
	t.Helper()
	if h.limit == 0 {
		return
	}
	if h.moved += n; h.moved >= h.limit {
		h.look(t)
	}
}

// look looks, if anything has happened.
func (h *heap) look(t testing.TB) {
	t.Helper()
	if h.limit == 0 || h.moved == 0 {
		return
	}
	h.moved = 0
	h.peak = max(h.peak, inUse()-h.base)
	if h.peak > h.limit && !h.over {
		h.over = true
		t.Errorf("weirtest: the process holds %d bytes more than at the beginning, and may hold %d", h.peak, h.limit)
	}
}

// PeakHeap is the most bytes that were seen to be held beyond what the process had when the World was made; 0 without
// Options.HeapLimit.
func (w *World) PeakHeap() int {
	w.t.Helper()
	w.heap.look(w.t)
	return w.heap.peak
}
