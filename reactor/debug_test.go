//go:build weirdebug

package reactor_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/reactor/reactortest"
)

// TestACallFromAnotherGoroutineIsCaught while the loop runs, and only then.
func TestACallFromAnotherGoroutineIsCaught(t *testing.T) {
	w := simkernel.New(simkernel.Options{})
	r := reactor.New(w.Kernel(), reactor.Options{})
	c, err := r.Connect("tcp", "127.0.0.1:1", nil)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := func(fn func()) (panicked any) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() { panicked = recover() }()
			fn()
		}()
		<-done
		return panicked
	}
	if v := elsewhere(c.ReadStop); v != nil {
		t.Errorf("before the loop runs: %v", v)
	}
	r.Enter()
	v := elsewhere(c.ReadStop)
	if s, _ := v.(string); !strings.HasPrefix(s, "reactor: called from goroutine ") {
		t.Errorf("while it runs: %v", v)
	}
	if v := elsewhere(r.Wake); v != nil {
		t.Errorf("Wake: %v", v)
	}
	r.Leave()
	if v := elsewhere(func() { c.Close(nil) }); v != nil {
		t.Errorf("afterwards: %v", v)
	}
}

// TestADatagramIsPoisonedWhenItsTurnEnds, whether it came straight from the kernel or was kept while nobody received.
func TestADatagramIsPoisonedWhenItsTurnEnds(t *testing.T) {
	w := simkernel.New(simkernel.Options{})
	r := reactor.New(w.Kernel(), reactor.Options{})
	d := &reactortest.Driver{R: r}
	s, err := r.OpenDatagram("udp", "127.0.0.1:0", reactor.DatagramOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var seen [][]byte
	start := func() {
		err := s.ReceiveStart(reactor.DatagramFunc(func(p []byte, _ netip.AddrPort, _ error) {
			if string(p) != "hello" {
				t.Errorf("received %q", p)
			}
			seen = append(seen, p)
			s.ReceiveStop()
		}))
		if err != nil {
			t.Error(err)
		}
	}
	start()
	for range 3 {
		if err := s.TrySend([]byte("hello"), s.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 3 {
		d.Until(func() bool { return len(seen) == n+1 })
		if string(seen[n]) != "\xDB\xDB\xDB\xDB\xDB" {
			t.Errorf("datagram %d is %q after its turn", n, seen[n])
		}
		start()
	}
	s.Close(nil)
	d.Until(func() bool { return r.Live() == 0 })
}
