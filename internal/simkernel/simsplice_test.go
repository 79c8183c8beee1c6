package simkernel_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	streams "github.com/weir-go/weir/stream"
)

// The swarm of proxied connections: pairs of foreign peers, and our two Sockets between them that are piped to each other.
// The kernel has all its faults, those of splice(2) among them, and half of the pairs are meddled with. SIM_LIVES is ten times
// the number of pairs over all worlds, as each costs as much as ten lives; SIM_SEED is the first seed.

const (
	pairsAWorld  = 25
	defaultPairs = 1500
	livesAPair   = 10
)

// spliceSim is one such world.
type spliceSim struct {
	seed     uint64
	o        simkernel.Options
	w        *simkernel.World
	l        *loop.Loop
	r        *rand.Rand
	pairs    []*pair
	toCome   int
	moved    int // bytes that have arrived anywhere
	problems []string
}

func (s *spliceSim) fail(format string, args ...any) {
	if len(s.problems) < 20 {
		s.problems = append(s.problems, fmt.Sprintf(format, args...))
	}
}

func (s *spliceSim) chance(p float64) bool { return s.r.Float64() < p }

func (s *spliceSim) soon(most time.Duration) time.Duration {
	return time.Duration(s.r.Int64N(int64(most)))
}

// timer calls fn after d, in a turn of its own.
func (s *spliceSim) timer(d time.Duration, fn func()) {
	t := s.l.NewTimer()
	if err := t.Start(func() {
		t.Close(nil)
		fn()
	}, d, 0); err != nil {
		s.fail("%v", err)
	}
}

// runSpliceSim runs one seed and returns what was wrong.
func runSpliceSim(seed uint64, pairs int) *spliceSim {
	s := &spliceSim{seed: seed, o: simkernel.SwarmOptions(seed), r: rand.New(rand.NewPCG(seed, 0x73706c69)), toCome: pairs}
	s.o.TraceLines = 512
	if s.chance(0.8) {
		s.o.Temperament = simkernel.Epoll
	}
	if s.chance(0.2) {
		s.o.FDLimit = 12 + s.r.IntN(40)
	}
	s.w = simkernel.New(s.o)
	var err error
	s.l, err = loop.New(loop.Options{
		Kernel: s.w.Kernel(), ReadBuffer: 1 << (8 + s.r.IntN(6)),
		OnPanic: func(e *loop.PanicError) { s.fail("%v\n%s", e, e.Stack) },
	})
	if err != nil {
		s.fail("%v", err)
		return s
	}
	ln, err := s.l.Listen("tcp", tcpAddress, s.accepted)
	if err != nil {
		s.fail("%v", err)
		return s
	}
	for range pairs {
		s.w.After(s.soon(20*time.Millisecond), s.dial)
	}
	s.watch(ln, -1, 0)
	if err := s.l.Run(); err != nil {
		s.fail("Run: %v", err)
		return s
	}
	s.judge()
	return s
}

// dial begins a pair: two peers, each with a stream of its own to send.
func (s *spliceSim) dial() {
	s.toCome--
	p := &pair{s: s, moody: s.chance(0.5)}
	s.pairs = append(s.pairs, p)
	for i := range p.sides {
		x := &spliceSide{p: p, n: 2*len(s.pairs) + i, i: i, slow: s.chance(0.3)}
		if s.chance(0.8) {
			x.size = s.r.IntN(1 << (8 + s.r.IntN(11)))
		}
		p.sides[i] = x
		x.out = s.w.Dial(tcpAddress)
		x.out.Notify(func(*simkernel.Peer) { x.act() })
	}
}

// accepted finds whose connection this is. The second one of a pair begins its life.
func (s *spliceSim) accepted(c *reactor.Conn) {
	for _, p := range s.pairs {
		for _, x := range p.sides {
			if x.in == nil && x.out.LocalAddr() == c.RemoteAddr() && !p.broken {
				x.in = streams.NewSocket(s.l, c, streams.SocketOptions{
					AllowHalfOpen: true, PauseOnCreate: true, HighWaterMark: 1 << (8 + s.r.IntN(10)),
				})
				x.live()
				if x.other().in != nil {
					p.join()
				}
				return
			}
		}
	}
	c.Close(nil) // its other half has failed already
}

