package reactortest

import (
	"io"
	"time"

	"github.com/weir-go/weir/reactor"
)

var readingBehaviours = []behaviour{
	{"ping_pong", nil, func(e *env) { pingPong(e, false) }},    // tcp_ping_pong, tcp6_ping_pong, pipe_ping_pong
	{"ping_pong_vec", nil, func(e *env) { pingPong(e, true) }}, // tcp_ping_pong_vec …
	{"tcp_read_stop", nil, readStop},
	{"tcp_read_stop_start", nil, readStopStart},
	{"tcp_unexpected_read", nil, unexpectedRead},
	{"tcp_rst", tcp, reset},
	{"readable_on_eof", nil, readableOnEOF},
	{"not_readable_nor_writable_on_read_error", tcp, endsOnReadError},
	{"late_fin", nil, lateFin},
	{"reset_after_data", tcp, resetAfterData},
	{"reset_swallowed_by_a_write", tcp, resetSwallowedByAWrite},
	{"timeout_swallowed_by_a_write", tcp, timeoutSwallowedByAWrite},
	{"reads_are_shared_fairly", nil, fairReads},
	{"hints_are_hints", nil, hintsAlone},
	{"a_new_handler_takes_over", nil, newHandler},
	{"close_after_eof", nil, closeAfterEOF},
}

// pingPong sends one message to and fro, in one buffer or in two. The number of round trips is libuv's in one world and
// less than that in all of them together.
func pingPong(e *env, vec bool) {
	const rounds = 1000
	ping := []byte("PING\n")
	c, p := e.pair()
	r := e.read(c)
	written := 0
	done := func(err error) {
		e.callback(func() { written++ })
		e.must(err)
	}
	r.onRead = func(b []byte, _ error) {
		bufs := [][]byte{ping}
		if vec {
			bufs = [][]byte{ping[:2], ping[2:]}
		}
		e.must(c.Write(bufs, done))
	}
	for range rounds {
		e.send(p, ping)
		e.wantBytes("the answer", e.recv(p, len(ping)), ping)
	}
	e.until("all callbacks", func() bool { return written == rounds })
	if len(r.data) != rounds*len(ping) {
		e.Errorf("read %d bytes, want %d", len(r.data), rounds*len(ping))
	}
}

// readStop: after ReadStop nothing is read, with writes going on all the while.
func readStop(e *env) {
	c, p := e.pair()
	r := e.read(c)
	e.send(p, pattern(100))
	r.untilRead(100)
	c.ReadStop()
	e.send(p, pattern(100))
	for i := range 20 {
		e.must(c.Write([][]byte{pattern(10)}, nil))
		e.Iterate(step)
		if len(r.data) != 100 {
			e.Fatalf("read %d bytes after ReadStop, in iteration %d", len(r.data)-100, i)
		}
	}
	e.recv(p, 200)
	// ReadStop inside the callback of a read keeps back the rest of what is there, with the reactor's buffer full.
	r.start()
	r.untilRead(200)
	r.onRead = func([]byte, error) { c.ReadStop() }
	e.send(p, pattern(40_000))
	r.untilRead(201)
	e.send(p, pattern(40_000))
	got := len(r.data)
	e.settle()
	if len(r.data) != got {
		e.Errorf("read %d bytes after ReadStop in the callback", len(r.data)-got)
	}
	r.onRead = nil
	r.start()
	r.untilRead(80_200)
}

// readStopStart: stopping and starting inside the callback loses nothing and tells the end once.
func readStopStart(e *env) {
	c, p := e.pair()
	r := e.read(c)
	r.onRead = func(_ []byte, err error) {
		c.ReadStop()
		if err == nil {
			r.start()
			c.ReadStop()
			r.start()
		}
	}
	want := pattern(300_000)
	e.send(p, want)
	p.Close()
	r.untilEnd()
	e.wantBytes("what was read", r.data, want)
	r.wantEnds(io.EOF)
}

// unexpectedRead: bytes for a connection that nobody reads cost no iterations.
func unexpectedRead(e *env) {
	c, p := e.pair()
	e.send(p, pattern(100))
	if n := e.Pass(50 * time.Millisecond); n > 5 {
		e.Errorf("%d iterations with a connection that never read", n)
	}
	r := e.read(c)
	r.untilRead(100)
	c.ReadStop()
	e.send(p, pattern(100))
	if n := e.Pass(50 * time.Millisecond); n > 5 {
		e.Errorf("%d iterations with a connection that has stopped reading", n)
	}
	r.start()
	r.untilRead(200)
}

func reset(e *env) {
	e.both(func(c *reactor.Conn, p Peer) {
		r := e.read(c)
		e.settle()
		p.Reset()
		r.untilEnd()
		r.wantEnds(reactor.ECONNRESET)
		if r.hangUps != 0 {
			e.Errorf("OnHangUp was called %d times after the error was read", r.hangUps)
		}
	})
}

// readableOnEOF: ReadStart after the end of input tells it again.
func readableOnEOF(e *env) {
	c, p := e.pair()
	r := e.read(c)
	p.CloseWrite()
	for range 3 {
		r.untilEnd()
		r.start()
	}
	r.untilEnd()
	r.wantEnds(io.EOF, io.EOF, io.EOF, io.EOF)
	e.must(c.Write([][]byte{pattern(10)}, e.note("write")))
	e.recv(p, 10)
	e.wantLog("write: ok")
}

