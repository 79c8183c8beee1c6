package httpcore

import (
	"errors"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// vast answers with more than anybody reads here, over a kernel whose buffer is so large that nothing but itself can tell
// whether the client reads.
func vast(req *IncomingMessage, res *ServerResponse) {
	res.c.t.(*loop.Conn).SetSendBuffer(6 << 20)
	left := 64 << 20
	more := func() {
		for piece := make([]byte, 64<<10); left > 0; left -= len(piece) {
			if !res.WriteOwned(piece, nil) {
				left -= len(piece)
				return
			}
		}
		res.End()
	}
	if req.Path() == "/whole" {
		res.EndWith(make([]byte, left), nil)
		return
	}
	res.OnDrain(more)
	more()
}

// sip has p read n bytes a second for so long.
func (k *rig) sip(p *simkernel.Peer, n int, d time.Duration) {
	k.t.Helper()
	for ; d >= time.Second; d -= time.Second {
		for left := n; left > 0; {
			b, err := p.Recv(left)
			if err != nil || len(b) == 0 {
				k.t.Fatalf("%v before the time is over: %d bytes, %v", d, len(b), err)
			}
			left -= len(b)
			k.run()
		}
		k.pass(time.Second)
	}
}

// alone is the one connection there is.
func (k *rig) alone() (c *serverConn) {
	k.t.Helper()
	k.s.on(k.l).conns.each(func(x *serverConn) { c = x })
	if c == nil {
		k.t.Fatal("no connection is left")
	}
	return c
}

func TestAClientThatReadsALittleEachSecondIsNotCutOff(t *testing.T) {
	const length = 5 * time.Minute
	for _, path := range []string{"/whole", "/streamed"} {
		k := newRig(t, ServerOptions{}, vast)
		p := k.dial()
		k.send(p, get(path))
		k.pass(time.Second)
		waits, asked := k.alone().t.WriteQueueSize(), k.w.Calls().SendQueue
		k.sip(p, 2000, length)
		if got := k.alone().t.WriteQueueSize(); got != waits || got == 0 {
			t.Errorf("%s: %d bytes wait, want the %d from the beginning: this kernel was to show nothing", path, got, waits)
		}
		if asked, most := k.w.Calls().SendQueue-asked, int(length/(defaultWriteTimeout/looks))+9; asked > most {
			t.Errorf("%s: the kernel was asked %d times in %v, want %d at most", path, asked, length, most)
		}
		k.pass(defaultWriteTimeout - time.Second) // since its last byte
		k.alone()
		k.pass(time.Second + defaultWriteTimeout/looks + slack)
		if n := k.s.conns.Load(); n != 0 {
			t.Errorf("%s: %d connections are left of a client that has stopped reading", path, n)
		}
		p.Close()
		k.run()
	}
}

func TestAClientThatReadsNothingIsCutOffWhenItsTimeIsOver(t *testing.T) {
	for _, limit := range []time.Duration{time.Second, 2 * time.Second, defaultWriteTimeout} {
		for _, path := range []string{"/whole", "/streamed"} {
			var told error
			k := newRig(t, ServerOptions{WriteTimeout: limit}, vast)
			k.s.OnConnectionClose(func(c *ConnStats) { told = c.Err })
			p := k.dial()
			k.send(p, get(path))
			k.pass(limit - 50*time.Millisecond)
			k.alone()
			k.pass(100 * time.Millisecond)
			if n := k.s.conns.Load(); n != 0 || !errors.Is(told, ErrTimeout) || errors.Is(told, errSlowReader) {
				t.Errorf("%s, %v: %d connections are left, and %v was told", path, limit, n, told)
			}
			p.Close()
			k.run()
		}
	}
}

func TestAnAnswerThatLiesBeforeAnotherCounts(t *testing.T) {
	const limit = 5 * time.Second
	k := newRig(t, ServerOptions{WriteTimeout: limit}, func(req *IncomingMessage, res *ServerResponse) {
		res.c.t.(*loop.Conn).SetSendBuffer(1 << 20)
		if req.Path() == "/first" {
			res.EndWith(make([]byte, 150<<10), nil)
			return
		}
		res.EndWith(make([]byte, 8<<20), nil)
	})
	p := k.dial()
	k.send(p, get("/first"))
	if n := k.alone().t.WriteQueueSize(); n != 0 {
		t.Fatalf("%d bytes of the first answer wait", n)
	}
	k.send(p, get("/second"))
	k.sip(p, 3000, 10*limit) // of the first
	k.pass(limit + limit/looks + slack)
	if n := k.s.conns.Load(); n != 0 {
		t.Errorf("%d connections are left", n)
	}
	p.Close()
	k.run()
}

func TestAClientThatReadsSlowerThanTheRateIsCutOff(t *testing.T) {
	const limit, window = 10 * time.Second, 20 * time.Second
	for _, c := range []struct {
		name    string
		options ServerOptions
		bytes   int // every second
		slow    bool
	}{
		{"fast enough", ServerOptions{MinWriteRate: 1000, WriteTimeout: limit}, 1200, false},
		{"too slow", ServerOptions{MinWriteRate: 1000, WriteTimeout: limit}, 800, true},
		{"too slow by default", ServerOptions{WriteTimeout: limit}, 160, true},
		{"too slow for a server that does not mind pauses", ServerOptions{MinWriteRate: 1000, WriteTimeout: -1}, 800, true},
		{"without a rate", ServerOptions{MinWriteRate: -1, WriteTimeout: limit}, 160, false},
		{"without limits", ServerOptions{WriteTimeout: -1}, 1, false},
	} {
		var told error
		k := newRig(t, c.options, vast)
		k.s.OnConnectionClose(func(c *ConnStats) { told = c.Err })
		p := k.dial()
		k.send(p, get("/"))
		if !c.slow {
			k.sip(p, c.bytes, 4*window)
			k.alone()
			if told != nil {
				t.Errorf("%s: told %v", c.name, told)
			}
		} else {
			least := window
			if c.options.WriteTimeout < 0 {
				least = rateWindow
			}
			k.sip(p, c.bytes, least)
			k.alone()
			k.pass(limit/looks + slack)
			if n := k.s.conns.Load(); n != 0 || !errors.Is(told, ErrTimeout) || !errors.Is(told, errSlowReader) {
				t.Errorf("%s: %d connections are left, and %v was told", c.name, n, told)
			}
		}
		p.Close()
		k.run()
	}
}

func TestAClientThatPausesAsLongAsItMayIsNotSlow(t *testing.T) {
	const limit = 20 * time.Second
	k := newRig(t, ServerOptions{WriteTimeout: limit}, vast)
	p := k.dial()
	k.send(p, get("/"))
	for range 10 {
		k.sip(p, 3*defaultMinWriteRate*int(limit/time.Second), time.Second)
		k.pass(limit - time.Second - slack)
	}
	k.alone()
	p.Close()
	k.run()
}

func TestAClientThatBecomesSlowIsCutOff(t *testing.T) {
	const limit, rate = 5 * time.Second, 1000
	var told error
	k := newRig(t, ServerOptions{WriteTimeout: limit, MinWriteRate: rate}, vast)
	k.s.OnConnectionClose(func(c *ConnStats) { told = c.Err })
	p := k.dial()
	k.send(p, get("/"))
	k.sip(p, 4*rate, 2*rateWindow)
	k.sip(p, rate/2, rateWindow)
	k.alone()
	k.pass(limit/looks + slack)
	if n := k.s.conns.Load(); n != 0 || !errors.Is(told, errSlowReader) {
		t.Errorf("%d connections are left, and %v was told", n, told)
	}
	p.Close()
	k.run()
}

func TestAClientThatHasTakenEverythingMayRest(t *testing.T) {
	const size, limit = 1 << 20, 5 * time.Second
	k := newRig(t, ServerOptions{WriteTimeout: limit, MinWriteRate: size}, func(_ *IncomingMessage, res *ServerResponse) {
		res.EndWith(make([]byte, size), nil)
	})
	p := k.dial()
	for range 3 {
		k.send(p, get("/"))
		k.pass(limit - slack)
		k.alone()
		for n := 0; n < size; k.run() {
			b, err := p.Recv(size)
			if n += len(b); err != nil || len(b) == 0 {
				t.Fatalf("after %d bytes: %d, %v", n, len(b), err)
			}
		}
		k.pass(3 * limit)
		k.read(p)
		k.alone()
	}
	p.Close()
	k.run()
}

func TestASlowHandlerDoesNotMakeItsClientSlow(t *testing.T) {
	k := newRig(t, ServerOptions{}, func(req *IncomingMessage, res *ServerResponse) {
		timer := req.Loop().NewTimer()
		timer.Start(func() { res.WriteString("tick") }, time.Second, time.Second)
		res.OnClose(func() { timer.Close(nil) })
	})
	p := k.dial()
	k.send(p, get("/"))
	for range 300 {
		k.pass(time.Second)
		k.read(p)
	}
	k.alone()
	if n := k.w.Calls().SendQueue; n != 0 {
		t.Errorf("the kernel was asked %d times about a client that takes everything", n)
	}
	p.Close()
	k.run()
}

func TestAFastDownloadAsksTheKernelNothing(t *testing.T) {
	const size = 16 << 20
	k := newRig(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) { res.EndWith(make([]byte, size), nil) })
	p := k.dial()
	k.send(p, get("/"))
	for n := 0; n < size; k.run() {
		b, err := p.Recv(1 << 20)
		if n += len(b); err != nil || len(b) == 0 {
			t.Fatalf("after %d bytes: %d, %v", n, len(b), err)
		}
	}
	if n := k.w.Calls().SendQueue; n != 0 {
		t.Errorf("asked %d times", n)
	}
	p.Close()
	k.run()
}

// mute is a transport that can't tell what its kernel keeps.
type mute struct{ stream.Transport }

func TestWhereTheKernelDoesNotTellWhatItTakesCounts(t *testing.T) {
	const limit = 2 * time.Second
	k := newRig(t, ServerOptions{WriteTimeout: limit, MinWriteRate: 1 << 30}, func(_ *IncomingMessage, res *ServerResponse) {
		res.EndWith(make([]byte, 64<<20), nil)
	})
	address := "127.0.0.1:8081"
	if _, err := k.l.Listen("tcp", address, func(c *loop.Conn) { k.s.ServeTransport(k.l, mute{c}) }); err != nil {
		t.Fatal(err)
	}
	p := k.w.Dial(address)
	k.run()
	k.send(p, get("/"))
	for range 20 {
		k.pass(limit - slack)
		for range 2 { // as much as makes room
			p.Recv(50 << 10)
			k.run()
		}
	}
	k.alone()
	k.pass(limit + limit/looks + slack)
	if n := k.s.conns.Load(); n != 0 {
		t.Errorf("%d connections are left", n)
	}
	p.Close()
	k.run()
}
