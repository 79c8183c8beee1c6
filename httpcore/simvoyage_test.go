package httpcore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
)

// Clients, a proxy and a server on one loop or several of a simulated kernel, with everything that a kernel, a network, a server and a user
// may do wrong: each request is over once, what arrives is what was sent and whole if it looks so, nothing is told behind a
// close, what waits stays under the marks, and nothing is left behind.

const (
	originAddress = "127.0.0.1:8080"
	proxyAddress  = "127.0.0.1:8081"
	deadAddress   = "127.0.0.1:8082" // nobody listens

	readMost = 64 << 10 // what a read may bring beyond a mark
)

// voyage is one seed.
type voyage struct {
	seed          uint64
	r             *rand.Rand
	w             *simkernel.World
	loops         []*loop.Loop
	ticks         []*loop.Timer // of several loops: see run
	origin, proxy *Server
	near, far     *Agent // the clients', and the proxy's
	mark          int    // of all messages
	kind          bool   // nothing goes wrong, so everything succeeds
	jumps         bool   // time may jump, so that deadlines pass
	late          bool   // or a server may be late to accept
	destroyed     bool   // the clients' agent is
	errands       []*errand
	visits        []*visit
	left          int   // errands that are not over
	whole         int64 // errands that got all that they asked for
	problems      []string
}

func (s *voyage) fail(format string, args ...any) {
	if len(s.problems) < 10 {
		s.problems = append(s.problems, fmt.Sprintf("at %v: ", s.w.Now())+fmt.Sprintf(format, args...))
	}
}

func (s *voyage) chance(p float64) bool { return s.r.Float64() < p }

// unkind is chance, but never in a world where nothing goes wrong.
func (s *voyage) unkind(p float64) bool { return s.chance(p) && !s.kind }

// after calls fn on l within so long.
func (s *voyage) after(l *loop.Loop, most time.Duration, fn func()) {
	t := l.NewTimer()
	if err := t.Start(func() {
		t.Close(nil)
		fn()
	}, time.Duration(s.r.Int64N(int64(most)+1)), 0); err != nil {
		s.fail("timer: %v", err)
	}
}

// newVoyage makes the world of a seed.
func newVoyage(seed uint64) (*voyage, error) {
	so := simkernel.SwarmOptions(seed)
	s := &voyage{seed: seed, r: rand.New(rand.NewPCG(seed, 0x636c69656e74))}
	if s.kind = s.chance(0.1); s.kind {
		so.Faults = simkernel.Faults{}
	}
	s.jumps = so.Faults.TimeJump > 0
	s.late = s.jumps || so.Faults.AcceptFail > 0
	n := 1
	if s.chance(0.3) {
		n = 2 + s.r.IntN(2)
		so.CallCost = 50 * time.Microsecond // loops that take turns call often
	}
	s.w = simkernel.New(so)
	for range n {
		l, err := loop.New(loop.Options{
			Kernel: s.w.Kernel(), ReadBuffer: 1 << (9 + s.r.IntN(8)),
			OnUncaught: func(err error) { s.fail("uncaught: %v", err) },
			OnPanic:    func(e *loop.PanicError) { s.fail("%v\n%s", e, e.Stack) },
		})
		if err != nil {
			return nil, err
		}
		s.loops = append(s.loops, l)
	}
	s.mark = 1 << (6 + s.r.IntN(11))
	s.near, s.far = NewAgent(s.agentOptions()), NewAgent(s.agentOptions())
	s.origin, s.proxy = NewServer(s.serverOptions()), NewServer(s.serverOptions())
	s.origin.OnRequest(s.answer)
	if s.chance(0.5) {
		s.origin.OnCheckContinue(s.answerExpecting)
	}
	s.proxy.OnRequest(s.relay)
	return s, nil
}

func (s *voyage) agentOptions() AgentOptions {
	var o AgentOptions
	if s.chance(0.4) {
		o.MaxSockets = 1 + s.r.IntN(4)
	}
	if s.chance(0.3) {
		o.MaxTotalSockets = 1 + s.r.IntN(4)
	}
	if s.chance(0.3) {
		o.MaxFreeSockets = s.r.IntN(4) - 1
	}
	if s.unkind(0.1) {
		o.MaxQueued = 1 + s.r.IntN(8)
	}
	if s.chance(0.3) {
		o.IdleTimeout = time.Duration(s.r.Int64N(int64(20 * time.Millisecond)))
	}
	o.NoKeepAlive, o.FIFO = s.chance(0.1), s.chance(0.3)
	return o
}

