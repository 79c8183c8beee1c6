package simkernel_test

import (
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// mail is a world with two UDP sockets, from one of which to the other datagrams go.
type mail struct {
	t    *testing.T
	w    *simkernel.World
	k    *simkernel.Kernel
	a, b int
	to   netip.AddrPort
}

func newMail(t *testing.T, o simkernel.Options) *mail {
	t.Helper()
	w := simkernel.New(o)
	m := &mail{t: t, w: w, k: w.Kernel(), to: netip.MustParseAddrPort("127.0.0.1:5000")}
	m.a, _, _ = m.k.Datagram("udp4", reactor.DatagramOptions{})
	m.b, _, _ = m.k.Datagram("udp4", reactor.DatagramOptions{})
	if errno := m.k.Bind(m.b, m.to); errno != 0 {
		t.Fatal(errno)
	}
	return m
}

// post sends n datagrams of size bytes, one a call.
func (m *mail) post(n, size int) {
	m.t.Helper()
	for range n {
		if _, errno := m.k.Send(m.a, []reactor.Outgoing{{Bufs: [][]byte{make([]byte, size)}, To: m.to}}); errno != 0 {
			m.t.Fatal(errno)
		}
	}
}

// fetch receives until there is nothing more, into buffers of size bytes.
func (m *mail) fetch(size int) (n int) {
	for {
		got, errno := m.k.Receive(m.b, []reactor.Incoming{{Buf: make([]byte, size)}, {Buf: make([]byte, size)}})
		if errno == syscall.EAGAIN {
			return n
		}
		n += got
	}
}

func (m *mail) wantStats(want simkernel.DatagramStats) {
	m.t.Helper()
	if got := m.w.Datagrams(); got != want || got.Missing() != 0 {
		m.t.Errorf("got %+v, want %+v, missing %d", got, want, got.Missing())
	}
}

func TestAKindWorldLosesNoDatagram(t *testing.T) {
	m := newMail(t, simkernel.Options{})
	m.post(10, 100)
	m.wantStats(simkernel.DatagramStats{Sent: 10, Waiting: 10})
	if got := m.fetch(100); got != 10 {
		t.Errorf("received %d, want 10", got)
	}
	m.post(2, 100)
	m.fetch(99)
	m.wantStats(simkernel.DatagramStats{Sent: 12, Received: 12, Truncated: 2})
}

func TestAFullReceiveBufferDropsAndCounts(t *testing.T) {
	m := newMail(t, simkernel.Options{ReceiveBuffer: 2048})
	m.post(10, 1000)
	m.wantStats(simkernel.DatagramStats{Sent: 10, Waiting: 3, Overflowed: 7})
	m.k.Close(m.b)
	m.post(1, 1000)
	m.wantStats(simkernel.DatagramStats{Sent: 11, Discarded: 3, Overflowed: 7, Refused: 1})
}

func TestDatagramFaultsAreCounted(t *testing.T) {
	m := newMail(t, simkernel.Options{Faults: simkernel.Faults{Drop: 1}})
	m.post(5, 10)
	m.wantStats(simkernel.DatagramStats{Sent: 5, Dropped: 5})
	m.w.SetFaults(simkernel.Faults{Duplicate: 1})
	m.post(5, 10)
	m.wantStats(simkernel.DatagramStats{Sent: 10, Dropped: 5, Duplicated: 5, Waiting: 10})
	m.fetch(10)
	m.w.SetFaults(simkernel.Faults{Overtake: 1})
	m.post(5, 10)
	m.wantStats(simkernel.DatagramStats{Sent: 15, Dropped: 5, Duplicated: 5, Received: 10, Flying: 5})
	m.w.Advance(time.Second)
	m.wantStats(simkernel.DatagramStats{Sent: 15, Dropped: 5, Duplicated: 5, Received: 10, Waiting: 5})
}

// What is on its way fills the sender's buffer, and a poll says when there is room again.
func TestADatagramOnItsWayFillsTheSendersBuffer(t *testing.T) {
	m := newMail(t, simkernel.Options{Latency: time.Millisecond, SendBuffer: 2048})
	m.post(3, 1000)
	out := []reactor.Outgoing{{Bufs: [][]byte{nil}, To: m.to}}
	if _, errno := m.k.Send(m.a, out); errno != syscall.EAGAIN {
		t.Errorf("got %v with a full buffer, want EAGAIN", errno)
	}
	var events [4]reactor.Event
	tok := reactor.Token{Slot: 1}
	change := []reactor.Change{{FD: m.a, Token: tok, To: armedW}}
	if n, err := m.k.Wait(change, events[:], time.Second); n != 1 || err != nil || events[0].Token != tok {
		t.Fatalf("got %d events, %v", n, err)
	}
	if _, errno := m.k.Send(m.a, out); errno != 0 || m.w.Now() < time.Millisecond {
		t.Errorf("got %v at %v", errno, m.w.Now())
	}
}

func TestARefusedDatagramIsToldToAConnectedSender(t *testing.T) {
	m := newMail(t, simkernel.Options{})
	nobody := netip.MustParseAddrPort("127.0.0.1:5001")
	out := []reactor.Outgoing{{Bufs: [][]byte{nil}, To: nobody}}
	for range 2 {
		if _, errno := m.k.Send(m.a, out); errno != 0 {
			t.Errorf("got %v, although it is not connected", errno)
		}
	}
	m.k.Associate(m.a, nobody)
	out[0].To = netip.AddrPort{}
	for i, want := range []syscall.Errno{0, syscall.ECONNREFUSED, 0} {
		if _, errno := m.k.Send(m.a, out); errno != want {
			t.Errorf("send %d: got %v, want %v", i, errno, want)
		}
	}
	m.wantStats(simkernel.DatagramStats{Sent: 4, Refused: 4})
}

func TestADatagramSocketCanBePolled(t *testing.T) {
	m := newMail(t, simkernel.Options{})
	if errno := m.k.Pollable(m.a); errno != 0 {
		t.Errorf("got %v", errno)
	}
}
