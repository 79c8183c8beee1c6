package reactortest

import (
	"errors"
	"fmt"
	"time"

	"github.com/weir-go/weir/reactor"
)

var closingBehaviours = []behaviour{
	{"tcp_close", nil, closeAfterWrites},
	{"close_cancels_in_order", nil, closeCancels},
	{"close_twice", nil, closeTwice},
	{"close_without_callback", nil, closeWithoutCallback},
	{"close_while_reading", nil, closeWhileReading},
	{"close_in_a_write_callback", nil, closeInWriteCallback},
	{"tcp_close_after_read_timeout", nil, closeAfterSilence},
	{"tcp_close_reset_client", nil, func(e *env) { closeReset(e, true) }},
	{"tcp_close_reset_accepted", nil, func(e *env) { closeReset(e, false) }},
	{"tcp_close_reset_client_after_shutdown", nil, func(e *env) { closeResetAfterShutdown(e, true) }},
	{"tcp_close_reset_accepted_after_shutdown", nil, func(e *env) { closeResetAfterShutdown(e, false) }},
	{"tcp_close_reset_accepted_after_socket_shutdown", tcp, closeResetAfterPeersEnd},
	{"nothing_works_after_close", nil, afterClose},
	{"reactor_close_is_busy", nil, reactorBusy},
	{"walk", nil, walk},
}

// closeAfterWrites: the callbacks of 32 writes run before the close callback.
func closeAfterWrites(e *env) {
	c, _ := e.connected()
	done := 0
	for range 32 {
		e.must(c.Write([][]byte{pattern(100)}, func(error) { done++ }))
	}
	c.Close(func() {
		if done != 32 {
			e.Errorf("%d of 32 callbacks ran before the close callback", done)
		}
		e.log = append(e.log, "close")
	})
	e.untilLogged(1)
}

// closeCancels: what was sent completes as sent, the rest with ECANCELED, in the order writes, half-close, close.
func closeCancels(e *env) {
	c, _ := e.pair()
	full := true
	e.failing(CallWrite, reactor.EAGAIN, &full)
	for i := range 3 {
		e.must(c.Write([][]byte{pattern(100)}, e.note(fmt.Sprint("write ", i))))
	}
	e.must(c.CloseWrite(e.note("close write")))
	e.Iterate(0)
	c.Close(e.noteClose("close"))
	e.wantLog()
	e.untilLogged(5)
	e.wantLog("write 0: ECANCELED", "write 1: ECANCELED", "write 2: ECANCELED", "close write: ECANCELED", "close")
}

// closeTwice: only the first call counts. libuv aborts the process.
func closeTwice(e *env) {
	c, _ := e.pair()
	c.Close(e.noteClose("first"))
	c.Close(e.noteClose("second"))
	e.wantErr("CloseReset", c.CloseReset(e.noteClose("third")), reactor.ErrClosed)
	e.untilLogged(1)
	c.Close(e.noteClose("fourth"))
	e.settle()
	e.wantLog("first")
}

func closeWithoutCallback(e *env) {
	c, p := e.pair()
	e.must(c.Write([][]byte{pattern(10)}, nil))
	e.R.Flush()
	c.Close(nil)
	if c.FD() != -1 {
		e.Error("the descriptor is kept until the callback")
	}
	got, err := e.recvEnd(p)
	if err != nil || len(got) != 10 {
		e.Errorf("at the peer: %d bytes, %v", len(got), err)
	}
	e.until("the end", func() bool { return e.R.Live() == 0 })
}

// closeWhileReading: bytes that wait for a closed connection are nobody's.
func closeWhileReading(e *env) {
	c, p := e.pair()
	r := e.read(c)
	r.onRead = func([]byte, error) { c.Close(e.noteClose("close")) }
	p.Send(pattern(100_000))
	e.untilLogged(1)
	e.wantLog("close")
	if r.calls != 1 {
		e.Errorf("OnRead was called %d times, with Close in the first", r.calls)
	}
}

// closeInWriteCallback: requests that finished in the same round are told first.
func closeInWriteCallback(e *env) {
	c, p := e.pair()
	e.must(c.Write([][]byte{pattern(10)}, e.noteThen("1", func(error) {
		c.Close(e.noteClose("close"))
		e.wantErr("write", c.Write([][]byte{pattern(1)}, nil), reactor.ErrClosed)
	})))
	e.must(c.Write([][]byte{pattern(10)}, e.note("2")))
	e.must(c.CloseWrite(e.note("close write")))
	got, err := e.recvEnd(p)
	if err != nil || len(got) != 20 {
		e.Errorf("at the peer: %d bytes, %v", len(got), err)
	}
	e.untilLogged(4)
	e.wantLog("1: ok", "2: ok", "close write: ok", "close")
}

