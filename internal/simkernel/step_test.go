package simkernel_test

import (
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

// Loops that are stepped from outside come as far as loops that run, if the stepper does what the kernel says.
func TestALoopIsSteppedFromOutside(t *testing.T) {
	w := simkernel.New(simkernel.Options{Seed: 1, CallCost: -1, Latency: 10 * time.Millisecond})
	k := w.Kernel()
	l, err := loop.New(loop.Options{Kernel: k})
	if err != nil {
		t.Fatal(err)
	}
	var conns []*reactor.Conn
	ln, err := l.Listen("tcp", "127.0.0.1:7000", func(c *reactor.Conn) {
		conns = append(conns, c)
		c.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
			if err == nil {
				c.WriteBorrowed(p, nil)
			} else {
				c.Close(nil)
			}
		}))
	})
	if err != nil {
		t.Fatal(err)
	}
	step := func() {
		t.Helper()
		if _, err := l.RunNoWait(); err != nil {
			t.Fatal(err)
		}
	}
	run := func() {
		for range 3 * 20_000 { // more polls than a spin may have
			k.Attend()
			step()
			if k.Pending() {
				continue
			}
			at, ok := w.Next()
			if !ok {
				return
			}
			w.AdvanceTo(at)
		}
		t.Error("it does not come to rest")
	}
	run()
	if _, ok := w.Next(); ok || k.Pending() {
		t.Error("something is under way in a world where nothing is")
	}
	p := w.Dial("127.0.0.1:7000")
	p.SetWindow(100, 7)
	if _, ok := w.Next(); !ok {
		t.Error("nothing is under way, but a connect is")
	}
	p.Send([]byte("0123456789"))
	run()
	if n := p.Buffered(); n != 7 || len(conns) != 1 {
		t.Errorf("%d bytes have come of a window of 7, on %d connections", n, len(conns))
	}
	if b, err := p.Recv(100); string(b) != "0123456" || err != nil {
		t.Errorf("got %q, %v", b, err)
	}
	run()
	if b, err := p.Recv(100); string(b) != "789" || err != nil {
		t.Errorf("got %q, %v", b, err)
	}
	if now := w.Now(); now < 40*time.Millisecond || now > 100*time.Millisecond {
		t.Errorf("it took %v", now)
	}
	for range 12_000 {
		k.Attend()
		step()
	}
	p.Close()
	ln.Close(nil)
	run()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	for _, v := range w.Check() {
		t.Error(v)
	}
}
