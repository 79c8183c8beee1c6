package reactortest

import (
	"io"
	"time"

	"github.com/weir-go/weir/reactor"
)

var listeningBehaviours = []behaviour{
	{"delayed_accept", nil, delayedAccept},
	{"multiple_listen", nil, multipleListen},
	{"tcp_bind_error_addrinuse_listen", nil, addressInUse}, // pipe_bind_error_addrinuse
	{"tcp_bind_error_addrnotavail", tcp4, addressNotAvailable},
	{"tcp_bind_invalid_flags", one, listenBadAddress}, // tcp_bind_error_inval
	{"tcp_bind_or_listen_error_after_close", nil, listenerAfterClose},
	{"tcp_listen_without_bind", tcp, portZero},
	{"tcp_reuseport", tcp4, reusePort},
	{"pause_and_resume", nil, pauseAndResume},
	{"pause_in_the_accept_callback", nil, pauseInCallback},
	{"pause_costs_no_iterations", nil, pauseIsQuiet},
	{"close_serves_everyone", nil, closeServes},
	{"close_in_the_accept_callback", nil, closeInAcceptCallback},
	{"pipe_server_close", nil, serverClose},
	{"listener_close_twice", nil, listenerCloseTwice},
	{"listen_again_on_the_same_address", nil, listenAgain},
	{"a_storm_of_clients", nil, storm},
	{"a_client_that_left_before_it_was_accepted", nil, leftBeforeAccept},
}

// delayedAccept: whoever connects while the listener is paused is served, bytes and all, when it resumes.
func delayedAccept(e *env) {
	var r *reader
	ln, address := e.listen(reactor.ListenOptions{}, func(c *reactor.Conn) {
		r = e.reader(c)
		r.start()
	})
	ln.Pause()
	p := e.Dial(e.network, address)
	p.Send(pattern(10))
	p.CloseWrite()
	e.Pass(100 * time.Millisecond)
	if r != nil || !ln.Paused() {
		e.Fatalf("accepted %v, paused %v", r != nil, ln.Paused())
	}
	ln.Resume()
	e.until("the end", func() bool { return r != nil && len(r.ends) > 0 })
	e.wantBytes("what was read", r.data, pattern(10))
	r.wantEnds(io.EOF)
}

// multipleListen: the backlog can be changed while listening.
func multipleListen(e *env) {
	n := 0
	ln, address := e.listen(reactor.ListenOptions{Backlog: 5}, func(*reactor.Conn) { n++ })
	e.must(ln.SetBacklog(100))
	e.wantErr("no backlog", ln.SetBacklog(0), reactor.EINVAL)
	e.wantErr("negative backlog", ln.SetBacklog(-1), reactor.EINVAL)
	ln.Pause()
	for range 20 {
		e.Dial(e.network, address)
	}
	ln.Resume()
	e.until("all of them", func() bool { return n == 20 })
}

// addressInUse is reported by Listen: it binds and listens in one. libuv tells the error of bind with listen.
func addressInUse(e *env) {
	_, address := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) {})
	ln, err := e.R.Listen(kindOf(e.network), address, reactor.ListenOptions{}, func(*reactor.Conn) {})
	e.wantErr("second listener", err, reactor.EADDRINUSE)
	if ln != nil {
		e.Error("there is a listener all the same")
	}
	// The first one goes on.
	e.Dial(e.network, address)
}

func addressNotAvailable(e *env) {
	_, err := e.R.Listen("tcp", "192.0.2.1:0", reactor.ListenOptions{}, func(*reactor.Conn) {})
	e.wantErr("a foreign address", err, reactor.EADDRNOTAVAIL)
}

func listenBadAddress(e *env) {
	for _, bad := range [][2]string{
		{"udp", "127.0.0.1:0"}, {"", "127.0.0.1:0"}, {"tcp", "127.0.0.1"}, {"tcp", "127.0.0.1:http:x"}, {"tcp4", "[::1]:0"},
	} {
		if ln, err := e.R.Listen(bad[0], bad[1], reactor.ListenOptions{}, func(*reactor.Conn) {}); err == nil || ln != nil {
			e.Errorf("%q: got %v, %v", bad, ln, err)
		}
	}
	_, err := e.R.Listen("unix", "", reactor.ListenOptions{UnixMode: 0o600}, func(*reactor.Conn) {})
	e.wantErr("no path", err, reactor.EINVAL)
	if e.R.Live() != 0 {
		e.Errorf("%d alive", e.R.Live())
	}
}

