package httpcore

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
)

const simAddress = "127.0.0.1:8080"

// rig is a Server on a simulated kernel, whose clock moves only when the loop waits or the test says so.
type rig struct {
	t    testing.TB
	w    *simkernel.World
	l    *loop.Loop
	s    *Server
	keep *loop.Async
	got  []byte // what the last peer has received
}

func newRig(t testing.TB, o ServerOptions, fn func(*IncomingMessage, *ServerResponse)) *rig {
	t.Helper()
	w := simkernel.New(simkernel.Options{Seed: 1, CallCost: -1})
	l, err := loop.New(loop.Options{Kernel: w.Kernel(), OnUncaught: func(err error) { t.Errorf("uncaught: %v", err) }})
	if err != nil {
		t.Fatal(err)
	}
	return newRigOn(t, w, l, o, fn)
}

func newRigOn(t testing.TB, w *simkernel.World, l *loop.Loop, o ServerOptions, fn func(*IncomingMessage, *ServerResponse)) *rig {
	t.Helper()
	k := &rig{t: t, w: w, l: l, s: NewServer(o), keep: l.NewAsync(nil)}
	k.s.OnRequest(fn)
	if _, err := k.s.ListenLoop(l, "tcp", simAddress); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		l.Walk(func(h loop.Handle) { h.Close(nil) })
		if err := l.Run(); err != nil {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		for _, complaint := range w.Check() {
			t.Error(complaint)
		}
	})
	return k
}

// run lets everything happen that takes no time.
func (k *rig) run() {
	k.t.Helper()
	k.turns(20)
}

func (k *rig) turns(n int) {
	k.t.Helper()
	for range n {
		if _, err := k.l.RunNoWait(); err != nil {
			k.t.Fatal(err)
		}
	}
}

// pass lets d go by, in steps.
func (k *rig) pass(d time.Duration) {
	k.t.Helper()
	for step := 50 * time.Millisecond; d > 0; d -= step {
		k.w.Advance(min(d, step))
		k.turns(4)
	}
}

func (k *rig) dial() *simkernel.Peer {
	p := k.w.Dial(simAddress)
	k.run()
	k.got = nil
	return p
}

func (k *rig) send(p *simkernel.Peer, s string) {
	k.t.Helper()
	if n := p.Send([]byte(s)); n != len(s) {
		k.t.Errorf("sent %d of %d bytes", n, len(s))
	}
	k.run()
}

// read takes all that has arrived, and reports how it ended: nil if it has not.
func (k *rig) read(p *simkernel.Peer) error {
	for {
		b, err := p.Recv(64 << 10)
		k.got = append(k.got, b...)
		if err != nil || len(b) == 0 {
			return err
		}
		k.run()
	}
}

// open wants the connection to be open, with no answer so far beyond want.
func (k *rig) open(p *simkernel.Peer, when, want string) {
	k.t.Helper()
	if err := k.read(p); err != nil || !strings.HasPrefix(string(k.got), want) || want == "" && len(k.got) > 0 {
		k.t.Fatalf("%s: got %q and %v, want %q and an open connection", when, k.got, err, want)
	}
	k.got = nil
}

// ended wants the connection to end with an answer that begins with want.
func (k *rig) ended(p *simkernel.Peer, when, want string) {
	k.t.Helper()
	if err := k.read(p); !errors.Is(err, io.EOF) || !strings.HasPrefix(string(k.got), want) || want == "" && len(k.got) > 0 {
		k.t.Fatalf("%s: got %q and %v, want %q and the end", when, k.got, err, want)
	}
	p.Close()
	k.run()
	if n := k.s.conns.Load(); n != 0 {
		k.t.Fatalf("%s: %d connections are left", when, n)
	}
}

// slack is how late a deadline may be.
const slack = 150 * time.Millisecond

func TestAClientHasSoLongForAHead(t *testing.T) {
	const limit = 2 * time.Second
	k := newRig(t, ServerOptions{HeaderTimeout: limit}, func(_ *IncomingMessage, res *ServerResponse) { res.EndString("fine") })

	p := k.dial()
	k.pass(limit - slack)
	k.open(p, "with nothing sent, before", "")
	k.pass(2 * slack)
	k.ended(p, "with nothing sent, after", "")

	p = k.dial()
	k.pass(limit / 2)
	k.send(p, "GET / HT")
	k.pass(limit/2 - slack)
	k.open(p, "inside the first head, before", "")
	k.pass(2 * slack) // from the connection's beginning
	k.ended(p, "inside the first head, after", "HTTP/1.1 408 ")

	p = k.dial()
	k.send(p, get("/"))
	k.open(p, "an answer", "HTTP/1.1 200 ")
	k.pass(10 * limit)
	k.send(p, "GET / HT")
	k.pass(limit - slack) // from its first byte
	k.send(p, "TP/1.1\r\nHo")
	k.open(p, "inside another head, before", "")
	k.pass(2 * slack)
	k.ended(p, "inside another head, after", "HTTP/1.1 408 ")
}

