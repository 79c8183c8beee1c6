package simkernel_test

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

// The simulation of what happens off the loops: several loops in one world queue work, cancel it, post to each other,
// watch signals and raise them. Each loop runs in a coroutine, which gives way wherever it would wait, and the seed
// decides who goes on.

// actionsAWorld is what the loops of one world do, all together.
const actionsAWorld = 200

var simSignals = []os.Signal{syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGHUP}

// party is one world and the loops in it.
type party struct {
	seed     uint64
	o        simkernel.Options
	w        *simkernel.World
	r        *rand.Rand
	guests   []*guest
	current  *guest // whose coroutine runs
	left     int    // actions to come
	pending  int    // posts, timers and the like that will act and have not
	raises   [3]int // by signal
	raisedAt time.Duration
	panics   int // that we have caused in callbacks
	told     int
	problems []string
}

// guest is one loop.
type guest struct {
	p       *party
	id      int
	l       *loop.Loop
	inCall  int
	jobs    []*simJob
	signals []*simSignal
	steady  [3]*simSignal // are started at the beginning and closed at the end
	heard   [3]int        // how many had been raised when the steady one was called last
	closed  bool
}

// simJob is one QueueWork and what has become of it.
type simJob struct {
	w         *loop.Work
	explodes  bool
	untold    bool // there is no done
	ran       int
	done      int
	cancelled bool
}

// simSignal is one Signal and what it was told to do.
type simSignal struct {
	h       *loop.Signal
	sig     os.Signal // nil: stopped
	oneShot bool
	closed  bool
}

// giveWay is a kernel whose Wait lets the other loops go on first.
type giveWay struct {
	reactor.Kernel
	yield func(struct{}) bool
}

var errGoHome = errors.New("the simulation has failed, and this loop is not run to its end")

func (k *giveWay) Wait(changes []reactor.Change, events []reactor.Event, timeout time.Duration) (int, error) {
	if !k.yield(struct{}{}) {
		return 0, errGoHome
	}
	return k.Kernel.Wait(changes, events, timeout)
}

// runParty runs one seed and returns what was wrong.
func runParty(seed uint64) *party {
	p := &party{seed: seed, o: simkernel.SwarmOptions(seed), r: rand.New(rand.NewPCG(seed, 0x656c7365)), left: actionsAWorld}
	p.o.TraceLines = 512
	p.o.Workers = 1 + p.r.IntN(5)
	p.w = simkernel.New(p.o)
	var coroutines []func() (struct{}, bool)
	for i := range 1 + p.r.IntN(3) {
		g := &guest{p: p, id: i}
		p.guests = append(p.guests, g)
		k := p.w.Kernel()
		next, stop := iter.Pull(func(yield func(struct{}) bool) { g.run(&giveWay{k, yield}) })
		defer stop()
		coroutines = append(coroutines, next)
	}
	running := slices.Clone(p.guests)
	for len(running) > 0 && len(p.problems) == 0 {
		i := p.r.IntN(len(running))
		p.current = running[i]
		if _, more := coroutines[p.current.id](); !more {
			running = slices.Delete(running, i, i+1)
		}
	}
	p.current = nil
	p.judge()
	return p
}

// run is the life of a loop.
func (g *guest) run(k reactor.Kernel) {
	p := g.p
	l, err := loop.New(loop.Options{Kernel: k, OnPanic: g.onPanic})
	if err != nil {
		p.fail("%v", err)
		return
	}
	g.l = l
	for i := range simSignals {
		g.steady[i] = g.signal()
		g.start(g.steady[i], simSignals[i], false)
	}
	g.timer(0, g.act)
	g.finishLater()
	for l.Alive() && len(p.problems) == 0 {
		if p.chance(0.3) {
			_, err = l.RunOnce()
		} else {
			err = l.Run() // until a callback stops it
		}
		if err != nil {
			p.fail("loop %d: Run: %v", g.id, err)
			return
		}
	}
	g.closed = true
	if err := l.Close(); err != nil && len(p.problems) == 0 {
		p.fail("loop %d: Close: %v", g.id, err)
	}
}

func (g *guest) onPanic(e *loop.PanicError) {
	g.p.told++
	if e.Value != planned {
		g.p.fail("%v\n%s", e, e.Stack)
	}
}

// turn is the beginning of every callback.
func (g *guest) turn() {
	switch {
	case g.inCall > 0:
		g.p.fail("loop %d: a callback runs inside the call that caused it", g.id)
	case g.p.current != g:
		g.p.fail("loop %d: a callback runs while another loop does", g.id)
	case g.closed:
		g.p.fail("loop %d: a callback runs after the loop has ended", g.id)
	}
}

func (g *guest) call(fn func() error) {
	g.inCall++
	if err := fn(); err != nil {
		g.p.fail("loop %d: %v", g.id, err)
	}
	g.inCall--
}

// later has fn called in a turn of its own.
func (g *guest) later(d time.Duration, fn func()) {
	g.p.pending++
	g.timer(d, func() {
		g.p.pending--
		fn()
	})
}

