package httpcore

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
)

// Conversations with a Server on the simulated kernel, with everything that a kernel and a network may do wrong: answers
// come in order, whole or with an error, everybody is told the end once, and nothing is left behind.

// swarm is one seed.
type swarm struct {
	r        *rand.Rand
	w        *simkernel.World
	l        *loop.Loop
	s        *Server
	o        ServerOptions
	told     []*told
	open     int  // clients
	unkind   bool // handlers destroy things
	jumps    bool // time may jump, so that deadlines pass
	shed     bool // descriptors may be short, so that clients are sent away
	problems []string
}

func (s *swarm) fail(format string, args ...any) {
	if len(s.problems) < 10 {
		s.problems = append(s.problems, fmt.Sprintf("at %v: ", s.w.Now())+fmt.Sprintf(format, args...))
	}
}

// excused reports whether the server may have given up a connection: its handlers do, a deadline passed, or the kernel had
// no memory for it, or no descriptor.
func (s *swarm) excused() bool { return s.unkind || s.jumps || s.shed || s.w.Calls().ChangesFailed > 0 }

func (s *swarm) chance(p float64) bool { return s.r.Float64() < p }

func (s *swarm) after(most time.Duration, fn func()) {
	t := s.l.NewTimer()
	if err := t.Start(func() {
		t.Close(nil)
		fn()
	}, time.Duration(s.r.Int64N(int64(most)+1)), 0); err != nil {
		s.fail("timer: %v", err)
	}
}

func runSwarm(seed uint64) []string {
	so := simkernel.SwarmOptions(seed)
	s := &swarm{r: rand.New(rand.NewPCG(seed, 0x68747470)), jumps: so.Faults.TimeJump > 0, shed: so.Faults.AcceptFail > 0}
	s.w = simkernel.New(so)
	s.unkind = s.chance(0.2)
	l, err := loop.New(loop.Options{
		Kernel: s.w.Kernel(), ReadBuffer: 1 << (9 + s.r.IntN(8)),
		OnUncaught: func(err error) { s.fail("uncaught: %v", err) },
		OnPanic:    func(e *loop.PanicError) { s.fail("%v\n%s", e, e.Stack) },
	})
	if err != nil {
		return []string{err.Error()}
	}
	s.l = l
	s.o = ServerOptions{HighWaterMark: 1 << (6 + s.r.IntN(11))}
	if s.chance(0.2) {
		s.o.MaxRequestsPerSocket = 1 + s.r.IntN(4)
	}
	if s.chance(0.2) {
		s.o.MaxBody = int64(1 + s.r.IntN(5000))
	}
	s.s = NewServer(s.o)
	s.s.OnRequest(s.answer)
	open, requests, done, refused := 0, 0, 0, 0
	if s.chance(0.5) {
		s.s.OnConnection(func(*ConnStats) { open++ })
		s.s.OnConnectionClose(func(c *ConnStats) {
			if open--; open < 0 {
				s.fail("more connections are closed than were opened")
			}
			requests += c.Requests
		})
		s.s.OnRequestDone(func(x *RequestStats) {
			if x.Request == nil {
				refused++
			} else {
				done++
			}
		})
		s.s.OnClientError(func(e *ClientError) {
			if e.Response != nil && s.chance(0.5) {
				e.Response.SetHeader("X-Why", "whatever")
			}
		})
	}
	ln, err := l.Listen("tcp", simAddress, func(c *loop.Conn) { s.s.ServeTransport(l, c) })
	if err != nil {
		return []string{err.Error()}
	}
	n := 1 + s.r.IntN(6)
	s.open = n
	for range n {
		s.w.After(time.Duration(s.r.Int64N(int64(5*time.Millisecond))), func() { newSwarmClient(s) })
	}
	var end func()
	end = func() {
		if s.open > 0 || s.s.conns.Load() > 0 {
			if l.Now() > 30*time.Minute {
				s.fail("%d clients and %d connections are not over", s.open, s.s.conns.Load())
				l.Stop()
				return
			}
			s.after(time.Second, end)
			return
		}
		ln.Close(nil)
	}
	end()
	if err := l.Run(); err != nil {
		s.fail("Run: %v", err)
		return s.problems
	}
	for i, x := range s.told {
		if x.resClosed != 1 || x.reqClosed != 1 || x.finish > 1 || x.ended > 1 || x.aborted > 1 || x.pending() != 0 {
			s.fail("exchange %d (%s): %d closes of the response, %d finishes; %d closes of the request, %d ends, %d aborts; %d callbacks are due", i,
				x.req.URL(), x.resClosed, x.finish, x.reqClosed, x.ended, x.aborted, x.pending())
		}
	}
	if open != 0 || requests != done {
		s.fail("of %d requests %d are told of, and %d that were none; %d connections are open", requests, done, refused, open)
	}
	if err := l.Close(); err != nil {
		s.fail("Close: %v", err)
	}
	return append(s.problems, s.w.Check()...)
}

