package reactortest

import (
	"net/netip"

	"github.com/weir-go/weir/reactor"
)

var datagramBehaviours = []behaviour{
	{"a_datagram_is_echoed", udp, dgramEcho},
	{"boundaries_stay_and_pieces_are_gathered", udp, dgramBoundaries},
	{"an_empty_datagram_is_one", udp, dgramEmpty},
	{"the_longest_datagram", udp, dgramLongest},
	{"a_datagram_longer_than_the_room_is_truncated_and_said_to_be", udp, dgramTruncated},
	{"receiving_binds_a_socket_that_is_not_bound", udp, dgramBindsToReceive},
	{"one_socket_for_both_families", tcp4, dgramBothFamilies},
	{"a_connected_socket_hears_its_peer_alone", udp, dgramConnected},
	{"disconnecting_leaves_the_address_as_it_was", udp, dgramDisconnect},
	{"addresses_that_are_taken", udp, dgramTaken},
	{"adopting", udp, dgramAdopt},
	{"adopting_the_wrong_kind", udp, dgramAdoptWrong},
	{"references", udp, dgramRefs},
}

func dgramEcho(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	r := e.receive(d)
	r.then = r.echo
	f.send(d, "ping")
	f.wantRecv("ping")
	r.want("ping")
	if r.from != f.addr {
		e.Errorf("from %v, want %v", r.from, f.addr)
	}
}

func dgramBoundaries(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	bufs := [][]byte{[]byte("one"), {}, []byte("two"), []byte("three")}
	e.must(d.Send(bufs, f.addr, e.note("gathered")))
	bufs[0] = nil // the slice may be used again at once
	e.must(d.Send([][]byte{[]byte("next")}, f.addr, e.note("next")))
	if d.SendQueueCount() != 2 || d.SendQueueSize() != 15 {
		e.Errorf("queued are %d datagrams of %d bytes", d.SendQueueCount(), d.SendQueueSize())
	}
	f.wantRecv("onetwothree", "next")
	e.untilLogged(2)
	e.wantLog("gathered: ok", "next: ok")
	if d.SendQueueCount() != 0 || d.SendQueueSize() != 0 || d.Active() {
		e.Errorf("queued are %d datagrams of %d bytes at the end, active %v", d.SendQueueCount(), d.SendQueueSize(), d.Active())
	}
	r := e.receive(d)
	f.send(d, "a", "bc", "d")
	r.want("a", "bc", "d")
}

func dgramEmpty(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	r := e.receive(d)
	f.send(d, "", "x", "")
	r.want("", "x", "")
	e.must(d.Send([][]byte{nil}, f.addr, e.note("lent")))
	e.must(d.SendBorrowed(nil, f.addr, e.note("borrowed")))
	f.wantRecv("", "")
	e.untilLogged(2)
	e.wantLog("lent: ok", "borrowed: ok")
}

func dgramLongest(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	r := e.receive(d)
	long := string(pattern(65507))
	f.send(d, long)
	e.until("it", func() bool { return len(r.got) == 1 })
	e.wantBytes("received", []byte(r.got[0]), []byte(long))
	e.must(d.Send([][]byte{[]byte(long)}, f.addr, e.note("send")))
	e.wantBytes("at the peer", []byte(f.recv(1)[0]), []byte(long))
}

func dgramTruncated(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{MaxSize: 10}), e.far()
	r := e.receive(d)
	f.send(d, "123456789", "1234567890", "12345678901", "x")
	r.want("123456789", "1234567890", "1234567890!truncated", "x")
}

func dgramBindsToReceive(e *env) {
	d, err := e.R.OpenDatagram(e.udpNetwork(), "", reactor.DatagramOptions{})
	e.must(err)
	if port := d.LocalAddr().Port(); port != 0 {
		e.Errorf("bound to port %d before", port)
	}
	r := e.receive(d)
	addr := d.LocalAddr()
	if addr.Port() == 0 || !addr.Addr().IsUnspecified() {
		e.Errorf("bound to %v", addr)
	}
	f := e.far()
	f.sendTo(netip.AddrPortFrom(f.addr.Addr(), addr.Port()), []byte("x"))
	r.want("x")
}

// dgramBothFamilies: "udp" without an address takes both, and shows an IPv4 peer as what it is.
func dgramBothFamilies(e *env) {
	d, err := e.R.OpenDatagram("udp", ":0", reactor.DatagramOptions{})
	e.must(err)
	r := e.receive(d)
	r.then = r.echo
	for _, network := range e.Networks() {
		if network == "unix" || network == "tcp6" && d.LocalAddr().Addr().Is4() {
			continue
		}
		e.network = network
		f := e.far()
		f.sendTo(netip.AddrPortFrom(f.addr.Addr(), d.LocalAddr().Port()), []byte(network))
		f.wantRecv(network)
		if r.from != f.addr {
			e.Errorf("from %v, want %v", r.from, f.addr)
		}
	}
}

