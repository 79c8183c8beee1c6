package httpcore

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
)

const (
	simOrigin  = "127.0.0.1:8081"
	simOther   = "127.0.0.1:8082"
	simURL     = "http://" + simOrigin + "/"
	simElse    = "http://" + simOther + "/"
	simPlain   = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	simHeadEnd = "\r\n\r\n"
)

// callRig is an Agent and its loops on a simulated kernel, whose clock moves only when the test says so, and the servers that
// they call, which say what the test has them say.
type callRig struct {
	t     testing.TB
	w     *simkernel.World
	ls    []*loop.Loop
	a     *Agent
	peers []*simServer // in the order that they were connected to
	auto  bool         // each head is answered with simPlain
	deaf  bool         // new servers read nothing
	keeps []*loop.Async
}

// simServer is the server's end of one connection.
type simServer struct {
	k    *callRig
	p    *simkernel.Peer
	got  string
	err  error // how the client's side has ended; nil if it has not
	deaf bool  // it reads nothing
	n    int   // heads that were answered
}

func newCallRig(t testing.TB, o AgentOptions, loops int) *callRig {
	t.Helper()
	k := &callRig{t: t, w: simkernel.New(simkernel.Options{Seed: 1, CallCost: -1}), a: NewAgent(o)}
	for range loops {
		l, err := loop.New(loop.Options{
			Kernel:     k.w.Kernel(),
			OnUncaught: func(err error) { t.Errorf("uncaught: %v", err) },
			OnPanic:    func(e *loop.PanicError) { t.Errorf("%v\n%s", e, e.Stack) },
		})
		if err != nil {
			t.Fatal(err)
		}
		k.ls = append(k.ls, l)
		k.keeps = append(k.keeps, l.NewAsync(nil))
	}
	for _, address := range []string{simOrigin, simOther} {
		k.w.ListenPeer(address, func(p *simkernel.Peer) {
			s := &simServer{k: k, p: p, deaf: k.deaf}
			k.peers = append(k.peers, s)
			p.Notify(func(*simkernel.Peer) { s.read() })
		})
	}
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		k.a.Destroy()
		k.run()
		if m := k.a.Metrics(); m.Sockets != 0 || m.FreeSockets != 0 || m.Queued != 0 {
			t.Errorf("the agent is destroyed and has %+v", m)
		}
		if b := &k.a.budget; b.total != 0 || len(b.of) != 0 || len(b.starved) != 0 {
			t.Errorf("the agent is destroyed and its budget has %d, %v and %v", b.total, b.of, b.starved)
		}
		if n := len(k.a.pools); n != 0 {
			t.Errorf("the agent is destroyed and knows %d loops", n)
		}
		for _, s := range k.peers {
			s.deaf = false
			s.read()
			s.p.Close()
		}
		for i, l := range k.ls {
			k.keeps[i].Close(nil)
			if err := l.Run(); err != nil {
				t.Error(err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
		for _, complaint := range k.w.Check() {
			t.Error(complaint)
		}
	})
	return k
}

func (s *simServer) read() {
	for !s.deaf && s.err == nil {
		b, err := s.p.Recv(64 << 10)
		s.got += string(b)
		if err != nil {
			s.err = err
		} else if len(b) == 0 {
			break
		}
	}
	for s.k.auto && strings.Count(s.got, simHeadEnd) > s.n {
		s.n++
		s.p.Send([]byte(simPlain))
	}
}

// run lets everything happen that takes no time.
func (k *callRig) run() {
	k.t.Helper()
	for range 20 {
		for _, l := range k.ls {
			if _, err := l.RunNoWait(); err != nil {
				k.t.Fatal(err)
			}
		}
	}
}

// pass lets d go by, in steps.
func (k *callRig) pass(d time.Duration) {
	k.t.Helper()
	for step := max(10*time.Millisecond, d/1000); d > 0; d -= step {
		k.w.Advance(min(d, step))
		for range 4 {
			for _, l := range k.ls {
				if _, err := l.RunNoWait(); err != nil {
					k.t.Fatal(err)
				}
			}
		}
	}
}

// asked is a request and what was told of it.
type asked struct {
	k                *callRig
	q                *ClientRequest
	r                *IncomingMessage
	body             string
	err, rerr        error
	closed, rclosed  int
	aborted, sockets int
}

// ask makes a request on a loop. It is ended, unless do does something else with it.
func (k *callRig) ask(i int, method, url string, o RequestOptions, do func(*asked)) *asked {
	k.t.Helper()
	x := &asked{k: k}
	if o.Agent == nil {
		o.Agent = k.a
	}
	k.on(i, func() {
		q, err := NewRequest(k.ls[i], method, url, o)
		if err != nil {
			k.t.Error(err)
			return
		}
		x.q = q
		q.OnSocket(func() { x.sockets++ })
		q.OnResponse(func(r *IncomingMessage) {
			x.r = r
			r.OnData(func(p []byte) { x.body += string(p) })
			r.OnAborted(func() { x.aborted++ })
			r.OnError(func(err error) { x.rerr = err })
			r.OnClose(func() { x.rclosed++ })
		})
		q.OnError(func(err error) { x.err = err })
		q.OnClose(func() { x.closed++ })
		if do != nil {
			do(x)
		} else {
			q.End()
		}
	})
	return x
}

// on runs fn on a loop, and what that leads to.
func (k *callRig) on(i int, fn func()) {
	k.t.Helper()
	if err := k.ls[i].Post(fn); err != nil {
		k.t.Fatal(err)
	}
	k.run()
}

// server wants so many connections to have been made, and returns the last.
func (k *callRig) server(n int) *simServer {
	k.t.Helper()
	if len(k.peers) != n {
		k.t.Fatalf("got %d connections, want %d", len(k.peers), n)
	}
	return k.peers[n-1]
}

func (s *simServer) send(what string) {
	s.k.t.Helper()
	if n := s.p.Send([]byte(what)); n != len(what) {
		s.k.t.Errorf("sent %d of %d bytes", n, len(what))
	}
	s.k.run()
}

// pool wants the agent to have so much.
func (k *callRig) pool(when string, used, free, queued int) {
	k.t.Helper()
	if m := k.a.Metrics(); m.Sockets != used || m.FreeSockets != free || m.Queued != queued {
		k.t.Fatalf("%s: %d used, %d free, %d queued; want %d, %d, %d", when, m.Sockets, m.FreeSockets, m.Queued, used, free, queued)
	}
}

// answered wants a whole answer, and failed an error instead, and nothing more.
func (x *asked) answered(when string) {
	x.k.t.Helper()
	if x.err != nil || x.r == nil || x.closed != 1 || x.rclosed != 1 || x.aborted != 0 || !x.r.Complete() {
		x.k.t.Fatalf("%s: got %+v, want an answer", when, x)
	}
}

func (x *asked) failed(when string, want error) {
	x.k.t.Helper()
	if !errors.Is(x.err, want) || x.closed != 1 {
		x.k.t.Fatalf("%s: got %v and %d closes, want %v", when, x.err, x.closed, want)
	}
}

func (x *asked) waits(when string) {
	x.k.t.Helper()
	if x.err != nil || x.closed != 0 {
		x.k.t.Fatalf("%s: got %v and %d closes, want it to wait", when, x.err, x.closed)
	}
}

func TestAnIdleConnectionOfAnAgentIsKeptSoLong(t *testing.T) {
	const limit = 5 * time.Second
	for _, c := range []struct {
		field string
		want  time.Duration // -1: it is not kept at all
	}{
		{"", limit}, // S10
		{"Keep-Alive: timeout=1\r\n", -1},
		{"Keep-Alive: timeout=0\r\n", -1},
		{"Keep-Alive: timeout=3\r\n", 2 * time.Second}, // S12; S11 is the one with 1
		{"Keep-Alive: timeout=3, max=100\r\n", 2 * time.Second},
		{"Keep-Alive: max=100 , TIMEOUT=\"3\"\r\n", 2 * time.Second},
		{"Keep-Alive: timeout=60\r\n", limit},
		{"Keep-Alive: timeout=soon\r\n", limit},
		{"Keep-Alive: timeout=99999999999999999999\r\n", limit},
	} {
		k := newCallRig(t, AgentOptions{IdleTimeout: limit}, 1)
		x := k.ask(0, "GET", simURL, RequestOptions{}, nil)
		s := k.server(1)
		s.send("HTTP/1.1 200 OK\r\n" + c.field + "Content-Length: 0\r\n\r\n")
		x.answered(c.field)
		if c.want > 0 {
			k.pass(c.want - slack)
			k.pool(c.field+"before", 0, 1, 0)
			k.pass(2 * slack)
		}
		k.pool(c.field+"after", 0, 0, 0)
		if s.err == nil {
			t.Errorf("%q: the server does not know", c.field)
		}
	}
}

func TestAServerHasSoLongToAnswer(t *testing.T) {
	const limit = 2 * time.Second
	k := newCallRig(t, AgentOptions{}, 1)
	o := RequestOptions{HeaderTimeout: limit}
	x := k.ask(0, "GET", simURL, o, func(*asked) {})
	k.pass(2 * limit) // nothing was asked
	k.on(0, func() { x.q.End() })
	k.pass(limit - slack)
	x.waits("before")
	s := k.server(1)
	s.send("HTTP/1.1 103 Early Hints\r\n\r\n") // is a sign of life
	k.pass(limit - slack)
	x.waits("before, once more")
	k.pass(2 * slack)
	x.failed("after", ErrResponseTimeout)
	k.pool("after", 0, 0, 0)

	k.auto = true
	k.ask(0, "GET", simURL, o, nil).answered("a plain one")
	k.auto = false
	x = k.ask(0, "GET", simURL, o, nil)
	if !x.q.ReusedSocket() {
		t.Error("the connection is not used again")
	}
	k.pass(limit + slack)
	x.failed("over a connection that was used", ErrResponseTimeout)
	if n := k.a.Metrics().Retried; n != 0 {
		t.Errorf("retried %d times: that would take as long again", n)
	}
}

func TestAServerHasSoLongForEachPieceOfABody(t *testing.T) {
	const limit = 2 * time.Second
	k := newCallRig(t, AgentOptions{}, 1)
	x := k.ask(0, "GET", simURL, RequestOptions{BodyTimeout: limit, HighWaterMark: 16 << 10}, nil)
	s := k.server(1)
	s.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
	for range 3 {
		k.pass(limit - slack)
		s.send("x")
	}
	k.on(0, func() { x.r.Pause() })
	s.send(strings.Repeat("x", 40<<10))
	k.pass(20 * limit)
	x.waits("while nobody reads")
	k.on(0, func() { x.r.Resume() })
	k.pass(limit - slack)
	x.waits("before")
	if len(x.body) != 40<<10+3 {
		t.Errorf("got %d bytes", len(x.body))
	}
	k.pass(2 * slack)
	x.failed("after", ErrResponseTimeout)
	if x.aborted != 1 || x.rclosed != 1 || !errors.Is(x.rerr, ErrAborted) || !errors.Is(x.rerr, ErrResponseTimeout) {
		t.Errorf("the answer: %d aborts, %v, %d closes", x.aborted, x.rerr, x.rclosed)
	}
}

func TestAServerHasSoLongToTakeARequest(t *testing.T) {
	const limit = 2 * time.Second
	k := newCallRig(t, AgentOptions{}, 1)
	k.deaf = true
	var told []error
	x := k.ask(0, "POST", simURL, RequestOptions{WriteTimeout: limit, HeaderTimeout: -1}, func(x *asked) {
		x.q.EndWith(make([]byte, 1<<20), func(err error) { told = append(told, err) })
	})
	s := k.server(1)
	for range 4 { // it takes little, but it takes
		k.pass(limit - slack)
		x.waits("while it takes something")
		for range 2 { // a window opens by much or not at all
			if b, err := s.p.Recv(50 << 10); len(b) == 0 || err != nil {
				t.Fatalf("got %d bytes, %v", len(b), err)
			}
			k.run()
		}
	}
	k.pass(2*limit + 2*slack)
	x.failed("after", ErrResponseTimeout)
	if len(told) != 1 || !errors.Is(told[0], ErrResponseTimeout) {
		t.Errorf("the end was told %v", told)
	}
}

func TestTheWholeOfARequestHasSoLong(t *testing.T) {
	const limit = time.Second
	o := RequestOptions{TotalTimeout: limit}
	for _, c := range []struct {
		name string
		do   func(k *callRig) *asked
	}{
		{"while it is not sent", func(k *callRig) *asked { return k.ask(0, "GET", simURL, o, func(*asked) {}) }},
		{"while it is not answered", func(k *callRig) *asked { return k.ask(0, "GET", simURL, o, nil) }},
		{"while it waits for another", func(k *callRig) *asked {
			k.ask(0, "GET", simURL, RequestOptions{}, nil)
			x := k.ask(0, "GET", simURL, o, nil)
			k.pool("before", 1, 0, 1)
			return x
		}},
		{"while it is dialled", func(k *callRig) *asked {
			k.w.Route("10.0.0.1:80", simkernel.BlackHole)
			return k.ask(0, "GET", "http://10.0.0.1/", o, nil)
		}},
		{"inside a head", func(k *callRig) *asked {
			x := k.ask(0, "GET", simURL, o, nil)
			k.server(1).send("HTTP/1.1 200 OK\r\n")
			return x
		}},
		{"inside a body", func(k *callRig) *asked {
			x := k.ask(0, "GET", simURL, o, nil)
			k.server(1).send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
			return x
		}},
		{"while its answer is not read", func(k *callRig) *asked {
			x := k.ask(0, "GET", simURL, o, func(x *asked) {
				x.q.OnResponse(func(r *IncomingMessage) { r.Pause() })
				x.q.End()
			})
			k.server(1).send(simPlain)
			return x
		}},
	} {
		k := newCallRig(t, AgentOptions{MaxSockets: 1}, 1)
		x := c.do(k)
		k.pass(limit - time.Millisecond)
		x.waits(c.name + ", before")
		k.pass(2 * time.Millisecond)
		x.failed(c.name+", after", ErrResponseTimeout)
		if x.r != nil && (x.aborted != 1 || x.rclosed != 1) {
			t.Errorf("%s: %d aborts and %d closes of the answer", c.name, x.aborted, x.rclosed)
		}
	}
	k := newCallRig(t, AgentOptions{}, 1)
	k.auto = true
	k.ask(0, "GET", simURL, o, nil).answered("in time")
	k.pass(2 * limit)
	k.pool("later", 0, 1, 0)
}

func TestABodyWaitsSoLongForA100(t *testing.T) {
	const limit = time.Second
	k := newCallRig(t, AgentOptions{}, 1)
	o := RequestOptions{ContinueTimeout: limit, Header: []string{"Expect", "100-continue"}}
	for _, method := range []string{"POST", "PUT"} {
		x := k.ask(0, method, simURL, o, func(x *asked) { x.q.EndString("body") })
		s := k.server(1)
		k.pass(limit - slack)
		if !strings.HasSuffix(s.got, simHeadEnd) {
			t.Errorf("before: got %q", s.got)
		}
		k.pass(2 * slack)
		if !strings.HasSuffix(s.got, simHeadEnd+"4\r\nbody\r\n0\r\n\r\n") {
			t.Errorf("after: got %q", s.got)
		}
		s.send(simPlain)
		x.answered(method)
		s.got = ""
	}
	x := k.ask(0, "POST", simURL, RequestOptions{ContinueTimeout: -1, Header: o.Header}, func(x *asked) { x.q.EndString("body") })
	k.pass(time.Minute)
	if s := k.server(1); !strings.HasSuffix(s.got, simHeadEnd) {
		t.Errorf("without a limit: got %q", s.got)
	}
	x.waits("without a limit")
}

func TestAConnectionHasSoLongToBeMade(t *testing.T) {
	const limit = 3 * time.Second
	k := newCallRig(t, AgentOptions{ConnectTimeout: limit, MaxSockets: 1}, 1)
	k.w.Route("10.0.0.1:80", simkernel.BlackHole)
	first := k.ask(0, "GET", "http://10.0.0.1/", RequestOptions{}, nil)
	second := k.ask(0, "GET", "http://10.0.0.1/", RequestOptions{}, nil)
	k.pass(limit - slack)
	first.waits("before")
	k.pool("before", 1, 0, 1)
	k.pass(2 * slack)
	if first.err == nil || first.closed != 1 {
		t.Errorf("after: %+v", first)
	}
	second.waits("the second, before")
	k.pool("between", 1, 0, 0)
	k.pass(limit)
	if second.err == nil || second.closed != 1 {
		t.Errorf("after: %+v", second)
	}
	k.pool("after", 0, 0, 0)
	if m := k.a.Metrics(); m.Failed != 2 || m.Connections != 0 {
		t.Errorf("got %+v", m)
	}
}

func TestARequestThatIsDestroyedWhileItIsDialledMakesRoom(t *testing.T) {
	k := newCallRig(t, AgentOptions{MaxTotalSockets: 1}, 1)
	k.auto = true
	k.w.Route("10.0.0.1:80", simkernel.BlackHole)
	first := k.ask(0, "GET", "http://10.0.0.1/", RequestOptions{}, nil)
	second := k.ask(0, "GET", simURL, RequestOptions{}, nil)
	second.waits("behind it")
	k.on(0, func() { first.q.Destroy(nil) })
	first.failed("destroyed", ErrHangUp)
	second.answered("then")
	k.pool("then", 0, 1, 0)
}

func TestTheConnectionsToAnOriginAreBoundedOverAllLoops(t *testing.T) {
	k := newCallRig(t, AgentOptions{MaxSockets: 1}, 2)
	one := k.ask(0, "GET", simURL, RequestOptions{}, nil)
	two := k.ask(1, "GET", simURL, RequestOptions{}, nil)
	elsewhere := k.ask(1, "GET", simElse, RequestOptions{}, nil)
	k.pool("both", 2, 0, 1)
	two.waits("while the other loop has the only connection")
	if len(k.peers) != 2 {
		t.Fatalf("%d connections", len(k.peers))
	}
	k.peers[1].send(simPlain)
	elsewhere.answered("another origin")
	k.peers[0].send(simPlain)
	one.answered("the first loop's")
	if len(k.peers) != 3 {
		t.Fatalf("the other loop has got no connection: %d", len(k.peers))
	}
	k.peers[2].send(simPlain)
	two.answered("the second loop's")
	k.pool("after", 0, 2, 0)

	// Now the second loop's is idle, and the first needs one.
	three := k.ask(0, "GET", simURL, RequestOptions{}, nil)
	if len(k.peers) != 4 || k.peers[2].err == nil {
		t.Fatalf("%d connections, and the idle one is %v", len(k.peers), k.peers[2].err)
	}
	k.peers[3].send(simPlain)
	three.answered("the first loop's, again")
	k.pool("after", 0, 2, 0)
}

func TestTheConnectionsToAllOriginsAreBoundedOverAllLoops(t *testing.T) {
	k := newCallRig(t, AgentOptions{MaxTotalSockets: 2}, 2)
	k.auto = true
	for range 2 { // one for each origin, both on the first loop
		k.ask(0, "GET", simURL, RequestOptions{}, nil).answered("one")
		k.ask(0, "GET", simElse, RequestOptions{}, nil).answered("the other")
	}
	k.pool("idle", 0, 2, 0)
	k.ask(1, "GET", simElse, RequestOptions{}, nil).answered("the second loop")
	k.pool("one has gone", 0, 2, 0)
	k.ask(1, "GET", simURL, RequestOptions{}, nil).answered("the second loop, at another origin")
	k.pool("both have", 0, 2, 0)
	k.auto = false
	busy := []*asked{k.ask(0, "GET", simURL, RequestOptions{}, nil), k.ask(0, "GET", simElse, RequestOptions{}, nil)}
	late := k.ask(1, "GET", simURL, RequestOptions{}, nil)
	k.pool("all are busy", 2, 0, 1)
	k.on(0, func() { busy[1].q.Destroy(nil) }) // at the other origin
	busy[1].failed("destroyed", ErrHangUp)
	k.server(len(k.peers)).send(simPlain)
	late.answered("the one that waited")
	busy[0].waits("the other one")
}

func TestALoopThatNeverRestsGivesUpAConnectionThatAnotherWaitsFor(t *testing.T) {
	k := newCallRig(t, AgentOptions{MaxSockets: 1}, 2)
	k.auto = true
	n := 0
	var again func()
	again = func() { // there is always one more, and it waits before the last is done
		n++
		q, err := NewRequest(k.ls[0], "GET", simURL, RequestOptions{Agent: k.a})
		if err != nil {
			t.Error(err)
			return
		}
		q.OnResponse(func(r *IncomingMessage) {
			if n < 10_000 && !t.Failed() && k.a.Metrics().Queued < 3 {
				again()
			}
			r.Resume()
		})
		q.OnError(func(err error) { t.Error(err) })
		q.End()
	}
	k.ls[0].Post(func() { again(); again() })
	two := k.ask(1, "GET", simURL, RequestOptions{}, nil)
	for i := 0; i < 200 && two.closed == 0; i++ {
		k.run()
	}
	two.answered("the second loop")
	if n > 200 {
		t.Errorf("it waited for %d others", n)
	}
	n = 10_000
	k.run()
}

func TestQueuedRequestsOutliveAFailedDial(t *testing.T) {
	k := newCallRig(t, AgentOptions{MaxSockets: 1}, 1)
	k.w.Route("10.0.0.1:80", simkernel.HostUnreachable)
	var all []*asked
	for range 3 {
		all = append(all, k.ask(0, "GET", "http://10.0.0.1/", RequestOptions{}, nil))
	}
	k.pass(10 * time.Second)
	for i, x := range all {
		if x.err == nil || x.closed != 1 {
			t.Errorf("request %d: %+v", i, x)
		}
	}
	if m := k.a.Metrics(); m.Failed != 3 {
		t.Errorf("%d attempts failed, want one for each", m.Failed)
	}
}

func TestIdleConnectionsOfAllLoopsAreClosedWhenTheyAreToBe(t *testing.T) {
	k := newCallRig(t, AgentOptions{}, 2)
	k.auto = true
	for i := range k.ls {
		k.ask(i, "GET", simURL, RequestOptions{}, nil).answered("one")
	}
	k.auto = false
	busy := k.ask(0, "GET", simElse, RequestOptions{}, nil)
	k.pool("before", 1, 2, 0)
	k.a.CloseIdleConnections()
	k.run()
	k.pool("after", 1, 0, 0)
	k.peers[2].send(simPlain)
	busy.answered("the one that was not idle")
	busy = k.ask(1, "GET", simURL, RequestOptions{}, nil)
	k.a.Destroy()
	k.run()
	busy.failed("destroyed", ErrAgentClosed)
	k.pool("in the end", 0, 0, 0)
}

func TestAKeepAliveExchangeCostsOneReadAndOneWrite(t *testing.T) {
	k := newCallRig(t, AgentOptions{}, 1)
	k.auto = true
	for range 3 {
		k.ask(0, "GET", simURL, RequestOptions{}, nil).answered("at first")
	}
	const rounds = 10
	before, then := k.w.Calls(), k.ls[0].Metrics()
	for i := range rounds {
		k.ask(0, "POST", simURL, RequestOptions{}, func(x *asked) {
			if i%2 == 0 {
				x.q.EndString("a body")
				return
			}
			x.q.WriteString("a ")
			x.q.EndString("body")
			k.peers[0].n++ // its last chunk looks like a head
		}).answered("then")
	}
	after, now := k.w.Calls(), k.ls[0].Metrics()
	reads, writes := after.Read-before.Read, after.Write+after.Writev-before.Write-before.Writev
	if reads != rounds || writes != rounds || after.Interest() != before.Interest() {
		t.Errorf("%d exchanges: %d reads, %d writes, %d changes of interest", rounds, reads, writes, after.Interest()-before.Interest())
	}
	if now.Reads-then.Reads != rounds || now.Writes-then.Writes != rounds || now.InterestChanges != then.InterestChanges {
		t.Errorf("the loop says %d reads, %d writes, %d changes of interest", now.Reads-then.Reads, now.Writes-then.Writes,
			now.InterestChanges-then.InterestChanges)
	}
	if len(k.peers) != 1 {
		t.Errorf("%d connections", len(k.peers))
	}
}
