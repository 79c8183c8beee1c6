package load

import (
	"bytes"
	"slices"
	"testing"
)

func TestNeighbouringMessagesDiffer(t *testing.T) {
	p := newPattern(64)
	first := p.message(3, 7)
	for name, other := range map[string][]byte{
		"the next message":         p.message(3, 8),
		"the next connection's":    p.message(4, 7),
		"the same one byte later":  p.message(3, 7)[1:],
		"the next after the cycle": p.message(3, windows+8),
	} {
		if bytes.Equal(first[:len(other)], other) {
			t.Errorf("%s is equal", name)
		}
	}
}

func TestShiftedBytesAreNoticed(t *testing.T) {
	for _, size := range []int{1, 100, comparedWhole, comparedWhole + 1, 64 << 10, 1<<20 + 3} {
		p := newPattern(size + 1)
		whole := p.message(0, 0)
		want := whole[:size]
		if !sameSampled(want, want) {
			t.Errorf("size %d: equal bytes are not the same", size)
		}
		if sameSampled(whole[1:], want) {
			t.Errorf("size %d: a lost byte is not noticed", size)
		}
		if sameSampled(want[:size-1], want) {
			t.Errorf("size %d: a short run is not noticed", size)
		}
		for _, at := range []int{0, size - 1} {
			got := slices.Clone(want)
			got[at] ^= 1
			if sameSampled(got, want) {
				t.Errorf("size %d: a wrong byte at %d is not noticed", size, at)
			}
		}
	}
}
