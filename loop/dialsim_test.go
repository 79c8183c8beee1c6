package loop

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// TestDialSimulation dials in worlds drawn from seeds, to hosts whose addresses work, refuse, are silent or cannot be
// reached, found soon, late or not at all, with descriptors running out, and cancels some. Whatever happens: done is
// called once, in a turn of its own, with a connection to where somebody listens or with a reason that is one; without
// faults there is a connection if there can be; and nothing is left.
func TestDialSimulation(t *testing.T) {
	seeds := uint64(600)
	if testing.Short() {
		seeds = 100
	}
	for seed := range seeds {
		s := &dialSim{t: t, rng: rand.New(rand.NewPCG(seed, 0x6469616c)), kind: seed%4 == 0}
		s.run(seed)
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

type dialSim struct {
	t     *testing.T
	rng   *rand.Rand
	k     *delayedKernel
	l     *Loop
	kind  bool // no faults, time-outs or cancels
	hosts map[string]*fakeHost
	open  int // dials that are not over
}

// fates are the addresses of newDialWorld, with those that work twice as likely.
var fates = [families][]string{
	six:  {works6, works6, refuses6, silent6, slow6, noRoute6},
	four: {works4, works4, refuses4, silent4, slow4, noRoute4},
}

func (s *dialSim) chance(p float64) bool { return s.rng.Float64() < p }

func (s *dialSim) duration(most time.Duration) time.Duration {
	return time.Duration(s.rng.Int64N(int64(most)))
}

func (s *dialSim) run(seed uint64) {
	so := simkernel.SwarmOptions(seed)
	if s.kind {
		so.Faults = simkernel.Faults{}
	} else if s.chance(0.2) {
		so.FDLimit = 5 + s.rng.IntN(10)
	}
	s.hosts = map[string]*fakeHost{}
	for i := range 6 {
		s.hosts[fmt.Sprintf("host%d", i)] = s.host()
	}
	o := Options{
		OnPanic: func(*PanicError) {},
		Resolver: NewResolver(ResolverOptions{
			TTL: s.duration(time.Second), NegativeTTL: s.duration(time.Second), MaxAnswers: 1 + s.rng.IntN(8),
			Lookup: func(ctx context.Context, network, name string) ([]netip.Addr, error) {
				return s.hosts[name].lookup(ctx, network, name)
			},
		}),
	}
	k, l := newDialWorldWith(s.t, so, o, nil)
	s.k, s.l = k, l
	k.delay = func() time.Duration {
		if s.chance(0.3) {
			return s.duration(10 * time.Second)
		}
		return s.duration(200 * ms)
	}
	for range 1 + s.rng.IntN(20) {
		timer := l.NewTimer()
		start(s.t, timer, func() {
			s.dial()
			timer.Close(nil)
		}, s.duration(3*time.Second), 0)
	}
	run(s.t, l)
	if s.open != 0 || l.working != 0 || len(l.timers.heap) > 0 || l.r.Live() > 0 || len(o.Resolver.flights) > 0 {
		s.t.Errorf("%d dials, %d pieces of work, %d timers, %d connections, %d questions are left",
			s.open, l.working, len(l.timers.heap), l.r.Live(), len(o.Resolver.flights))
	}
	for _, complaint := range k.World().Check() {
		s.t.Error(complaint)
	}
}

// host makes up what is known of a name.
func (s *dialSim) host() *fakeHost {
	h := &fakeHost{}
	for f, addrs := range [families]*[]string{&h.six, &h.four} {
		for range s.rng.IntN(4) {
			*addrs = append(*addrs, fates[f][s.rng.IntN(len(fates[f]))])
		}
	}
	if s.chance(0.1) {
		h.six, h.sixErr = nil, errServer
	}
	if s.chance(0.1) {
		h.four, h.fourErr = nil, errServer
	}
	return h
}

// dial makes up a dial, and judges it.
func (s *dialSim) dial() {
	t, l, begun := s.t, s.l, s.k.Monotonic()
	name := fmt.Sprintf("host%d", s.rng.IntN(6))
	network := []string{"tcp", "tcp", "tcp", "tcp4", "tcp6"}[s.rng.IntN(5)]
	o := DialOptions{FallbackDelay: s.pick(0, 0, -1, 10*ms, time.Second), ResolutionDelay: s.pick(0, -1, 10*ms)}
	if s.chance(0.2) {
		o.LocalAddr = []netip.AddrPort{
			netip.MustParseAddrPort("127.0.0.1:0"), netip.MustParseAddrPort("[::1]:0"),
			netip.MustParseAddrPort("127.0.0.1:5000"), netip.AddrPortFrom(netip.Addr{}, 5001),
		}[s.rng.IntN(4)]
	}
	if !s.kind && s.chance(0.4) {
		o.Timeout = s.duration(5 * time.Second)
	}
	told, cancelled := 0, false
	inside := true
	s.open++
	d, err := l.Dial(network, name+":80", o, func(c *reactor.Conn, err error) {
		told++
		s.open--
		if told > 1 || inside || (c == nil) == (err == nil) {
			t.Errorf("call %d, inside: %v, with %v, %v", told, inside, c, err)
		}
		if err != nil {
			s.judge(name, network, o, cancelled, s.k.Monotonic()-begun, err)
			if s.chance(0.1) {
				panic("in done")
			}
			return
		}
		if to := c.RemoteAddr().Addr().String(); cancelled || to != works6 && to != works4 || c.Closing() || c.Active() || l.r.Owner() != c {
			t.Errorf("cancelled: %v, connected to %s, Closing %v, Active %v", cancelled, to, c.Closing(), c.Active())
		}
		switch s.rng.IntN(4) {
		case 0:
			panic("in done")
		case 1:
			c.Close(nil)
		default:
			timer := l.NewTimer()
			start(t, timer, func() {
				c.Close(nil)
				timer.Close(nil)
			}, s.duration(time.Second), 0)
		}
	})
	inside = false
	if err != nil {
		t.Errorf("Dial: %v", err)
		return
	}
	if !s.kind && s.chance(0.3) {
		cancel := func() {
			inside = true
			cancelled = cancelled || told == 0
			d.Cancel()
			inside = false
		}
		if s.chance(0.2) {
			cancel()
			return
		}
		timer := l.NewTimer()
		start(t, timer, func() {
			cancel()
			timer.Close(nil)
		}, s.duration(2*time.Second), 0)
	}
}

// judge says whether err is a reason for a dial to fail.
func (s *dialSim) judge(name, network string, o DialOptions, cancelled bool, after time.Duration, err error) {
	var (
		dns    *net.DNSError
		wrong  *net.AddrError
		h      = s.hosts[name]
		local  = o.LocalAddr.Addr()
		sixes  = network != "tcp4" && !local.Is4() && slices.Contains(h.six, works6)
		fours  = network != "tcp6" && !local.Is6() && slices.Contains(h.four, works4)
		bound  = o.LocalAddr.Port() != 0 // another dial may have that port, towards the same peer
		expiry = errors.Is(err, reactor.ETIMEDOUT)
	)
	switch {
	case cancelled != errors.Is(err, reactor.ECANCELED):
		s.t.Errorf("cancelled: %v, got %v", cancelled, err)
	case s.kind && !bound && (sixes || fours):
		s.t.Errorf("%s %s has an address that works, got %v", network, name, err)
	case expiry && after < min(o.Timeout, 100*time.Second):
		s.t.Errorf("it took %v, got %v", after, err)
	case !cancelled && !expiry && !errors.As(err, &dns) && !errors.As(err, &wrong) &&
		!slices.ContainsFunc(dialFailures, func(errno reactor.Errno) bool { return errors.Is(err, errno) }):
		s.t.Errorf("got %v", err)
	}
}

// dialFailures are what a connect may fail with in these worlds, but for ETIMEDOUT.
var dialFailures = []reactor.Errno{
	reactor.ECONNREFUSED, reactor.ECONNRESET, reactor.EMFILE, reactor.EADDRNOTAVAIL, reactor.EADDRINUSE, reactor.ENOMEM,
	reactor.ENETUNREACH, reactor.EHOSTUNREACH,
}

func (s *dialSim) pick(of ...time.Duration) time.Duration { return of[s.rng.IntN(len(of))] }
