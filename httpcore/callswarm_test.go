package httpcore

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
)

// Requests of an Agent on the simulated kernel, with everything that a kernel and a network may do wrong, to servers that do what
// servers do and some of what they should not: each request ends once, with its own answer or an error, no server sees anything
// but whole requests or a beginning of one, and nothing is left behind.

// callSwarm is one seed.
type callSwarm struct {
	r        *rand.Rand
	w        *simkernel.World
	ls       []*loop.Loop
	a        *Agent
	calls    []*swarmCall
	open     int
	problems []string
}

func (s *callSwarm) fail(format string, args ...any) {
	if len(s.problems) < 10 {
		s.problems = append(s.problems, fmt.Sprintf("at %v: ", s.w.Now())+fmt.Sprintf(format, args...))
	}
}

func (s *callSwarm) chance(p float64) bool { return s.r.Float64() < p }

func (s *callSwarm) after(l *loop.Loop, most time.Duration, fn func()) {
	t := l.NewTimer()
	if err := t.Start(func() {
		t.Close(nil)
		fn()
	}, time.Duration(s.r.Int64N(int64(most)+1)), 0); err != nil {
		s.fail("timer: %v", err)
	}
}

// swarmCall is a request and what was told of it.
type swarmCall struct {
	s                       *callSwarm
	l                       *loop.Loop
	q                       *ClientRequest
	method, url             string
	body, got               []byte
	seen                    int // how often a server has got all of it
	given, told             int // callbacks
	closed, failed, answers int
	ended, aborted, rclosed int
	destroyed               bool // its answer was, inside its body: it may have been all of that, and then 'end' follows, as in Node
}

// swarmText is a body of n bytes that says whose it is.
func swarmText(url string, n int) []byte {
	return bytes.Repeat([]byte("<"+url+">"), n/(len(url)+2)+1)[:n]
}

// newSwarmCall makes a request. Its URL says what the server does, who it is, and how long the answer is.
func newSwarmCall(s *callSwarm, l *loop.Loop) {
	x := &swarmCall{s: s, l: l, method: [...]string{"GET", "GET", "PUT", "POST", "DELETE"}[s.r.IntN(5)]}
	mode := "oooccclkx"[s.r.IntN(9)]
	if s.chance(0.3) {
		mode = "rfgsein"[s.r.IntN(7)]
	}
	size := s.r.IntN(300)
	if s.chance(0.2) {
		size = s.r.IntN(50_000)
	}
	x.url = fmt.Sprintf("/%c/%d/%d", mode, len(s.calls), size)
	o := RequestOptions{Agent: s.a, TotalTimeout: 3 * time.Second, HighWaterMark: 1 << (6 + s.r.IntN(11))}
	if x.method != "GET" {
		n := s.r.IntN(200)
		if s.chance(0.2) {
			n = s.r.IntN(40_000)
		}
		x.body = swarmText(x.url, n)
		if s.chance(0.2) {
			o.Header = []string{"Expect", "100-continue"}
		}
	}
	origin := simOrigin
	if s.chance(0.3) {
		origin = simOther
	}
	q, err := NewRequest(l, x.method, "http://"+origin+x.url, o)
	if err != nil {
		s.fail("%s: %v", x.url, err)
		return
	}
	x.q = q
	s.calls = append(s.calls, x)
	s.open++
	x.watch()
	x.write(x.body, s.chance(0.5))
	if s.chance(0.15) {
		s.after(l, 5*time.Millisecond, func() { q.Destroy(nil) })
	}
}

func (x *swarmCall) late(what string) {
	if x.closed > 0 {
		x.s.fail("%s: %s behind the close", x.url, what)
	}
}

