package reactortest

import (
	"fmt"
	"net/netip"
	"os"

	"github.com/weir-go/weir/reactor"
)

var connectingBehaviours = []behaviour{
	{"connection_fail", nil, connectionFail},
	{"connection_fail_doesnt_auto_close", nil, connectionFailStays},
	{"tcp_write_after_connect", nil, writeBeforeConnected},
	{"tcp_connect_error_after_write", nil, connectErrorAfterWrite},
	{"connect_unspecified", tcp4, connectUnspecified},
	{"tcp_connect_timeout", tcp4, connectTimeout},
	{"tcp_close_while_connecting", nil, closeWhileConnecting},
	{"connect_refuses_what_is_no_address", one, connectBadAddress},
	{"connect_without_callback", nil, connectWithoutCallback},
	{"a_connecting_connection_refuses_the_rest", tcp4, callsWhileConnecting},
	{"close_in_the_connect_callback", nil, closeInConnectCallback},
	{"data_before_the_connect_callback", nil, dataBeforeConnected},
	{"connect_to_a_peer_that_closes_at_once", nil, connectToLeaver},
	{"connect_event_for_nothing", tcp4, connectSpuriousEvent},
	{"getsockname", nil, addresses}, // getsockname_tcp
	{"connect_that_fails_at_once", nil, connectFailsAtOnce},
	{"connect_from_an_address", tcp, connectFromAddress},
	{"connect_from_a_port", tcp, connectFromPort},
	{"connect_from_an_address_that_cannot_be", tcp, connectFromNowhere},
	{"a_unix_socket_connects_from_no_address", pipe, connectUnixFromAddress},
	{"pipe_connect_bad_name", pipe, pipeConnectBadName},
	{"pipe_connect_to_file", pipe, pipeConnectStale},
	{"pipe_connect_multiple", nil, connectMultiple},
	{"pipe_connect_close_multiple", nil, connectCloseMultiple},
}

// connectionFail: a refused connect is told in the callback, never by the call.
func connectionFail(e *env) {
	c, err := e.R.Connect(kindOf(e.network), e.Refusing(e.network), e.note("connect"))
	e.must(err)
	e.wantLog()
	e.untilLogged(1)
	e.wantLog("connect: ECONNREFUSED")
	_ = c
}

// connectionFailStays: a connection that could not be made stays until it is closed, and only Close works.
func connectionFailStays(e *env) {
	c, err := e.R.Connect(kindOf(e.network), e.Refusing(e.network), e.note("connect"))
	e.must(err)
	e.untilLogged(1)
	e.log = nil
	if c.Closing() || e.R.Live() != 1 || e.R.Refs() != 0 {
		e.Errorf("Closing %v, %d alive, %d references", c.Closing(), e.R.Live(), e.R.Refs())
	}
	if n := e.Pass(20 * step); n > 5 {
		e.Errorf("%d iterations with a failed connect", n)
	}
	e.wantErr("ReadStart", c.ReadStart(e.reader(c)), reactor.ENOTCONN)
	e.wantErr("Write", c.Write([][]byte{pattern(1)}, e.note("never")), reactor.ENOTCONN)
	_, err = c.TryWrite(pattern(1))
	e.wantErr("TryWrite", err, reactor.ENOTCONN)
	e.wantErr("CloseWrite", c.CloseWrite(e.note("never")), reactor.ENOTCONN)
	c.Close(e.noteClose("close"))
	e.untilLogged(1)
	e.wantLog("close")
}

// writeBeforeConnected: writes that were queued before the connection was made leave with it, behind its callback.
func writeBeforeConnected(e *env) {
	server := e.Listen(e.network)
	defer server.Close()
	c, err := e.R.Connect(kindOf(e.network), server.Addr(), e.note("connect"))
	e.must(err)
	want := pattern(100_000)
	e.must(c.Write([][]byte{want[:70_000]}, e.note("1")))
	e.must(c.Write([][]byte{want[70_000:]}, e.note("2")))
	_, err = c.TryWrite(pattern(1))
	e.wantErr("TryWrite", err, reactor.EAGAIN)
	if n := c.WriteQueueSize(); n != len(want) {
		e.Errorf("queued %d bytes, want %d", n, len(want))
	}
	p := e.accept(server)
	e.wantBytes("at the peer", e.recv(p, len(want)), want)
	e.untilLogged(3)
	e.wantLog("connect: ok", "1: ok", "2: ok")
}

