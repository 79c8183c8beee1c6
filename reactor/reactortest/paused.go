package reactortest

import (
	"io"
	"time"

	"github.com/weir-go/weir/reactor"
)

// A connection that does not read costs nothing, whatever its peer does: neither iterations, which a level-triggered
// hang-up would give it by the thousand, nor bytes, which a hang-up taken for the end would lose.

var pausedBehaviours = append(pausedCases(),
	behaviour{"paused_peers_all_at_once", families, pausedTogether},
	behaviour{"hang_up_while_paused", nil, hangUpOnce},
	behaviour{"hang_up_and_collect", nil, hangUpCollect},
	behaviour{"hang_up_and_close", nil, hangUpClose},
	behaviour{"hang_up_without_a_handler_for_it", nil, hangUpIgnored},
)

// pausedBytes is what the peer sends before it acts, in the cases with data.
const pausedBytes = 5000

// action is what the peer of a paused connection does.
type action struct {
	name   string
	ours   func(e *env, c *reactor.Conn, p Peer) // what we do before; may be nil
	act    func(p Peer)
	data   bool
	hangUp bool // both directions are gone, or an error waits
	ends   bool // reading ends; if not, the peer closes at last
	// noPending: it makes no sense with bytes of ours queued.
	noPending bool
}

// actions is the table of what a kernel may report, by what the peer does.
func (e *env) actions() []action {
	unix := e.network == "unix"
	return []action{
		{name: "sends", act: func(Peer) {}, data: true},
		{name: "fin", act: Peer.CloseWrite, ends: true},
		{name: "data and fin", act: Peer.CloseWrite, data: true, ends: true},
		{name: "close", act: Peer.Close, hangUp: unix, ends: true},
		{name: "data and close", act: Peer.Close, data: true, hangUp: unix, ends: true},
		{name: "reset", act: Peer.Reset, hangUp: true, ends: true},
		{name: "data and reset", act: Peer.Reset, data: true, hangUp: true, ends: true},
		{
			name: "close with unread bytes", data: true, act: Peer.Close, hangUp: true, ends: true,
			ours: func(e *env, c *reactor.Conn, _ Peer) { e.must(c.Write([][]byte{pattern(10)}, nil)) },
		},
		{
			name: "both shut", data: true, act: Peer.Close, hangUp: true, ends: true, noPending: true,
			ours: func(e *env, c *reactor.Conn, p Peer) {
				e.must(c.CloseWrite(nil))
				_, err := e.recvEnd(p)
				e.must(err)
			},
		},
	}
}

// pausedCases is a behaviour for each way to be paused, with and without a write that waits.
func pausedCases() (all []behaviour) {
	for _, how := range []string{"never_read", "stopped", "parked"} {
		all = append(
			all,
			behaviour{"paused_peer_" + how, families, func(e *env) { pausedEach(e, how, false) }},
			behaviour{"paused_peer_" + how + "_write_pending", families, func(e *env) { pausedEach(e, how, true) }},
		)
	}
	return all
}

// paused is a connection under test.
type paused struct {
	action
	c       *reactor.Conn
	p       Peer
	r       *reader
	before  int // bytes that were read before the pause
	pending bool
	writes  int // callbacks of the write that waits
}

// pause makes a connection that does not read.
func (e *env) pause(a action, how string, pending bool) *paused {
	c, p := e.pair()
	v := &paused{action: a, c: c, p: p, r: e.reader(c), pending: pending}
	if how != "never_read" {
		v.r.start()
		e.send(p, pattern(10))
		v.r.untilRead(10)
		c.ReadStop()
		v.before = 10
	}
	if how == "parked" {
		e.send(p, pattern(7)) // unwanted: the kernel is told to be silent
		e.settle()
		v.before += 7
	}
	if pending {
		e.fill(c)
		e.must(c.Write([][]byte{pattern(100_000)}, func(error) { v.writes++ }))
	}
	if a.ours != nil {
		a.ours(e, c, p)
	}
	e.settle()
	return v
}

// act lets the peer do its part.
func (v *paused) act(e *env) {
	if v.data {
		e.send(v.p, pattern(pausedBytes))
	}
	v.action.act(v.p)
}

