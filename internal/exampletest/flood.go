package exampletest

import (
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"testing"
	"time"
)

const (
	// stopped is how long nobody takes anything from who is stopped. A slow machine may take longer over what it would still have
	// taken: then there is less to check, and nothing else.
	stopped = 300 * time.Millisecond
	// endless is more than the kernel holds of anything: two connections, with what each end may have.
	endless = 1 << 30
	// little is what the whole process may hold of a flood: the marks, reads and pieces of some streams many times over.
	little = 16 << 20
)

// piece is what a flood is made of: noise, of which a compressor makes no less, and one for all floods, so that none counts it.
var piece = func() []byte {
	p := make([]byte, 64<<10)
	rand.NewChaCha8([32]byte{}).Read(p)
	return p
}()

// Flood has c send until nobody takes anything any more, and returns how much was taken. Whoever is behind c runs in the test's own
// process and is not read from: the test has failed if c is never stopped, or if the process holds more than a little of what it took.
// What the kernel holds is not ours to say. The buffer of a socket that is read from grows up to net.ipv4.tcp_rmem, 32 MiB on some
// machines, and how far is chance: what stops the client is that the reader stops.
func Flood(t *testing.T, c net.Conn) (sent int) {
	t.Helper()
	before := held()
	check := func() bool {
		grown := held() - before
		if grown > little {
			t.Errorf("%d bytes were taken, and the process holds %d more than before", sent, grown)
		}
		return grown <= little
	}
	for next := little; ; {
		c.SetWriteDeadline(time.Now().Add(stopped))
		n, err := c.Write(piece)
		sent += n
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			check()
			c.SetWriteDeadline(time.Now().Add(Patience))
			return sent
		case err != nil:
			t.Fatalf("after %d bytes: %v", sent, err)
		case sent >= endless:
			t.Fatalf("%d bytes were taken that nobody reads", sent)
		case sent >= next:
			if !check() {
				t.FailNow()
			}
			next += little
		}
	}
}

// held is how many bytes of memory are in use.
func held() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