// connectErrorAfterWrite: if the connect fails, so do the writes that waited for it, behind its callback. libuv refuses
// the write with EBADF instead; here Write queues from the start.
func connectErrorAfterWrite(e *env) {
	c, err := e.R.Connect(kindOf(e.network), e.Refusing(e.network), e.note("connect"))
	e.must(err)
	e.must(c.Write([][]byte{pattern(10)}, e.note("1")))
	e.must(c.WriteBorrowed(pattern(10), e.note("2")))
	e.untilLogged(3)
	e.wantLog("connect: ECONNREFUSED", "1: ECONNREFUSED", "2: ECONNREFUSED")
	if c.WriteQueueSize() != 0 || c.Active() {
		e.Errorf("%d bytes queued, active %v", c.WriteQueueSize(), c.Active())
	}
}

// connectUnspecified: 0.0.0.0 is this machine.
func connectUnspecified(e *env) {
	var accepted *reactor.Conn
	ln, _ := e.listen(reactor.ListenOptions{}, func(c *reactor.Conn) { accepted = c })
	c, err := e.R.Connect("tcp", fmt.Sprintf("0.0.0.0:%d", ln.Addr().Port()), e.note("connect"))
	e.must(err)
	e.until("both ends", func() bool { return accepted != nil && len(e.log) > 0 })
	e.wantLog("connect: ok")
	if accepted.RemoteAddr() != c.LocalAddr() {
		e.Errorf("one end says %v, the other %v", accepted.RemoteAddr(), c.LocalAddr())
	}
}

// connectTimeout: a connect that goes on for ever is ended by Close. (tcp_local_connect_timeout too.)
func connectTimeout(e *env) {
	c, err := e.R.Connect("tcp", e.Silent(), e.note("connect"))
	e.must(err)
	e.must(c.Write([][]byte{pattern(10)}, e.note("write")))
	if n := e.Pass(20 * step); n > 5 {
		e.Errorf("%d iterations with a connect under way", n)
	}
	e.wantLog()
	c.Close(e.noteClose("close"))
	e.untilLogged(3)
	e.wantLog("connect: ECANCELED", "write: ECANCELED", "close")
}

// closeWhileConnecting: at any point before the callback, the connect ends in ECANCELED, once.
func closeWhileConnecting(e *env) {
	server := e.Listen(e.network)
	defer server.Close()
	for _, address := range []string{server.Addr(), e.Refusing(e.network)} {
		c, err := e.R.Connect(kindOf(e.network), address, e.note("connect"))
		e.must(err)
		c.Close(e.noteClose("close"))
		e.untilLogged(2)
		e.wantLog("connect: ECANCELED", "close")
	}
}

// connectBadAddress: what can be seen to be wrong without asking anybody is told by the call, and nothing is left.
func connectBadAddress(e *env) {
	for _, bad := range [][2]string{
		{"udp", "127.0.0.1:1"},
		{"", ""},
		{"tcp", "localhost:1"},
		{"tcp", "127.0.0.1"},
		{"tcp", ""},
		{"tcp", "127.0.0.1:99999"},
		{"unix", ""},
	} {
		if c, err := e.R.Connect(bad[0], bad[1], e.note("never")); err == nil || c != nil {
			e.Errorf("%q: got %v, %v", bad, c, err)
		}
	}
	e.settle()
	e.wantLog()
	if e.R.Live() != 0 || e.R.Refs() != 0 {
		e.Errorf("%d alive, %d references", e.R.Live(), e.R.Refs())
	}
}

