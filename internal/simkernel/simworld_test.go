package simkernel_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

// sim is one world and what goes on in it.
type sim struct {
	seed       uint64
	o          simkernel.Options
	w          *simkernel.World
	l          *loop.Loop
	r          *rand.Rand
	readBuffer int

	ends      []*end
	actors    []*actor
	scripts   []*script
	listeners []*reactor.Listener
	started   int
	finished  bool
	stops     int // asked for, and not obeyed yet
	open      int // actors and scripts that are not over
	inCall    int // we are inside a call of the API: no callback may come
	panicky   bool
	panics    int
	told      int // panics the loop has told us of
	borrowed  [][]byte
	blocks    [][]byte
	scratch   [2048]byte
	problems  []string
}

// runSim runs one seed and returns what was wrong.
func runSim(seed uint64, lives int) *sim {
	s := &sim{seed: seed, o: simkernel.SwarmOptions(seed), r: rand.New(rand.NewPCG(seed, 0x77656972))}
	s.ends = []*end{{}} // nobody is number 0
	if s.chance(0.2) {
		s.o.FDLimit = 12 + s.r.IntN(30)
	}
	s.o.TraceLines = 512
	if n, err := strconv.Atoi(os.Getenv("SIM_TRACE")); err == nil {
		s.o.TraceLines = n
	}
	s.readBuffer = 1 << (9 + s.r.IntN(8))
	s.panicky = s.chance(0.1)
	s.w = simkernel.New(s.o)
	k := s.w.Kernel()
	l, err := loop.New(loop.Options{Kernel: k, ReadBuffer: s.readBuffer, OnPanic: s.onPanic})
	if err != nil {
		s.fail("%v", err)
		return s
	}
	s.l = l
	s.populate(lives)
	for more := true; more; more = s.stops > 0 && l.Alive() {
		s.stops = 0
		if err := l.Run(); err != nil {
			s.fail("Run: %v", err)
			return s
		}
	}
	s.judge()
	return s
}

// onPanic is told of the panics we asked for, and of bugs.
func (s *sim) onPanic(e *loop.PanicError) {
	s.told++
	if e.Value != planned {
		s.fail("%v\n%s", e, e.Stack)
		s.l.Stop()
	}
}

// populate makes the listeners, the foreign servers and the lives to come.
func (s *sim) populate(lives int) {
	s.listen("tcp", tcpAddress)
	s.listen("unix", unixAddress)
	s.w.ListenPeer(farAddress, func(p *simkernel.Peer) {
		x := s.script(p)
		x.echo = s.chance(0.7)
		s.scripts = append(s.scripts, x)
	})
	s.w.Route(deadAddress, simkernel.Fate(s.r.IntN(4)))
	if s.chance(0.3) {
		s.hooks()
	}
	gap := s.between(0, 3*time.Millisecond)
	var next func()
	next = func() {
		for range 1 + s.r.IntN(3) {
			if s.started < lives {
				s.started++
				s.begin()
			}
		}
		if s.started < lives {
			s.timer(s.between(0, gap), next)
			return
		}
		s.finish()
	}
	next()
}

// listen makes a listener, which may be paused now and then, and replaced by another.
func (s *sim) listen(network, address string) {
	if s.finished {
		return
	}
	var ln *reactor.Listener
	var err error
	o := reactor.ListenOptions{Backlog: 1 + s.r.IntN(64)}
	s.call(func() { ln, err = s.l.ListenWith(network, address, o, s.accepted) })
	if err != nil {
		if !errors.Is(err, reactor.EMFILE) {
			s.fail("listen: %v", err)
		}
		return
	}
	s.listeners = append(s.listeners, ln)
	if s.chance(0.3) {
		s.timer(s.between(0, 20*time.Millisecond), func() { s.pause(ln) })
	}
	if s.chance(0.3) {
		s.timer(s.between(0, 40*time.Millisecond), func() {
			if !ln.Closing() {
				s.call(ln.Pause) // so that somebody waits
			}
			s.timer(s.between(0, 5*time.Millisecond), func() {
				s.closeListener(ln)
				s.listen(network, address)
			})
		})
	}
}

