//go:build !weirdebug

package loop

import (
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
)

// The checks of weirdebug allocate, so these are for the build that is shipped.

func TestPostDoesNotAllocate(t *testing.T) {
	l := newLoop(t, Options{})
	calls := 0
	fn := func() { calls++ }
	burst := func() {
		for range 10 {
			l.Post(fn)
		}
		l.RunNoWait()
	}
	burst()
	burst()
	if got := testing.AllocsPerRun(100, burst); got != 0 {
		t.Errorf("got %v allocations for 10 posts, want 0", got)
	}
}

func TestTurnDoesNotAllocate(t *testing.T) {
	l := newLoop(t, Options{})
	timer := l.NewTimer()
	calls := 0
	count := func() { calls++ }
	idle, prepare, check := l.NewIdle(), l.NewPrepare(), l.NewCheck()
	iteration := func() {
		for _, err := range []error{
			timer.Start(func() { l.NextTick(count) }, 0, 0), idle.Start(count), prepare.Start(count), check.Start(count),
		} {
			if err != nil {
				t.Error(err)
			}
		}
		l.NextTick(count)
		l.RunNoWait()
		idle.Stop()
		prepare.Stop()
		check.Stop()
	}
	iteration()
	if got := testing.AllocsPerRun(100, iteration); got > 1 { // the closure that the test itself makes
		t.Errorf("got %v allocations in an iteration, want at most the test's own", got)
	}
}

// TestQueueWorkAllocatesLittle: the Work and the function that the kernel or the pool is given, and one more for the
// goroutine if there was none.
func TestQueueWorkAllocatesLittle(t *testing.T) {
	const n = 50
	l := newLoop(t, Options{Pool: NewPool(1)})
	done := 0
	work, count := func() {}, func(error) { done++ }
	burst := func() {
		done = 0
		for range n {
			l.QueueWork(work, count)
		}
		for done < n {
			l.RunOnce()
		}
	}
	burst()
	if got := testing.AllocsPerRun(100, burst); got > 3*n {
		t.Errorf("got %v allocations for %d works, want at most 3 for each", got, n)
	}
}

func TestASignalDoesNotAllocate(t *testing.T) {
	_, l := newSim(t, simkernel.Options{})
	s := l.NewSignal()
	calls := 0
	if err := s.Start(os.Interrupt, func(os.Signal) { calls++ }); err != nil {
		t.Fatal(err)
	}
	arrive := func() {
		s.watch.arrive()
		l.RunNoWait()
	}
	arrive()
	if got := testing.AllocsPerRun(100, arrive); got != 0 || calls < 100 {
		t.Errorf("got %v allocations for a signal, want 0; %d calls", got, calls)
	}
}

func TestDeadlinesDoNotAllocate(t *testing.T) {
	w, l := newSimWithoutCost(t)
	peers := make([]peer, 15_000)
	for i := range peers {
		peers[i].d.Init(l, &peers[i])
		peers[i].told = make([]Deadline, 0, 8)
	}
	each := func(fn func(d *Deadlines)) func() {
		return func() {
			for i := range peers {
				fn(&peers[i].d)
			}
		}
	}
	keep := l.NewAsync(nil)
	exchange := each(func(d *Deadlines) { d.Start(DeadlineExchange, time.Second) })
	each(func(d *Deadlines) { d.Start(DeadlineIdle, time.Minute) })()
	for name, use := range map[string]func(){
		"touch": each(func(d *Deadlines) { d.Touch(DeadlineIdle) }),
		"use": each(func(d *Deadlines) {
			d.Start(DeadlineRead, time.Second)
			d.Start(DeadlineWrite, time.Hour)
			d.Pause(DeadlineRead)
			d.Resume(DeadlineRead)
			d.Stop(DeadlineRead)
		}),
		"pass": func() {
			exchange()
			w.Advance(time.Second)
			noWait(t, l)
			for i := range peers {
				if len(peers[i].told) != 1 {
					t.Fatalf("told %v, want once", peers[i].told)
				}
				peers[i].told = peers[i].told[:0]
			}
		},
	} {
		if got := testing.AllocsPerRun(3, use); got != 0 {
			t.Errorf("%s: got %v allocations, want 0", name, got)
		}
	}
	keep.Close(nil)
	each((*Deadlines).Close)()
}

func TestDatagramEchoDoesNotAllocate(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		l := newLoop(t, Options{})
		server, client := udp(t, l, "udp", host+":0"), udp(t, l, "udp", host+":0")
		to := server.LocalAddr()
		const burst = 20
		sent, echoed, received := 0, 0, 0
		count := func(error) { sent++ }
		receive(t, server, func(p []byte, from netip.AddrPort, _ error) {
			echoed++
			if err := server.SendBorrowed(p, from, count); err != nil {
				t.Error(err)
			}
		})
		receive(t, client, func([]byte, netip.AddrPort, error) { received++ })
		bufs := [][]byte{[]byte("head"), make([]byte, 1200)}
		echo := func() {
			before := received
			for range burst {
				if err := client.Send(bufs, to, count); err != nil {
					t.Error(err)
				}
			}
			for received < before+burst {
				l.RunOnce()
			}
		}
		echo()
		if got := testing.AllocsPerRun(100, echo); got != 0 {
			t.Errorf("%s: got %v allocations for %d echoes, want 0", host, got, burst)
		}
	}
}