func connectWithoutCallback(e *env) {
	server := e.Listen(e.network)
	defer server.Close()
	c, err := e.R.Connect(kindOf(e.network), server.Addr(), nil)
	e.must(err)
	e.must(c.Write([][]byte{pattern(10)}, nil))
	e.recv(e.accept(server), 10)
	_, err = e.R.Connect(kindOf(e.network), e.Refusing(e.network), nil)
	e.must(err)
	e.until("a failed connect", func() bool { return e.R.Refs() == 0 })
}

func callsWhileConnecting(e *env) {
	c, err := e.R.Connect("tcp", e.Silent(), e.note("connect"))
	e.must(err)
	e.wantErr("ReadStart", c.ReadStart(e.reader(c)), reactor.ENOTCONN)
	c.ReadStop()
	e.wantErr("CloseWrite", c.CloseWrite(e.note("never")), reactor.ENOTCONN)
	e.must(c.SetNoDelay(false))
	if c.Reading() || c.Closing() || !c.Active() || e.R.Refs() != 1 {
		e.Errorf("Reading %v, Closing %v, Active %v, %d references", c.Reading(), c.Closing(), c.Active(), e.R.Refs())
	}
	e.must(c.CloseReset(e.noteClose("close")))
	e.untilLogged(2)
	e.wantLog("connect: ECANCELED", "close")
}

func closeInConnectCallback(e *env) {
	server := e.Listen(e.network)
	defer server.Close()
	for _, address := range []string{server.Addr(), e.Refusing(e.network)} {
		var c *reactor.Conn
		c, err := e.R.Connect(kindOf(e.network), address, e.noteThen("connect", func(error) {
			c.Close(e.noteClose("close"))
		}))
		e.must(err)
		e.must(c.Write([][]byte{pattern(10)}, e.note("write")))
		e.untilLogged(3)
		if e.log[0][:7] != "connect" || e.log[1][:5] != "write" || e.log[2] != "close" {
			e.Errorf("callbacks: %q", e.log)
		}
		e.log = nil
	}
}

// dataBeforeConnected: what the peer sends at once is read by a ReadStart in the connect callback.
func dataBeforeConnected(e *env) {
	server := e.Listen(e.network)
	defer server.Close()
	var c *reactor.Conn
	var r *reader
	c, err := e.R.Connect(kindOf(e.network), server.Addr(), e.noteThen("connect", func(err error) {
		e.must(err)
		r = e.reader(c)
		r.start()
	}))
	e.must(err)
	var p Peer
	for p == nil {
		if p = server.Accept(); p == nil {
			e.settle()
		}
	}
	p.Send(pattern(100))
	p.Close()
	e.until("the end", func() bool { return r != nil && len(r.ends) > 0 })
	e.wantBytes("what was read", r.data, pattern(100))
}

// connectToLeaver: the peer is gone before we look. The connect has succeeded or failed, once, and nothing spins.
func connectToLeaver(e *env) {
	server := e.Listen(e.network)
	defer server.Close()
	for _, leave := range []func(Peer){Peer.Close, Peer.Reset} {
		c, err := e.R.Connect(kindOf(e.network), server.Addr(), e.note("connect"))
		e.must(err)
		for {
			if p := server.Accept(); p != nil {
				leave(p)
				break
			}
			e.Iterate(0)
		}
		e.untilLogged(1)
		if len(e.log) != 1 {
			e.Errorf("callbacks: %q", e.log)
		}
		if n := e.Pass(20 * step); n > 5 {
			e.Errorf("%d iterations", n)
		}
		e.closeConn(c)
		e.log = nil
	}
}

// connectSpuriousEvent: readiness that is none does not make a connection.
func connectSpuriousEvent(e *env) {
	c, err := e.R.Connect("tcp", e.Silent(), e.note("connect"))
	e.must(err)
	e.Iterate(0)
	// The first slot, in its first life, is ours.
	e.k.Inject = func(events []reactor.Event, n int) int {
		events[n] = reactor.Event{Ready: reactor.CanWrite}
		events[n+1] = reactor.Event{Ready: reactor.CanRead}
		return n + 2
	}
	e.Iterate(0)
	e.Iterate(0)
	e.wantLog()
	e.k.Inject = nil
	c.Close(nil)
	e.untilLogged(1)
}

