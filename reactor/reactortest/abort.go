package reactortest

import (
	"errors"

	"github.com/weir-go/weir/reactor"
)

// Whom a callback belongs to, and what becomes of the owner of one that panicked.

var abortBehaviours = []behaviour{
	{"abort", nil, abort},
	{"abort_of_a_connection_that_never_read", nil, abortUnread},
	{"abort_while_connecting", tcp4, abortConnecting},
	{"close_when_the_handler_is_told_of_an_abort", nil, abortThenClose},
	{"close_after_an_abort_is_over", nil, closeAfterAbort},
	{"owner_of_a_callback", nil, owners},
}

// errPanic stands for what a panic in a callback is turned into.
var errPanic = errors.New("panic")

// abort: the peer is reset, requests and the handler complete with the reason, once, and nothing follows but what the
// first Close has asked for.
func abort(e *env) {
	c, p := e.pair()
	r := e.read(c)
	full := true
	e.failing(CallWrite, reactor.EAGAIN, &full)
	e.must(c.Write([][]byte{pattern(10)}, e.note("write")))
	e.must(c.CloseWrite(e.note("close write")))
	c.ReadStop()
	p.Send(pattern(10))
	e.Iterate(0)
	e.R.Abort(c, errPanic)
	e.R.Abort(c, errors.New("again"))
	c.Close(e.noteClose("close"))
	c.Close(e.noteClose("never"))
	e.untilLogged(3)
	e.settle()
	e.wantLog("write: panic", "close write: panic", "close")
	if len(r.ends) != 1 || !errors.Is(r.ends[0], errPanic) || len(r.data) != 0 {
		e.Errorf("the handler was told %v, and %d bytes", r.ends, len(r.data))
	}
	if _, err := e.recvEnd(p); e.network != "unix" {
		e.wantErr("at the peer", err, reactor.ECONNRESET)
	}
	if c.Handler() != nil || e.R.Live() != 0 {
		e.Error("something is left")
	}
}

// abortThenClose: whoever learns of the abort may close as always, and is told when that is done; afterwards it is over.
func abortThenClose(e *env) {
	c, _ := e.pair()
	e.must(c.ReadStart(reactor.ReadFunc(func(_ []byte, err error) {
		e.callback(func() {
			e.log = append(e.log, "read: "+outcome(err))
			c.Close(e.noteClose("close"))
		})
	})))
	e.R.Abort(c, errPanic)
	e.untilLogged(2)
	c.Close(e.noteClose("never"))
	e.settle()
	e.wantLog("read: panic", "close")
}

// closeAfterAbort: an owner who learns late that it is over is told all the same.
func closeAfterAbort(e *env) {
	c, _ := e.pair()
	e.R.Abort(c, errPanic)
	e.until("the end", func() bool { return e.R.Live() == 0 })
	c.Close(e.noteClose("close"))
	if e.R.Live() != 1 || e.R.Refs() == 0 {
		e.Errorf("%d handles, %d references while the close is owed", e.R.Live(), e.R.Refs())
	}
	c.Close(e.noteClose("never"))
	e.untilLogged(1)
	e.settle()
	e.wantLog("close")
}

func abortUnread(e *env) {
	c, p := e.pair()
	e.R.Abort(c, errPanic)
	e.until("the end", func() bool { return e.R.Live() == 0 })
	_, err := e.recvEnd(p)
	if e.network != "unix" {
		e.wantErr("at the peer", err, reactor.ECONNRESET)
	}
}

func abortConnecting(e *env) {
	c, err := e.R.Connect("tcp", e.Silent(), e.note("connect"))
	e.must(err)
	e.must(c.Write([][]byte{pattern(10)}, e.note("write")))
	e.Iterate(0)
	e.R.Abort(c, errPanic)
	e.untilLogged(2)
	e.wantLog("connect: panic", "write: panic")
}

// owners: each callback belongs to its connection, an accepted one's first included, and a listener's to nobody.
func owners(e *env) {
	want := func(what string, c *reactor.Conn) {
		e.Helper()
		if got := e.R.Owner(); got != c {
			e.Errorf("%s: the owner is %p, want %p", what, got, c)
		}
		e.log = append(e.log, what)
	}
	var server, client *reactor.Conn
	var ln *reactor.Listener
	ln, address := e.listen(reactor.ListenOptions{}, func(c *reactor.Conn) {
		server = c
		want("accept", c)
		e.must(c.ReadStart(reactor.ReadFunc(func(_ []byte, err error) {
			if err == nil {
				want("data", c)
				return
			}
			want("end", c)
			c.Close(func() {
				want("close", c)
				ln.Close(func() { want("listener close", nil) })
			})
		})))
	})
	client, err := e.R.Connect(kindOf(e.network), address, func(error) {
		want("connect", client)
		e.must(client.Write([][]byte{pattern(10)}, func(error) {
			want("write", client)
			e.must(client.CloseWrite(func(error) { want("close write", client) }))
		}))
	})
	e.must(err)
	e.untilLogged(8)
	if e.R.Owner() != nil {
		e.Error("somebody owns what is outside of all callbacks")
	}
	_ = server
}
