package reactortest

import (
	"time"

	"github.com/weir-go/weir/reactor"
)

var optionBehaviours = []behaviour{
	{"tcp_flags", nil, flags},
	{"tcp_ref", nil, refListener}, // and pipe_ref …
	{"tcp_ref2", nil, refReading}, // tcp_ref2b, tcp_ref4
	{"tcp_ref3", nil, refRequests},
}

func flags(e *env) {
	e.both(func(c *reactor.Conn, _ Peer) {
		e.must(c.SetNoDelay(true))
		e.must(c.SetNoDelay(false))
		e.must(c.SetKeepAlive(time.Minute))
		e.must(c.SetKeepAlive(0)) // libuv: EINVAL to turn on with 0; here 0 turns off
		e.wantErr("negative", c.SetKeepAlive(-1), reactor.EINVAL)
		e.must(c.SetSendBuffer(16 << 10)) // socket_buffer_size
		e.must(c.SetReceiveBuffer(16 << 10))
		e.wantErr("no buffer", c.SetSendBuffer(0), reactor.EINVAL)
		// A Unix socket has neither and says nothing.
	})
}

func (e *env) wantRefs(what string, want int) {
	e.Helper()
	if got := e.R.Refs(); got != want {
		e.Errorf("%s: %d references, want %d", what, got, want)
	}
}

// refListener: a listener keeps the loop, unless it is unref'd.
func refListener(e *env) {
	ln, _ := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) {})
	e.wantRefs("listening", 1)
	ln.Unref()
	ln.Unref()
	e.wantRefs("unref'd", 0)
	ln.Pause()
	e.wantRefs("paused", 0)
	ln.Ref()
	e.wantRefs("ref'd, paused", 1)
	ln.Unref()
	if ln.HasRef() {
		e.Error("HasRef after Unref")
	}
	ln.Close(e.noteClose("close"))
	e.wantRefs("closing", 1)
	e.untilLogged(1)
	e.wantRefs("closed", 0)
}

// refReading: reading keeps the loop, unless the connection is unref'd; being there does not.
func refReading(e *env) {
	c, p := e.pair()
	e.wantRefs("idle", 0)
	r := e.read(c)
	e.wantRefs("reading", 1)
	c.Unref()
	e.wantRefs("unref'd", 0)
	c.ReadStop()
	c.Ref()
	e.wantRefs("stopped", 0)
	c.Unref()
	r.start()
	e.wantRefs("reading unref'd", 0)
	c.Ref()
	e.wantRefs("reading", 1)
	p.CloseWrite()
	r.untilEnd()
	e.wantRefs("at the end of input", 0)
	c.Close(nil)
	e.wantRefs("closing", 1)
	e.until("the end", func() bool { return e.R.Live() == 0 })
	e.wantRefs("closed", 0)
}

// refRequests: a request keeps the loop until its callback has run, unref'd or not.
func refRequests(e *env) {
	server := e.Listen(e.network)
	defer server.Close()
	c, err := e.R.Connect(kindOf(e.network), server.Addr(), e.note("connect"))
	e.must(err)
	c.Unref()
	e.wantRefs("connecting", 1)
	p := e.accept(server)
	e.untilLogged(1)
	e.wantRefs("connected", 0)
	taken := e.fill(c)
	e.must(c.Write([][]byte{pattern(10)}, e.note("write")))
	e.must(c.Write([][]byte{pattern(10)}, nil))
	e.must(c.CloseWrite(e.note("close write")))
	e.wantRefs("writing", 3)
	e.recv(p, taken+20)
	e.untilLogged(3)
	e.wantRefs("written", 0)
}
