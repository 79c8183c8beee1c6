package loop

import (
	"errors"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// TestSlowReaderProxy: a gibibyte goes through a proxy to a client that reads a megabyte a second, a quarter of an hour
// of virtual time. The proxy stops reading while its own output waits; neither its queue nor the heap grows.
func TestSlowReaderProxy(t *testing.T) {
	const (
		mark  = 64 << 10
		piece = 100_000
		pause = 100 * time.Millisecond
	)
	total := 1 << 30
	if testing.Short() || slowBuild {
		total = 32 << 20
	}
	w, l := newSim(t, simkernel.Options{Seed: 1})

	block := pattern64k()
	w.ListenPeer("10.0.0.2:80", func(p *simkernel.Peer) {
		left, at := total, 0
		p.Notify(func(p *simkernel.Peer) {
			for left > 0 {
				n := p.Send(block[at:min(len(block), at+left)])
				if n == 0 {
					return
				}
				left, at = left-n, (at+n)%len(block)
			}
			p.CloseWrite()
		})
	})

	most, paused := 0, 0
	_, err := l.Listen("tcp", "127.0.0.1:8080", func(down *reactor.Conn) {
		var up *reactor.Conn
		var relay reactor.ReadFunc
		relay = func(p []byte, err error) {
			if err != nil {
				if !errors.Is(err, io.EOF) {
					t.Errorf("upstream: %v", err)
				}
				up.Close(nil)
				down.CloseWrite(func(error) { down.Close(nil) })
				return
			}
			var done func(error)
			if down.WriteQueueSize() > 0 {
				up.ReadStop()
				paused++
				done = func(error) { up.ReadStart(relay) }
			}
			if err := down.WriteBorrowed(p, done); err != nil {
				t.Error(err)
			}
			most = max(most, down.WriteQueueSize())
		}
		var err error
		up, err = l.Connect("tcp", "10.0.0.2:80", func(err error) {
			if err != nil {
				t.Error(err)
				return
			}
			up.ReadStart(relay)
		})
		if err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}

	client := w.Dial("127.0.0.1:8080")
	got, wrong := 0, 0
	before, highest := uint64(0), uint64(0) // the first once the fake's own buffers have been made
	buf := make([]byte, piece)
	var sip func()
	sip = func() {
		for read := 0; read < piece; {
			n, err := client.Read(buf[:piece-read])
			for i := 0; i < n; i += 997 { // a prime: every place of the pattern comes up
				if buf[i] != block[(got+i)%len(block)] {
					wrong++
				}
			}
			got, read = got+n, read+n
			if err == io.EOF {
				client.Close()
				if err := l.Post(func() { l.Walk(func(h Handle) { h.Close(nil) }) }); err != nil { // we are inside a wait
					t.Error(err)
				}
				return
			}
			if n == 0 || err != nil {
				break
			}
		}
		switch pieces := got / piece; {
		case before == 0 && pieces > 20:
			before = heap()
		case pieces%100 == 0:
			highest = max(highest, heap())
		}
		w.After(pause, sip)
	}
	w.After(pause, sip)
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	if got != total || wrong > 0 {
		t.Errorf("the client got %d of %d bytes, %d wrong", got, total, wrong)
	}
	if most > 2*mark || paused == 0 {
		t.Errorf("%d bytes were queued at most, reading stopped %d times", most, paused)
	}
	if grown := int64(highest) - int64(before); grown > 4*mark {
		t.Errorf("the heap grew by %d bytes", grown)
	}
}

// pattern64k is not periodic in anything that a buffer's size could hide.
func pattern64k() []byte {
	b := make([]byte, 65521)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

// heap is what is in use after a collection.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