func (x *swarmCall) watch() {
	q := x.q
	q.OnSocket(func() { x.late("a socket") })
	q.OnFinish(func() { x.late("a finish") })
	q.OnDrain(func() { x.late("a drain") })
	q.OnError(func(error) { x.failed++; x.late("an error") })
	q.OnClose(func() {
		x.closed++
		x.s.open--
	})
	if x.s.chance(0.1) {
		q.OnError(func(error) { q.Destroy(nil) })
	}
	if x.s.chance(0.05) {
		return // nobody listens for the answer
	}
	q.OnResponse(func(r *IncomingMessage) {
		x.answers++
		x.late("an answer")
		r.OnEnd(func() {
			x.ended++
			x.check(r)
		})
		r.OnAborted(func() { x.aborted++ })
		r.OnClose(func() { x.rclosed++ })
		r.OnData(func(p []byte) {
			x.got = append(x.got, p...)
			if x.s.chance(0.02) {
				r.Pause()
				x.s.after(x.l, 20*time.Millisecond, func() { r.Resume() })
			}
			if x.s.chance(0.01) {
				x.destroyed = true
				r.Destroy(nil)
			}
		})
	})
}

// check wants a whole answer to be the one to this request.
func (x *swarmCall) check(r *IncomingMessage) {
	parts := strings.Split(x.url, "/")
	n, _ := strconv.Atoi(parts[3])
	if want := swarmText(x.url, n); !bytes.Equal(x.got, want) {
		x.s.fail("%s %s: the answer has %d bytes, %.60q; want %d, %.60q", x.method, x.url, len(x.got), x.got, len(want), want)
	}
	if r.StatusCode() != 200 || !r.Complete() {
		x.s.fail("%s: status %d, complete %t", x.url, r.StatusCode(), r.Complete())
	}
}

// callback is a callback that has to be called once.
func (x *swarmCall) callback() func(error) {
	x.given++
	calls := 0
	return func(error) {
		x.told++
		if calls++; calls > 1 {
			x.s.fail("%s: a callback was called twice", x.url)
		}
		x.late("a callback")
	}
}

// write sends what is left of the body, in pieces or not, now or later.
func (x *swarmCall) write(left []byte, whole bool) {
	switch {
	case x.q.Destroyed():
	case whole:
		x.q.EndWith(left, x.callback())
	case len(left) == 0:
		x.q.EndWith(nil, x.callback())
	default:
		n := 1 + x.s.r.IntN(len(left))
		x.q.WriteChunk(left[:n], x.callback())
		if x.s.chance(0.5) {
			x.write(left[n:], false)
		} else {
			x.s.after(x.l, time.Millisecond, func() { x.write(left[n:], false) })
		}
	}
}

// swarmServer is the server's end of one connection. The h1 callbacks that it does not need are those of the nil Handler,
// which none of these requests leads to.
type swarmServer struct {
	h1.Handler
	s         *callSwarm
	p         *simkernel.Peer
	parser    h1.Parser
	url, body []byte
	out       []byte
	then      func() // when out is sent
	left      bool
	answered  bool // the request under way
}

func newSwarmServer(s *callSwarm, p *simkernel.Peer) {
	c := &swarmServer{s: s, p: p}
	c.parser.Reset(h1.Request, c, &h1.Limits{})
	p.Notify(func(*simkernel.Peer) { c.step() })
}

