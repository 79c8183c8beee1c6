package reactortest

import (
	"fmt"

	"github.com/weir-go/weir/reactor"
)

// Whose bytes they are: lent until the callback, borrowed until the turn ends.

var lendingBehaviours = []behaviour{
	{"lent_buffers_are_not_changed", nil, lentBuffers},
	{"borrowed_bytes_are_sealed_when_the_turn_ends", nil, borrowedBytes},
	{"borrowed_bytes_behind_some_that_left_at_once", nil, borrowedBehind},
	{"borrowed_bytes_of_a_connect_under_way", tcp, borrowedWhileConnecting},
}

// lentBuffers: neither the bytes nor the slices that the caller holds are changed, however the kernel cuts them.
func lentBuffers(e *env) {
	c, p := e.pair()
	want := pattern(100_000)
	lent := [][]byte{pattern(100_000)[:30_000], pattern(100_000)[30_000:30_001], nil, pattern(100_000)[30_001:]}
	before := append([][]byte(nil), lent...)
	e.k.MaxMove = 7001
	e.must(c.Write(lent, e.note("write")))
	for i := range before {
		if len(before[i]) != len(lent[i]) {
			e.Errorf("buffer %d has %d bytes now, had %d", i, len(lent[i]), len(before[i]))
		}
	}
	clear(lent) // the slice that held them is ours again
	e.wantBytes("at the peer", e.recv(p, len(want)), want)
	at := 0
	for i, b := range before {
		e.wantBytes(fmt.Sprint("buffer ", i), b, want[at:at+len(b)])
		at += len(b)
	}
	e.untilLogged(1)
	e.wantLog("write: ok")
}

// borrowedBytes: more is written than the kernel takes, then the buffer is overwritten, as the next read would do.
func borrowedBytes(e *env) {
	c, p := e.pair()
	taken := e.fill(c)
	want := pattern(60_000)
	buf := append([]byte(nil), want...)
	e.must(c.WriteBorrowed(buf[:10_000], e.note("1")))
	e.must(c.Write([][]byte{want[10_000:20_000]}, e.note("2")))
	e.must(c.WriteBorrowed(buf[20_000:], e.note("3")))
	e.Iterate(0)
	clear(buf)
	got := e.recv(p, taken+len(want))
	e.wantBytes("at the peer", got[taken:], want)
	e.untilLogged(3)
	e.wantLog("1: ok", "2: ok", "3: ok")
	// An echo of what the reactor's own buffer holds, by the turn and by the piece.
	r := e.read(c)
	r.onRead = func(b []byte, _ error) {
		for len(b) > 0 {
			n := min(len(b), 1000)
			e.must(c.WriteBorrowed(b[:n], nil))
			b = b[n:]
		}
	}
	e.k.MaxMove = 1500
	e.send(p, want)
	e.wantBytes("echoed", e.recv(p, len(want)), want)
}

// borrowedBehind: much is written in a turn and leaves at once, then the kernel is full, and what follows is sealed.
func borrowedBehind(e *env) {
	c, p := e.pair()
	want := pattern(80_000)
	buf := append([]byte(nil), want...)
	e.must(c.WriteBorrowed(buf[:1000], e.note("1")))
	e.must(c.WriteBorrowed(buf[1000:70_000], e.note("2")))
	left := c.WriteQueueSize()
	full := true
	e.failing(CallWrite, reactor.EAGAIN, &full)
	e.must(c.WriteBorrowed(buf[70_000:], e.note("3")))
	e.Iterate(0)
	clear(buf)
	full = false
	e.wantBytes("at the peer", e.recv(p, len(want)), want)
	e.untilLogged(3)
	e.wantLog("1: ok", "2: ok", "3: ok")
	if left >= 70_000 {
		e.Error("nothing left at once")
	}
}

func borrowedWhileConnecting(e *env) {
	server := e.Listen(e.network)
	defer server.Close()
	c, err := e.R.Connect("tcp", server.Addr(), e.note("connect"))
	e.must(err)
	want := pattern(1000)
	buf := append([]byte(nil), want...)
	e.must(c.WriteBorrowed(buf, e.note("write")))
	e.R.Flush()
	e.R.Seal()
	clear(buf)
	p := e.accept(server)
	e.wantBytes("at the peer", e.recv(p, len(want)), want)
	e.untilLogged(2)
	e.wantLog("connect: ok", "write: ok")
}
