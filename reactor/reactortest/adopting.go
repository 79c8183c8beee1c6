package reactortest

import (
	"fmt"

	"github.com/weir-go/weir/reactor"
)

var adoptingBehaviours = []behaviour{
	{"tcp_open", nil, adoptConn}, // tcp_open_connected
	{"tcp_open_bound", nil, adoptListener},
	{"tcp_open_twice", nil, adoptTwice},
	{"adopting_the_wrong_kind_leaves_it_alone", nil, adoptWrong},
}

// file is a reactor.File that tells whether it was closed.
type file struct {
	reactor.File
	closed int
}

func (f *file) Close() error {
	f.closed++
	return f.File.Close()
}

// SetUnlinkOnClose is what a net.UnixListener has.
func (f *file) SetUnlinkOnClose(on bool) {
	if u, ok := f.File.(interface{ SetUnlinkOnClose(bool) }); ok {
		u.SetUnlinkOnClose(on)
	}
}

func adoptConn(e *env) {
	inherited, p := e.InheritConn(e.network)
	if inherited == nil {
		return
	}
	f := &file{File: inherited}
	e.send(p, pattern(10))
	c, err := e.R.AdoptConn(f)
	e.must(err)
	if f.closed != 1 {
		e.Errorf("the file was closed %d times", f.closed)
	}
	if c.RemoteAddr() != p.LocalAddr() {
		e.Errorf("remote %v, the peer says %v", c.RemoteAddr(), p.LocalAddr())
	}
	r := e.read(c)
	r.untilRead(10)
	e.must(c.Write([][]byte{pattern(20)}, e.note("write")))
	e.wantBytes("at the peer", e.recv(p, 20), pattern(20))
	e.must(c.CloseWrite(e.note("close write")))
	_, err = e.recvEnd(p)
	e.must(err)
	c.Close(e.noteClose("close"))
	e.untilLogged(3)
	e.wantLog("write: ok", "close write: ok", "close")
}

func adoptListener(e *env) {
	inherited, address := e.InheritListener(e.network)
	if inherited == nil {
		return
	}
	f := &file{File: inherited}
	var r *reader
	ln, err := e.R.AdoptListener(f, func(c *reactor.Conn) {
		e.callback(func() {
			r = e.reader(c)
			r.start()
		})
	})
	e.must(err)
	if f.closed != 1 {
		e.Errorf("the file was closed %d times", f.closed)
	}
	if e.network != "unix" && ln.Addr().String() != address {
		e.Errorf("listening on %v, want %s", ln.Addr(), address)
	}
	p := e.Dial(e.network, address)
	e.send(p, pattern(10))
	e.until("bytes", func() bool { return r != nil && len(r.data) == 10 })
	ln.Close(e.noteClose("close"))
	e.untilLogged(1)
}

// adoptTwice: what was adopted is closed. libuv says EBUSY: there a handle can be opened twice, here a file can.
func adoptTwice(e *env) {
	inherited, _ := e.InheritConn(e.network)
	if inherited == nil {
		return
	}
	_, err := e.R.AdoptConn(inherited)
	e.must(err)
	if c, err := e.R.AdoptConn(inherited); err == nil {
		e.Errorf("adopted again: %v", c)
	}
}

// adoptWrong: what is refused is as it was, and can be adopted as what it is.
func adoptWrong(e *env) {
	conn, p := e.InheritConn(e.network)
	listener, address := e.InheritListener(e.network)
	never := func(*reactor.Conn) { e.Error("accepted") }
	if conn != nil {
		f := &file{File: conn}
		_, err := e.R.AdoptListener(f, never)
		e.wantErr("a connection as a listener", err, reactor.EINVAL)
		if f.closed != 0 {
			e.Error("it was closed")
		}
		c, err := e.R.AdoptConn(f)
		e.must(err)
		e.must(c.Write([][]byte{pattern(5)}, nil))
		e.recv(p, 5)
	}
	if listener != nil {
		f := &file{File: listener}
		_, err := e.R.AdoptConn(f)
		e.wantErr("a listener as a connection", err, reactor.EINVAL)
		if f.closed != 0 {
			e.Error("it was closed")
		}
		accepted := 0
		_, err = e.R.AdoptListener(f, func(*reactor.Conn) { accepted++ })
		e.must(err)
		e.Dial(e.network, address)
		e.until("a connection", func() bool { return accepted == 1 })
	}
	f := &file{File: e.InheritFile()}
	_, err := e.R.AdoptConn(f)
	_, err2 := e.R.AdoptListener(f, never)
	for i, err := range []error{err, err2} {
		e.wantErr(fmt.Sprint("no socket ", i), err, reactor.ENOTSOCK)
	}
	if f.closed != 0 {
		e.Error("it was closed")
	}
	f.Close()
}
