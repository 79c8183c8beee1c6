package reactortest

import (
	"fmt"
	"net/netip"

	"github.com/weir-go/weir/reactor"
)

var datagramBurstBehaviours = []behaviour{
	{"a_burst_costs_one_call_each_way", udp, dgramBurstCost},
	{"a_burst_through_a_relay_costs_one_call_each_way", udp, dgramRelayCost},
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