func (s *voyage) serverOptions() ServerOptions {
	o := ServerOptions{HighWaterMark: s.mark}
	if s.chance(0.2) {
		o.MaxRequestsPerSocket = 1 + s.r.IntN(4)
	}
	if s.unkind(0.2) {
		o.IdleTimeout = time.Duration(1 + s.r.Int64N(int64(20*time.Millisecond)))
	}
	return o
}

// runVoyage lives through a seed.
func runVoyage(seed uint64) *voyage {
	s, err := newVoyage(seed)
	if err != nil {
		return &voyage{seed: seed, problems: []string{err.Error()}}
	}
	stopOrigin, err1 := s.listen(s.origin, originAddress)
	stopProxy, err2 := s.listen(s.proxy, proxyAddress)
	if err := errors.Join(err1, err2); err != nil {
		return &voyage{seed: seed, problems: []string{err.Error()}}
	}
	n := 1 + s.r.IntN(2*errandsAVoyage-1)
	s.left = n
	within := 1 + time.Duration(s.r.Int64N(int64(100*time.Millisecond)))
	for i := range n {
		e := s.newErrand(i)
		s.errands = append(s.errands, e)
		s.after(e.l, within, e.begin)
	}
	s.disturb(within)
	s.conclude(func() {
		stopOrigin()
		stopProxy()
		for i, tick := range s.ticks {
			s.loops[i].Post(func() { tick.Close(nil) })
		}
	})
	if err := s.run(); err != nil {
		s.fail("Run: %v", err)
		return s
	}
	s.judge()
	return s
}

// any is one of the loops.
func (s *voyage) any() *loop.Loop { return s.loops[s.r.IntN(len(s.loops))] }

// listen has srv serve at an address, on some loop, until stop is called.
func (s *voyage) listen(srv *Server, address string) (stop func(), err error) {
	l := s.any()
	ln, err := l.Listen("tcp", address, func(c *loop.Conn) { srv.ServeTransport(l, c) })
	return func() { l.Post(func() { ln.Close(nil) }) }, err
}

// run gives every loop its turns until all have ended.
func (s *voyage) run() error {
	if len(s.loops) == 1 {
		return s.loops[0].Run()
	}
	for _, l := range s.loops {
		tick := l.NewTimer() // one loop's wait must not outlast what the others have to do
		tick.Start(func() {}, 5*time.Millisecond, 5*time.Millisecond)
		s.ticks = append(s.ticks, tick)
	}
	for alive := true; alive; {
		alive = false
		for _, l := range s.loops {
			more, err := l.RunOnce()
			if err != nil {
				return err
			}
			alive = alive || more
		}
	}
	return nil
}

// disturb has the agents be asked for what they may be asked for at any time.
func (s *voyage) disturb(within time.Duration) {
	for _, a := range []*Agent{s.near, s.far} {
		if s.chance(0.2) {
			s.after(s.any(), within, a.CloseIdleConnections)
		}
	}
	if s.unkind(0.03) {
		s.after(s.any(), within, func() {
			s.destroyed = true
			s.near.Destroy()
		})
	}
	if s.unkind(0.03) {
		s.after(s.any(), within, s.far.Destroy)
	}
}

// conclude calls done when everything is over.
func (s *voyage) conclude(done func()) {
	open := func() string {
		near, far := s.near.Metrics(), s.far.Metrics()
		return fmt.Sprintf("%d errands, %d and %d connections of the servers, agents with %d+%d+%d and %d+%d+%d", s.left, s.origin.conns.Load(), s.proxy.conns.Load(),
			near.Sockets, near.FreeSockets, near.Queued, far.Sockets, far.FreeSockets, far.Queued)
	}
	over := open()
	over = strings.Replace(over, strconv.Itoa(s.left), "0", 1)
	l := s.loops[0]
	patient := s.chance(0.5) && len(s.loops) == 1
	pause := time.Second
	if len(s.loops) > 1 {
		pause = 50 * time.Millisecond // each millisecond costs
	}
	var look func()
	look = func() {
		switch {
		case open() == over:
			done()
		case l.Now() > time.Hour:
			s.fail("not over: %s", open())
			done()
		default:
			if s.left == 0 && !patient { // idle connections are closed by and by, or now
				s.near.CloseIdleConnections()
				s.far.CloseIdleConnections()
			}
			s.after(l, pause, look)
		}
	}
	look()
}