func (g *guest) timer(d time.Duration, fn func()) {
	t := g.l.NewTimer()
	g.call(func() error {
		return t.Start(func() {
			g.turn()
			t.Close(nil)
			fn()
		}, d, 0)
	})
}

// act does a few things, and has more done.
func (g *guest) act() {
	p := g.p
	for range 1 + p.r.IntN(4) {
		if p.left == 0 {
			return
		}
		p.left--
		g.something()
	}
	g.later(p.between(0, 4*time.Millisecond), g.act)
}

func (g *guest) something() {
	p := g.p
	switch p.r.IntN(12) {
	case 0, 1, 2, 3:
		g.queue()
	case 4, 5:
		if len(g.jobs) > 0 {
			g.cancel(g.jobs[p.r.IntN(len(g.jobs))])
		}
	case 6:
		g.post(p.guests[p.r.IntN(len(p.guests))])
	case 7, 8:
		g.fiddle()
	case 9:
		p.raise()
	case 10:
		p.pending++
		p.w.After(p.between(0, 5*time.Millisecond), func() { // from outside, while somebody waits
			p.pending--
			p.raise()
		})
	case 11:
		if p.chance(0.2) {
			g.l.Stop()
		}
	}
}

// maybePanic ends a callback the hard way.
func (g *guest) maybePanic() {
	if g.p.chance(0.02) {
		g.p.panics++
		panic(planned)
	}
}

// queue queues work of a random kind.
func (g *guest) queue() {
	p := g.p
	j := &simJob{explodes: p.chance(0.1), untold: p.chance(0.1)}
	g.jobs = append(g.jobs, j)
	work := func() {
		if j.ran++; j.ran > 1 || j.cancelled || j.done > 0 {
			p.fail("loop %d: work runs: %+v", g.id, *j)
		}
		if p.chance(0.1) {
			g.fromElsewhere()
		}
		if j.explodes {
			panic(planned)
		}
	}
	done := func(err error) {
		g.turn()
		j.done++
		g.verdict(j, err)
		if p.chance(0.3) && p.left > 0 {
			p.left--
			g.something()
		}
		if p.chance(0.2) {
			g.cancel(j)
		}
		g.maybePanic()
	}
	q := g.l.QueueWork
	if p.chance(0.4) {
		q = g.l.QueueSlowWork
	}
	g.call(func() (err error) {
		if j.untold {
			done = nil
		}
		j.w, err = q(work, done)
		return err
	})
	if p.chance(0.2) {
		g.cancel(j)
	}
}

// verdict checks what done is told.
func (g *guest) verdict(j *simJob, err error) {
	var pe *loop.PanicError
	ok := false
	switch {
	case j.done != 1:
	case j.cancelled:
		ok = j.ran == 0 && errors.Is(err, reactor.ECANCELED)
	case j.explodes:
		ok = j.ran == 1 && errors.As(err, &pe) && pe.Value == planned
	default:
		ok = j.ran == 1 && err == nil
	}
	if !ok {
		g.p.fail("loop %d: done was told %v: %+v", g.id, err, *j)
	}
}

func (g *guest) cancel(j *simJob) {
	var err error
	g.call(func() error {
		err = j.w.Cancel()
		return nil
	})
	switch {
	case err == nil && (j.ran > 0 || j.cancelled):
		g.p.fail("loop %d: Cancel says that it is in time: %+v", g.id, *j)
	case err == nil:
		j.cancelled = true
	case !errors.Is(err, reactor.EBUSY) || j.ran == 0 && !j.cancelled:
		g.p.fail("loop %d: Cancel: %v: %+v", g.id, err, *j)
	}
}

// fromElsewhere is what other goroutines may do to a loop.
func (g *guest) fromElsewhere() {
	if g.p.left > 0 {
		g.post(g.p.guests[g.p.r.IntN(len(g.p.guests))])
	}
}

// post has to do something.
func (g *guest) post(to *guest) {
	if to.l == nil || to.closed {
		return // it has not begun, or is over
	}
	g.p.pending++
	err := to.l.Post(func() {
		to.turn()
		g.p.pending--
		if g.p.left > 0 {
			g.p.left--
			to.something()
		}
		to.maybePanic()
	})
	if err != nil {
		g.p.fail("post to loop %d: %v", to.id, err)
	}
}

func (p *party) raise() {
	i := p.r.IntN(len(simSignals))
	p.raises[i]++
	p.raisedAt = p.w.Now()
	p.w.Raise(simSignals[i])
}

// signal makes a Signal.
func (g *guest) signal() *simSignal {
	s := &simSignal{h: g.l.NewSignal()}
	g.signals = append(g.signals, s)
	return s
}