// addresses: both ends agree, and they are known for as long as the connection is open. handle_fileno.
func addresses(e *env) {
	e.both(func(c *reactor.Conn, p Peer) {
		if c.FD() < 0 {
			e.Errorf("FD %d", c.FD())
		}
		if c.RemoteAddr() != p.LocalAddr() {
			e.Errorf("remote %v, the peer says %v", c.RemoteAddr(), p.LocalAddr())
		}
		if e.network == "unix" {
			if c.LocalAddr().IsValid() || c.RemoteAddr().IsValid() {
				e.Errorf("a Unix socket has the addresses %v and %v", c.LocalAddr(), c.RemoteAddr())
			}
			return
		}
		if !c.LocalAddr().IsValid() || c.LocalAddr().Addr() != c.RemoteAddr().Addr() {
			e.Errorf("local %v, remote %v", c.LocalAddr(), c.RemoteAddr())
		}
		remote := c.RemoteAddr()
		p.Reset()
		e.settle()
		if c.RemoteAddr() != remote {
			e.Errorf("the remote address is %v after a reset, was %v", c.RemoteAddr(), remote)
		}
	})
}

// connectFailsAtOnce: what the call itself says is told in the callback all the same.
func connectFailsAtOnce(e *env) {
	e.k.Fail = func(call Call, _ int) reactor.Errno {
		if call == CallConnect {
			return reactor.EMFILE
		}
		return 0
	}
	c, err := e.R.Connect(kindOf(e.network), e.Refusing(e.network), e.noteThen("connect", func(err error) {
		e.wantErr("connect", err, reactor.EMFILE)
	}))
	e.must(err)
	e.wantLog()
	e.untilLogged(1)
	e.k.Fail = nil
	if e.R.Live() != 1 || e.R.Refs() != 0 || c.FD() >= 0 {
		e.Errorf("%d alive, %d references, descriptor %d", e.R.Live(), e.R.Refs(), c.FD())
	}
}

// connectFromAddress: the peer sees the address that was asked for, and some port.
func connectFromAddress(e *env) {
	server := e.Listen(e.network)
	defer server.Close()
	local := netip.AddrPortFrom(netip.MustParseAddrPort(server.Addr()).Addr(), 0)
	for _, local := range []netip.AddrPort{local, netip.AddrPortFrom(netip.AddrFrom16(local.Addr().As16()), 0)} {
		c, err := e.R.ConnectWith("tcp", server.Addr(), reactor.ConnectOptions{LocalAddr: local}, e.note("connect"))
		e.must(err)
		p := e.accept(server)
		e.untilLogged(1)
		e.wantLog("connect: ok")
		e.log = nil
		if got := c.LocalAddr(); got.Addr() != local.Addr().Unmap() || got.Port() == 0 || got != p.RemoteAddr() {
			e.Errorf("connected from %v, the peer says %v, want %v and a port", got, p.RemoteAddr(), local.Addr())
		}
		p.Close()
		e.closeConn(c)
		e.log = nil
	}
}

// connectFromPort: and the port, with an address or without, as soon as a connection from there is over.
func connectFromPort(e *env) {
	server := e.Listen(e.network)
	defer server.Close()
	addr := netip.MustParseAddrPort(server.Addr()).Addr()
	// A port that the system does not hand out: on a busy machine each of those is waiting for somebody's late segments.
	port := uint16(20_000 + os.Getpid()%10_000)
	for i := 0; i < 2; {
		local := netip.AddrPortFrom(addr, port)
		c, err := e.R.ConnectWith("tcp", server.Addr(), reactor.ConnectOptions{LocalAddr: local}, e.note("connect"))
		e.must(err)
		e.untilLogged(1)
		if i == 0 && e.log[0] != "connect: ok" {
			port++ // somebody else has it
			e.closeConn(c)
			e.log = nil
			continue
		}
		e.wantLog("connect: ok")
		p := e.accept(server)
		if got := c.LocalAddr(); got != netip.AddrPortFrom(netip.MustParseAddrPort(server.Addr()).Addr(), port) || got != p.RemoteAddr() {
			e.Errorf("connected from %v, the peer says %v, want port %d", got, p.RemoteAddr(), port)
		}
		e.log = nil
		e.must(c.CloseReset(e.noteClose("close"))) // without a reset the port waits, too
		e.untilLogged(1)
		e.log = nil
		p.Close()
		addr = netip.Addr{}
		i++
	}
}

