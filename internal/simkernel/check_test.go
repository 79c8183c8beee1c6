package simkernel_test

import (
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// world makes a kind world with one kernel.
func world(t *testing.T, o simkernel.Options) (*simkernel.World, *simkernel.Kernel, *rig) {
	t.Helper()
	w := simkernel.New(o)
	k := w.Kernel()
	return w, k, newRig(t, k)
}

func TestTheWorldTellsOfMistakes(t *testing.T) {
	tok := reactor.Token{Slot: 1, Gen: 1}
	var events [4]reactor.Event
	for _, m := range []struct {
		name string
		do   func(g *rig, fd, peer int)
		want string
	}{
		{"read of a closed descriptor", func(g *rig, fd, _ int) { g.close(fd); g.read(fd, 1) }, "Read of fd"},
		{"write to a closed descriptor", func(g *rig, fd, _ int) { g.close(fd); g.write(fd, "x") }, "Write of fd"},
		{"double close", func(g *rig, fd, _ int) { g.close(fd); g.k.Close(fd) }, "Close of fd"},
		{"close of standard input", func(g *rig, _, _ int) { g.k.Close(0) }, "not ours"},
		{"read into nothing", func(g *rig, fd, _ int) { g.k.Read(fd, nil) }, "no room"},
		{"wrong From", func(g *rig, fd, _ int) {
			g.arm(fd, armedR)
			g.wait(fd, 0)
			g.armed[fd] = armedRW
			g.arm(fd, armedW)
			g.wait(fd, 0)
			g.armed[fd] = armedW
		}, "but ArmedRead is armed"},
		{"wasted change", func(g *rig, fd, _ int) { g.arm(fd, armedR); g.arm(fd, armedR); g.wait(fd, 0) }, "wasted"},
		{"removal of what is not registered", func(g *rig, fd, _ int) { g.k.Remove(fd, armedR) }, "not registered"},
		{"impossible mask", func(g *rig, fd, _ int) {
			_, _ = g.k.Wait([]reactor.Change{{FD: fd, Token: tok, To: parked | armedR}}, events[:], 0)
		}, "cannot be"},
		{"one slot for two descriptors", func(g *rig, fd, peer int) {
			_, _ = g.k.Wait([]reactor.Change{{FD: fd, Token: tok, To: armedR}, {FD: peer, Token: tok, To: armedR}}, events[:], 0)
		}, "slot 1 is given"},
		{"spin", func(g *rig, fd, peer int) {
			g.send(peer, "x")
			g.arm(fd, armedR)
			for range 20 {
				g.wait(fd, 0)
			}
		}, "spin: fd"},
	} {
		t.Run(m.name, func(t *testing.T) {
			w, _, g := world(t, simkernel.Options{})
			fd, peer := g.pair("tcp")
			m.do(g, fd, peer)
			got := w.Violations()
			if len(got) != 1 || !strings.Contains(got[0], m.want) {
				t.Errorf("got %q, want one with %q", got, m.want)
			}
			if !strings.Contains(w.Trace(), "VIOLATION") {
				t.Error("the trace doesn't show it")
			}
		})
	}
}

func TestADescriptorLeftOpenIsALeak(t *testing.T) {
	w, _, g := world(t, simkernel.Options{})
	fd, peer := g.pair("tcp")
	if got := w.Leaks(); len(got) != 2 || w.OpenFDs() != 2 {
		t.Errorf("got %d open, %q", w.OpenFDs(), got)
	}
	g.close(fd)
	g.close(peer)
	if got := w.Check(); len(got) != 0 || w.OpenFDs() != 0 {
		t.Errorf("got %d open, %q", w.OpenFDs(), got)
	}
}

func TestALoopThatWouldSleepForEverIsTold(t *testing.T) {
	asked := 0
	var k *simkernel.Kernel
	o := simkernel.Options{OnDeadlock: func() bool {
		asked++
		if asked == 1 {
			k.Wake()
			return true
		}
		return false
	}}
	w := simkernel.New(o)
	k = w.Kernel()
	var events [4]reactor.Event
	if n, err := k.Wait(nil, events[:], -1); n != 0 || err != nil {
		t.Errorf("woken: got %d, %v", n, err)
	}
	if n, err := k.Wait(nil, events[:], -1); n != 0 || !errors.Is(err, simkernel.ErrDeadlock) {
		t.Errorf("got %d, %v", n, err)
	}
	if asked != 2 || len(w.Violations()) != 1 {
		t.Errorf("asked %d times, %q", asked, w.Violations())
	}
}

func TestWaitMovesTheClockToWhatComesNext(t *testing.T) {
	w, k, _ := world(t, simkernel.Options{CallCost: -1})
	var ran []time.Duration
	w.After(30*time.Millisecond, func() { ran = append(ran, w.Now()); k.Wake() })
	w.After(10*time.Millisecond, func() { ran = append(ran, w.Now()) })
	var events [4]reactor.Event
	for _, want := range []time.Duration{30 * time.Millisecond, 130 * time.Millisecond} {
		if n, err := k.Wait(nil, events[:], 100*time.Millisecond); n != 0 || err != nil || w.Now() != want || k.Monotonic() != want {
			t.Errorf("got %d, %v at %v, want %v", n, err, w.Now(), want)
		}
	}
	if want := []time.Duration{10 * time.Millisecond, 30 * time.Millisecond}; !slices.Equal(ran, want) {
		t.Errorf("scripts ran at %v, want %v", ran, want)
	}
}

func TestAWakeCountsEvenBeforeTheWait(t *testing.T) {
	w, k, _ := world(t, simkernel.Options{})
	done := make(chan struct{})
	go func() { k.Wake(); k.Wake(); close(done) }()
	<-done
	var events [4]reactor.Event
	if n, err := k.Wait(nil, events[:], -1); n != 0 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	if got := w.Calls().Wake; got != 2 {
		t.Errorf("%d wakes", got)
	}
	if _, err := k.Wait(nil, events[:], -1); err == nil {
		t.Error("two wakes make two waits return")
	}
}

func TestLoopsOfOneProcessGiveWayToEachOther(t *testing.T) {
	w := simkernel.New(simkernel.Options{CallCost: -1})
	a, b := w.Kernel(), w.Kernel()
	ga, gb := newRig(t, a), newRig(t, b)
	fd, peer := ga.pair("tcp") // one end for each
	gb.slots = 100
	ga.arm(fd, armedR)
	gb.arm(peer, armedR)
	ga.wait(fd, 0)
	gb.wait(peer, 0)
	// a sleeps long; b has a timer before that, which a must not sleep through.
	var events [4]reactor.Event
	_, _ = b.Wait(nil, events[:], 5*time.Millisecond) // gives way to a, which has something to do
	_, _ = a.Wait(nil, events[:], time.Second)
	if w.Now() != 5*time.Millisecond {
		t.Errorf("a slept until %v", w.Now())
	}
	gb.send(peer, "for a")
	if got := ga.wait(fd, -1); got != canR {
		t.Errorf("a got %v", got)
	}
	ga.send(fd, "for b")
	if n, err := a.Wait(nil, events[:0], -1); n != 0 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	if got := gb.wait(peer, -1); got != canR {
		t.Errorf("b got %v", got)
	}
}

func TestAPeerSpeaksTheSameTCP(t *testing.T) {
	w, k, g := world(t, simkernel.Options{Latency: time.Millisecond})
	ln, address := g.listen("tcp")
	p := w.Dial(address)
	if p.Connected() || p.Send([]byte("hello")) != 5 {
		t.Error("a peer keeps what it is given until it is connected")
	}
	p.CloseWrite()
	var heard []string
	p.Notify(func(p *simkernel.Peer) {
		b, err := p.Recv(100)
		if len(b) > 0 || err != nil {
			heard = append(heard, string(b))
		}
		if err == io.EOF {
			p.Close()
		}
	})
	fd := g.accept(ln)
	w.Advance(5 * time.Millisecond)
	g.want("read", g.read(fd, 100), outcome{5, 0})
	g.want("end", g.read(fd, 100), outcome{0, 0})
	there, errno := k.PeerAddr(fd)
	if errno != 0 || there != p.LocalAddr() || p.RemoteAddr().String() != address {
		t.Errorf("addresses: %v %v, %v -> %v", there, errno, p.LocalAddr(), p.RemoteAddr())
	}
	g.send(fd, "and you")
	if p.Buffered() != 0 {
		t.Error("bytes arrive before their time")
	}
	g.close(fd)
	w.Advance(5 * time.Millisecond)
	if want := []string{"and you", ""}; !slices.Equal(heard, want) || !p.Closed() || !p.Over() {
		t.Errorf("the peer heard %q", heard)
	}
	g.end()
	for _, v := range w.Check() {
		t.Error(v)
	}
}

func TestAForeignServerIsReached(t *testing.T) {
	w, k, g := world(t, simkernel.Options{})
	var got *simkernel.Peer
	stop := w.ListenPeer("203.0.113.7:443", func(p *simkernel.Peer) { got = p })
	fd := g.connect("tcp", "203.0.113.7:443")
	g.settle()
	if got == nil {
		t.Fatal("nobody came")
	}
	g.send(fd, "abc")
	if b, err := got.Recv(10); string(b) != "abc" || err != nil {
		t.Errorf("got %q, %v", b, err)
	}
	got.Reset()
	g.want("read", g.read(fd, 10), outcome{0, syscall.ECONNRESET})
	stop()
	fd, _, err := k.Connect("tcp", "203.0.113.7:443", netip.AddrPort{})
	if err != nil {
		t.Fatal(err)
	}
	if errno := k.ConnectResult(g.own(fd)); errno != syscall.ECONNREFUSED {
		t.Errorf("after stop: %v", errno)
	}
}

func TestRoutesDecideTheFateOfAConnect(t *testing.T) {
	for _, c := range []struct {
		fate  simkernel.Fate
		now   syscall.Errno
		later syscall.Errno
		least time.Duration
	}{
		{simkernel.Refused, 0, syscall.ECONNREFUSED, 0},
		{simkernel.NoRoute, syscall.ENETUNREACH, 0, 0},
		{simkernel.HostUnreachable, 0, syscall.EHOSTUNREACH, time.Second},
		{simkernel.BlackHole, 0, syscall.ETIMEDOUT, 127 * time.Second},
	} {
		w, k, g := world(t, simkernel.Options{})
		w.Route("192.0.2.1:0", c.fate)
		w.ListenPeer("192.0.2.1:80", func(*simkernel.Peer) { t.Errorf("fate %d: somebody was reached", c.fate) })
		fd, pending, err := k.Connect("tcp", "192.0.2.1:80", netip.AddrPort{})
		if c.now != 0 {
			if !errors.Is(err, c.now) || fd >= 0 || pending || w.OpenFDs() != 0 {
				t.Errorf("fate %d: fd %d, pending %v, %v", c.fate, fd, pending, err)
			}
			continue
		}
		if c.least > 0 {
			if errno := k.ConnectResult(fd); errno != syscall.EINPROGRESS {
				t.Errorf("fate %d: at once %v", c.fate, errno)
			}
		}
		g.arm(fd, armedW)
		if got := g.wait(fd, time.Hour); got&hup == 0 {
			t.Errorf("fate %d: got %v", c.fate, got)
		}
		if errno := k.ConnectResult(fd); errno != c.later || w.Now() < c.least {
			t.Errorf("fate %d: got %v after %v, want %v after %v", c.fate, errno, w.Now(), c.later, c.least)
		}
	}
}

func TestDescriptorsRunOut(t *testing.T) {
	w, k, g := world(t, simkernel.Options{FDLimit: 5})
	ln, address := g.listen("tcp")
	spare, errno := k.Reserve()
	must(g, errno)
	w.Dial(address)
	if _, _, errno := k.Accept(ln); errno != syscall.EMFILE {
		t.Errorf("accept: %v", errno)
	}
	if _, errno := k.Reserve(); errno != syscall.EMFILE {
		t.Errorf("reserve: %v", errno)
	}
	if _, _, err := k.Connect("tcp", address, netip.AddrPort{}); !errors.Is(err, syscall.EMFILE) {
		t.Errorf("connect: %v", err)
	}
	if _, err := k.Listen("tcp", "127.0.0.1:0", reactor.ListenOptions{}); !errors.Is(err, syscall.EMFILE) {
		t.Errorf("listen: %v", err)
	}
	k.Close(spare)
	fd, _, errno := k.Accept(ln)
	if errno != 0 || fd != spare {
		t.Errorf("got fd %d, %v, want the number that was freed, %d", fd, errno, spare)
	}
}

func TestInheritedDescriptorsCanBeAdopted(t *testing.T) {
	w, k, g := world(t, simkernel.Options{})
	fd, p, err := w.InheritConn()
	if err != nil {
		t.Fatal(err)
	}
	own, unix, err := k.Adopt(fd, false)
	if err != nil || own == fd || unix {
		t.Errorf("conn: fd %d, %v, %v", own, unix, err)
	}
	k.Close(fd)
	p.Send([]byte("abc"))
	g.want("read", g.read(own, 10), outcome{3, 0})
	k.Close(own)
	if _, err := p.Recv(1); err != io.EOF {
		t.Errorf("the peer got %v", err)
	}
	ln, err := w.InheritListener("unix", "/x")
	if err != nil {
		t.Fatal(err)
	}
	if _, unix, err := k.Adopt(ln, true); err != nil || !unix {
		t.Errorf("listener: %v, %v", unix, err)
	}
	file, err := w.InheritFile()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := k.Adopt(file, false); !errors.Is(err, syscall.ENOTSOCK) {
		t.Errorf("file: %v", err)
	}
	if _, _, err := k.Adopt(99, false); !errors.Is(err, syscall.EBADF) {
		t.Errorf("nothing: %v", err)
	}
}