func (g *guest) start(s *simSignal, sig os.Signal, oneShot bool) {
	cb := func(got os.Signal) {
		g.turn()
		if s.closed || s.sig != sig || got != sig {
			g.p.fail("loop %d: told of %v by a Signal started for %v, which is now: %+v", g.id, got, sig, *s)
		}
		if s.oneShot {
			s.sig = nil
		}
		if s.h.Active() != (s.sig != nil) {
			g.p.fail("loop %d: in the callback of a Signal its Active is %v: %+v", g.id, s.h.Active(), *s)
		}
		if i := slices.Index(g.steady[:], s); i >= 0 {
			g.heard[i] = g.p.raises[i]
			if g.p.chance(0.1) {
				g.p.w.Advance(g.p.between(0, 2*time.Millisecond)) // it takes long, and what comes meanwhile counts anew
			}
		} else if g.p.chance(0.3) {
			g.change(s)
		}
		g.maybePanic()
	}
	g.call(func() error {
		if oneShot {
			return s.h.StartOneShot(sig, cb)
		}
		return s.h.Start(sig, cb)
	})
	s.sig, s.oneShot = sig, oneShot
}

// fiddle makes a Signal, or changes one that is there, or starts a steady one anew, which must lose nothing.
func (g *guest) fiddle() {
	if i := g.p.r.IntN(len(simSignals)); g.p.chance(0.2) && !g.steady[i].closed {
		g.start(g.steady[i], simSignals[i], false)
		return
	}
	if n := len(g.signals); n > len(simSignals) && g.p.chance(0.7) {
		g.change(g.signals[len(simSignals)+g.p.r.IntN(n-len(simSignals))])
		return
	}
	s := g.signal()
	if g.p.chance(0.3) {
		s.h.Unref()
	}
	g.change(s)
}

func (g *guest) change(s *simSignal) {
	p := g.p
	switch {
	case s.closed:
	case p.chance(0.2):
		s.sig = nil
		g.call(func() error { s.h.Stop(); return nil })
	case p.chance(0.1):
		g.closeSignal(s)
	default:
		g.start(s, simSignals[p.r.IntN(len(simSignals))], p.chance(0.3))
	}
}

func (g *guest) closeSignal(s *simSignal) {
	if s.closed {
		return
	}
	s.closed, s.sig = true, nil
	g.call(func() error {
		s.h.Close(g.turn)
		return nil
	})
}

// finishLater closes everything once nobody has anything to do any more, and every signal must have been heard.
func (g *guest) finishLater() {
	p := g.p
	g.timer(20*time.Millisecond, func() {
		if p.left > 0 || p.pending > 0 || p.w.Now() < p.raisedAt+20*time.Millisecond {
			if p.w.Now() > time.Hour {
				p.fail("after an hour %d actions are left and %d pending", p.left, p.pending)
				g.l.Stop()
				return
			}
			g.finishLater()
			return
		}
		for i, sig := range simSignals {
			if g.heard[i] != p.raises[i] {
				p.fail("loop %d: %v was raised %d times, and after the %dth it was not heard", g.id, sig, p.raises[i], g.heard[i])
			}
		}
		for _, s := range g.signals {
			g.closeSignal(s)
		}
	})
}

func (p *party) judge() {
	if len(p.problems) > 0 {
		return
	}
	for _, g := range p.guests {
		for i, j := range g.jobs {
			if (j.done == 1) == j.untold || j.cancelled == (j.ran == 1) {
				p.fail("loop %d: at the end, work %d: %+v", g.id, i, *j)
			}
		}
	}
	if p.told != p.panics {
		p.fail("%d panics in callbacks, %d were told", p.panics, p.told)
	}
	p.problems = append(p.problems, p.w.Check()...)
}

func (p *party) fail(format string, args ...any) {
	if len(p.problems) < 20 {
		p.problems = append(p.problems, fmt.Sprintf("at %v: ", p.w.Now())+fmt.Sprintf(format, args...))
	}
}

func (p *party) chance(x float64) bool { return p.r.Float64() < x }

func (p *party) between(least, most time.Duration) time.Duration {
	return least + time.Duration(p.r.Int64N(int64(most-least)+1))
}

// report is what a failing seed prints.
func (p *party) report() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, %d loops:\n", p.seed, len(p.guests))
	for _, problem := range p.problems {
		fmt.Fprintf(&b, "  %s\n", problem)
	}
	fmt.Fprintf(&b, "options: %+v\n", p.o)
	fmt.Fprintf(&b, "again: SIM_SEED=%d SIM_LIVES=1 go test -run TestSimElsewhere ./internal/simkernel\n", p.seed)
	b.WriteString(p.w.Trace())
	return b.String()
}

func TestSimElsewhere(t *testing.T) {
	worlds := max(1, int(environment(t, "SIM_LIVES", defaultLives))/10)
	seed := environment(t, "SIM_SEED", 1)
	workers := min(worlds, runtime.GOMAXPROCS(0))
	for i := range workers {
		t.Run(fmt.Sprintf("worker %d", i), func(t *testing.T) {
			t.Parallel()
			for n := i; n < worlds && !t.Failed(); n += workers {
				if p := runParty(seed + uint64(n)); len(p.problems) > 0 {
					t.Error(p.report())
				}
			}
		})
	}
}

func TestSimElsewhereIsTheSameEveryTime(t *testing.T) {
	for seed := range uint64(20) {
		a, b := runParty(seed), runParty(seed)
		if a.w.TraceHash() != b.w.TraceHash() {
			t.Errorf("seed %d: traces differ", seed)
		}
	}
}
