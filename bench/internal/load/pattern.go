package load

import (
	"bytes"
	"math/rand/v2"
)

// pattern is where messages come from: windows into one run of random bytes, at a place that depends on the connection
// and on the message's number. So a byte that is lost, doubled, late, or of another connection does not match.
type pattern struct {
	random []byte
	size   int // of a message
}

const windows = 4093 // prime, so that the strides below visit them all

func newPattern(size int) pattern {
	random := make([]byte, size+windows)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = byte(rng.Uint32())
	}
	return pattern{random: random, size: size}
}

func (p pattern) message(conn, number int) []byte {
	at := (conn*257 + number*31) % windows
	return p.random[at : at+p.size]
}

const (
	comparedWhole = 4 << 10 // what is longer is sampled
	sampleStride  = 4 << 10
	sampleLen     = 64
	edgeLen       = 512
)

// sameSampled compares both edges and a few bytes of every 4 KiB: enough to notice anything shifted, and cheap enough to
// keep the client faster than the server with large messages too. Short runs are compared whole.
func sameSampled(got, want []byte) bool {
	n := len(got)
	if n != len(want) {
		return false
	}
	if n <= comparedWhole {
		return bytes.Equal(got, want)
	}
	for at := 0; at+sampleLen <= n; at += sampleStride {
		if !bytes.Equal(got[at:at+sampleLen], want[at:at+sampleLen]) {
			return false
		}
	}
	return bytes.Equal(got[:edgeLen], want[:edgeLen]) && bytes.Equal(got[n-edgeLen:], want[n-edgeLen:])
}
