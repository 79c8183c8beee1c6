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
	for uint(i) < uint(len(p)) && classes[p[i]]&c != 0 {
		i++
	}
	return i
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// load is the first eight bytes of p, the first of them lowest.
func load[S ~string | ~[]byte](p S) uint64 {
	_ = p[7]
	return uint64(p[0]) | uint64(p[1])<<8 | uint64(p[2])<<16 | uint64(p[3])<<24 |
		uint64(p[4])<<32 | uint64(p[5])<<40 | uint64(p[6])<<48 | uint64(p[7])<<56 // one instruction
}

// load4 is the first four bytes of p, the first of them lowest.
func load4[S ~string | ~[]byte](p S) uint32 {
	_ = p[3]
	return uint32(p[0]) | uint32(p[1])<<8 | uint32(p[2])<<16 | uint32(p[3])<<24
}

// word is the eight bytes of p from i on, the first of them lowest.
func word(p []byte, i uint) uint64 { return binary.LittleEndian.Uint64(p[i : i+8 : i+8]) }

// The functions below mark bytes of a word, with their high bits. Only the first mark counts: it is right, but a borrow or a
// carry may come out of the byte that has it, and spoil those behind.

// unprinted marks what is no printable ASCII character and no space.
func unprinted(x uint64) uint64 {
	return (x | (x - 0x20*ones) | (x + ones)) & highs
}

// unlettered marks what is neither a letter nor "-".
func unlettered(x uint64) uint64 {
	lower := x | 0x20*ones
	letter := (lower + 0x1f*ones) ^ (lower + 0x05*ones)
	noDash := (x ^ '-'*ones) + 0x7f*ones
	return (x | noDash&^letter) & highs
}

// uncapital marks what is no capital letter.
func uncapital(x uint64) uint64 {
	return (x | ^((x + 0x3f*ones) ^ (x + 0x25*ones))) & highs
}

// untargeted marks what is not of classTarget.
func untargeted(x uint64) uint64 {
	return (x | (x - 0x21*ones) | (x + ones) | ((x ^ '#'*ones) - ones)) & highs
}

// first is the index of the first byte that is marked in m; 8 if there is none.
func first(m uint64) uint { return uint(bits.TrailingZeros64(m)) / 8 }

// skipText is skip for classText, eight bytes at a time as far as they are ASCII.
func skipText(p []byte, i int) int {
	for uint(i)+8 <= uint(len(p)) {
		if m := unprinted(word(p, uint(i))); m != 0 {
			i += int(first(m))
			break
		}
		i += 8
	}
	return skip(p, i, classText)
}

// skipTarget is skip for classTarget, eight bytes at a time.
func skipTarget(p []byte, i int) int {
	for uint(i)+8 <= uint(len(p)) {
		if m := untargeted(word(p, uint(i))); m != 0 {
			return i + int(first(m))
		}
		i += 8
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
