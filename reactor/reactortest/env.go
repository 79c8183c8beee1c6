package reactortest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/weir-go/weir/reactor"
)

// env is what one behaviour runs in: a world, a reactor on its kernel, a loop around it, and a log of what was called.
type env struct {
	*testing.T
	Harness
	Driver
	network string
	k       *Kernel

	log      []string // what note has recorded
	borrowed [][]byte // given to WriteBorrowed by accounts
	inside   bool     // a callback is running
	fars     []*far   // foreign sockets
}

func newEnv(t *testing.T, h Harness, network string) *env {
	k := &Kernel{Kernel: h.Kernel()}
	return &env{
		T: t, Harness: h, network: network, k: k,
		Driver: Driver{R: reactor.New(k, reactor.Options{})},
	}
}

// finish closes what the behaviour has left open and looks whether anything remains.
func (e *env) finish() {
	e.k.Fail, e.k.Inject, e.k.MaxMove, e.k.MaxDatagrams = nil, nil, 0, 0
	e.OnTurnEnd = nil
	e.until("everything closed", func() bool {
		e.R.Walk(func(h any) { // again and again: a listener that closes serves those who wait
			switch h := h.(type) {
			case *reactor.Conn:
				h.Close(nil)
			case *reactor.Listener:
				h.Close(nil)
			case *reactor.Datagram:
				h.Close(nil)
			case *reactor.Poll:
				h.Close(nil)
			}
		})
		return e.R.Live() == 0 && !e.R.Busy()
	})
	if n := e.R.Refs(); n != 0 {
		e.Errorf("%d references are left after everything was closed", n)
	}
	for _, f := range e.fars {
		f.close()
	}
	if err := e.R.Close(); err != nil {
		e.Errorf("closing the reactor: %v", err)
	}
	for _, left := range e.Check() {
		e.Error(left)
	}
}

// until iterates until cond holds.
func (e *env) until(what string, cond func() bool) {
	e.Helper()
	if !e.Until(cond) {
		e.Fatalf("in vain for %s; log: %q", what, e.log)
	}
}

// settle iterates until nothing happens any more that could happen by itself.
func (e *env) settle() {
	for range 4 {
		e.Iterate(step)
	}
}

// callback runs fn, which stands for user code, and sees that it is the only one: no callback runs inside a call or
// inside another callback.
func (e *env) callback(fn func()) {
	e.Helper()
	if !e.turning {
		e.Error("a callback ran inside the call that caused it")
	}
	if e.inside {
		e.Error("a callback ran inside another")
	}
	e.inside = true
	defer func() { e.inside = false }()
	fn()
}

// note returns a callback that logs "what: outcome".
func (e *env) note(what string) func(error) { return e.noteThen(what, func(error) {}) }

func (e *env) noteThen(what string, then func(error)) func(error) {
	return func(err error) {
		e.callback(func() {
			e.log = append(e.log, what+": "+outcome(err))
			then(err)
		})
	}
}

// noteClose returns a close callback that logs what.
func (e *env) noteClose(what string) func() {
	return func() { e.callback(func() { e.log = append(e.log, what) }) }
}

// wantLog compares the log and empties it.
func (e *env) wantLog(want ...string) {
	e.Helper()
	if !slices.Equal(e.log, want) {
		e.Errorf("callbacks: got %q, want %q", e.log, want)
	}
	e.log = nil
}

// untilLogged iterates until the log has n entries, and some more to see that no other follows.
func (e *env) untilLogged(n int) {
	e.Helper()
	e.until(fmt.Sprintf("%d callbacks", n), func() bool { return len(e.log) >= n })
	e.settle()
}

// count measures what fn asks of the kernel.
func (e *env) count(fn func()) Counts {
	before := e.k.Counts
	fn()
	return e.k.Counts.Since(before)
}

// must fails the test if err is not nil.
func (e *env) must(err error) {
	e.Helper()
	if err != nil {
		e.Fatalf("unexpected: %v", err)
	}
}

// wantErr compares an error with the ones it may be.
func (e *env) wantErr(what string, got error, want ...error) {
	e.Helper()
	for _, w := range want {
		if errors.Is(got, w) && (w != nil || got == nil) {
			return
		}
	}
	e.Errorf("%s: got %s, want %s", what, outcome(got), outcome(want[0]))
}

// outcome is the short name of an error.
func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	for _, known := range []struct {
		err  error
		name string
	}{
		{io.EOF, "EOF"},
		{reactor.ErrClosed, "ErrClosed"},
		{reactor.ECANCELED, "ECANCELED"},
		{reactor.ECONNRESET, "ECONNRESET"},
		{reactor.ECONNREFUSED, "ECONNREFUSED"},
		{reactor.EPIPE, "EPIPE"},
		{reactor.ENOTCONN, "ENOTCONN"},
		{reactor.EAGAIN, "EAGAIN"},
		{reactor.EINVAL, "EINVAL"},
		{reactor.ENOMEM, "ENOMEM"},
		{reactor.EMFILE, "EMFILE"},
		{reactor.EBADF, "EBADF"},
		{reactor.EEXIST, "EEXIST"},
		{reactor.EPERM, "EPERM"},
		{reactor.ETIMEDOUT, "ETIMEDOUT"},
		{reactor.EMSGSIZE, "EMSGSIZE"},
		{reactor.ENETUNREACH, "ENETUNREACH"},
		{reactor.EOPNOTSUPP, "EOPNOTSUPP"},
		{reactor.ErrTruncated, "truncated"},
		{errPanic, "panic"},
	} {
		if errors.Is(err, known.err) {
			return known.name
		}
	}
	return err.Error()
}

