package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
)

// All bodies are cut out of one table, from a place on that their key says, so that both ends know every byte. The table's length is
// a prime: what is lost, doubled or out of place by any size that a buffer has shows at once.
const tableSize = 65521

// table is there twice over, so that a piece of any place is one slice.
var table = makeTable()

func makeTable() []byte {
	r := rand.NewChaCha8([32]byte{'s', 'o', 'a', 'k'})
	t := make([]byte, 2*tableSize)
	for i := range tableSize {
		t[i] = byte(r.Uint64())
	}
	copy(t[tableSize:], t[:tableSize])
	return t
}

// content is up to n bytes of the body of a key, from off on. It must not be changed.
func content(key, off, n int64) []byte {
	at := (key + off) % tableSize
	return table[at : at+min(n, tableSize)]
}

// checker compares a body with what it should be.
type checker struct {
	key, n int64 // what comes next
}

func (c *checker) Write(p []byte) (int, error) {
	for all := p; len(all) > 0; {
		want := content(c.key, c.n, int64(len(all)))
		if !bytes.Equal(all[:len(want)], want) {
			i := 0
			for all[i] == want[i] {
				i++
			}
			return 0, fmt.Errorf("byte %d of the body of key %d is wrong", c.n+int64(i), c.key)
		}
		c.n += int64(len(want))
		all = all[len(want):]
	}
	return len(p), nil
}

// body reads the body of a key.
type body struct{ key, off, n int64 }

func (b *body) Read(p []byte) (int, error) {
	if b.off == b.n {
		return 0, io.EOF
	}
	n := copy(p, content(b.key, b.off, min(b.n-b.off, int64(len(p)))))
	b.off += int64(n)
	return n, nil
}

// sumOf is the hash of a body.
func sumOf(key, n int64) [sha256.Size]byte {
	h := sha256.New()
	io.Copy(h, &body{key: key, n: n})
	return [sha256.Size]byte(h.Sum(nil))
}
