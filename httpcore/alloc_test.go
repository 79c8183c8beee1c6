//go:build !weirdebug && !race

package httpcore

import (
	"io"
	"net/netip"
	"runtime"
	"testing"
	"unsafe"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// The checks of weirdebug allocate, so these are for the build that is shipped.

// hollow is a Transport to nowhere that takes everything at the end of the turn, and allocates nothing.
type hollow struct {
	l    *loop.Loop
	h    stream.ReadHandler
	done []func(error)
	size int
}

func (n *hollow) ReadStart(h stream.ReadHandler) error { n.h = h; return nil }
func (n *hollow) ReadStop()                            {}

func (n *hollow) Write(bufs [][]byte, done func(error)) error {
	for _, b := range bufs {
		n.size += len(b)
	}
	n.done = append(n.done, done)
	return nil
}

func (n *hollow) WriteBorrowed(p []byte, done func(error)) error {
	n.size += len(p)
	n.done = append(n.done, done)
	return nil
}
func (n *hollow) WriteQueueSize() int          { return n.size }
func (n *hollow) CloseWrite(func(error)) error { return nil }
func (n *hollow) Close(done func())            { done() }
func (n *hollow) CloseReset(func()) error      { return io.ErrClosedPipe }
func (n *hollow) LocalAddr() netip.AddrPort    { return netip.AddrPort{} }
func (n *hollow) RemoteAddr() netip.AddrPort   { return netip.AddrPort{} }
func (n *hollow) exchange(l *loop.Loop, in []byte) {
	n.h.OnRead(in, nil)
	l.EndTurn()
	n.taken(l)
}

// taken is the end of all writes.
func (n *hollow) taken(l *loop.Loop) {
	n.size = 0
	for _, done := range n.done {
		done(nil)
		l.EndTurn()
	}
	n.done = n.done[:0]
}

func hello(_ *IncomingMessage, res *ServerResponse) {
	res.SetHeader("Content-Type", "text/plain")
	res.EndString("Hello, World!")
}

func hollowLoop(t testing.TB) *loop.Loop {
	t.Helper()
	l, err := loop.New(loop.Options{Kernel: simkernel.New(simkernel.Options{Seed: 1}).Kernel()})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestAKeepAliveGETAllocatesThreeTimesAtMost(t *testing.T) {
	l := hollowLoop(t)
	s := NewServer(ServerOptions{})
	s.OnRequest(hello)
	n := &hollow{l: l}
	s.ServeTransport(l, n)
	in := []byte("GET / HTTP/1.1\r\nHost: example.org\r\nUser-Agent: a test\r\nAccept: */*\r\n\r\n")
	request := func() { n.exchange(l, in) }
	request()
	if got := testing.AllocsPerRun(200, request); got > 3 {
		t.Errorf("got %v allocations, want at most 3", got)
	}
}

// callHollow makes GETs over a transport to nowhere.
func callHollow(t testing.TB, l *loop.Loop, n *hollow) (exchange func()) {
	a := NewAgent(AgentOptions{Connect: func(_ *loop.Loop, _, _ string, done func(stream.Transport, error)) (func(), error) {
		l.NextTick(func() { done(n, nil) })
		return nil, nil
	}})
	in := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!")
	size := 0
	return func() {
		q, err := NewRequest(l, "GET", "http://example.org/", RequestOptions{Agent: a})
		if err != nil {
			t.Fatal(err)
		}
		q.OnResponse(func(r *IncomingMessage) { r.OnData(func(p []byte) { size += len(p) }) })
		q.End()
		l.EndTurn()
		n.taken(l)
		n.exchange(l, in)
		if !q.Closed() || size%13 != 0 || size == 0 {
			t.Fatal("there was no answer")
		}
	}
}

// TestAKeepAliveGETOfAClientAllocatesTwelveTimesAtMost counts what the user does too: two closures and a list of listeners. The rest
// is the request and its address; the answer, its head and its body's queue, with
// what is called on ticks and at the turn's end; and the ends of both.
func TestAKeepAliveGETOfAClientAllocatesTwelveTimesAtMost(t *testing.T) {
	l := hollowLoop(t)
	exchange := callHollow(t, l, &hollow{l: l})
	exchange()
	if got := testing.AllocsPerRun(200, exchange); got > 12 {
		t.Errorf("got %v allocations, want at most 12", got)
	}
}

// TestAForwardedGETAllocatesNineteenTimesAtMost counts what a proxy does too: three functions. The rest is what TestAKeepAliveGETAllocates and
// TestAKeepAliveGETOfAClientAllocates count, the fields of both messages, and what listens to the answer and to its pipe.
func TestAForwardedGETAllocatesNineteenTimesAtMost(t *testing.T) {
	const most = 19
	l := hollowLoop(t)
	up, down := &hollow{l: l}, &hollow{l: l}
	a := NewAgent(AgentOptions{Connect: func(_ *loop.Loop, _, _ string, done func(stream.Transport, error)) (func(), error) {
		l.NextTick(func() { done(up, nil) })
		return nil, nil
	}})
	s := NewServer(ServerOptions{})
	s.OnRequest(forwarder(a, "http://127.0.0.1:8080"))
	s.ServeTransport(l, down)
	in := []byte("GET / HTTP/1.1\r\nHost: example.org\r\nUser-Agent: a test\r\nAccept: */*\r\n\r\n")
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\nConnection: keep-alive\r\n\r\nHello, World!")
	forwarded := func() {
		down.exchange(l, in)
		up.taken(l)
		up.exchange(l, answer)
		if down.size == 0 {
			t.Fatal("there was no answer")
		}
		down.taken(l)
	}
	forwarded()
	if got := testing.AllocsPerRun(200, forwarded); got > most {
		t.Errorf("got %v allocations, want at most %d", got, most)
	}
}

func TestAnIdleConnectionIsSmall(t *testing.T) {
	const count, most, objects = 10_000, 600, 4
	l := hollowLoop(t)
	s := NewServer(ServerOptions{})
	s.OnRequest(hello)
	below := make([]hollow, count)
	for i := range below {
		below[i].done = make([]func(error), 0, 4)
	}
	in := []byte(get("/"))
	measure := func() (m runtime.MemStats) {
		runtime.GC()
		runtime.GC() // what pools have kept goes with the second
		runtime.ReadMemStats(&m)
		return m
	}
	before := measure()
	for i := range below {
		s.ServeTransport(l, &below[i])
		below[i].exchange(l, in)
	}
	for i := range below {
		clear(below[i].done[:cap(below[i].done)])
	}
	after := measure()
	size := float64(after.HeapAlloc-before.HeapAlloc) / count
	n := float64(after.HeapObjects-before.HeapObjects) / count
	t.Logf("an idle connection holds %.0f bytes in %.1f objects; a serverConn is %d bytes, an exchange %d", size, n,
		unsafe.Sizeof(serverConn{}), unsafe.Sizeof(exchange{}))
	if size > most || n > objects {
		t.Errorf("an idle connection holds %.0f bytes in %.1f objects, want at most %d in %d", size, n, most, objects)
	}
	runtime.KeepAlive(below)
	runtime.KeepAlive(l)
	runtime.KeepAlive(s)
}

// TestAnExchangeIsInASmallSizeClass: each request allocates one, and the garbage collector's work is in proportion.
func TestAnExchangeIsInASmallSizeClass(t *testing.T) {
	if size := unsafe.Sizeof(exchange{}); size > 384 {
		t.Errorf("an exchange takes %d bytes, want at most 384", size)
	}
}

func TestALargeChunkIsFramedWithoutMemoryForItsBytes(t *testing.T) {
	l := hollowLoop(t)
	s := NewServer(ServerOptions{})
	large := make([]byte, 64<<10)
	pieces := 0
	s.OnRequest(func(_ *IncomingMessage, res *ServerResponse) {
		for range pieces {
			res.WriteBorrowed(large, nil)
		}
		res.End()
	})
	n := &hollow{l: l}
	s.ServeTransport(l, n)
	in := []byte(get("/"))
	allocs := func(count int) float64 {
		pieces = count
		n.exchange(l, in)
		return testing.AllocsPerRun(50, func() { n.exchange(l, in) })
	}
	if few, many := allocs(4), allocs(8); many-few > 6 { // one for the line end behind each, and the list of writes grows
		t.Errorf("4 pieces take %v allocations, 8 take %v", few, many)
	}
}