func TestAnIdleConnectionIsKeptSoLong(t *testing.T) {
	const limit = 5 * time.Second
	k := newRig(t, ServerOptions{IdleTimeout: limit, WriteTimeout: -1}, func(req *IncomingMessage, res *ServerResponse) {
		if req.Path() == "/long" {
			res.EndWith(make([]byte, 1<<20), nil)
			return
		}
		res.EndString("fine")
	})
	p := k.dial()
	k.send(p, get("/"))
	k.open(p, "an answer", "HTTP/1.1 200 ")
	k.pass(limit - slack)
	k.send(p, get("/"))
	k.open(p, "another", "HTTP/1.1 200 ")
	k.pass(limit - slack)
	k.send(p, "\r\n") // is no request
	k.open(p, "before", "")
	k.pass(2 * slack)
	k.ended(p, "after", "")

	p = k.dial()
	k.send(p, get("/long"))
	k.pass(2 * limit) // the client reads nothing: it is not idle
	k.open(p, "a long answer", "HTTP/1.1 200 ")
	k.pass(limit - slack)
	k.send(p, get("/"))
	k.open(p, "and another", "HTTP/1.1 200 ")
	k.pass(limit + slack)
	k.ended(p, "after", "")
}

func TestAClientThatStopsInsideABodyHasSoLong(t *testing.T) {
	const limit = 2 * time.Second
	answer := ""
	var closed int
	k := newRig(t, ServerOptions{BodyTimeout: limit}, func(req *IncomingMessage, res *ServerResponse) {
		req.OnData(func([]byte) {})
		res.OnClose(func() { closed++ })
		switch answer {
		case "begun":
			res.WriteChunk([]byte("begun"), nil)
		case "whole":
			res.EndString("whole")
		}
	})
	for _, c := range []struct{ answer, early, late string }{
		{"", "", "HTTP/1.1 408 "},
		{"begun", "HTTP/1.1 200 ", ""},
		{"whole", "HTTP/1.1 200 ", ""},
	} {
		answer = c.answer
		p := k.dial()
		k.send(p, post("/", 100))
		for range 3 {
			k.pass(limit - slack)
			k.send(p, "x")
		}
		k.pass(limit - slack)
		k.open(p, "before", c.early)
		k.pass(2 * slack)
		k.ended(p, "after", c.late)
		if closed != 1 {
			t.Errorf("with %q answered: the response was closed %d times", c.answer, closed)
		}
		closed = 0
	}
}

func TestAWholeBodyHasSoLongHoweverLivelyItIs(t *testing.T) {
	const limit = 5 * time.Second
	k := newRig(t, ServerOptions{RequestTimeout: limit}, func(req *IncomingMessage, _ *ServerResponse) { req.OnData(func([]byte) {}) })
	p := k.dial()
	k.send(p, post("/", 1000))
	for range 4 {
		k.pass(time.Second)
		k.send(p, "x")
	}
	k.pass(time.Second - slack)
	k.open(p, "before", "")
	k.pass(2 * slack)
	k.ended(p, "after", "HTTP/1.1 408 ")
}

func TestTheClocksOfABodyStandStillWhileTheHandlerDoesNotRead(t *testing.T) {
	const limit = 2 * time.Second
	var req *IncomingMessage
	k := newRig(t, ServerOptions{BodyTimeout: limit, RequestTimeout: 2 * limit}, func(m *IncomingMessage, _ *ServerResponse) { req = m })
	p := k.dial()
	k.send(p, post("/", 1<<20)+strings.Repeat("x", 20<<10))
	k.pass(20 * limit)
	k.open(p, "while nobody reads", "")
	req.OnData(func([]byte) {})
	k.pass(limit - slack)
	k.open(p, "before", "")
	k.pass(2 * slack)
	k.ended(p, "after", "HTTP/1.1 408 ")
}

func TestABodyLeftLyingBehindItsAnswerDoesNotHoldTheConnectionForEver(t *testing.T) {
	const limit = 10 * time.Second
	k := newRig(t, ServerOptions{RequestTimeout: limit}, func(req *IncomingMessage, res *ServerResponse) {
		req.OnData(func([]byte) {
			req.Pause()
			if !res.WritableEnded() {
				res.EndString("enough")
			}
		})
	})
	p := k.dial()
	k.send(p, post("/", 1<<20)+strings.Repeat("x", 40<<10))
	k.pass(limit - slack)
	k.open(p, "before", "HTTP/1.1 200 ")
	k.pass(2*slack + lingerTime)
	if err := k.read(p); err == nil {
		t.Error("the connection is still open")
	}
	if n := k.s.conns.Load(); n != 0 {
		t.Errorf("%d connections are left", n)
	}
	p.Close()
}