// answer is the handler. What it does is the first letter of the path; what is behind it is the number of the request, and
// the length of its answer.
func (s *swarm) answer(req *IncomingMessage, res *ServerResponse) {
	x := &told{req: req, res: res}
	writes, called := 0, 0
	s.told = append(s.told, x)
	late := func(what string) {
		if x.resClosed > 0 {
			s.fail("%s behind the close of %s", what, req.URL())
		}
	}
	res.OnFinish(func() { x.finish++; late("a finish") })
	res.OnClose(func() { x.resClosed++ })
	req.OnEnd(func() {
		if x.ended++; x.reqClosed > 0 {
			s.fail("an end behind the close of %s", req.URL())
		}
	})
	req.OnAborted(func() { x.aborted++ })
	req.OnClose(func() { x.reqClosed++ })
	x.pending = func() int { return writes - called }
	if n := req.ReadableLength(); n > s.o.HighWaterMark+64<<10 {
		s.fail("%d bytes of a request are held", n)
	}
	body := answerTo(req.URL())
	write := func() func(error) {
		writes++
		closed := x.resClosed > 0
		return func(error) {
			if called++; called > writes {
				s.fail("a callback was called twice")
			}
			if !closed {
				late("the callback of a write")
			}
		}
	}
	if s.unkind && s.chance(0.2) {
		res.SetTimeout(time.Duration(1+s.r.IntN(int(200*time.Millisecond))), nil)
	}
	if s.unkind && s.chance(0.1) {
		s.after(2*time.Millisecond, func() { res.Destroy(nil) })
	}
	more := func() {
		for len(body) > 0 {
			p := body[:1+s.r.IntN(len(body))]
			body = body[len(p):]
			if s.chance(0.5) {
				p = bytes.Clone(p)
			}
			if !res.WriteChunk(p, write()) && len(body) > 0 {
				return // the next drain goes on
			}
		}
		res.EndWith(nil, write())
	}
	pieces := func() {
		res.OnDrain(func() { late("a drain"); more() })
		more()
	}
	whole := func() {
		res.EndWith(body, write())
	}
	switch req.URL()[1] {
	case 'n': // at once, whatever the request is
		whole()
	case 'l': // late, and it does not read
		late := 5 * time.Millisecond
		if s.unkind && s.chance(0.1) {
			late = time.Second
		}
		s.after(late, whole)
	case 'p': // in pieces
		s.after(time.Millisecond, pieces)
	case 'r': // when the request was read, with pauses
		req.OnData(func(p []byte) {
			if s.chance(0.3) {
				req.Pause()
				s.after(2*time.Millisecond, func() { req.Resume() })
			}
		})
		req.OnEnd(pieces)
	case 'e': // the request itself
		req.Pipe(res)
	}
}

// answerTo is the body of the answer to a request for url, if that is not an echo.
func answerTo(url string) []byte {
	parts := strings.Split(url, "/")
	n, _ := strconv.Atoi(parts[3])
	return bytes.Repeat([]byte("<"+url+">"), n/(len(url)+2)+1)[:n]
}

// swarmClient is one conversation.
type swarmClient struct {
	s     *swarm
	p     *simkernel.Peer
	out   []byte
	got   []byte
	want  []swarmAnswer
	slow  bool
	end   int // what it does when it has sent everything
	left  bool
	whole bool // it has sent everything and read until the end
}

type swarmAnswer struct {
	url  string
	body []byte
	last bool // it may be the last: the client or the server has said so
	big  bool // because its request is too large
}

func newSwarmClient(s *swarm) {
	c := &swarmClient{s: s, p: s.w.Dial(simAddress), slow: s.chance(0.3), end: s.r.IntN(8)}
	n := 1 + s.r.IntN(8)
	for i := range n {
		size := s.r.IntN(300)
		if s.chance(0.2) {
			size = s.r.IntN(50_000)
		}
		url := fmt.Sprintf("/%c/%d/%d", "nlpre"[s.r.IntN(5)], i, size)
		a := swarmAnswer{url: url, body: answerTo(url), last: i == n-1 || s.o.MaxRequestsPerSocket == i+1}
		var body []byte
		head := " HTTP/1.1\r\nHost: a\r\n"
		method := "GET "
		if s.chance(0.5) {
			method = "POST "
			n := s.r.IntN(200)
			if s.chance(0.2) {
				n = s.r.IntN(40_000)
			}
			body = bytes.Repeat([]byte(strconv.Itoa(i)+"."), n)[:n]
		}
		if i == n-1 && s.chance(0.5) {
			head += "Connection: close\r\n"
		}
		sent := string(body)
		switch {
		case method == "GET ":
		case s.chance(0.5):
			head += fmt.Sprintf("Content-Length: %d\r\n", len(body))
		default:
			head += "Transfer-Encoding: chunked\r\n"
			at := s.r.IntN(len(body) + 1)
			sent = ""
			for _, p := range [][]byte{body[:at], body[at:]} {
				if len(p) > 0 {
					sent += fmt.Sprintf("%x\r\n%s\r\n", len(p), p)
				}
			}
			sent += "0\r\n\r\n"
		}
		if url[1] == 'e' {
			a.body = body
		}
		if s.o.MaxBody > 0 && int64(len(body)) > s.o.MaxBody {
			a.last, a.big = true, true
		}
		c.out = append(c.out, method+url+head+"\r\n"+sent...)
		c.want = append(c.want, a)
	}
	c.p.Notify(func(*simkernel.Peer) { c.step() })
	s.w.After(time.Minute+time.Duration(s.r.Int64N(int64(10*time.Minute))), c.leave)
	if s.chance(0.1) {
		s.w.After(time.Duration(s.r.Int64N(int64(10*time.Millisecond))), c.leave)
	}
	c.step()
}