// connectFromNowhere: what is wrong with the local address is told in the callback, and nothing is left.
func connectFromNowhere(e *env) {
	server := e.Listen(e.network)
	defer server.Close()
	ln, address := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) {})
	foreign, other := "192.0.2.1:0", "[::1]:0"
	if e.network == "tcp6" {
		foreign, other = "[2001:db8::1]:0", "127.0.0.1:0"
	}
	for _, try := range []struct {
		local string
		want  reactor.Errno
	}{
		{address, reactor.EADDRINUSE},
		{foreign, reactor.EADDRNOTAVAIL},
		{other, reactor.EAFNOSUPPORT},
	} {
		o := reactor.ConnectOptions{LocalAddr: netip.MustParseAddrPort(try.local)}
		c, err := e.R.ConnectWith("tcp", server.Addr(), o, e.noteThen("connect", func(err error) { e.wantErr("connect", err, try.want) }))
		e.must(err)
		e.wantLog()
		e.untilLogged(1)
		if c.FD() >= 0 {
			e.Errorf("from %s: the failed connection has the descriptor %d", try.local, c.FD())
		}
		e.closeConn(c)
		e.log = nil
	}
	ln.Close(nil)
	if p := server.Accept(); p != nil {
		e.Errorf("a connection came from %v", p.RemoteAddr())
	}
}

func connectUnixFromAddress(e *env) {
	o := reactor.ConnectOptions{LocalAddr: netip.MustParseAddrPort("127.0.0.1:0")}
	_, err := e.R.ConnectWith("unix", e.Refusing("unix"), o, e.note("never"))
	e.wantErr("ConnectWith", err, reactor.EINVAL)
	e.settle()
	e.wantLog()
}

// pipeConnectBadName: a path that is not there.
func pipeConnectBadName(e *env) {
	_, err := e.R.Connect("unix", e.Address("unix"), e.noteThen("connect", func(err error) {
		e.wantErr("connect", err, reactor.ENOENT)
	}))
	e.must(err)
	e.wantLog()
	e.untilLogged(1)
}

// pipeConnectStale: a path that nobody listens on any more.
func pipeConnectStale(e *env) {
	_, err := e.R.Connect("unix", e.Refusing("unix"), e.note("connect"))
	e.must(err)
	e.untilLogged(1)
	e.wantLog("connect: ECONNREFUSED")
}

// connectMultiple: four clients of one server, on one reactor.
func connectMultiple(e *env) {
	const n = 4
	accepted := 0
	_, address := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) { accepted++ })
	for range n {
		_, err := e.R.Connect(kindOf(e.network), address, e.note("connect"))
		e.must(err)
	}
	e.until("all of them", func() bool { return accepted == n && len(e.log) == n })
	for _, entry := range e.log {
		if entry != "connect: ok" {
			e.Errorf("got %s", entry)
		}
	}
}

// connectCloseMultiple: the same, with each closing in its connect callback.
func connectCloseMultiple(e *env) {
	const n = 4
	accepted := 0
	_, address := e.listen(reactor.ListenOptions{}, func(c *reactor.Conn) {
		accepted++
		c.Close(e.noteClose("server close"))
	})
	for range n {
		var c *reactor.Conn
		c, err := e.R.Connect(kindOf(e.network), address, e.noteThen("connect", func(error) {
			c.Close(e.noteClose("close"))
		}))
		e.must(err)
	}
	e.until("all of them", func() bool { return accepted == n && len(e.log) == 3*n })
}