// judge looks at what is left when the loop has ended.
func (s *voyage) judge() {
	for _, e := range s.errands {
		e.judge()
	}
	for _, v := range s.visits {
		v.judge()
	}
	for name, a := range map[string]*Agent{"the clients'": s.near, "the proxy's": s.far} {
		b := &a.budget
		if n := a.counts.open.Load(); n != 0 || b.total != 0 || len(b.of) != 0 || len(b.starved) != 0 || len(a.pools) != 0 {
			s.fail("%s agent has %d connections left, %d taken of %d origins, %d who wait, %d pools", name, n, b.total, len(b.of), len(b.starved), len(a.pools))
		}
	}
	for _, l := range s.loops {
		if err := l.Close(); err != nil {
			s.fail("Close: %v", err)
		}
	}
	s.problems = append(s.problems, s.w.Check()...)
}

// limits are what an agent must keep at any time.
func (s *voyage) limits(a *Agent) {
	total := 0
	for _, p := range a.pools {
		for key, o := range p.origins {
			n := o.open + o.dials
			total += n
			if most := a.o.MaxSockets; most > 0 && n > most {
				s.fail("%d connections to %s, want %d at most", n, key.address, most)
			}
			if o.idle > a.o.MaxFreeSockets {
				s.fail("%d idle connections, want %d at most", o.idle, a.o.MaxFreeSockets)
			}
		}
	}
	if most := a.o.MaxTotalSockets; most > 0 && total > most {
		s.fail("%d connections in all, want %d at most", total, most)
	}
	if n, most := a.counts.queued.Load(), a.o.MaxQueued; n > int64(most)+1 {
		s.fail("%d requests wait, want %d at most", n, most)
	}
}

// errandsAVoyage is how many there are on average.
const errandsAVoyage = 20

// SIM_LIVES is the number of exchanges over all voyages, SIM_SEED the first seed.
func TestSimExchangesThroughAProxy(t *testing.T) {
	lives, first := uint64(10_000), uint64(1)
	if testing.Short() || slowBuild {
		lives = 2000
	}
	if n, err := strconv.ParseUint(os.Getenv("SIM_LIVES"), 10, 64); err == nil {
		lives = n
	}
	if n, err := strconv.ParseUint(os.Getenv("SIM_SEED"), 10, 64); err == nil {
		first = n
	}
	voyages := max(1, lives/errandsAVoyage)
	workers := min(voyages, uint64(runtime.GOMAXPROCS(0)))
	var all, whole atomic.Int64
	t.Cleanup(func() {
		t.Logf("%d exchanges, %d of them whole", all.Load(), whole.Load())
		if !t.Failed() && lives >= 1000 && whole.Load() < all.Load()/3 {
			t.Error("too few to tell anything")
		}
	})
	for i := range workers {
		t.Run(fmt.Sprintf("worker %d", i), func(t *testing.T) {
			t.Parallel()
			for n := i; n < voyages && !t.Failed(); n += workers {
				s := runVoyage(first + n)
				all.Add(int64(len(s.errands)))
				whole.Add(s.whole)
				if len(s.problems) > 0 {
					t.Error(s.report())
				}
			}
		})
	}
}

func TestSimVoyagesAreTheSameEveryTime(t *testing.T) {
	seeds := uint64(50)
	if slowBuild {
		seeds = 5
	}
	for seed := range seeds {
		if a, b := runVoyage(seed), runVoyage(seed); a.w.TraceHash() != b.w.TraceHash() {
			t.Errorf("seed %d: traces differ", seed)
		}
	}
}

// report is what a seed prints that fails.
func (s *voyage) report() string {
	return fmt.Sprintf("seed %d:\n\t%s\nagain: SIM_SEED=%d SIM_LIVES=1 go test -run TestSimExchanges ./httpcore", s.seed, strings.Join(s.problems, "\n\t"), s.seed)
}

// verses are what bodies are made of. A body is a piece of it, and another one for each message.
var verses = func() []byte {
	r := rand.New(rand.NewPCG(1, 1))
	b := make([]byte, 300<<10)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}()

// text is a body of n bytes, which are its number's.
func text(number, n int) []byte { return slices.Clip(verses[number%5000 : number%5000+n]) }