func listenerAfterClose(e *env) {
	ln, _ := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) {})
	addr := ln.Addr()
	ln.Close(e.noteClose("close"))
	try := func() {
		e.wantErr("SetBacklog", ln.SetBacklog(10), reactor.ErrClosed)
		ln.Pause()
		ln.Resume()
		ln.Unref()
		ln.Ref()
		if ln.FD() != -1 || ln.Active() || !ln.Closing() || ln.Addr() != addr {
			e.Errorf("closed: FD %d, Active %v, Closing %v, Addr %v", ln.FD(), ln.Active(), ln.Closing(), ln.Addr())
		}
	}
	try()
	e.untilLogged(1)
	try()
	if e.R.Refs() != 0 {
		e.Errorf("%d references", e.R.Refs())
	}
}

// portZero: the kernel picks a port, and Addr tells it.
func portZero(e *env) {
	var c *reactor.Conn
	ln, _ := e.listen(reactor.ListenOptions{}, func(conn *reactor.Conn) { c = conn })
	if ln.Addr().Port() == 0 {
		e.Fatalf("listening on %v", ln.Addr())
	}
	p := e.Dial(e.network, ln.Addr().String())
	e.until("a connection", func() bool { return c != nil })
	if c.RemoteAddr() != p.LocalAddr() || c.LocalAddr() != ln.Addr() {
		e.Errorf("local %v, remote %v", c.LocalAddr(), c.RemoteAddr())
	}
}

// reusePort: two listeners share an address, and the kernel shares the clients out.
func reusePort(e *env) {
	var got [2]int
	o := reactor.ListenOptions{ReusePort: true}
	_, address := e.listen(o, func(*reactor.Conn) { got[0]++ })
	_, err := e.R.Listen("tcp", address, o, func(*reactor.Conn) { got[1]++ })
	e.must(err)
	const n = 64
	for range n {
		e.Dial(e.network, address)
	}
	e.until("all of them", func() bool { return got[0]+got[1] == n })
	if got[0] == 0 || got[1] == 0 {
		e.Errorf("the shares are %v", got)
	}
}

func pauseAndResume(e *env) {
	n := 0
	ln, address := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) { n++ })
	e.settle()
	cost := e.count(func() {
		for range 1000 {
			ln.Pause()
			ln.Pause()
			ln.Resume()
			ln.Resume()
		}
		e.settle()
	})
	if cost.Interest() != 0 {
		e.Errorf("pausing and resuming a silent listener: %d changes", cost.Interest())
	}
	for i := 1; i <= 3; i++ {
		ln.Pause()
		e.Dial(e.network, address)
		e.settle()
		if n != i-1 {
			e.Fatalf("accepted %d while paused", n)
		}
		ln.Resume()
		e.until("one more", func() bool { return n == i })
	}
}

// pauseInCallback: not one connection is accepted after it.
func pauseInCallback(e *env) {
	n := 0
	var ln *reactor.Listener
	ln, address := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) {
		n++
		ln.Pause()
	})
	for range 5 {
		e.Dial(e.network, address)
	}
	for i := 1; i <= 5; i++ {
		ln.Resume()
		e.until("one more", func() bool { return n >= i })
		e.settle()
		if n != i {
			e.Fatalf("accepted %d, want %d", n, i)
		}
	}
}

func pauseIsQuiet(e *env) {
	ln, address := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) {})
	e.settle()
	ln.Pause()
	for range 3 {
		e.Dial(e.network, address)
	}
	if n := e.Pass(50 * time.Millisecond); n > 5 {
		e.Errorf("%d iterations with a paused listener and clients waiting", n)
	}
}

