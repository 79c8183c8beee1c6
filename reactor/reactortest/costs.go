package reactortest

import (
	"io"
	"time"

	"github.com/weir-go/weir/reactor"
)

// What things cost, in calls to the kernel. A number here is a promise: it goes down or stays.

var costBehaviours = []behaviour{
	{"stop_and_start_in_one_iteration", nil, costStopStart},
	{"a_thousand_toggles_in_one_iteration", nil, costToggles},
	{"pause_and_resume_with_a_silent_peer", nil, costSilentPause},
	{"pause_and_resume_with_a_busy_peer", nil, costBusyPause},
	{"a_write_that_the_kernel_takes_whole", nil, costWholeWrite},
	{"a_write_that_has_to_wait", nil, costWaitingWrite},
	{"echo_of_one_message", nil, costEcho},
	{"sixteen_messages_in_one_read", nil, costPipelined},
	{"sixteen_writes_in_one_turn", nil, costSixteenWrites},
	{"a_connection_from_accept_to_close", nil, costLife},
	{"a_crowd_that_comes_again", nil, costCrowd},
	{"an_idle_iteration", one, costIdle},
}

// wantCost compares counts. Waits depend on when things happen, and so do events, unless the test says how many it wants.
func (e *env) wantCost(what string, got, want Counts) {
	e.Helper()
	want.Waits = got.Waits
	if want.Events == 0 {
		want.Events = got.Events
	}
	if got != want {
		e.Errorf("%s: asked the kernel for %+v, want %+v", what, got, want)
	}
}

// reading is a connection that reads and whose interest the kernel knows.
func (e *env) reading() (*reactor.Conn, Peer, *reader) {
	c, p := e.pair()
	r := e.read(c)
	e.settle()
	return c, p, r
}

func costStopStart(e *env) {
	c, _, r := e.reading()
	e.wantCost("stop, start", e.count(func() {
		c.ReadStop()
		r.start()
		e.settle()
	}), Counts{})
	c.ReadStop()
	e.settle()
	e.wantCost("start, stop", e.count(func() {
		r.start()
		c.ReadStop()
		e.settle()
	}), Counts{})
}

func costToggles(e *env) {
	c, p, r := e.reading()
	// Where the kernel had to be told last: parked, because something unwanted came.
	c.ReadStop()
	e.send(p, pattern(10))
	e.settle()
	cost := e.count(func() {
		for range 1000 {
			r.start()
			c.ReadStop()
		}
		r.start()
		e.settle()
	})
	if cost.Interest() > 1 {
		e.Errorf("a thousand toggles: %d changes", cost.Interest())
	}
	r.untilRead(10)
}

func costSilentPause(e *env) {
	c, p, r := e.reading()
	e.wantCost("pausing and resuming", e.count(func() {
		for range 10 {
			c.ReadStop()
			e.settle()
			r.start()
			e.settle()
		}
	}), Counts{})
	e.send(p, pattern(10))
	r.untilRead(10)
}

// costBusyPause: the first unwanted event has the kernel told to be silent, and resuming tells it again.
func costBusyPause(e *env) {
	c, p, r := e.reading()
	e.wantCost("pausing", e.count(func() {
		c.ReadStop()
		e.send(p, pattern(10))
		e.settle()
		e.send(p, pattern(10))
		e.settle()
	}), Counts{Mods: 1})
	e.wantCost("resuming", e.count(func() {
		r.start()
		r.untilRead(20)
		e.settle()
	}), Counts{Mods: 1, Reads: 1})
}

func costWholeWrite(e *env) {
	c, p := e.pair()
	e.wantCost("one write, of a connection that never reads", e.count(func() {
		e.must(c.Write([][]byte{pattern(1000)}, e.note("write")))
		e.recv(p, 1000)
		e.settle()
	}), Counts{Writes: 1})
	e.wantCost("one write of several buffers", e.count(func() {
		e.must(c.Write([][]byte{pattern(1000), pattern(1000)}, e.note("write")))
		e.recv(p, 2000)
		e.settle()
	}), Counts{Writevs: 1})
	e.wantCost("write and half-close", e.count(func() {
		e.must(c.Write([][]byte{pattern(1000)}, e.note("write")))
		e.must(c.CloseWrite(e.note("close write")))
		e.recv(p, 1000)
		e.settle()
	}), Counts{Writes: 1, CloseWrites: 1})
}