func dgramConnected(e *env) {
	d, f, other := e.datagram(reactor.DatagramOptions{}), e.far(), e.far()
	to := func(addr netip.AddrPort) error { return d.Send([][]byte{[]byte("x")}, addr, nil) }
	e.wantErr("without an address", to(netip.AddrPort{}), reactor.EDESTADDRREQ)
	e.wantErr("ending what has not begun", d.Connect(netip.AddrPort{}), reactor.ENOTCONN)
	e.must(d.Connect(f.addr))
	if d.RemoteAddr() != f.addr {
		e.Errorf("connected to %v, want %v", d.RemoteAddr(), f.addr)
	}
	e.wantErr("connected again", d.Connect(other.addr), reactor.EISCONN)
	e.wantErr("with an address", to(other.addr), reactor.EISCONN)
	e.wantErr("trying with an address", d.TrySend(nil, other.addr), reactor.EISCONN)
	r := e.receive(d)
	other.send(d, "not this")
	f.send(d, "this")
	r.want("this")
	e.must(d.TrySend([]byte("x"), netip.AddrPort{}))
	e.must(to(netip.AddrPort{}))
	f.wantRecv("x", "x")
}

func dgramDisconnect(e *env) {
	for _, address := range []string{"", e.Address(e.network)} {
		d, err := e.R.OpenDatagram(e.udpNetwork(), address, reactor.DatagramOptions{})
		e.must(err)
		f, other := e.far(), e.far()
		r := e.receive(d)
		d.ReceiveStop()
		before := d.LocalAddr()
		e.must(d.Connect(f.addr))
		e.must(d.Connect(netip.AddrPort{}))
		r.start()
		if got := d.LocalAddr(); got != before {
			e.Errorf("bound to %v, and to %v since it is connected no more", before, got)
		}
		if d.RemoteAddr().IsValid() {
			e.Errorf("still connected to %v", d.RemoteAddr())
		}
		other.sendTo(netip.AddrPortFrom(f.addr.Addr(), d.LocalAddr().Port()), []byte("from another"))
		r.want("from another")
		e.must(d.Send([][]byte{[]byte("x")}, other.addr, nil))
		other.wantRecv("x")
	}
}

func dgramTaken(e *env) {
	first := e.datagram(reactor.DatagramOptions{})
	open := func(like *reactor.Datagram, o reactor.DatagramOptions) error {
		_, err := e.R.OpenDatagram(e.udpNetwork(), like.LocalAddr().String(), o)
		return err
	}
	e.wantErr("the same address", open(first, reactor.DatagramOptions{}), reactor.EADDRINUSE)
	e.wantErr("one alone wants to share", open(first, reactor.DatagramOptions{ReuseAddr: true}), reactor.EADDRINUSE)
	for _, o := range []reactor.DatagramOptions{{ReuseAddr: true}, {ReusePort: true}} {
		shared := e.datagram(o)
		e.must(open(shared, o))
	}
	if n := e.R.Live(); n != 5 {
		e.Errorf("%d sockets are left, want 5", n)
	}
}

func dgramAdopt(e *env) {
	inherited, address := e.InheritDatagram(e.network)
	f := &file{File: inherited}
	d, err := e.R.AdoptDatagram(f)
	e.must(err)
	if f.closed != 1 {
		e.Errorf("the file was closed %d times", f.closed)
	}
	if d.LocalAddr().String() != address || d.RemoteAddr().IsValid() {
		e.Errorf("adopted %v -> %v, want %s", d.LocalAddr(), d.RemoteAddr(), address)
	}
	if again, err := e.R.AdoptDatagram(inherited); err == nil {
		e.Errorf("adopted again: %v", again.LocalAddr())
	}
	peer := e.far()
	r := e.receive(d)
	r.then = r.echo
	peer.send(d, "x")
	peer.wantRecv("x")
}

func dgramAdoptWrong(e *env) {
	if conn, _ := e.InheritConn(e.network); conn != nil {
		_, err := e.R.AdoptDatagram(conn)
		e.wantErr("a connection as a datagram socket", err, reactor.EINVAL)
		conn.Close()
	}
	dgram, _ := e.InheritDatagram(e.network)
	_, err := e.R.AdoptConn(dgram)
	e.wantErr("a datagram socket as a connection", err, reactor.EINVAL)
	_, err = e.R.AdoptListener(dgram, func(*reactor.Conn) {})
	e.wantErr("a datagram socket as a listener", err, reactor.EINVAL)
	dgram.Close()
	plain := e.InheritFile()
	_, err = e.R.AdoptDatagram(plain)
	e.wantErr("no socket", err, reactor.ENOTSOCK)
	plain.Close()
}

func dgramRefs(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	refs := func(when string, want int) {
		e.Helper()
		if got := e.R.Refs(); got != want {
			e.Errorf("%s: %d references, want %d", when, got, want)
		}
	}
	refs("open", 0)
	r := e.receive(d)
	refs("receiving", 1)
	d.Unref()
	refs("unref'd", 0)
	e.must(d.Send([][]byte{nil}, f.addr, e.note("send")))
	refs("sending", 1)
	e.untilLogged(1)
	refs("sent", 0)
	d.Ref()
	d.Ref()
	refs("ref'd", 1)
	d.ReceiveStop()
	refs("stopped", 0)
	found := 0
	e.R.Walk(func(h any) {
		if h == any(d) {
			found++
		}
	})
	if found != 1 {
		e.Errorf("Walk shows it %d times", found)
	}
	d.Close(nil)
	refs("closing", 1)
	e.settle()
	refs("closed", 0)
	r.want()
}