// closeServes: those whom the kernel had accepted when the listener closed are given to its callback, before the close
// callback. Nobody is reset.
func closeServes(e *env) {
	const n = 10
	accepted := 0
	ln, address := e.listen(reactor.ListenOptions{}, func(c *reactor.Conn) {
		accepted++
		e.log = append(e.log, "accept")
		e.must(c.Write([][]byte{pattern(10)}, nil))
	})
	e.Iterate(0)
	ln.Pause()
	var peers []Peer
	for range n {
		peers = append(peers, e.Dial(e.network, address))
	}
	ln.Close(e.noteClose("close"))
	if accepted != 0 {
		e.Error("callbacks ran inside Close")
	}
	e.untilLogged(n + 1)
	if accepted != n || e.log[n] != "close" {
		e.Errorf("accepted %d of %d; log %q", accepted, n, e.log)
	}
	for _, p := range peers {
		e.recv(p, 10)
	}
}

func closeInAcceptCallback(e *env) {
	n := 0
	var ln *reactor.Listener
	ln, address := e.listen(reactor.ListenOptions{}, func(c *reactor.Conn) {
		n++
		e.log = append(e.log, "accept")
		ln.Close(e.noteClose("close"))
		c.Close(e.noteClose("conn close"))
	})
	for range 3 {
		e.Dial(e.network, address)
	}
	e.until("the end", func() bool { return e.R.Live() == 0 })
	if n != 3 || len(e.log) != 7 {
		e.Errorf("accepted %d of 3; log %q", n, e.log)
	}
}

// serverClose: closing the listener leaves the connections it has accepted alone.
func serverClose(e *env) {
	c, p := e.pair() // closes its listener
	r := e.read(c)
	e.send(p, pattern(10))
	r.untilRead(10)
	e.must(c.Write([][]byte{pattern(10)}, nil))
	e.recv(p, 10)
}

func listenerCloseTwice(e *env) {
	ln, _ := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) {})
	ln.Close(e.noteClose("first"))
	ln.Close(e.noteClose("second"))
	e.untilLogged(1)
	ln.Close(e.noteClose("third"))
	e.settle()
	e.wantLog("first")
	ln, _ = e.listen(reactor.ListenOptions{}, func(*reactor.Conn) {})
	ln.Close(nil)
	e.until("the end", func() bool { return e.R.Live() == 0 })
}

// listenAgain: an address is free as soon as its listener is closed, with connections of it still open.
func listenAgain(e *env) {
	var last *reactor.Conn
	ln, address := e.listen(reactor.ListenOptions{}, func(c *reactor.Conn) { last = c })
	for range 3 {
		e.Dial(e.network, address)
		e.until("a connection", func() bool { return last != nil })
		last = nil
		ln.Close(nil)
		var err error
		ln, err = e.R.Listen(kindOf(e.network), address, reactor.ListenOptions{}, func(c *reactor.Conn) { last = c })
		e.must(err)
	}
}

// storm: more clients than one event accepts, and nobody is forgotten.
func storm(e *env) {
	const n = 300
	got := 0
	_, address := e.listen(reactor.ListenOptions{}, func(c *reactor.Conn) {
		got++
		e.must(c.ReadStart(e.reader(c)))
	})
	var peers []Peer
	for range n {
		peers = append(peers, e.Dial(e.network, address))
	}
	cost := e.count(func() { e.until("all of them", func() bool { return got == n }) })
	if cost.Accepts > n+20 || cost.Waits > 40 {
		e.Errorf("%d clients: %d accepts, %d waits", n, cost.Accepts, cost.Waits)
	}
	for _, p := range peers {
		p.Close()
	}
}

// leftBeforeAccept: a client that came and went, in good order or not, hurts nobody else.
func leftBeforeAccept(e *env) {
	var readers []*reader
	ln, address := e.listen(reactor.ListenOptions{}, func(c *reactor.Conn) {
		r := e.reader(c)
		r.start()
		readers = append(readers, r)
	})
	ln.Pause()
	p := e.Dial(e.network, address)
	p.Send(pattern(10))
	p.Close()
	e.Dial(e.network, address).Reset()
	last := e.Dial(e.network, address)
	last.Send(pattern(20))
	e.settle()
	ln.Resume()
	e.until("the one who stayed", func() bool {
		for _, r := range readers {
			if len(r.data) == 20 {
				return true
			}
		}
		return false
	})
	if len(readers[0].data) != 10 {
		e.Errorf("%d bytes of the one who left in good order", len(readers[0].data))
	}
}
