package reactortest

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/weir-go/weir/reactor"
)

var datagramBehaviours = []behaviour{
	{"a_datagram_is_echoed", udp, dgramEcho},
	{"boundaries_stay_and_pieces_are_gathered", udp, dgramBoundaries},
	{"an_empty_datagram_is_one", udp, dgramEmpty},
	{"the_longest_datagram", udp, dgramLongest},
	{"a_datagram_longer_than_the_room_is_truncated_and_said_to_be", udp, dgramTruncated},
	{"receiving_binds_a_socket_that_is_not_bound", udp, dgramBindsToReceive},
	{"sending_binds_a_socket_that_is_not_bound", udp, dgramBindsToSend},
	{"one_socket_for_both_families", tcp4, dgramBothFamilies},
	{"a_connected_socket_hears_its_peer_alone", udp, dgramConnected},
	{"disconnecting_leaves_the_address_as_it_was", udp, dgramDisconnect},
	{"what_is_queued_leaves_before_a_connect", udp, dgramQueuedBeforeConnect},
	{"what_is_queued_keeps_its_peer_after_a_disconnect", udp, dgramQueuedBeforeDisconnect},
	{"a_burst_costs_one_call_each_way", udp, dgramBurstCost},
	{"a_burst_through_a_relay_costs_one_call_each_way", udp, dgramRelayCost},
	{"many_in_one_turn_leave_in_one_call", udp, dgramManyInOneTurn},
	{"more_than_a_call_takes_begins_to_leave_at_once", udp, dgramMoreThanACall},
	{"stop_in_a_burst_keeps_the_rest", udp, dgramStopInBurst},
	{"stop_in_a_burst_sends_what_waited_for_its_end", udp, dgramStopSendsHeld},
	{"close_in_a_burst_sends_what_others_had_held_back", udp, dgramCloseSendsHeld},
	{"the_rest_of_a_burst_survives_the_burst_of_another", udp, dgramTwoBursts},
	{"close_in_a_burst_drops_the_rest", udp, dgramCloseInBurst},
	{"close_with_kept_datagrams_drops_them", udp, dgramCloseWithKept},
	{"each_of_a_kept_rest_can_stop_again", udp, dgramStopAgain},
	{"stop_and_start_cost_nothing", udp, dgramToggles},
	{"a_paused_socket_is_told_of_once", udp, dgramPausedCost},
	{"a_flood_leaves_others_their_turn", tcp4, dgramFlood},
	{"a_full_kernel_is_waited_for", udp, dgramFull},
	{"borrowed_bytes_are_sealed", udp, dgramSealed},
	{"try_send", udp, dgramTrySend},
	{"requests_complete_in_order_before_the_close", udp, dgramCloseOrder},
	{"sending_what_cannot_be_sent", udp, dgramRefusals},
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

func dgramBindsToSend(e *env) {
	d, err := e.R.OpenDatagram(e.udpNetwork(), "", reactor.DatagramOptions{})
	e.must(err)
	f := e.far()
	e.must(d.Send([][]byte{[]byte("x")}, f.addr, nil))
	f.wantRecv("x")
	port := d.LocalAddr().Port()
	r := e.receive(d)
	if got := d.LocalAddr().Port(); got != port || port == 0 {
		e.Errorf("bound to port %d by sending, to %d by receiving", port, got)
	}
	f.sendTo(netip.AddrPortFrom(f.addr.Addr(), port), []byte("y"))
	r.want("y")
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

func dgramQueuedBeforeConnect(e *env) {
	d, f, other := e.datagram(reactor.DatagramOptions{}), e.far(), e.far()
	e.must(d.Send([][]byte{[]byte("1")}, f.addr, e.note("1")))
	e.must(d.Connect(other.addr))
	e.must(d.Send([][]byte{[]byte("2")}, netip.AddrPort{}, e.note("2")))
	e.must(d.Connect(netip.AddrPort{}))
	f.wantRecv("1")
	other.wantRecv("2")
	e.untilLogged(2)
	e.wantLog("1: ok", "2: ok")
}

// numbers are n short datagrams.
func numbers(n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprint(i)
	}
	return texts
}

// dgramBurstCost is the heart of it: each datagram a turn of its own, and yet one call to receive them, at most one that
// finds nothing, and one to answer.
func dgramBurstCost(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	r := e.receive(d)
	r.then = r.echo
	e.settle()
	for _, n := range []int{1, 5, 31, 32} {
		texts := numbers(n)
		f.send(d, texts...)
		cost := e.count(func() {
			f.wantRecv(texts...)
			r.want(texts...)
		})
		if n == 32 && cost.Receives == 2 {
			cost.Receives = 1
		}
		e.wantCost(fmt.Sprintf("%d datagrams", n), cost, Counts{Receives: 1, Sends: 1})
	}
}

func dgramRelayCost(e *env) {
	d, out, f := e.datagram(reactor.DatagramOptions{}), e.datagram(reactor.DatagramOptions{}), e.far()
	r := e.receive(d)
	r.then = func(p []byte, _ netip.AddrPort, _ error) { e.must(out.SendBorrowed(p, f.addr, nil)) }
	e.settle()
	texts := numbers(20)
	f.send(d, texts...)
	e.wantCost("a relay", e.count(func() { f.wantRecv(texts...) }), Counts{Receives: 1, Sends: 1})
}

func dgramManyInOneTurn(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	r := e.receive(d)
	e.settle()
	texts := numbers(20)
	r.then = func([]byte, netip.AddrPort, error) {
		for _, text := range texts {
			e.must(d.Send([][]byte{[]byte(text)}, f.addr, e.note(text)))
		}
	}
	e.wantCost("twenty in one turn", e.count(func() {
		f.send(d, "go")
		f.wantRecv(texts...)
		e.untilLogged(20)
	}), Counts{Receives: 1, Sends: 1})
	for i := range texts {
		texts[i] += ": ok"
	}
	e.wantLog(texts...)
}

func dgramMoreThanACall(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	texts := numbers(100)
	cost := e.count(func() {
		for _, text := range texts {
			e.must(d.SendBorrowed([]byte(text), f.addr, nil))
		}
		if n := d.SendQueueCount(); n >= reactor.MaxDatagrams {
			e.Errorf("%d are queued", n)
		}
		f.wantRecv(texts...)
	})
	e.wantCost("a hundred", cost, Counts{Sends: 4})
}

func dgramStopInBurst(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	r := e.receive(d)
	r.then = func(p []byte, _ netip.AddrPort, _ error) {
		if string(p) == "2" {
			d.ReceiveStop()
		}
	}
	texts := numbers(10)
	f.send(d, texts...)
	r.want(texts[:3]...)
	f.send(d, "after")
	e.settle()
	r.want()
	r.start()
	if len(r.got) != 0 {
		e.Error("delivered inside the call")
	}
	r.want(append(texts[3:], "after")...)
	// Stopped and started in one turn, nothing has happened.
	r.then = func([]byte, netip.AddrPort, error) {
		d.ReceiveStop()
		r.start()
	}
	f.send(d, texts...)
	r.want(texts...)
}

func dgramStopSendsHeld(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	r := e.receive(d)
	r.then = func(p []byte, from netip.AddrPort, _ error) {
		if string(p) == "2" {
			d.ReceiveStop() // in a turn that sends nothing itself
			return
		}
		e.must(d.SendBorrowed(p, from, nil))
	}
	f.send(d, numbers(10)...)
	f.wantRecv("0", "1")
	if d.SendQueueCount() != 0 {
		e.Errorf("%d are still queued", d.SendQueueCount())
	}
}

func dgramCloseSendsHeld(e *env) {
	d, out, f := e.datagram(reactor.DatagramOptions{}), e.datagram(reactor.DatagramOptions{}), e.far()
	r := e.receive(d)
	r.then = func(p []byte, _ netip.AddrPort, _ error) {
		if string(p) == "2" {
			d.Close(nil) // whose close has no callback, after which a turn would end
			return
		}
		e.must(out.SendBorrowed(p, f.addr, e.note("send "+string(p))))
	}
	f.send(d, numbers(10)...)
	f.wantRecv("0", "1")
	e.untilLogged(2)
	e.wantLog("send 0: ok", "send 1: ok")
}

// dgramTwoBursts: the memory of a batch is shared, so what one socket has left undelivered must be out of it before
// another receives.
func dgramTwoBursts(e *env) {
	a, b, f := e.datagram(reactor.DatagramOptions{}), e.datagram(reactor.DatagramOptions{}), e.far()
	ra, rb := e.receive(a), e.receive(b)
	ra.then = func([]byte, netip.AddrPort, error) {
		if len(ra.got) == 2 {
			a.ReceiveStop()
		}
	}
	rb.then = func(p []byte, from netip.AddrPort, _ error) {
		if len(rb.got) == 1 {
			ra.start() // while b's batch is under way
		}
		rb.echo(p, from, nil)
	}
	texts := numbers(8)
	f.send(a, texts...)
	ra.want(texts[:2]...)
	f.send(b, "p", "q", "r", "s", "t")
	f.wantRecv("p", "q", "r", "s", "t")
	rb.want("p", "q", "r", "s", "t")
	ra.then = nil
	e.until("a's rest", func() bool {
		if !a.Receiving() {
			ra.start()
		}
		return len(ra.got) == 6
	})
	ra.want(texts[2:]...)
}

func dgramCloseInBurst(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	r := e.receive(d)
	r.then = func(p []byte, _ netip.AddrPort, _ error) {
		if string(p) == "2" {
			d.Close(e.noteClose("close"))
		}
	}
	f.send(d, numbers(10)...)
	r.want("0", "1", "2")
	e.untilLogged(1)
	e.wantLog("close")
	e.wantErr("receiving after Close", d.ReceiveStart(r), reactor.ErrClosed)
}

func dgramCloseWithKept(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	r := e.receive(d)
	r.then = func([]byte, netip.AddrPort, error) { d.ReceiveStop() }
	f.send(d, numbers(10)...)
	r.want("0")
	r.start()
	d.Close(e.noteClose("close"))
	e.untilLogged(1)
	r.want()
	e.wantLog("close")
}

func dgramStopAgain(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	r := e.receive(d)
	r.then = func([]byte, netip.AddrPort, error) { d.ReceiveStop() }
	texts := numbers(5)
	f.send(d, texts...)
	for _, text := range texts {
		r.want(text)
		r.start()
	}
	f.send(d, "more")
	r.want("more")
}

func dgramToggles(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	r := e.receive(d)
	e.settle()
	e.wantCost("toggles", e.count(func() {
		for range 100 {
			d.ReceiveStop()
			r.start()
		}
		e.settle()
		d.ReceiveStop()
		e.settle()
		r.start()
		e.settle()
	}), Counts{})
	f.send(d, "x")
	r.want("x")
}

// dgramPausedCost: the first unwanted event has the kernel told to be silent, and resuming tells it again.
func dgramPausedCost(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	r := e.receive(d)
	e.settle()
	e.wantCost("pausing", e.count(func() {
		d.ReceiveStop()
		for range 5 {
			f.send(d, "x")
			e.settle()
		}
	}), Counts{Mods: 1})
	e.wantCost("resuming", e.count(func() {
		r.start()
		r.want("x", "x", "x", "x", "x")
	}), Counts{Mods: 1, Receives: 1})
}

func dgramFlood(e *env) {
	a, b, f := e.datagram(reactor.DatagramOptions{}), e.datagram(reactor.DatagramOptions{}), e.far()
	ra, rb := e.receive(a), e.receive(b)
	before := -1
	rb.then = func([]byte, netip.AddrPort, error) { before = len(ra.got) }
	f.send(a, numbers(150)...)
	f.send(b, "me too")
	rb.want("me too")
	if before > 2*reactor.MaxDatagrams {
		e.Errorf("%d datagrams of another socket came first", before)
	}
	e.until("the flood", func() bool { return len(ra.got) == 150 })
	ra.want(numbers(150)...)
}

func dgramFull(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	for _, errno := range []reactor.Errno{reactor.EAGAIN, reactor.ENOBUFS} {
		full := true
		e.failing(CallSend, errno, &full)
		e.must(d.Send([][]byte{[]byte("one")}, f.addr, e.note("1")))
		e.Iterate(0)
		e.wantErr("trying", d.TrySend([]byte("x"), f.addr), reactor.EAGAIN)
		e.must(d.Send([][]byte{[]byte("two")}, f.addr, e.note("2")))
		e.Iterate(0)
		if d.SendQueueCount() != 2 || d.SendQueueSize() != 6 || !d.Active() {
			e.Errorf("queued are %d datagrams of %d bytes, active %v", d.SendQueueCount(), d.SendQueueSize(), d.Active())
		}
		full = false
		f.wantRecv("one", "two")
		e.untilLogged(2)
		e.wantLog("1: ok", "2: ok")
	}
	e.wantCost("nothing is left to be told of", e.count(e.settle), Counts{})
}

// dgramSealed: what was borrowed may change as soon as the turn ends, and what was lent may not.
func dgramSealed(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	r := e.receive(d)
	full := true
	e.failing(CallSend, reactor.EAGAIN, &full)
	borrowed, lent := []byte("borrowed"), []byte("lent")
	r.then = func(p []byte, from netip.AddrPort, _ error) {
		if d.SendQueueCount() == 0 {
			e.must(d.SendBorrowed(borrowed, from, nil))
			e.must(d.Send([][]byte{lent}, from, nil))
		}
		e.must(d.SendBorrowed(p, from, nil))
	}
	f.send(d, "a", "b", "c")
	r.want("a", "b", "c")
	copy(borrowed, "XXXXXXXX")
	full = false
	f.wantRecv("borrowed", "lent", "a", "b", "c")
}

func dgramTrySend(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	e.wantCost("trying", e.count(func() { e.must(d.TrySend([]byte("now"), f.addr)) }), Counts{Sends: 1})
	f.wantRecv("now")
	e.must(d.Send([][]byte{[]byte("queued")}, f.addr, nil))
	e.wantErr("behind the queue", d.TrySend([]byte("x"), f.addr), reactor.EAGAIN)
	f.wantRecv("queued")
	tries := 0
	e.k.Fail = func(call Call, _ int) reactor.Errno {
		if tries++; call == CallSend && tries < 3 {
			return reactor.EINTR
		}
		return 0
	}
	e.must(d.TrySend([]byte("interrupted"), f.addr))
	f.wantRecv("interrupted")
}

func dgramCloseOrder(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	r := e.receive(d)
	e.must(d.Send([][]byte{[]byte("sent")}, f.addr, e.note("1")))
	e.R.Flush()
	full := true
	e.failing(CallSend, reactor.EAGAIN, &full)
	e.must(d.Send([][]byte{[]byte("not sent")}, f.addr, e.note("2")))
	e.must(d.Send([][]byte{[]byte("nor this")}, f.addr, nil))
	e.must(d.SendBorrowed([]byte("nor this"), f.addr, e.note("3")))
	f.send(d, "x")
	d.Close(e.noteClose("close"))
	d.Close(func() { e.Error("the second Close counts") })
	e.untilLogged(4)
	e.wantLog("1: ok", "2: ECANCELED", "3: ECANCELED", "close")
	r.want()
	if d.FD() != -1 || d.Active() || !d.Closing() || d.LocalAddr().IsValid() || d.SendQueueSize() != 0 {
		e.Errorf("a closed socket: fd %d, active %v, closing %v, at %v", d.FD(), d.Active(), d.Closing(), d.LocalAddr())
	}
	e.wantErr("sending", d.Send([][]byte{nil}, f.addr, nil), reactor.ErrClosed)
	e.wantErr("connecting", d.Connect(f.addr), reactor.ErrClosed)
	e.wantErr("an option", d.TTL(1), reactor.ErrClosed)
	e.wantErr("a group", d.JoinGroup(netip.MustParseAddr("239.1.1.1"), netip.Addr{}), reactor.ErrClosed)
	d.ReceiveStop()
}

func dgramRefusals(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	e.wantErr("without buffers", d.Send(nil, f.addr, nil), reactor.EINVAL)
	if e.network == "tcp4" {
		to := netip.MustParseAddrPort("[::1]:7")
		e.wantErr("IPv6 on IPv4", d.Send([][]byte{nil}, to, nil), reactor.EAFNOSUPPORT)
		e.wantErr("IPv6 on IPv4", d.Connect(to), reactor.EAFNOSUPPORT)
		e.must(d.TrySend([]byte("mapped"), netip.AddrPortFrom(netip.AddrFrom16(f.addr.Addr().As16()), f.addr.Port())))
		f.wantRecv("mapped")
	}
	for _, bad := range [][2]string{
		{"tcp", "127.0.0.1:0"}, {"udp", "localhost:0"}, {"udp", ":http"}, {"udp", "1.2.3.4"}, {"udp4", "[::1]:0"}, {"udp6", "1.2.3.4:0"},
	} {
		if d, err := e.R.OpenDatagram(bad[0], bad[1], reactor.DatagramOptions{}); err == nil {
			e.Errorf("%q is an address: %v", bad, d.LocalAddr())
		}
	}
	defer func() {
		if recover() == nil {
			e.Error("a nil handler does not panic")
		}
	}()
	_ = d.ReceiveStart(nil)
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

var datagramErrorBehaviours = []behaviour{
	{"a_datagram_too_big_fails_alone", udp, dgramTooBig},
	{"errors_fail_their_datagram_alone", udp, dgramErrorsAlone},
	{"a_receiver_is_told_of_a_closed_port_once", udp, dgramRefusedReceiver},
	{"a_send_is_told_of_a_closed_port_if_nobody_receives", udp, dgramRefusedSender},
	{"a_receiver_is_told_what_a_send_has_met", udp, dgramRefusedMet},
	{"a_send_that_is_refused_for_ever_fails", udp, dgramRefusedForEver},
	{"an_error_that_nobody_receives_does_not_spin", udp, dgramRefusedSilent},
	{"a_socket_that_asked_for_errors_is_told_of_each", udp, dgramErrorQueue},
	{"what_a_send_is_told_the_receiver_is_not", udp, dgramErrorOwn},
	{"errors_of_a_full_socket_that_receives_nothing_do_not_spin", udp, dgramErrorQueueFull},
	{"a_broken_descriptor_ends_receiving", udp, dgramBroken},
	{"interrupted_calls_are_made_again", udp, dgramInterrupted},
	{"short_batches", udp, dgramShort},
	{"no_memory_to_watch_a_receiver", udp, dgramNoMemoryReceiver},
	{"no_memory_to_watch_a_sender", udp, dgramNoMemorySender},
}

func dgramTooBig(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	huge := make([]byte, 65536)
	e.must(d.Send([][]byte{[]byte("before")}, f.addr, e.note("before")))
	e.must(d.Send([][]byte{huge}, f.addr, e.note("huge")))
	e.must(d.Send([][]byte{[]byte("after")}, f.addr, e.note("after")))
	f.wantRecv("before", "after")
	e.untilLogged(3)
	e.wantLog("before: ok", "huge: EMSGSIZE", "after: ok")
	e.wantErr("trying", d.TrySend(huge, f.addr), reactor.EMSGSIZE)
	if d.SendQueueSize() != 0 || d.SendQueueCount() != 0 {
		e.Errorf("queued are %d bytes", d.SendQueueSize())
	}
}

func dgramErrorsAlone(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	e.receive(d)
	for _, errno := range []reactor.Errno{reactor.EPERM, reactor.ENETUNREACH} {
		first := true
		e.k.Fail = func(call Call, _ int) reactor.Errno {
			if call == CallSend && first {
				first = false
				return errno
			}
			return 0
		}
		e.must(d.Send([][]byte{[]byte("1")}, f.addr, e.note("1")))
		if errno == reactor.EPERM {
			e.must(d.Send([][]byte{[]byte("lost")}, f.addr, nil))
		}
		e.must(d.Send([][]byte{[]byte("2")}, f.addr, e.note("2")))
		if errno == reactor.EPERM {
			f.wantRecv("lost", "2")
		} else {
			f.wantRecv("2")
		}
		e.untilLogged(2)
		e.wantLog("1: "+outcome(errno), "2: ok")
	}
}

// dgramRefusedForEver: a datagram tries once more when it has met somebody else's error, and not for ever.
func dgramRefusedForEver(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	r := e.receive(d)
	refuse := true
	e.failing(CallSend, reactor.ECONNREFUSED, &refuse)
	cost := e.count(func() {
		e.must(d.Send([][]byte{[]byte("x")}, f.addr, e.note("send")))
		e.untilLogged(1)
	})
	e.wantLog("send: ECONNREFUSED")
	if cost.Sends != 2 {
		e.Errorf("%d tries, want 2", cost.Sends)
	}
	r.want("!ECONNREFUSED")
}

// closedPort is an address that nobody listens on any more.
func (e *env) closedPort() netip.AddrPort {
	f := e.far()
	f.close()
	return f.addr
}

// connectedToNobody is a socket whose datagrams are refused.
func (e *env) connectedToNobody() *reactor.Datagram {
	e.Helper()
	d := e.datagram(reactor.DatagramOptions{})
	e.must(d.Connect(e.closedPort()))
	return d
}

func dgramRefusedReceiver(e *env) {
	d := e.connectedToNobody()
	r := e.receive(d)
	for range 3 {
		e.must(d.Send([][]byte{[]byte("x")}, netip.AddrPort{}, e.note("send")))
		r.want("!ECONNREFUSED")
		e.untilLogged(1)
		e.wantLog("send: ok")
	}
	if !d.Receiving() {
		e.Error("receiving has ended")
	}
	e.must(d.Connect(netip.AddrPort{}))
	f := e.far()
	f.send(d, "still here")
	r.want("still here")
}

func dgramRefusedSender(e *env) {
	d := e.connectedToNobody()
	for range 2 {
		e.must(d.Send([][]byte{[]byte("x")}, netip.AddrPort{}, e.note("1")))
		e.untilLogged(1)
		e.settle()
		e.must(d.Send([][]byte{[]byte("x")}, netip.AddrPort{}, e.note("2")))
		e.untilLogged(2)
		e.wantLog("1: ok", "2: ECONNREFUSED")
	}
}

// dgramRefusedMet: the next datagram has done nothing wrong.
func dgramRefusedMet(e *env) {
	d := e.connectedToNobody()
	r := e.receive(d)
	e.must(d.TrySend([]byte("1"), netip.AddrPort{}))
	e.must(d.TrySend([]byte("2"), netip.AddrPort{}))
	e.must(d.Send([][]byte{[]byte("3")}, netip.AddrPort{}, e.note("3")))
	e.until("both", func() bool { return len(r.got) > 0 && len(e.log) > 0 })
	e.settle()
	e.wantLog("3: ok")
	if len(r.got) > 3 || slices.ContainsFunc(r.got, func(s string) bool { return s != "!ECONNREFUSED" }) {
		e.Errorf("the receiver was told %q", r.got)
	}
	// Met while receiving, and stopped before it could be told: the next ReceiveStart tells.
	r.got = nil
	e.must(d.TrySend([]byte("1"), netip.AddrPort{}))
	e.must(d.TrySend([]byte("2"), netip.AddrPort{}))
	d.ReceiveStop()
	e.settle()
	r.want()
	r.start()
	r.want("!ECONNREFUSED", "!ECONNREFUSED") // of the first, which the second met, and of the second
}

func dgramRefusedSilent(e *env) {
	d := e.connectedToNobody()
	r := e.receive(d)
	e.settle()
	d.ReceiveStop() // which the kernel is not told
	e.must(d.TrySend([]byte("x"), netip.AddrPort{}))
	e.settle()
	if cost := e.count(func() { e.settle() }); cost.Events != 0 {
		e.Errorf("%d events that nobody wants", cost.Events)
	}
	r.start()
	r.want("!ECONNREFUSED")
}

// errorQueue is a socket that has asked for errors; nil where there is no such thing.
func (e *env) errorQueue() *reactor.Datagram {
	e.Helper()
	d, err := e.R.OpenDatagram(e.udpNetwork(), e.Address(e.network), reactor.DatagramOptions{ReceiveErrors: true})
	if errors.Is(err, reactor.EOPNOTSUPP) {
		return nil
	}
	e.must(err)
	return d
}

func dgramErrorQueue(e *env) {
	d := e.errorQueue()
	if d == nil {
		return
	}
	r := e.receive(d)
	nobody, nobody2 := e.closedPort(), e.closedPort()
	e.must(d.Send([][]byte{[]byte("x")}, nobody, e.note("send")))
	r.want("!ECONNREFUSED")
	if r.from != nobody {
		e.Errorf("about %v, want %v", r.from, nobody)
	}
	e.untilLogged(1)
	e.wantLog("send: ok")
	e.must(d.TrySend([]byte("x"), nobody))
	e.must(d.TrySend([]byte("x"), nobody2))
	r.want("!ECONNREFUSED", "!ECONNREFUSED")
	if r.from != nobody2 {
		e.Errorf("about %v, want %v", r.from, nobody2)
	}
	// Nobody receives: the send that meets it is told, and nobody again.
	d.ReceiveStop()
	e.must(d.TrySend([]byte("x"), nobody))
	e.wantErr("the next", d.TrySend([]byte("x"), nobody), reactor.ECONNREFUSED)
	r.start()
	e.settle()
	r.want()
}

// dgramErrorOwn: Linux puts errors of its own into the queue as well, one for IPv4 and two for IPv6.
func dgramErrorOwn(e *env) {
	d := e.errorQueue()
	if d == nil {
		return
	}
	r := e.receive(d)
	nobody := e.closedPort()
	e.must(d.Send([][]byte{make([]byte, 65535)}, nobody, e.note("huge")))
	e.untilLogged(1)
	e.wantLog("huge: EMSGSIZE")
	e.must(d.TrySend([]byte("x"), nobody))
	r.want("!ECONNREFUSED")
}

func dgramErrorQueueFull(e *env) {
	d := e.errorQueue()
	if d == nil {
		return
	}
	nobody := e.closedPort()
	f := e.far()
	e.must(d.TrySend([]byte("x"), nobody))
	full := true
	e.failing(CallSend, reactor.EAGAIN, &full)
	e.must(d.Send([][]byte{[]byte("y")}, f.addr, e.note("send")))
	e.settle()
	full = false
	f.wantRecv("y")
	e.untilLogged(1)
	e.wantLog("send: ok")
	if cost := e.count(func() { e.settle() }); cost.Events != 0 {
		e.Errorf("%d events that nobody wants", cost.Events)
	}
}

func dgramBroken(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	r := e.receive(d)
	e.settle()
	broken := true
	e.failing(CallReceive, reactor.EINVAL, &broken)
	f.send(d, "x")
	r.want("!EINVAL")
	if d.Receiving() {
		e.Error("still receiving")
	}
	broken = false
	r.start()
	r.want("x")
}

func dgramInterrupted(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	r := e.receive(d)
	r.then = r.echo
	n := 0
	e.k.Fail = func(call Call, _ int) reactor.Errno {
		if n++; (call == CallSend || call == CallReceive) && n%2 == 0 {
			return reactor.EINTR
		}
		return 0
	}
	for range 10 {
		f.send(d, "x")
		f.wantRecv("x")
	}
}

func dgramShort(e *env) {
	for _, most := range []int{1, 3} {
		d, f := e.datagram(reactor.DatagramOptions{}), e.far()
		r := e.receive(d)
		r.then = r.echo
		e.k.MaxDatagrams = most
		texts := numbers(50)
		f.send(d, texts...)
		f.wantRecv(texts...)
		texts = strings.Split(strings.Repeat("y", 50), "")
		for _, text := range texts {
			e.must(d.Send([][]byte{[]byte(text)}, f.addr, e.note(text)))
		}
		f.wantRecv(texts...)
		e.untilLogged(50)
		e.log = nil
	}
}

func dgramNoMemoryReceiver(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	short := true
	e.failing(CallChange, reactor.ENOMEM, &short)
	r := e.receive(d)
	r.want("!ENOMEM")
	if d.Receiving() || e.R.Refs() != 0 {
		e.Errorf("receiving %v, %d references", d.Receiving(), e.R.Refs())
	}
	short = false
	r.start()
	f.send(d, "x")
	r.want("x")
}

func dgramNoMemorySender(e *env) {
	d, f := e.datagram(reactor.DatagramOptions{}), e.far()
	short, full := true, true
	e.k.Fail = func(call Call, _ int) reactor.Errno {
		switch {
		case call == CallChange && short:
			return reactor.ENOMEM
		case call == CallSend && full:
			return reactor.EAGAIN
		}
		return 0
	}
	e.must(d.Send([][]byte{[]byte("1")}, f.addr, e.note("1")))
	e.must(d.Send([][]byte{[]byte("2")}, f.addr, e.note("2")))
	e.untilLogged(2)
	e.wantLog("1: ENOMEM", "2: ENOMEM")
	if d.SendQueueCount() != 0 || d.Active() {
		e.Errorf("queued are %d datagrams, active %v", d.SendQueueCount(), d.Active())
	}
	short, full = false, false
	e.must(d.Send([][]byte{[]byte("3")}, f.addr, nil))
	f.wantRecv("3")
}

// dgramQueuedBeforeDisconnect: what the kernel has no room for goes to the peer it was meant for.
func dgramQueuedBeforeDisconnect(e *env) {
	d, f, other := e.datagram(reactor.DatagramOptions{}), e.far(), e.far()
	e.must(d.Connect(f.addr))
	full := true
	e.failing(CallSend, reactor.EAGAIN, &full)
	e.must(d.Send([][]byte{[]byte("1")}, netip.AddrPort{}, e.note("1")))
	e.must(d.Connect(netip.AddrPort{}))
	e.must(d.Send([][]byte{[]byte("2")}, other.addr, e.note("2")))
	full = false
	f.wantRecv("1")
	other.wantRecv("2")
	e.untilLogged(2)
	e.wantLog("1: ok", "2: ok")
}
