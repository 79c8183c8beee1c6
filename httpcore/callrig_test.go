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
	wild  bool         // a panic is meant
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
			OnPanic: func(e *loop.PanicError) {
				if !k.wild {
					t.Errorf("%v\n%s", e, e.Stack)
				}
			},
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
