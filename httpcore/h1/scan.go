package h1

import (
	"encoding/binary"
	"math/bits"
)

// class is what a byte may be part of, one bit each.
type class uint8

const (
	classToken  class = 1 << iota // tchar: RFC 9110 section 5.6.2
	classText                     // HTAB, SP, VCHAR, obs-text: a field value or a reason phrase
	classTarget                   // VCHAR but for "#", which begins a fragment
	classHost                     // of a reg-name, without "%": unreserved and sub-delims of RFC 3986
	classHex                      // HEXDIG
	classQuoted                   // qdtext: RFC 9110 section 5.6.4
)

var classes = func() (t [256]class) {
	set := func(c class, s string) {
		for i := range len(s) {
			t[s[i]] |= c
		}
	}
	const alnum = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	set(classToken, alnum+"!#$%&'*+-.^_`|~")
	set(classHost, alnum+"-._~"+"!$&'()*+,;=")
	set(classHex, "0123456789abcdefABCDEF")
	for c := range t {
		if c == '\t' || c >= ' ' && c != 0x7f {
			t[c] |= classText
			if c != '"' && c != '\\' {
				t[c] |= classQuoted
			}
		}
		if c > ' ' && c < 0x7f && c != '#' {
			t[c] |= classTarget
		}
	}
	return t
}()

// skip returns the index of the first byte of p from i on that is not of class c, or len(p).
func skip(p []byte, i int, c class) int {
	for k, b := range p[i:] {
		if classes[b]&c == 0 {
			return i + k
		}
	}
	return len(p)
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// below marks, with its high bit, each byte of x that is less than n, which is at most 0x80. A byte behind one that is
// marked may be marked too: only the first mark counts.
func below(x uint64, n uint64) uint64 { return (x - n*ones) &^ x & highs }

// equal marks each byte of x that is c, like below.
func equal(x uint64, c uint64) uint64 {
	x ^= c * ones
	return (x - ones) &^ x & highs
}

// control marks, with its high bit, each byte of x that is below 0x20, or 0x7f.
func control(x uint64) uint64 {
	low := x &^ highs // no sum below carries into the next byte
	return ((low + ones) | ^(low + 0x60*ones)) &^ x & highs
}

// skipText is skip for classText, eight bytes at a time.
func skipText(p []byte, i int) int {
	for len(p)-i >= 8 {
		m := control(binary.LittleEndian.Uint64(p[i:]))
		if m == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(m) / 8
		if p[i] != '\t' {
			return i
		}
		i++
	}
	return skip(p, i, classText)
}

// skipTarget is skip for classTarget, eight bytes at a time.
func skipTarget(p []byte, i int) int {
	for len(p)-i >= 8 {
		x := binary.LittleEndian.Uint64(p[i:])
		m := below(x, '!') | equal(x, 0x7f) | equal(x, '#') | x&highs
		if m == 0 {
			i += 8
			continue
		}
		return i + bits.TrailingZeros64(m)/8
	}
	return skip(p, i, classTarget)
}

// TrimOWS returns p without the spaces and tabs at its ends.
func TrimOWS(p []byte) []byte {
	for len(p) > 0 && (p[0] == ' ' || p[0] == '\t') {
		p = p[1:]
	}
	for len(p) > 0 && (p[len(p)-1] == ' ' || p[len(p)-1] == '\t') {
		p = p[:len(p)-1]
	}
	return p
}