// watch ends what does not move any more, and says so if nothing is to blame.
func (s *spliceSim) watch(ln *reactor.Listener, moved, still int) {
	s.timer(time.Second, func() {
		if moved == s.moved && s.toCome == 0 {
			still++
		} else {
			still = 0
		}
		if still < 60 {
			s.watch(ln, s.moved, still)
			return
		}
		ln.Close(nil)
		for i, p := range s.pairs {
			if !p.broken && p.joined && (p.sides[0].closes == 0 || p.sides[1].closes == 0) {
				s.fail("pair %d hangs: %s, %s", i, p.sides[0], p.sides[1])
			}
			p.destroy()
		}
	})
}

// judge checks what holds when everything is over.
func (s *spliceSim) judge() {
	for i, p := range s.pairs {
		for _, x := range p.sides {
			want := 1
			if x.in == nil {
				want = 0
			}
			if x.closes != want {
				s.fail("pair %d: a socket has closed %d times", i, x.closes)
			}
			if p.joined && !p.broken && (!x.ended || x.got-x.strays != x.other().size) {
				s.fail("pair %d: all went well, and %s of %d", i, x, x.other().size)
			}
			if p.joined && !p.broken && (int(x.in.BytesRead()) != x.size || int(x.in.BytesWritten()) != x.other().size+x.strayed) {
				s.fail("pair %d: %d bytes read of %d, %d written of %d and %d strays", i, x.in.BytesRead(), x.size,
					x.in.BytesWritten(), x.other().size, x.strayed)
			}
		}
	}
	if err := s.l.Close(); err != nil {
		s.fail("%v", err)
	}
	for _, p := range s.pairs {
		for _, x := range p.sides {
			if !x.out.Closed() {
				x.out.Close()
			}
		}
	}
	s.problems = append(s.problems, s.w.Check()...)
}

func (s *spliceSim) report() string {
	text := fmt.Sprintf("seed %d:\n", s.seed)
	for _, p := range s.problems {
		text += "  " + p + "\n"
	}
	return fmt.Sprintf("%soptions: %+v\nagain: SIM_SEED=%d SIM_LIVES=%d go test -run TestSimSplice ./internal/simkernel\n%s",
		text, s.o, s.seed, pairsAWorld*livesAPair, s.w.Trace())
}

func TestSimSplicedConnectionsLoseNothing(t *testing.T) {
	pairs := environment(t, "SIM_LIVES", defaultPairs*livesAPair) / livesAPair
	if slowBuild {
		pairs = min(pairs, defaultPairs/5)
	}
	seed := environment(t, "SIM_SEED", 1)
	worlds := max(1, int(pairs)/pairsAWorld)
	workers := min(worlds, runtime.GOMAXPROCS(0))
	for i := range workers {
		t.Run(fmt.Sprintf("worker %d", i), func(t *testing.T) {
			t.Parallel()
			spliced := 0
			for n := i; n < worlds && !t.Failed(); n += workers {
				s := runSpliceSim(seed+uint64(n), pairsAWorld)
				if len(s.problems) > 0 {
					t.Error(s.report())
				}
				spliced += s.w.Calls().BytesSpliced
			}
			if spliced == 0 && worlds > workers*4 {
				t.Error("nothing was ever spliced")
			}
		})
	}
}

func TestSimSplicingIsTheSameEveryTime(t *testing.T) {
	for seed := range uint64(5) {
		a, b := runSpliceSim(seed, 10), runSpliceSim(seed, 10)
		if a.w.TraceHash() != b.w.TraceHash() {
			t.Errorf("seed %d: traces differ", seed)
		}
	}
}
