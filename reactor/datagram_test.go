package reactor_test

import (
	"errors"
	"net/netip"
	"slices"
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/reactor/reactortest"
)

// A socket that has asked for errors is told of them by its handler: a datagram for somebody else, which meets one in the
// kernel first, leaves all the same.
func TestAHostOutOfReachFailsNobodyElsesDatagram(t *testing.T) {
	h := newSimHarness(t, simkernel.Options{})
	d := reactortest.Driver{R: reactor.New(h.Kernel(), reactor.Options{})}
	lost := netip.MustParseAddrPort("192.0.2.1:9")
	h.w.Route(lost.String(), simkernel.HostUnreachable)
	open := func(o reactor.DatagramOptions, got *[]string) *reactor.Datagram {
		s, err := d.R.OpenDatagram("udp4", "127.0.0.1:0", o)
		if err != nil {
			t.Fatal(err)
		}
		s.ReceiveStart(reactor.DatagramFunc(func(p []byte, from netip.AddrPort, err error) {
			if errors.Is(err, reactor.EHOSTUNREACH) && from == lost {
				p = []byte("unreachable")
			}
			*got = append(*got, string(p))
		}))
		return s
	}
	var ours, theirs []string
	s, peer := open(reactor.DatagramOptions{ReceiveErrors: true}, &ours), open(reactor.DatagramOptions{}, &theirs)
	note := func(err error) {
		if err != nil {
			t.Errorf("sending: %v", err)
		}
	}
	note(s.TrySend([]byte("0"), lost))
	note(s.TrySend([]byte("1"), peer.LocalAddr()))
	note(s.Send([][]byte{[]byte("0")}, lost, note))
	note(s.Send([][]byte{[]byte("2")}, peer.LocalAddr(), note))
	if !d.Until(func() bool { return len(ours) == 2 && len(theirs) == 2 }) {
		t.Error("in vain")
	}
	if !slices.Equal(ours, []string{"unreachable", "unreachable"}) || !slices.Equal(theirs, []string{"1", "2"}) {
		t.Errorf("received %q, the peer %q", ours, theirs)
	}
	s.Close(nil)
	peer.Close(nil)
	d.Until(func() bool { return d.R.Live() == 0 })
	if left := h.Check(); len(left) > 0 {
		t.Error(left)
	}
}
