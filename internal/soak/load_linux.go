package main

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
)

// load is weir's client: workers on one loop, each with one exchange at a time.
type load struct {
	set    setting
	say    *sayer
	l      *loop.Loop
	keep   *loop.Async
	watch  *loop.Timer
	agents []*httpcore.Agent
	ended  chan error

	going   atomic.Bool
	resting chan struct{} // closed when the last worker rests
	working int           // workers that have not gone to rest; of the loop's goroutine, as the rest is
	serial  int
	workers []*worker
	kinds   []kind
}

// patience is how long an exchange may take: several times what the longest fault and the slowest body take together.
const patience = 45 * time.Second

func (ld *load) begin() (err error) {
	ld.l, err = loop.New(loop.Options{
		OnUncaught: func(err error) { ld.say.violation("the load: uncaught: %v", err) },
		OnPanic:    func(p *loop.PanicError) { ld.say.violation("the load: panic: %v\n%s", p, p.Stack) },
	})
	if err != nil {
		return err
	}
	ld.agents = []*httpcore.Agent{
		httpcore.NewAgent(httpcore.AgentOptions{}),
		httpcore.NewAgent(httpcore.AgentOptions{MaxSockets: 4, FIFO: true}),
		httpcore.NewAgent(httpcore.AgentOptions{NoKeepAlive: true}),
	}
	for i := range ld.set.Workers {
		ld.workers = append(ld.workers, &worker{ld: ld, r: rand.New(rand.NewPCG(ld.set.Seed, uint64(i)))})
	}
	ld.kinds = kinds()
	ld.keep = ld.l.NewAsync(nil)
	ld.watch = ld.l.NewTimer()
	ld.watch.Start(ld.findHung, time.Second, time.Second)
	ld.ended = make(chan error, 1)
	go func() { ld.ended <- ld.l.Run() }()
	return nil
}

func (ld *load) start() {
	ld.going.Store(true)
	ld.resting = make(chan struct{})
	ld.l.Post(func() {
		ld.working = len(ld.workers)
		for _, w := range ld.workers {
			w.next()
		}
	})
}

func (ld *load) rest() {
	if ld.going.Swap(false) {
		<-ld.resting
	}
	for _, a := range ld.agents {
		a.CloseIdleConnections()
	}
	for range 100 { // closing takes a turn
		if ld.l.Metrics().Connections == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (ld *load) look(s *stat) {
	s.Connections = ld.l.Metrics().Connections
	for _, a := range ld.agents {
		m := a.Metrics()
		s.Agents += m.Sockets + m.FreeSockets + m.Queued
	}
	n := make(chan int, 1)
	if ld.l.Post(func() {
		count := 0
		ld.l.Walk(func(loop.Handle) { count++ })
		n <- count
	}) == nil {
		s.Handles = <-n
	}
}

// finish closes what is ours; then the loop ends by itself.
func (ld *load) finish() error {
	for _, a := range ld.agents {
		a.Destroy()
	}
	ld.l.Post(func() {
		ld.keep.Close(nil)
		ld.watch.Close(nil)
	})
	select {
	case err := <-ld.ended:
		if err != nil {
			return err
		}
	case <-time.After(10 * time.Second):
		return fmt.Errorf("the loop does not end though nothing is left")
	}
	return ld.l.Close()
}

// findHung tells of exchanges that do not come to an end.
func (ld *load) findHung() {
	for _, w := range ld.workers {
		if x := w.now; x != nil && !x.hung && ld.l.Now()-x.began > patience {
			x.hung = true
			ld.say.violation("%s over %s has not ended in %v: %s", x.kind.name, x.to.Name, patience, x.where())
		}
	}
}

// worker makes one exchange after the other.
type worker struct {
	ld  *load
	r   *rand.Rand
	now *exchange
}

// next makes another exchange, a little later.
func (w *worker) next() {
	w.now = nil
	if !w.ld.going.Load() {
		if w.ld.working--; w.ld.working == 0 {
			close(w.ld.resting)
		}
		return
	}
	w.ld.after(time.Duration(w.r.IntN(40_000))*time.Microsecond, func() {
		to := &w.ld.set.Routes[w.r.IntN(len(w.ld.set.Routes))]
		k := pick(w.r, w.ld.kinds)
		for k.direct && to.Proxy {
			k = pick(w.r, w.ld.kinds)
		}
		w.ld.serial++
		x := &exchange{
			w: w, r: w.r, l: w.ld.l, to: to, kind: k, began: w.ld.l.Now(), serial: w.ld.serial,
			agent: w.ld.agents[w.r.IntN(len(w.ld.agents))],
			key:   w.r.Int64N(tableSize), n: size(w.r),
		}
		w.now = x
		k.run(x)
	})
}

// after calls fn later, once.
func (ld *load) after(d time.Duration, fn func()) {
	t := ld.l.NewTimer()
	t.Start(func() {
		t.Close(nil)
		fn()
	}, d, 0)
}

// kind is a kind of exchange.
type kind struct {
	name   string
	weight int
	direct bool // it makes no sense through a proxy
	run    func(*exchange)
}

// pick draws one of list, by weight.
func pick(r *rand.Rand, list []kind) *kind {
	sum := 0
	for i := range list {
		sum += list[i].weight
	}
	n := r.IntN(sum)
	for i := range list {
		if n -= list[i].weight; n < 0 {
			return &list[i]
		}
	}
	panic("soak: no weights")
}

// size draws how long a body is: any power of two as often as another, up to 4 MiB.
func size(r *rand.Rand) int64 {
	return r.Int64N(1 << (1 + r.IntN(22)))
}

// exchange is one exchange.
type exchange struct {
	w      *worker
	r      *rand.Rand
	l      *loop.Loop
	to     *route
	agent  *httpcore.Agent
	kind   *kind
	began  time.Duration
	serial int
	key, n int64

	req    *httpcore.ClientRequest
	file   string // of an upload
	taken  bool   // the connection is a tunnel
	status int
	got    checker
	right  bool // the answer has come, and is the right one
	leaves bool // it is given up, on purpose
	why    error
	hung   bool
	over   bool
}

// end counts the exchange, and has its worker make another.
func (x *exchange) end(o outcome, err error) {
	if x.over {
		x.w.ld.say.violation("%s over %s has ended twice, at last as %s: %v", x.kind.name, x.to.Name, o, err)
		return
	}
	x.over = true
	if err != nil {
		err = fmt.Errorf("%w (seed %d, %d bytes of key %d, status %d, %d bytes came)", err, x.w.ld.set.Seed, x.n, x.key, x.status, x.got.n)
	}
	x.w.ld.say.count(x.to, x.kind.name, o, err)
	x.w.next()
}

// where says how far an exchange is.
func (x *exchange) where() string {
	s := fmt.Sprintf("%d bytes of key %d, status %d, %d bytes came, leaves %t", x.n, x.key, x.status, x.got.n, x.leaves)
	if r := x.req; r != nil {
		s += fmt.Sprintf("; the request: %+v", r.State())
		if m := r.Response(); m != nil {
			s += fmt.Sprintf("; the response: %+v", m.State())
		}
	}
	return s
}