func (c *swarmServer) OnMessageBegin()            { c.url, c.body, c.answered = nil, nil, false }
func (c *swarmServer) OnMethod([]byte, bool)      {}
func (c *swarmServer) OnURL(p []byte, _ bool)     { c.url = append(c.url, p...) }
func (c *swarmServer) OnVersion(int, int)         {}
func (c *swarmServer) OnHeaderField([]byte, bool) {}
func (c *swarmServer) OnHeaderValue([]byte, bool) {}
func (c *swarmServer) OnChunkHeader(uint64)       {}
func (c *swarmServer) OnChunkComplete()           {}
func (c *swarmServer) OnBody(p []byte)            { c.body = append(c.body, p...) }
func (c *swarmServer) OnHeadersComplete() h1.Answer {
	switch c.url[1] {
	case 'i':
		c.out = append(c.out, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"...)
	case 'e':
		c.answer()
	}
	return h1.Proceed
}

func (c *swarmServer) OnMessageComplete() {
	parts := strings.Split(string(c.url), "/")
	i, err := strconv.Atoi(parts[2])
	if err != nil || i >= len(c.s.calls) || c.s.calls[i].url != string(c.url) {
		c.s.fail("a server gets a request for %q", c.url)
		return
	}
	x := c.s.calls[i]
	if x.seen++; !bytes.Equal(c.body, x.body) {
		c.s.fail("%s: a server gets %d bytes, %.60q; want %d", c.url, len(c.body), c.body, len(x.body))
	}
	if x.seen > 2 || x.seen > 1 && x.method == "POST" {
		c.s.fail("%s %s: a server has got it %d times", x.method, c.url, x.seen)
	}
	if !c.answered {
		c.answer()
	}
}

// answer does what the URL says.
func (c *swarmServer) answer() {
	c.answered = true
	parts := strings.Split(string(c.url), "/")
	n, _ := strconv.Atoi(parts[3])
	body := swarmText(string(c.url), n)
	plain := []byte(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", n, body))
	switch c.url[1] {
	case 'c':
		at := c.s.r.IntN(n + 1)
		c.out = append(c.out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"...)
		for _, p := range [][]byte{body[:at], body[at:]} {
			if len(p) > 0 {
				c.out = fmt.Appendf(c.out, "%x;a=b\r\n%s\r\n", len(p), p)
			}
		}
		c.out = append(c.out, "0\r\nX: y\r\n\r\n"...)
	case 'l':
		c.out = append(append(c.out, "HTTP/1.1 200 OK\r\n\r\n"...), body...)
		c.then = c.p.CloseWrite
	case 'k':
		c.out = fmt.Appendf(c.out, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", n, body)
		c.then = c.p.CloseWrite
	case 'x':
		c.out = append(c.out, plain...)
		c.then = c.p.Close
	case 'r':
		c.out = append(c.out, plain[:c.s.r.IntN(len(plain))]...)
		c.then = c.p.Reset
	case 'f':
		c.out = append(c.out, plain[:c.s.r.IntN(len(plain))]...)
		c.then = c.p.CloseWrite
	case 'g':
		c.out = append(c.out, "HTTP/1.1 2x0 OK\r\n\r\n"...)
	case 's':
		c.out = append(append(c.out, plain...), "surplus"...) // a whole answer that comes late would be believed
	case 'n':
	default:
		c.out = append(c.out, plain...)
	}
}

func (c *swarmServer) step() {
	for !c.left {
		b, err := c.p.Recv(64 << 10)
		if len(b) > 0 {
			if _, err := c.parser.Execute(b); err != nil {
				c.s.fail("a server gets what is no request: %v in %.100q", err, b)
				c.leave()
			}
		}
		if err != nil {
			c.leave()
		}
		if len(b) == 0 {
			break
		}
	}
	for !c.left && len(c.out) > 0 {
		n := c.p.Send(c.out)
		if c.out = c.out[n:]; n == 0 {
			return
		}
	}
	if then := c.then; then != nil && len(c.out) == 0 && !c.left {
		c.then = nil
		then()
	}
}

func (c *swarmServer) leave() {
	c.left = true
	c.p.Close()
}

// drive runs the loops until all is over: one as a program does, two in turn.
func (s *callSwarm) drive(over *bool) bool {
	for len(s.ls) > 1 && (!*over || s.ls[0].Alive() || s.ls[1].Alive()) {
		for _, l := range s.ls {
			if _, err := l.RunNoWait(); err != nil {
				s.fail("RunNoWait: %v", err)
				return false
			}
		}
		s.w.Advance(time.Millisecond)
		if s.w.Now() > 2*time.Hour {
			s.fail("the loops do not end")
			return false
		}
	}
	for _, l := range s.ls {
		if err := l.Run(); err != nil {
			s.fail("Run: %v", err)
			return false
		}
	}
	return true
}

func runCallSwarm(seed uint64) []string {
	so := simkernel.SwarmOptions(seed)
	s := &callSwarm{r: rand.New(rand.NewPCG(seed, 0x63616c6c)), w: simkernel.New(so)}
	for range 1 + s.r.IntN(2) {
		l, err := loop.New(loop.Options{
			Kernel: s.w.Kernel(), ReadBuffer: 1 << (9 + s.r.IntN(8)),
			OnUncaught: func(err error) { s.fail("uncaught: %v", err) },
			OnPanic:    func(e *loop.PanicError) { s.fail("%v\n%s", e, e.Stack) },
		})
		if err != nil {
			return []string{err.Error()}
		}
		s.ls = append(s.ls, l)
	}
	s.a = NewAgent(AgentOptions{
		MaxSockets: s.r.IntN(4), MaxTotalSockets: s.r.IntN(5), MaxFreeSockets: 1 + s.r.IntN(3), FIFO: s.chance(0.5), NoKeepAlive: s.chance(0.1),
		IdleTimeout: time.Duration(1+s.r.IntN(1000)) * time.Millisecond,
	})
	for _, address := range []string{simOrigin, simOther} {
		defer s.w.ListenPeer(address, func(p *simkernel.Peer) { newSwarmServer(s, p) })()
	}
	n := 1 + s.r.IntN(30)
	for range n {
		l := s.ls[s.r.IntN(len(s.ls))]
		s.after(l, 20*time.Millisecond, func() { newSwarmCall(s, l) })
	}
	over := false
	var end func()
	end = func() {
		switch {
		case len(s.calls) == n && s.open == 0:
			over = true
			s.a.Destroy()
		case s.ls[0].Now() > 30*time.Minute:
			s.fail("%d requests are not over: %+v", s.open, s.a.Metrics())
			over = true
			s.a.Destroy()
		default:
			s.after(s.ls[0], time.Second, end)
		}
	}
	end()
	if !s.drive(&over) {
		return s.problems
	}
	for _, x := range s.calls {
		switch {
		case x.closed != 1 || x.failed > 1 || x.answers > 1 || x.given != x.told:
			s.fail("%s: %d closes, %d errors, %d answers, %d of %d callbacks", x.url, x.closed, x.failed, x.answers, x.told, x.given)
		case x.answers == 1 && (x.rclosed != 1 || x.ended+x.aborted != 1 && !x.destroyed):
			s.fail("%s: its answer has %d closes, %d ends, %d aborts", x.url, x.rclosed, x.ended, x.aborted)
		case x.answers == 0 && x.failed == 0 && x.q.Response() == nil:
			s.fail("%s: neither an answer nor an error", x.url)
		}
	}
	if m := s.a.Metrics(); m.Sockets != 0 || m.FreeSockets != 0 || m.Queued != 0 || s.a.budget.total != 0 || len(s.a.pools) != 0 {
		s.fail("the agent is destroyed and has %+v, %d in its budget, %d pools", m, s.a.budget.total, len(s.a.pools))
	}
	for _, l := range s.ls {
		if err := l.Close(); err != nil {
			s.fail("Close: %v", err)
		}
	}
	return append(s.problems, s.w.Check()...)
}

func TestRequestsInASwarmOfFaults(t *testing.T) {
	first, n := uint64(1), uint64(500)
	if testing.Short() || slowBuild {
		n = 60
	}
	if seed, err := strconv.ParseUint(os.Getenv("SIM_SEED"), 10, 64); err == nil {
		first, n = seed, 1
	}
	if many, err := strconv.ParseUint(os.Getenv("SIM_RUNS"), 10, 64); err == nil {
		n = many
	}
	failed := 0
	for seed := first; seed < first+n && failed < 3; seed++ {
		if problems := runCallSwarm(seed); len(problems) > 0 {
			failed++
			t.Errorf("seed %d:\n\t%s", seed, strings.Join(problems, "\n\t"))
		}
	}
}