// closeListener closes a listener. Those who wait in its queue must be served before the callback, unless the kernel
// wouldn't give them out.
func (s *sim) closeListener(ln *reactor.Listener) {
	if ln.Closing() {
		return
	}
	f := s.o.Faults
	sure := f.AcceptFail+f.Abort+f.WouldBlock == 0 && s.o.FDLimit == 0 && s.o.Temperament == simkernel.Epoll
	waiting, served := s.w.Status(ln.FD()).Waiting, len(s.actors)
	dialled := 0
	for _, a := range s.actors {
		if a.client {
			dialled++
		}
	}
	s.call(func() {
		ln.Close(func() {
			s.turn()
			for _, a := range s.actors {
				if a.client {
					dialled--
				}
			}
			if served = len(s.actors) - served + dialled; sure && served < waiting {
				s.fail("%d waited to be accepted when a listener was closed, %d were served", waiting, served)
			}
		})
	})
}

// hooks adds the other handles of a loop for a while, an Idle for a short one, and lets the loop be stopped.
func (s *sim) hooks() {
	var last string
	follows := func(name, before string) func() {
		return func() {
			s.turn()
			if last != before && last != "" {
				s.fail("%s came after %s", name, last)
			}
			last = name
		}
	}
	idle, prepare, check := s.l.NewIdle(), s.l.NewPrepare(), s.l.NewCheck()
	s.check(prepare.Start(follows("prepare", "check")))
	s.check(check.Start(follows("check", "prepare")))
	async := s.l.NewAsync(func() {
		s.turn()
		s.stops++
		s.l.Stop()
	})
	s.timer(s.between(0, 10*time.Millisecond), func() {
		s.check(idle.Start(s.turn))
		s.timer(s.between(0, 100*time.Microsecond), idle.Stop)
	})
	s.timer(s.between(0, 30*time.Millisecond), func() { s.call(async.Send) })
	s.timer(s.between(30*time.Millisecond, 60*time.Millisecond), func() {
		for _, h := range []loop.Handle{idle, prepare, check, async} {
			s.call(func() { h.Close(s.turn) })
		}
	})
}

// begin starts one life: a foreign client of ours, or one of our own connections.
func (s *sim) begin() {
	if s.chance(0.6) {
		// From outside: it comes while the loop waits.
		s.open++
		s.w.After(s.between(0, time.Millisecond), func() {
			s.open--
			address := tcpAddress
			if s.chance(0.3) {
				address = unixAddress
			}
			s.scripts = append(s.scripts, s.script(s.w.Dial(address)))
		})
		return
	}
	s.dial()
}

func (s *sim) target() (network, address string) {
	switch s.r.IntN(10) {
	case 0:
		return "tcp", deadAddress
	case 1, 2:
		return "unix", unixAddress
	case 3:
		return "unix", "/sim/nowhere"
	case 4, 5, 6:
		return "tcp", farAddress
	default:
		return "tcp", tcpAddress
	}
}

// pause stops a listener for a while, and changes its mind about the backlog.
func (s *sim) pause(ln *reactor.Listener) {
	if ln.Closing() {
		return
	}
	s.call(ln.Pause)
	if s.chance(0.3) {
		s.call(ln.Resume)
		s.call(ln.Pause)
	}
	s.timer(s.between(0, 50*time.Millisecond), func() {
		if ln.Closing() {
			return
		}
		s.call(ln.Resume)
		if s.chance(0.5) {
			if err := ln.SetBacklog(1 + s.r.IntN(32)); err != nil {
				s.fail("SetBacklog: %v", err)
			}
			s.timer(s.between(0, 100*time.Millisecond), func() { s.pause(ln) })
		}
	})
}

// finish closes the listeners once everybody has gone; the loop ends by itself then.
func (s *sim) finish() {
	if s.open > 0 {
		if s.l.Now() > time.Hour {
			s.fail("after an hour %d lives are not over", s.open)
			s.l.Stop()
			return
		}
		s.timer(50*time.Millisecond, s.finish)
		return
	}
	s.finished = true
	for _, ln := range s.listeners {
		s.closeListener(ln)
	}
}