// resume starts to read and wants every byte, and then the end, once.
func (v *paused) resume(e *env, how string) {
	e.Helper()
	if n := v.r.calls; n > v.before { // calls before the pause are at most one a byte
		e.Errorf("%s: %d calls of OnRead while paused", v.name, n)
	}
	wantHangUps := 0
	if v.hangUp && how != "never_read" {
		wantHangUps = 1
	}
	if v.pending && v.action.ends && how != "never_read" {
		wantHangUps = v.r.hangUps // a close with our bytes unread is a reset, if some have arrived
	}
	if v.r.hangUps != wantHangUps || v.r.hangUps > 1 {
		e.Errorf("%s: OnHangUp was called %d times, want %d", v.name, v.r.hangUps, wantHangUps)
	}
	want := v.before
	if v.data {
		want += pausedBytes
	}
	v.r.start()
	v.r.untilRead(want)
	if !v.ends {
		v.p.Close()
	}
	if len(v.r.ends) == 0 {
		v.r.untilEnd()
	}
	e.settle()
	if len(v.r.data) != want {
		e.Errorf("%s: %d bytes, want %d", v.name, len(v.r.data), want)
	}
	got := v.r.data[v.before:]
	e.wantBytes(v.name, got, pattern(pausedBytes)[:len(got)])
	if len(v.r.ends) != 1 {
		e.Errorf("%s: ends %v", v.name, v.r.ends)
	}
	switch reset := v.name == "reset" || v.name == "data and reset"; {
	case e.network == "unix" || v.pending:
		e.wantErr(v.name, v.r.ends[0], io.EOF, reactor.ECONNRESET)
	case reset || v.name == "close with unread bytes":
		e.wantErr(v.name, v.r.ends[0], reactor.ECONNRESET)
	case v.ends:
		e.wantErr(v.name, v.r.ends[0], io.EOF)
	}
	e.closeConn(v.c)
	if v.pending && v.writes != 1 {
		e.Errorf("%s: the callback of the write ran %d times", v.name, v.writes)
	}
	v.p.Close()
}

// pausedEach looks at one action after the other, for long enough to see a spin.
func pausedEach(e *env, how string, pending bool) {
	for _, a := range e.actions() {
		if pending && a.noPending {
			continue
		}
		v := e.pause(a, how, pending)
		v.act(e)
		if n := e.Pass(10 * time.Millisecond); n > 5 {
			e.Errorf("%s: %d iterations in 10 ms", a.name, n)
		}
		v.resume(e, how)
	}
}

// pausedTogether is all of it at once: at most five iterations in 200 ms for all of them together.
func pausedTogether(e *env) {
	var all []*paused
	for _, pending := range []bool{false, true} {
		for _, a := range e.actions() {
			if !pending || !a.noPending {
				all = append(all, e.pause(a, "stopped", pending))
			}
		}
	}
	for _, v := range all {
		if v.data {
			v.p.Send(pattern(pausedBytes))
		}
		v.action.act(v.p)
	}
	if n := e.Pass(200 * time.Millisecond); n > 5 {
		e.Errorf("%d iterations in 200 ms with %d paused connections", n, len(all))
	}
	for _, v := range all {
		v.resume(e, "stopped")
	}
}

// lose makes both directions of p's connection go.
func (e *env) lose(p Peer) {
	p.Send(pattern(100))
	e.settle()
	p.Reset()
}

// hangUpOnce: the handler of a paused connection is told once that the peer is gone, and then nothing until it reads.
func hangUpOnce(e *env) {
	c, p := e.pair()
	r := e.read(c)
	e.settle()
	c.ReadStop()
	e.lose(p)
	e.until("OnHangUp", func() bool { return r.hangUps > 0 })
	e.Pass(20 * time.Millisecond)
	if r.hangUps != 1 || r.calls != 0 {
		e.Errorf("%d hang-ups, %d reads", r.hangUps, r.calls)
	}
	r.start()
	r.untilEnd()
	e.wantBytes("what had arrived", r.data, pattern(100))
	if r.hangUps != 1 {
		e.Errorf("%d hang-ups in the end", r.hangUps)
	}
}

// hangUpCollect: ReadStart in OnHangUp delivers what had arrived, then the end.
func hangUpCollect(e *env) {
	c, p := e.pair()
	r := e.read(c)
	e.settle()
	c.ReadStop()
	r.onHangUp = func() { r.start() }
	e.lose(p)
	r.untilEnd()
	e.wantBytes("what had arrived", r.data, pattern(100))
	if r.hangUps != 1 {
		e.Errorf("%d hang-ups", r.hangUps)
	}
}

func hangUpClose(e *env) {
	c, p := e.pair()
	r := e.read(c)
	e.settle()
	c.ReadStop()
	r.onHangUp = func() { c.Close(e.noteClose("close")) }
	e.lose(p)
	e.untilLogged(1)
	e.wantLog("close")
	if r.hangUps != 1 || r.calls != 0 {
		e.Errorf("%d hang-ups, %d reads", r.hangUps, r.calls)
	}
}

// hangUpIgnored: a handler that does not care is left alone, and reads everything in its time.
func hangUpIgnored(e *env) {
	c, p := e.pair()
	var got []byte
	ends := 0
	h := reactor.ReadFunc(func(b []byte, err error) {
		got = append(got, b...)
		if err != nil {
			ends++
		}
	})
	e.must(c.ReadStart(h))
	e.settle()
	c.ReadStop()
	e.lose(p)
	if n := e.Pass(10 * time.Millisecond); n > 5 || ends+len(got) > 0 {
		e.Errorf("%d iterations, %d bytes, %d ends", n, len(got), ends)
	}
	e.must(c.ReadStart(h))
	e.until("the end", func() bool { return ends > 0 })
	e.settle()
	if ends != 1 || len(got) != 100 {
		e.Errorf("%d bytes, %d ends", len(got), ends)
	}
}
