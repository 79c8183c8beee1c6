//go:build linux

package reactor

import (
	"net"
	"testing"
	"time"
)

// hangUps counts what it is told. It stops reading after so many reads.
type hangUps struct {
	c             *Conn
	reads, stopAt int
	told          int
}

func (h *hangUps) OnRead([]byte, error) {
	h.reads++
	if h.reads == h.stopAt {
		h.c.ReadStop()
	}
}

func (h *hangUps) OnHangUp() { h.told++ }

func TestAHangUpIsToldToAConnectionThatWasPausedBeforeTheKernelKnewIt(t *testing.T) {
	r := systemReactor(t)
	h := &hangUps{}
	client := accept(t, r, func(c *Conn) {
		h.c = c
		c.ReadStart(h)
		c.ReadStop()
	})
	for h.c == nil {
		iterate(t, r)
	}
	reset(t, client)
	until(t, r, func() bool { return h.told > 0 })
	if h.told != 1 || h.reads != 0 {
		t.Errorf("told %d times, %d reads", h.told, h.reads)
	}
}

// The hang-up of a parked connection is reported once. Here it comes in a batch in which an earlier callback starts
// reading, the budget of reads is used up by what had arrived, and the last read stops reading again.
func TestAHangUpIsNotLostWhenTheReadBudgetIsUsedUpBeforeIt(t *testing.T) {
	r := systemReactor(t)
	h := &hangUps{stopAt: 4}
	client := accept(t, r, func(c *Conn) {
		h.c = c
		if err := c.SetReceiveBuffer(4 << 20); err != nil {
			t.Error(err)
		}
		c.ReadStart(h)
	})
	for h.c == nil || h.c.armed == Unarmed {
		iterate(t, r)
	}
	h.c.ReadStop()
	client.SetWriteDeadline(time.Now().Add(time.Second))
	client.Write(make([]byte, 2<<20)) // as much as goes: more than the budget
	until(t, r, func() bool { return h.c.armed == Parked })
	reset(t, client)
	var n int
	for deadline := time.Now().Add(10 * time.Second); n == 0 && time.Now().Before(deadline); {
		var err error
		if n, err = r.Wait(10 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	h.c.ReadStart(h) // as a callback of an event before it in the batch might
	dispatch(r, n)
	if h.reads != 4 || h.c.Reading() {
		t.Fatalf("%d reads, reading %v: the case has not been made", h.reads, h.c.Reading())
	}
	until(t, r, func() bool { return h.told > 0 })
	if h.told != 1 {
		t.Errorf("told %d times", h.told)
	}
}

func TestASecondCloseOfAReactorClosesNothing(t *testing.T) {
	k, err := System(SystemOptions{})
	if err != nil {
		t.Fatal(err)
	}
	released := &releases{Kernel: k}
	r := New(released, Options{})
	for range 2 {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if released.n != 1 {
		t.Errorf("released %d times", released.n)
	}
	if _, err := r.Listen("tcp", "127.0.0.1:0", ListenOptions{}, func(*Conn) {}); err == nil {
		t.Error("it still listens")
	}
}

type releases struct {
	Kernel
	n int
}

func (k *releases) Release() error {
	k.n++
	return k.Kernel.Release()
}

func systemReactor(t *testing.T) *Reactor {
	t.Helper()
	k, err := System(SystemOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := New(k, Options{})
	t.Cleanup(func() {
		r.Walk(func(h any) { h.(interface{ Close(func()) }).Close(nil) })
		iterate(t, r)
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// accept has r accept one client, and returns that.
func accept(t *testing.T, r *Reactor, onConn func(*Conn)) net.Conn {
	t.Helper()
	ln, err := r.Listen("tcp", "127.0.0.1:0", ListenOptions{}, onConn)
	if err != nil {
		t.Fatal(err)
	}
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func reset(t *testing.T, client net.Conn) {
	t.Helper()
	if err := client.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	client.Close()
}

func until(t *testing.T, r *Reactor, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); {
		if time.Now().After(deadline) {
			t.Fatal("in vain")
		}
		iterate(t, r)
	}
}

func iterate(t *testing.T, r *Reactor) {
	t.Helper()
	n, err := r.Wait(5 * time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	dispatch(r, n)
	for r.StartPending(); r.RunPending(); {
		endTurn(r)
	}
	for r.StartClosing(); r.RunClosing(); {
		endTurn(r)
	}
}

func dispatch(r *Reactor, n int) {
	for i := range n {
		for r.Dispatch(i) {
			endTurn(r)
		}
	}
}

func endTurn(r *Reactor) {
	r.Flush()
	r.Seal()
}