// listen makes a listener of ours.
func (e *env) listen(o reactor.ListenOptions, onConn func(*reactor.Conn)) (*reactor.Listener, string) {
	e.Helper()
	address := e.Address(e.network)
	ln, err := e.R.Listen(kindOf(e.network), address, o, func(c *reactor.Conn) { e.callback(func() { onConn(c) }) })
	e.must(err)
	if ln.Addr().IsValid() {
		address = ln.Addr().String()
	}
	return ln, address
}

// kindOf is what Listen and Connect are told: "tcp" finds the family by itself.
func kindOf(network string) string {
	if network == "unix" {
		return "unix"
	}
	return "tcp"
}

// pair is a connection that a listener of ours accepted, and its peer. Nothing else is left open.
func (e *env) pair() (*reactor.Conn, Peer) {
	e.Helper()
	var c *reactor.Conn
	ln, address := e.listen(reactor.ListenOptions{}, func(conn *reactor.Conn) { c = conn })
	p := e.Dial(e.network, address)
	e.until("an accepted connection", func() bool { return c != nil })
	e.closeListener(ln)
	return c, p
}

// connected is a connection that we made, and its peer. Nothing else is left open.
func (e *env) connected() (*reactor.Conn, Peer) {
	e.Helper()
	server := e.Listen(e.network)
	defer server.Close()
	var outcomes []error
	c, err := e.R.Connect(kindOf(e.network), server.Addr(), func(err error) {
		e.callback(func() { outcomes = append(outcomes, err) })
	})
	e.must(err)
	p := e.accept(server)
	e.until("the connect's callback", func() bool { return len(outcomes) > 0 })
	if outcomes[0] != nil {
		e.Fatalf("connect: %v", outcomes[0])
	}
	return c, p
}

// both runs fn with an accepted connection and with one that we made.
func (e *env) both(fn func(c *reactor.Conn, p Peer)) {
	e.Helper()
	fn(e.pair())
	fn(e.connected())
}

// accept waits for a foreign server's next connection.
func (e *env) accept(server PeerListener) (p Peer) {
	e.Helper()
	e.until("a connection at the peer", func() bool {
		p = server.Accept()
		return p != nil
	})
	return p
}

func (e *env) closeListener(ln *reactor.Listener) {
	e.Helper()
	closed := false
	ln.Close(func() { closed = true })
	e.until("a closed listener", func() bool { return closed })
}

// closeConn closes c and waits for its callback.
func (e *env) closeConn(c *reactor.Conn) {
	e.Helper()
	closed := 0
	c.Close(func() { e.callback(func() { closed++ }) })
	e.until("a closed connection", func() bool { return closed > 0 })
}

// send has the peer send all of p, while the loop runs.
func (e *env) send(p Peer, data []byte) {
	e.Helper()
	e.until("the peer to send", func() bool {
		data = data[p.Send(data):]
		return len(data) == 0
	})
}

// recv has the peer read n bytes, while the loop runs.
func (e *env) recv(p Peer, n int) []byte {
	e.Helper()
	got := make([]byte, 0, n)
	e.until(fmt.Sprintf("%d bytes at the peer", n), func() bool {
		m, err := p.Recv(got[len(got):n])
		if err != nil {
			e.Fatalf("the peer read %d of %d bytes, then %v", len(got), n, err)
		}
		got = got[:len(got)+m]
		return len(got) == n
	})
	return got
}

// recvEnd has the peer read until its input ends, and returns what it read and how it ended: nil for the end of input.
func (e *env) recvEnd(p Peer) (got []byte, err error) {
	e.Helper()
	buf := make([]byte, 64<<10)
	e.until("the end at the peer", func() bool {
		var n int
		for n, err = p.Recv(buf); n > 0; n, err = p.Recv(buf) {
			got = append(got, buf[:n]...)
		}
		return err != nil
	})
	if err == io.EOF {
		err = nil
	}
	return got, err
}

// fill writes to c until the kernel takes no more, and returns how many bytes that were. A real kernel may still find
// room a little later, so it is asked until it has refused many times in a row: on a busy one what was sent may yet be on its way.
func (e *env) fill(c *reactor.Conn) (total int) {
	e.Helper()
	chunk := pattern(64 << 10)
	for refusals := 0; refusals < 20; {
		n, err := c.TryWrite(chunk)
		total += n
		switch {
		case errors.Is(err, reactor.EAGAIN):
			refusals++
			e.Iterate(step)
		case err != nil || total > 1<<30:
			e.Fatalf("the kernel took %d bytes, then: %v", total, err)
		default:
			refusals = 0
		}
	}
	return total
}

// pattern is n bytes in which every misplaced piece shows.
func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i ^ i>>8*7 ^ i>>16*13)
	}
	return p
}

func (e *env) wantBytes(what string, got, want []byte) {
	e.Helper()
	if bytes.Equal(got, want) {
		return
	}
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	e.Errorf("%s: got %d bytes, want %d; they differ from byte %d on", what, len(got), len(want), at)
}
