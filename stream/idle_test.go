//go:build !weirdebug && !race

package stream_test

import (
	"runtime"
	"testing"
	"unsafe"

	"github.com/weir-go/weir/internal/turntest"
	"github.com/weir-go/weir/stream"
)

// idle is what n echo servers hold that have each answered one message, in bytes and objects a connection. The
// Transport is not counted.
func idle(t testing.TB, n int) (size, objects float64) {
	l := &turntest.Loop{OnUncaught: func(err error) { t.Errorf("uncaught: %v", err) }}
	below := make([]nowhere, n)
	sockets := make([]*stream.Socket, n)
	p := pattern(0, 1000)
	failed, closed := func(error) {}, func() {}
	measure := func() runtime.MemStats {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // what pools have kept goes with the second
		runtime.ReadMemStats(&m)
		return m
	}
	before := measure()
	for i := range sockets {
		s := stream.NewSocket(l, &below[i], stream.SocketOptions{})
		s.OnError(failed)
		s.OnClose(closed)
		s.Pipe(s)
		l.EndTurn()
		sockets[i] = s
	}
	for i := range below {
		below[i].h.OnRead(p, nil)
		l.EndTurn()
		below[i].done(nil)
		l.EndTurn()
	}
	after := measure()
	runtime.KeepAlive(sockets)
	runtime.KeepAlive(below)
	runtime.KeepAlive(l)
	return float64(after.HeapAlloc-before.HeapAlloc) / float64(n), float64(after.HeapObjects-before.HeapObjects) / float64(n)
}

// TestAnIdleSocketIsSmall: an echo is its Socket, its pipe and two listeners. A word more in a Socket makes it 16 bytes larger.
func TestAnIdleSocketIsSmall(t *testing.T) {
	const most, objects = 310, 3.2
	size, n := idle(t, 10000)
	t.Logf("an idle echo holds %.0f bytes in %.1f objects; a Socket by itself is %d bytes", size, n, unsafe.Sizeof(stream.Socket{}))
	if size > most || n > objects {
		t.Errorf("an idle echo holds %.0f bytes in %.1f objects, want at most %d in %v", size, n, most, objects)
	}
}