// costWaitingWrite: gaining the interest in writing is one change and losing it is one, however long it took.
func costWaitingWrite(e *env) {
	c, p, _ := e.reading()
	full := true
	e.failing(CallWrite, reactor.EAGAIN, &full)
	e.wantCost("waiting", e.count(func() {
		e.must(c.Write([][]byte{pattern(1000)}, e.note("write")))
		e.Iterate(0)
	}), Counts{Mods: 1, Writes: 2})
	full = false
	e.wantCost("sent", e.count(func() {
		e.recv(p, 1000)
		e.settle()
	}), Counts{Mods: 1, Writes: 1, Events: 1})
	e.wantLog("write: ok")
	// A short write says that the kernel is full: it is not asked in vain, but waited for.
	e.k.MaxMove = 600
	e.wantCost("a short write", e.count(func() {
		e.must(c.Write([][]byte{pattern(1000)}, e.note("write")))
		e.recv(p, 1000)
		e.settle()
	}), Counts{Mods: 2, Writes: 2, Events: 1})
}

// costEcho is the heart of it: one read and one write, and the interest stays.
func costEcho(e *env) {
	c, p, r := e.reading()
	r.onRead = func(b []byte, _ error) { e.must(c.WriteBorrowed(b, nil)) }
	e.wantCost("ten echoes", e.count(func() {
		for range 10 {
			p.Send(pattern(100))
			e.recv(p, 100)
		}
		e.settle()
	}), Counts{Reads: 10, Writes: 10})
}

// costPipelined: sixteen messages that arrive together are answered together.
func costPipelined(e *env) {
	c, p, r := e.reading()
	r.onRead = func(b []byte, _ error) {
		for len(b) > 0 {
			e.must(c.WriteBorrowed(b[:100], nil))
			b = b[100:]
		}
	}
	e.wantCost("sixteen messages", e.count(func() {
		p.Send(pattern(1600))
		e.wantBytes("the answers", e.recv(p, 1600), pattern(1600))
		e.settle()
	}), Counts{Reads: 1, Writevs: 1})
}

func costSixteenWrites(e *env) {
	c, p, r := e.reading()
	done := 0
	r.onRead = func([]byte, error) {
		for i := range 16 {
			e.must(c.Write([][]byte{pattern(1600)[i*100 : i*100+100]}, func(error) { done++ }))
		}
	}
	e.wantCost("sixteen writes", e.count(func() {
		p.Send(pattern(1))
		e.wantBytes("at the peer", e.recv(p, 1600), pattern(1600))
		e.settle()
	}), Counts{Reads: 1, Writevs: 1})
	if done != 16 {
		e.Errorf("%d of 16 callbacks", done)
	}
}

// costLife: accepted, read to the end, answered, closed.
func costLife(e *env) {
	accepted := false
	_, address := e.listen(reactor.ListenOptions{}, func(c *reactor.Conn) {
		accepted = true
		r := e.reader(c)
		r.onRead = func(_ []byte, err error) {
			if err == io.EOF {
				e.must(c.Write([][]byte{pattern(10)}, func(error) { c.Close(nil) }))
			}
		}
		r.start()
	})
	e.settle()
	cost := e.count(func() {
		p := e.Dial(e.network, address)
		e.until("a connection", func() bool { return accepted })
		e.settle()
		e.send(p, pattern(100))
		p.CloseWrite()
		_, err := e.recvEnd(p)
		e.must(err)
		e.until("the end", func() bool { return e.R.Live() == 1 })
	})
	// One read finds the bytes and one the end. The listener's burst may try once in vain. Closing takes the descriptor out of
	// the poller.
	if cost.Reads > 3 || cost.Accepts > 2 {
		e.Errorf("one life: %d reads, %d accepts", cost.Reads, cost.Accepts)
	}
	cost.Reads, cost.Accepts = 0, 0
	if cost.Mods > 1 {
		e.Errorf("one life: %d changes of interest", cost.Mods) // the end of input may be reported once more
	}
	cost.Mods = 0
	e.wantCost("one life", cost, Counts{Adds: 1, Writes: 1, Closes: 1})
}

// costCrowd: who comes with as many others as came before is accepted with them, at two events of the listener.
func costCrowd(e *env) {
	const crowd = 16
	accepted := 0
	_, address := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) { accepted++ })
	come := func() Counts {
		return e.count(func() {
			for range crowd {
				e.Dial(e.network, address)
			}
			want := accepted + crowd
			e.until("a crowd", func() bool { return accepted == want })
			e.settle()
		})
	}
	come()
	if cost := come(); cost.Events > 2 || cost.Accepts > crowd+1 {
		e.Errorf("%d connections: %d events and %d accepts, want at most 2 and %d", crowd, cost.Events, cost.Accepts, crowd+1)
	}
}

// costIdle: an iteration with nothing to do is one wait.
func costIdle(e *env) {
	for range 10 {
		e.reading()
	}
	cost := e.count(func() { e.Iterate(0) })
	e.wantCost("an idle iteration", cost, Counts{})
	if cost.Waits != 1 {
		e.Errorf("%d waits", cost.Waits)
	}
	if n := e.Pass(50 * time.Millisecond); n > 5 {
		e.Errorf("%d iterations in 50 ms with nothing to do", n)
	}
}
