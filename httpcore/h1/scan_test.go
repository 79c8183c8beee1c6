package h1

import "testing"

// Any two bytes, anywhere in a word, between bytes that are not marked: a borrow or a carry may spoil no mark that counts.
func TestEightBytesAtATimeAreReadAsOneByOne(t *testing.T) {
	printed := func(c byte) bool { return c >= ' ' && c < 0x7f }
	capital := func(c byte) bool { return c >= 'A' && c <= 'Z' }
	for name, f := range map[string]struct {
		mark func(uint64) uint64
		good func(byte) bool
	}{
		"unprinted":  {unprinted, printed},
		"unlettered": {unlettered, func(c byte) bool { return isLetter(c) || c == '-' }},
		"uncapital":  {uncapital, capital},
		"untargeted": {untargeted, func(c byte) bool { return classes[c]&classTarget != 0 }},
	} {
		for _, at := range []int{0, 3, 6} {
			for pair := range 1 << 16 {
				p := []byte("AAAAAAAA")
				p[at], p[at+1] = byte(pair), byte(pair>>8)
				want := uint(0)
				for want < 8 && f.good(p[want]) {
					want++
				}
				if got := first(f.mark(word(p, 0))); got != want {
					t.Fatalf("%s: the first mark of %q is %d, want %d", name, p, got, want)
				}
			}
		}
	}
}