// endsOnReadError: after a reset neither direction works, and reading never looks like a clean end.
func endsOnReadError(e *env) {
	c, p := e.pair()
	r := e.read(c)
	p.Reset()
	r.untilEnd()
	r.start()
	r.untilEnd()
	r.wantEnds(reactor.ECONNRESET, reactor.ECONNRESET)
	e.must(c.Write([][]byte{pattern(10)}, e.noteThen("write", func(err error) {
		e.wantErr("write", err, reactor.ECONNRESET, reactor.EPIPE)
	})))
	e.untilLogged(1)
	if n := c.WriteQueueSize(); n != 0 {
		e.Errorf("%d bytes are queued on a dead connection", n)
	}
}

// lateFin: a megabyte and the end of input at once; every byte arrives before the end.
func lateFin(e *env) {
	want := pattern(1 << 20)
	c, p := e.pair()
	r := e.read(c)
	e.send(p, want)
	p.Close()
	r.untilEnd()
	e.wantBytes("what was read", r.data, want)
	r.wantEnds(io.EOF)
}

// resetAfterData: what had arrived before the reset comes first.
func resetAfterData(e *env) {
	e.both(func(c *reactor.Conn, p Peer) {
		want := pattern(1000)
		e.send(p, want)
		e.settle()
		p.Reset()
		e.settle()
		r := e.read(c)
		r.untilEnd()
		e.wantBytes("what was read", r.data, want)
		r.wantEnds(reactor.ECONNRESET)
	})
}

// resetSwallowedByAWrite: the kernel tells an error once. If a write is told, reading would see a clean end.
func resetSwallowedByAWrite(e *env) {
	for _, try := range []bool{false, true} {
		c, p := e.pair()
		want := pattern(3)
		e.send(p, want)
		e.settle()
		p.Reset()
		if try {
			_, err := c.TryWrite(pattern(10))
			e.wantErr("TryWrite", err, reactor.ECONNRESET, reactor.EPIPE)
		} else {
			e.must(c.Write([][]byte{pattern(10)}, e.note("write")))
			e.untilLogged(1)
		}
		r := e.read(c)
		r.untilEnd()
		e.wantBytes("what was read", r.data, want)
		r.wantEnds(reactor.ECONNRESET)
		e.log = nil
	}
}

// timeoutSwallowedByAWrite: the same of other errors, a connection that timed out for one.
func timeoutSwallowedByAWrite(e *env) {
	c, p := e.pair()
	e.k.Fail = func(call Call, _ int) reactor.Errno {
		if call == CallWrite {
			return reactor.ETIMEDOUT
		}
		return 0
	}
	e.must(c.Write([][]byte{pattern(10)}, e.note("write")))
	e.untilLogged(1)
	e.wantLog("write: ETIMEDOUT")
	p.CloseWrite() // stands for the dead connection, which reads as ended
	r := e.read(c)
	r.untilEnd()
	r.wantEnds(reactor.ETIMEDOUT)
}

// fairReads: a peer that sends as fast as it is read does not keep the others waiting: an event has a budget.
func fairReads(e *env) {
	const buffer, budget = 4 << 10, 256 << 10
	e.R = reactor.New(e.k, reactor.Options{ReadBuffer: buffer})
	fast, pf := e.pair()
	slow, ps := e.pair()
	rf, rs := e.read(fast), e.read(slow)
	chunk := pattern(buffer)
	at, got := 0, 0
	rf.onRead = func(p []byte, _ error) {
		if e.Iterations != at {
			at, got = e.Iterations, 0
		}
		if got += len(p); got > budget+buffer {
			e.Errorf("%d bytes were read for one event", got)
			fast.ReadStop()
		}
		for pf.Send(chunk) > 0 { // there is always more
		}
		rf.data = rf.data[:0]
	}
	pf.Send(chunk)
	e.send(ps, pattern(10))
	before := e.Iterations
	rs.untilRead(10)
	if n := e.Iterations - before; n > 20 {
		e.Errorf("the slow peer waited %d iterations", n)
	}
}

// hintsAlone: an end or a hang-up that comes without readiness is a reason to read on, and one that is not true is none
// to stop.
func hintsAlone(e *env) {
	c, p := e.pair()
	r := e.read(c)
	e.k.Inject = func(events []reactor.Event, n int) int {
		for i := range events[:n] {
			events[i].Ready = events[i].Ready&^reactor.CanRead | reactor.Ended | reactor.HungUp
		}
		return n
	}
	want := pattern(200_000)
	e.send(p, want)
	r.untilRead(len(want))
	e.settle()
	r.wantEnds()
	p.Close()
	r.untilEnd()
	e.wantBytes("what was read", r.data, want)
	r.wantEnds(io.EOF)
}

// newHandler: ReadStart while reading changes the handler, from within the old one too. libuv refuses with EALREADY;
// here it is idempotent.
func newHandler(e *env) {
	c, p := e.pair()
	a, b := e.read(c), e.reader(c)
	a.onRead = func([]byte, error) { b.start() }
	e.send(p, pattern(100_000))
	e.until("all bytes", func() bool { return len(a.data)+len(b.data) == 100_000 })
	if a.calls != 1 {
		e.Errorf("the old handler was called %d times", a.calls)
	}
	if c.Handler() != reactor.ReadHandler(b) {
		e.Error("Handler is not the new one")
	}
	e.closeConn(c)
	if c.Handler() != nil {
		e.Error("Handler outlives the connection")
	}
}

// closeAfterEOF: closing in the callback of the end of input is the end of everything.
func closeAfterEOF(e *env) {
	c, p := e.pair()
	r := e.read(c)
	r.onRead = func(_ []byte, err error) {
		if err != nil {
			c.Close(e.noteClose("close"))
		}
	}
	e.send(p, pattern(10))
	p.Close()
	e.untilLogged(1)
	e.wantLog("close")
	r.wantEnds(io.EOF)
	if c.FD() != -1 || !c.Closing() || c.Active() {
		e.Errorf("closed: FD %d, Closing %v, Active %v", c.FD(), c.Closing(), c.Active())
	}
}
