package reactortest

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/weir-go/weir/reactor"
)

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
