package reactortest

import (
	"net/netip"
	"strings"

	"github.com/weir-go/weir/reactor"
)

var datagramSendingBehaviours = []behaviour{
	{"sending_binds_a_socket_that_is_not_bound", udp, dgramBindsToSend},
	{"what_is_queued_leaves_before_a_connect", udp, dgramQueuedBeforeConnect},
	{"what_is_queued_keeps_its_peer_after_a_disconnect", udp, dgramQueuedBeforeDisconnect},
	{"many_in_one_turn_leave_in_one_call", udp, dgramManyInOneTurn},
	{"more_than_a_call_takes_begins_to_leave_at_once", udp, dgramMoreThanACall},
	{"a_full_kernel_is_waited_for", udp, dgramFull},
	{"borrowed_bytes_are_sealed", udp, dgramSealed},
	{"try_send", udp, dgramTrySend},
	{"requests_complete_in_order_before_the_close", udp, dgramCloseOrder},
	{"sending_what_cannot_be_sent", udp, dgramRefusals},
	{"short_batches", udp, dgramShort},
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
	clear(borrowed) // it was ours again when the turn ended
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
	e.wantErr("an option", d.SetTTL(1), reactor.ErrClosed)
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
