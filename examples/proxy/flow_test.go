package main

import (
	"errors"
	"os"
	"testing"
	"time"
)

// much is far more than the buffers of two connections and a proxy hold.
const much = 256 << 20

// flood has p send until nobody takes anything any more, long before it has sent much, and returns how much was taken.
func flood(t *testing.T, p *peer) int {
	t.Helper()
	sent := 0
	piece := make([]byte, 64<<10)
	for sent < much {
		p.SetWriteDeadline(time.Now().Add(300 * time.Millisecond)) // who is stopped stays stopped
		n, err := p.Write(piece)
		sent += n
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if sent > much/10 {
		t.Errorf("the proxy took %d bytes that nobody reads", sent)
	}
	p.SetDeadline(time.Now().Add(patience))
	return sent
}