// closeAfterSilence: a client that waits for an answer in vain and closes; the server sees the end.
func closeAfterSilence(e *env) {
	c, p := e.pair()
	r := e.read(c)
	e.settle()
	p.Close()
	r.untilEnd()
	e.must(c.CloseWrite(e.note("close write")))
	c.Close(e.noteClose("close"))
	e.untilLogged(2)
	if e.log[1] != "close" {
		e.Errorf("callbacks: %q", e.log)
	}
}

// closeReset: the peer of a TCP connection reads ECONNRESET; a Unix socket has nothing of the kind.
func closeReset(e *env, client bool) {
	c, p := e.pair()
	if client {
		e.closeConn(c)
		c, p = e.connected()
	}
	e.must(c.CloseReset(e.noteClose("close")))
	e.untilLogged(1)
	e.wantLog("close")
	_, err := e.recvEnd(p)
	if e.network == "unix" {
		e.must(err)
	} else {
		e.wantErr("at the peer", err, reactor.ECONNRESET)
	}
}

// closeResetAfterShutdown is refused: the peer has been promised an orderly end.
func closeResetAfterShutdown(e *env, client bool) {
	c, p := e.pair()
	if client {
		e.closeConn(c)
		c, p = e.connected()
	}
	e.must(c.CloseWrite(e.note("close write")))
	e.wantErr("CloseReset", c.CloseReset(e.noteClose("never")), reactor.EINVAL)
	e.untilLogged(1)
	e.wantErr("CloseReset", c.CloseReset(e.noteClose("never")), reactor.EINVAL)
	c.Close(e.noteClose("close"))
	e.untilLogged(2)
	e.wantLog("close write: ok", "close")
	_, err := e.recvEnd(p)
	e.must(err)
}

// closeResetAfterPeersEnd: the peer's half-close does not forbid ours to be a reset.
func closeResetAfterPeersEnd(e *env) {
	c, p := e.pair()
	r := e.read(c)
	p.CloseWrite()
	r.untilEnd()
	e.must(c.CloseReset(e.noteClose("close")))
	e.untilLogged(1)
	e.wantLog("close")
	_, err := e.recvEnd(p)
	e.wantErr("at the peer", err, reactor.ECONNRESET)
}

// afterClose: whatever is called on a closed connection, before and after its callback, is refused or does nothing.
func afterClose(e *env) {
	c, _ := e.pair()
	r := e.read(c)
	remote := c.RemoteAddr()
	try := func() {
		e.wantErr("ReadStart", c.ReadStart(r), reactor.ErrClosed)
		c.ReadStop()
		e.wantErr("SetNoDelay", c.SetNoDelay(true), reactor.ErrClosed)
		e.wantErr("SetKeepAlive", c.SetKeepAlive(10*time.Second), reactor.ErrClosed)
		c.Unref()
		c.Ref()
		if c.LocalAddr().IsValid() || c.RemoteAddr() != remote || c.FD() != -1 {
			e.Errorf("closed: local %v, remote %v, FD %d", c.LocalAddr(), c.RemoteAddr(), c.FD())
		}
		if c.Reading() || !c.Closing() {
			e.Errorf("closed: Reading %v, Closing %v", c.Reading(), c.Closing())
		}
	}
	c.Close(e.noteClose("close"))
	try()
	e.untilLogged(1)
	try()
	e.R.Abort(c, errors.New("late"))
	e.settle()
	e.wantLog("close")
	if r.calls != 0 {
		e.Errorf("the handler was called %d times", r.calls)
	}
}

// reactorBusy: a Reactor does not close while something lives on it.
func reactorBusy(e *env) {
	c, _ := e.pair()
	e.wantErr("with a connection", e.R.Close(), reactor.EBUSY)
	c.Close(nil)
	e.wantErr("with a close callback owed", e.R.Close(), reactor.EBUSY)
	e.until("the end", func() bool { return e.R.Live() == 0 })
	ln, _ := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) {})
	e.wantErr("with a listener", e.R.Close(), reactor.EBUSY)
	e.closeListener(ln)
}

// walk sees what is not closing, and may close it.
func walk(e *env) {
	a, _ := e.pair()
	b, _ := e.pair()
	ln, _ := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) {})
	a.Close(nil)
	seen := map[any]int{}
	e.R.Walk(func(h any) {
		seen[h]++
		b.Close(nil)
		ln.Close(nil)
	})
	if seen[a] != 0 || seen[b]+seen[ln] != 1 {
		e.Errorf("closed %d times, open connection %d, listener %d", seen[a], seen[b], seen[ln])
	}
}