func TestAClientThatTakesNothingHasSoLong(t *testing.T) {
	const limit = 2 * time.Second
	var told []error
	k := newRig(t, ServerOptions{WriteTimeout: limit}, func(_ *IncomingMessage, res *ServerResponse) {
		res.EndWith(make([]byte, 1<<20), func(err error) { told = append(told, err) })
	})
	p := k.dial()
	k.send(p, get("/"))
	for range 8 { // it takes little, but it takes
		k.pass(limit - slack)
		for range 2 { // a window opens by much or not at all
			if b, err := p.Recv(50 << 10); len(b) == 0 || err != nil {
				t.Fatalf("got %d bytes, %v", len(b), err)
			}
			k.run()
		}
	}
	if k.s.conns.Load() != 1 || len(told) != 0 {
		t.Fatalf("a client that reads was cut off: %v", told)
	}
	k.pass(2*limit + 2*slack)
	if n := k.s.conns.Load(); n != 0 || len(told) != 1 || told[0] == nil {
		t.Errorf("%d connections are left, and told was %v", n, told)
	}
	p.Close()
}

func TestTheLastWordIsWaitedForAWhile(t *testing.T) {
	k := newRig(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) {
		res.SetHeader("Connection", "close")
		res.EndString("bye")
	})
	p := k.dial()
	k.send(p, get("/"))
	k.pass(lingerTime - slack)
	k.send(p, "what?")
	if n := k.s.conns.Load(); n != 1 {
		t.Errorf("%d connections before the time", n)
	}
	k.pass(2 * slack)
	if n := k.s.conns.Load(); n != 0 {
		t.Errorf("%d connections after the time", n)
	}
	k.ended(p, "after", "HTTP/1.1 200 ")
}

func TestAClosingServerWaitsALittleForThoseWhoHaveSentNothing(t *testing.T) {
	k := newRig(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) { res.EndString("fine") })
	late := k.dial()
	never := k.dial()
	k.s.on(k.l).close()
	k.run()
	k.send(late, get("/"))
	k.pass(lastCall + slack)
	for _, p := range []*simkernel.Peer{late, never} {
		k.got = nil
		if err := k.read(p); !errors.Is(err, io.EOF) || (p == late) != strings.Contains(string(k.got), "\r\nConnection: close\r\n") {
			t.Errorf("got %q, %v", k.got, err)
		}
		p.Close()
	}
	k.run()
	if n := k.s.conns.Load(); n != 0 {
		t.Errorf("%d connections are left", n)
	}
}

func TestARequestCostsOneReadAndOneWrite(t *testing.T) {
	k := newRig(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) { res.EndString("Hello, World!") })
	p := k.dial()
	for _, n := range []int{1, 16} {
		k.send(p, get("/"))
		k.open(p, "first", "HTTP/1.1 200 ")
		before := k.w.Calls()
		k.send(p, strings.Repeat(get("/"), n))
		after := k.w.Calls()
		reads, writes := after.Read-before.Read, after.Write+after.Writev-before.Write-before.Writev
		if reads != 1 || writes != 1 || after.Interest() != before.Interest() || after.SendQueue != 0 {
			t.Errorf("%d requests: %d reads, %d writes, %d changes of interest, %d looks at what was taken; want 1, 1 and none", n,
				reads, writes, after.Interest()-before.Interest(), after.SendQueue)
		}
		k.read(p)
		if got := strings.Count(string(k.got), "Hello, World!"); got != n {
			t.Errorf("got %d answers, want %d", got, n)
		}
		k.got = nil
	}
	p.Close()
	k.run()
}

func TestAConnectionForOneRequestCostsSevenCalls(t *testing.T) {
	k := newRig(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) { res.EndString("Hello, World!") })
	k.run()
	before := k.w.Calls()
	p := k.dial()
	k.send(p, "GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n")
	if err := k.read(p); !errors.Is(err, io.EOF) || !strings.HasSuffix(string(k.got), "Hello, World!") {
		t.Errorf("got %q, %v", k.got, err)
	}
	p.Close()
	k.run()
	after := k.w.Calls()
	got := simkernel.Calls{
		Accept: after.Accept - before.Accept, Add: after.Add - before.Add, Read: after.Read - before.Read,
		Write: after.Write + after.Writev - before.Write - before.Writev, CloseWrite: after.CloseWrite - before.CloseWrite,
		Close: after.Close - before.Close, Mod: after.Mod - before.Mod, Del: after.Del - before.Del,
		SetOption: after.SetOption - before.SetOption, Addr: after.Addr - before.Addr,
	}
	if want := (simkernel.Calls{Accept: 1, Add: 1, Read: 2, Write: 1, CloseWrite: 1, Close: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