// judge is the end of the world.
func (s *sim) judge() {
	for _, a := range s.actors {
		switch {
		case a.c == nil:
			continue
		case a.aborted:
			a.settled("after its panic")
		case !a.closed:
			s.fail("actor %d is not closed", a.end.id)
		}
		s.check(a.in.verdict(a.end))
	}
	for _, x := range s.scripts {
		s.check(x.in.verdict(x.end))
	}
	if c := s.w.Calls(); c.Slots > 2*c.Peak+32 {
		s.fail("%d slots were used, but at most %d descriptors were open at once", c.Slots, c.Peak)
	}
	if s.told != s.panics {
		s.fail("%d panics, %d were told", s.panics, s.told)
	}
	if refs, live := s.l.Reactor().Refs(), s.l.Reactor().Live(); refs != 0 || live != 0 {
		s.fail("at the end there are %d refs and %d live handles", refs, live)
	}
	if err := s.l.Close(); err != nil {
		s.fail("Close: %v", err)
	}
	s.problems = append(s.problems, s.w.Check()...)
}

func (s *sim) fail(format string, args ...any) {
	if len(s.problems) < 20 {
		s.problems = append(s.problems, fmt.Sprintf("at %v: ", s.w.Now())+fmt.Sprintf(format, args...))
	}
}

func (s *sim) check(err error) {
	if err != nil {
		s.fail("%v", err)
	}
}

// call makes a call of the API, during which no callback may run.
func (s *sim) call(f func()) {
	s.inCall++
	f()
	s.inCall--
}

// turn is the beginning of every callback. What was borrowed by an earlier one must have been sealed by now.
func (s *sim) turn() {
	if s.inCall > 0 {
		s.fail("a callback runs inside the call that caused it")
	}
	for _, b := range s.borrowed {
		s.free(b)
	}
	s.borrowed = s.borrowed[:0]
}

// timer calls fn after d, in a turn of its own.
func (s *sim) timer(d time.Duration, fn func()) {
	t := s.l.NewTimer()
	err := t.Start(func() {
		s.turn()
		t.Close(nil)
		fn()
	}, d, 0)
	s.check(err)
}

// maybeLater does something at once, or in a tick, a post or a timer.
func (s *sim) maybeLater(fn func()) {
	switch s.r.IntN(6) {
	case 0:
		s.l.NextTick(fn)
	case 1:
		s.check(s.l.Post(func() {
			s.turn()
			fn()
		}))
	case 2:
		s.timer(s.between(0, 5*time.Millisecond), fn)
	default:
		fn()
	}
}

// block, lend and free are memory for writes. It is spoiled when it comes back, so that whoever still reads it is seen.
func (s *sim) block(n int) []byte {
	if k := len(s.blocks); k > 0 {
		b := s.blocks[k-1]
		if cap(b) >= n {
			s.blocks = s.blocks[:k-1]
			return b[:n]
		}
	}
	return make([]byte, n, max(n, 8192))
}

func (s *sim) lend(p []byte) ([][]byte, []byte) {
	b := s.block(len(p))
	copy(b, p)
	at := s.r.IntN(len(b) + 1)
	return [][]byte{b[:at], b[at:]}, b
}

func (s *sim) free(b []byte) {
	for i := range b {
		b[i] = 0xEE
	}
	if len(s.blocks) < 64 {
		s.blocks = append(s.blocks, b)
	}
}

func (s *sim) newEnd() *end {
	e := &end{id: len(s.ends)}
	s.ends = append(s.ends, e)
	return e
}

func (s *sim) chance(p float64) bool { return s.r.Float64() < p }

func (s *sim) between(least, most time.Duration) time.Duration {
	return least + time.Duration(s.r.Int64N(int64(most-least)+1))
}

// size is how much somebody sends: mostly little, sometimes much.
func (s *sim) size() int {
	switch s.r.IntN(12) {
	case 0:
		return 0
	case 1:
		return s.r.IntN(120_000)
	case 2, 3:
		return s.r.IntN(8000)
	default:
		return s.r.IntN(600)
	}
}
