package reactortest

import (
	"io"

	"github.com/weir-go/weir/reactor"
)

var halfCloseBehaviours = []behaviour{
	{"tcp_shutdown_after_write", nil, shutdownAfterWrite},
	{"shutdown_eof", nil, shutdownEOF},
	{"shutdown_twice", nil, shutdownTwice},
	{"shutdown_simultaneous", nil, shutdownSimultaneous},
	{"shutdown_close", nil, shutdownClose}, // shutdown_close_tcp, shutdown_close_pipe
	{"shutdown_waits_for_the_queue", nil, shutdownWaits},
	{"shutdown_in_a_write_callback", nil, shutdownInWriteCallback},
	{"shutdown_without_callback", nil, shutdownWithoutCallback},
	{"shutdown_after_reset", tcp, shutdownAfterReset},
	{"half_close_by_the_peer", nil, halfCloseByPeer},
}

// shutdownAfterWrite: the write's callback, then the half-close's, and the peer reads the bytes and the end.
func shutdownAfterWrite(e *env) {
	e.both(func(c *reactor.Conn, p Peer) {
		want := pattern(1000)
		e.must(c.Write([][]byte{want}, e.note("write")))
		e.must(c.CloseWrite(e.note("close write")))
		got, err := e.recvEnd(p)
		e.must(err)
		e.wantBytes("at the peer", got, want)
		e.untilLogged(2)
		e.wantLog("write: ok", "close write: ok")
	})
}

// shutdownEOF: after our half-close input goes on to its end, and nothing closes by itself.
func shutdownEOF(e *env) {
	c, p := e.connected()
	r := e.read(c)
	e.must(c.Write([][]byte{pattern(10)}, nil))
	e.must(c.CloseWrite(e.note("close write")))
	got, err := e.recvEnd(p)
	e.must(err)
	e.send(p, got)
	r.untilRead(10)
	r.start() // libuv: EALREADY; here it does nothing
	p.Close()
	r.untilEnd()
	r.wantEnds(io.EOF)
	e.wantLog("close write: ok")
	if c.Closing() || c.FD() < 0 {
		e.Error("the connection closed by itself")
	}
}

func shutdownTwice(e *env) {
	c, _ := e.pair()
	e.must(c.CloseWrite(e.note("1")))
	e.wantErr("again at once", c.CloseWrite(e.note("2")), reactor.ENOTCONN)
	e.untilLogged(1)
	e.wantErr("again later", c.CloseWrite(e.note("3")), reactor.ENOTCONN)
	c.Close(nil)
	e.wantErr("after Close", c.CloseWrite(e.note("4")), reactor.ErrClosed)
	e.settle()
	e.wantLog("1: ok")
}

func shutdownSimultaneous(e *env) {
	c, p := e.pair()
	r := e.read(c)
	e.must(c.CloseWrite(e.note("close write")))
	p.CloseWrite()
	r.untilEnd()
	got, err := e.recvEnd(p)
	if len(got) != 0 || err != nil {
		e.Errorf("at the peer: %d bytes, %v", len(got), err)
	}
	e.untilLogged(1)
	e.wantLog("close write: ok")
	r.wantEnds(io.EOF)
}

// shutdownClose: Close right behind it. The half-close has been sent or is cancelled, and its callback comes first.
func shutdownClose(e *env) {
	c, _ := e.pair()
	e.must(c.CloseWrite(e.note("close write")))
	c.Close(e.noteClose("close"))
	e.untilLogged(2)
	e.wantLog("close write: ECANCELED", "close")

	c, _ = e.pair()
	e.must(c.CloseWrite(e.note("close write")))
	e.R.Flush()
	c.Close(e.noteClose("close"))
	e.untilLogged(2)
	e.wantLog("close write: ok", "close")
}

// shutdownWaits: the end of output stands behind all that is queued.
func shutdownWaits(e *env) {
	c, p := e.pair()
	taken := e.fill(c)
	want := pattern(300_000)
	e.must(c.Write([][]byte{want}, e.note("write")))
	e.must(c.CloseWrite(e.note("close write")))
	e.settle()
	e.wantLog()
	got, err := e.recvEnd(p)
	e.must(err)
	e.wantBytes("at the peer", got[taken:], want)
	e.untilLogged(2)
	e.wantLog("write: ok", "close write: ok")
}

// shutdownInWriteCallback was a nil dereference: the half-close asked for in a round was told in the same round, and
// the connection was still on the list of the next.
func shutdownInWriteCallback(e *env) {
	c, p := e.pair()
	e.must(c.Write([][]byte{pattern(10)}, e.noteThen("write", func(error) {
		e.must(c.CloseWrite(e.note("close write")))
	})))
	got, err := e.recvEnd(p)
	e.must(err)
	e.wantBytes("at the peer", got, pattern(10))
	e.untilLogged(2)
	e.wantLog("write: ok", "close write: ok")
}

func shutdownWithoutCallback(e *env) {
	c, p := e.pair()
	e.must(c.CloseWrite(nil))
	_, err := e.recvEnd(p)
	e.must(err)
	e.settle()
	if e.R.Refs() != 0 || c.Active() {
		e.Errorf("sent: %d references, active %v", e.R.Refs(), c.Active())
	}
}

// shutdownAfterReset: the errno of shutdown(2) reaches the callback, as in libuv.
func shutdownAfterReset(e *env) {
	c, p := e.pair()
	p.Reset()
	e.settle()
	e.must(c.CloseWrite(e.note("close write")))
	e.untilLogged(1)
	e.wantLog("close write: ENOTCONN")
}

// halfCloseByPeer: after the peer's half-close output goes on.
func halfCloseByPeer(e *env) {
	e.both(func(c *reactor.Conn, p Peer) {
		r := e.read(c)
		e.send(p, pattern(10))
		p.CloseWrite()
		r.untilEnd()
		r.wantEnds(io.EOF)
		want := pattern(400_000)
		e.must(c.Write([][]byte{want}, e.note("write")))
		e.must(c.CloseWrite(e.note("close write")))
		got, err := e.recvEnd(p)
		e.must(err)
		e.wantBytes("at the peer", got, want)
		e.untilLogged(2)
		e.wantLog("write: ok", "close write: ok")
	})
}