func (c *swarmClient) step() {
	if c.left {
		return
	}
	for len(c.out) > 0 {
		n := len(c.out)
		if c.slow {
			n = 1 + c.s.r.IntN(min(n, 500))
		}
		n = c.p.Send(c.out[:n])
		c.out = c.out[n:]
		if n == 0 || c.slow {
			break
		}
		if len(c.out) == 0 && c.end == 0 {
			c.p.CloseWrite()
		}
	}
	if len(c.out) == 0 && c.end == 1 && c.s.chance(0.05) {
		c.leave()
		return
	}
	for {
		most := 64 << 10
		if c.slow {
			most = 1 + c.s.r.IntN(2000)
		}
		b, err := c.p.Recv(most)
		c.got = append(c.got, b...)
		if err != nil {
			c.whole = err == io.EOF
			c.leave()
			return
		}
		if len(b) == 0 || c.slow {
			break
		}
	}
	if c.slow {
		c.s.w.After(time.Duration(c.s.r.Int64N(int64(2*time.Millisecond))), func() {
			if !c.left && (c.p.Buffered() > 0 || len(c.out) > 0 || c.p.Ended()) {
				c.step()
			}
		})
	}
}

func (c *swarmClient) leave() {
	if c.left {
		return
	}
	c.left = true
	c.s.open--
	if c.end == 2 {
		c.p.Reset()
	} else {
		c.p.Close()
	}
	c.judge()
}

// judge looks at what was received.
func (c *swarmClient) judge() {
	s := c.s
	r := bufio.NewReader(bytes.NewReader(c.got))
	for i, want := range c.want {
		if _, err := r.Peek(1); err != nil {
			if c.whole && !s.excused() && !c.over(i) {
				s.fail("there were %d answers and a clean end, want %d", i, len(c.want))
			}
			return
		}
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			c.short(i, err)
			return
		}
		b, err := io.ReadAll(res.Body)
		switch {
		case res.StatusCode == 408 || res.StatusCode == 413 || res.StatusCode == 400:
			if !res.Close {
				s.fail("%d without a close", res.StatusCode)
			}
			if res.StatusCode == 413 && !want.last || res.StatusCode == 400 && c.end != 0 {
				s.fail("answer %d is %s", i, res.Status)
			}
			c.rest(r)
			return
		case res.StatusCode == 503 && s.unkind:
			if res.Close {
				c.rest(r)
				return
			}
		case !bytes.HasPrefix(want.body, b):
			s.fail("the answer to %s is %.60q", want.url, b)
			return
		case err != nil:
			c.short(i, err)
			return
		case len(b) != len(want.body):
			s.fail("the answer to %s has %d bytes, and looks whole; want %d", want.url, len(b), len(want.body))
			return
		case res.Close:
			c.rest(r)
			return
		}
	}
	c.rest(r)
}

// over reports whether there need be no i-th answer: one before was the last.
func (c *swarmClient) over(i int) bool {
	return slices.ContainsFunc(c.want[:i], func(a swarmAnswer) bool { return a.last })
}

// short is the i-th answer being cut off, as that to a request is which is too large when its answer has begun.
func (c *swarmClient) short(i int, err error) {
	s := c.s
	switch {
	case !c.whole || s.excused() || c.want[i].big:
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		s.fail("answer %d is cut off by a clean end", i)
	default:
		s.fail("answer %d: %v", i, err)
	}
}

func (c *swarmClient) rest(r *bufio.Reader) {
	if b, _ := io.ReadAll(r); len(b) > 0 {
		c.s.fail("behind the last answer there is %.60q", b)
	}
}

func TestConversationsInASwarmOfFaults(t *testing.T) {
	first, n := uint64(1), uint64(2000)
	if testing.Short() || slowBuild {
		n = 200
	}
	if seed, err := strconv.ParseUint(os.Getenv("SIM_SEED"), 10, 64); err == nil {
		first, n = seed, 1
	}
	if many, err := strconv.ParseUint(os.Getenv("SIM_RUNS"), 10, 64); err == nil {
		n = many
	}
	failed := 0
	for seed := first; seed < first+n && failed < 3; seed++ {
		if problems := runSwarm(seed); len(problems) > 0 {
			failed++
			t.Errorf("seed %d:\n\t%s", seed, strings.Join(problems, "\n\t"))
		}
	}
}
