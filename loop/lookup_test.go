package loop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// zone is a fake Lookup: the addresses of hosts, and how often it was asked.
type zone struct {
	hosts map[string][]string
	asked atomic.Int64
}

func (z *zone) lookup(_ context.Context, _, host string) ([]netip.Addr, error) {
	z.asked.Add(1)
	texts, ok := z.hosts[host]
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return addresses(texts...), nil
}

func addresses(texts ...string) []netip.Addr {
	var addrs []netip.Addr
	for _, text := range texts {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	return addrs
}

func withLookup(lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)) func() Options {
	return func() Options { return Options{Resolver: NewResolver(ResolverOptions{Lookup: lookup})} }
}

// found is what a look-up's done was told.
type found struct {
	told  int
	addrs []netip.Addr
	err   error
}

// lookUp starts a look-up, whose done must not be called before this returns.
func lookUp(t testing.TB, l *Loop, network, host string) (*Lookup, *found) {
	t.Helper()
	f := &found{}
	k, err := l.Lookup(network, host, func(addrs []netip.Addr, err error) {
		f.told++
		f.addrs, f.err = addrs, err
		if f.told > 1 || (err == nil) != (len(addrs) > 0) {
			t.Errorf("%s: call %d with %v, %v", host, f.told, addrs, err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if f.told > 0 {
		t.Errorf("%s: done was called by Lookup", host)
	}
	return k, f
}

func (f *found) want(t testing.TB, texts ...string) {
	t.Helper()
	if want := addresses(texts...); f.told != 1 || f.err != nil || !slices.Equal(f.addrs, want) {
		t.Errorf("told %d times: %v, %v; want %v once", f.told, f.addrs, f.err, want)
	}
}

func (f *found) wantErr(t testing.TB, want error) {
	t.Helper()
	if f.told != 1 || !errors.Is(f.err, want) || f.addrs != nil {
		t.Errorf("told %d times: %v, %v; want %v once", f.told, f.addrs, f.err, want)
	}
}

func TestGetaddrinfoBasic(t *testing.T) {
	z := &zone{hosts: map[string][]string{"example.org": {"192.0.2.1", "2001:db8::1", "192.0.2.2"}}}
	onWorkers(t, withLookup(z.lookup), func(t *testing.T, l *Loop) {
		_, both := lookUp(t, l, "ip", "example.org")
		_, v4 := lookUp(t, l, "ip4", "example.org")
		_, v6 := lookUp(t, l, "ip6", "example.org")
		if !l.Alive() {
			t.Error("the look-ups do not keep the loop")
		}
		run(t, l)
		both.want(t, "192.0.2.1", "2001:db8::1", "192.0.2.2")
		v4.want(t, "192.0.2.1", "192.0.2.2")
		v6.want(t, "2001:db8::1")
	})
}

func TestLookupOfLocalhostAsksTheSystem(t *testing.T) {
	l := newLoop(t, Options{})
	_, f := lookUp(t, l, "ip", "localhost")
	run(t, l)
	if f.err != nil || !slices.ContainsFunc(f.addrs, netip.Addr.IsLoopback) {
		t.Errorf("got %v, %v", f.addrs, f.err)
	}
}

func TestGetaddrinfoFail(t *testing.T) {
	onWorkers(t, withLookup((&zone{}).lookup), func(t *testing.T, l *Loop) {
		_, f := lookUp(t, l, "ip", "xyzzy.xyzzy.xyzzy.")
		run(t, l)
		var dns *net.DNSError
		if f.told != 1 || !errors.As(f.err, &dns) || !dns.IsNotFound {
			t.Errorf("told %d times, %v", f.told, f.err)
		}
		if want := "loop: look up xyzzy.xyzzy.xyzzy.: "; f.err != nil && !strings.HasPrefix(f.err.Error(), want) {
			t.Errorf("got %q, want it to begin with %q", f.err, want)
		}
	})
}

func TestGetaddrinfoFailSync(t *testing.T) {
	onWorkers(t, withLookup((&zone{}).lookup), func(t *testing.T, l *Loop) {
		never := func([]netip.Addr, error) { t.Error("done was called") }
		for _, try := range []struct {
			network, host string
			done          func([]netip.Addr, error)
			want          error
		}{
			{"ip", "", never, reactor.EINVAL},
			{"ip", "example.org", nil, reactor.EINVAL},
			{"tcp", "example.org", never, net.UnknownNetworkError("tcp")},
		} {
			if k, err := l.Lookup(try.network, try.host, try.done); k != nil || !errors.Is(err, try.want) {
				t.Errorf("%s %q: got %v, %v, want %v", try.network, try.host, k, err, try.want)
			}
		}
		if l.Alive() {
			t.Error("something keeps the loop")
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Lookup("ip", "example.org", never); !errors.Is(err, reactor.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestGetaddrinfoConcurrent(t *testing.T) {
	const names, each = 20, 5
	hosts := map[string][]string{}
	for i := range names {
		hosts[fmt.Sprintf("host%d", i)] = []string{fmt.Sprintf("192.0.2.%d", i)}
	}
	onWorkers(t, func() Options {
		z := &zone{hosts: hosts}
		return withLookup(z.lookup)()
	}, func(t *testing.T, l *Loop) {
		var all []*found
		for i := range names * each {
			_, f := lookUp(t, l, "ip", fmt.Sprintf("host%d", i%names))
			all = append(all, f)
		}
		run(t, l)
		for i, f := range all {
			f.want(t, fmt.Sprintf("192.0.2.%d", i%names))
		}
	})
}

// gate is a Lookup that waits until the test lets it go on.
type gate struct {
	begun chan string // each host that is asked for
	open  chan struct{}
	ended chan error // how each context was when it went on
}

func newGate() *gate {
	return &gate{begun: make(chan string, 100), open: make(chan struct{}), ended: make(chan error, 100)}
}

func (g *gate) lookup(ctx context.Context, _, host string) ([]netip.Addr, error) {
	g.begun <- host
	select {
	case <-g.open:
	case <-ctx.Done():
	}
	g.ended <- ctx.Err()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return addresses("192.0.2.1"), nil
}

// next waits for something that other goroutines do.
func next[T any](t testing.TB, from <-chan T) T {
	t.Helper()
	select {
	case x := <-from:
		return x
	case <-time.After(patience):
		t.Fatalf("it did not happen within %v", patience)
		panic("not reached")
	}
}

func TestLookupsOfOneNameAreOneLookUpAndEachHasItsOwnAnswer(t *testing.T) {
	g := newGate()
	o := withLookup(g.lookup)()
	l, m := newLoop(t, o), newLoop(t, o)
	var all []*found
	for _, host := range []string{"example.org", "example.org", "EXAMPLE.org"} {
		for _, l := range []*Loop{l, m} {
			_, f := lookUp(t, l, "ip", host)
			all = append(all, f)
		}
	}
	next(t, g.begun)
	close(g.open)
	run(t, l)
	run(t, m)
	for _, f := range all {
		f.want(t, "192.0.2.1")
		f.addrs[0] = netip.Addr{}
	}
	if len(g.begun) > 0 {
		t.Errorf("it was asked %d times too often", len(g.begun))
	}
}

// A look-up that waits in the pool's queue is cancelled, and never made; done is told while the pool is still busy.
func TestThreadpoolCancelGetaddrinfo(t *testing.T) {
	g := newGate()
	o := withLookup(g.lookup)()
	o.Pool = NewPool(1)
	busy := newLoop(t, o)
	block := make(chan struct{})
	if _, err := busy.QueueWork(func() { <-block }, nil); err != nil {
		t.Fatal(err)
	}
	l := newLoop(t, o)
	k, f := lookUp(t, l, "ip", "example.org")
	k.Cancel()
	k.Cancel()
	if f.told > 0 {
		t.Error("done was called by Cancel")
	}
	if err := l.Close(); !errors.Is(err, reactor.EBUSY) {
		t.Errorf("Close: %v, want EBUSY", err)
	}
	run(t, l)
	f.wantErr(t, reactor.ECANCELED)
	close(block)
	run(t, busy)
	if len(g.begun) > 0 {
		t.Error("it was asked all the same")
	}
	k.Cancel()
	run(t, l)
	if f.told != 1 {
		t.Errorf("told %d times", f.told)
	}
}

func TestCancelOfTheLastWhoWaitsCancelsTheContext(t *testing.T) {
	g := newGate()
	o := withLookup(g.lookup)()
	l, m := newLoop(t, o), newLoop(t, o)
	first, f1 := lookUp(t, l, "ip", "example.org")
	second, f2 := lookUp(t, m, "ip", "example.org")
	next(t, g.begun)
	first.Cancel()
	runUntil(t, l, "answer", func() bool { return f1.told == 1 })
	f1.wantErr(t, reactor.ECANCELED)
	if len(g.ended) > 0 {
		t.Error("the look-up ended while somebody waited")
	}
	second.Cancel()
	if err := next(t, g.ended); !errors.Is(err, context.Canceled) {
		t.Errorf("the context's error: %v", err)
	}
	run(t, m)
	run(t, l)
	f2.wantErr(t, reactor.ECANCELED)
}

func TestALookupGoesOnWithoutTheLoopThatAskedFirst(t *testing.T) {
	g := newGate()
	o := withLookup(g.lookup)()
	l, m := newLoop(t, o), newLoop(t, o)
	first, f1 := lookUp(t, l, "ip", "example.org")
	next(t, g.begun)
	_, f2 := lookUp(t, m, "ip", "example.org")
	first.Cancel()
	close(g.open)
	run(t, m) // l does not run
	f2.want(t, "192.0.2.1")
	run(t, l)
	f1.wantErr(t, reactor.ECANCELED)
}

// A name server that does not answer, one who is patient, and very many who are not.
func TestWhoGivesUpALookupLeavesNothingBehind(t *testing.T) {
	const impatient = 1000
	k, l := newDelayed(t, simkernel.Options{Seed: 1}, Options{Resolver: NewResolver(ResolverOptions{
		Lookup: func(context.Context, string, string) ([]netip.Addr, error) { return addresses("192.0.2.1"), nil },
	})})
	k.delays = []time.Duration{time.Minute}
	told := map[error]int{}
	lookup := func() *Lookup {
		k, err := l.Lookup("ip", "host", func(_ []netip.Addr, err error) { told[errors.Unwrap(err)]++ })
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	others := []*Lookup{lookup(), lookup()}
	lookup()
	for i := range impatient {
		given := lookup()
		if i == impatient/2 {
			others[0].Cancel() // the first is not the last
		}
		given.Cancel()
	}
	if f := l.resolver.flights[question{"ip", "host"}]; len(f.waiters) != 2 || cap(f.waiters) > 16 {
		t.Errorf("%d wait, in %d places", len(f.waiters), cap(f.waiters))
	}
	run(t, l)
	if told[nil] != 2 || told[reactor.ECANCELED] != impatient+1 {
		t.Errorf("told: %v", told)
	}
}

// An answer that has come, and waits for its turn, is too late for a Cancel in the turn before.
func TestCancelOfALookupThatIsAnswered(t *testing.T) {
	onWorkers(t, withLookup((&zone{}).lookup), func(t *testing.T, l *Loop) {
		literal, f := lookUp(t, l, "ip", "192.0.2.7")
		literal.Cancel()
		run(t, l)
		f.wantErr(t, reactor.ECANCELED)
	})
}

func TestAskingAgainAfterACancelIsANewLookUp(t *testing.T) {
	g := newGate()
	l := newLoop(t, withLookup(g.lookup)())
	first, f1 := lookUp(t, l, "ip", "example.org")
	next(t, g.begun)
	first.Cancel()
	_, f2 := lookUp(t, l, "ip", "example.org")
	next(t, g.begun)
	close(g.open)
	run(t, l)
	f1.wantErr(t, reactor.ECANCELED)
	f2.want(t, "192.0.2.1")
}

// What was given up says nothing to those who ask anew, whenever it ends.
func TestALookUpThatWasGivenUpDoesNotDisturbTheNextOne(t *testing.T) {
	g := newGate()
	l := newLoop(t, Options{Resolver: NewResolver(ResolverOptions{Lookup: g.lookup, NegativeTTL: time.Hour})})
	first, f1 := lookUp(t, l, "ip", "example.org")
	next(t, g.begun)
	first.Cancel()
	_, f2 := lookUp(t, l, "ip", "example.org")
	next(t, g.begun)
	next(t, g.ended)
	const one = 2 // pieces of work: the look-up and the function
	runUntil(t, l, "end of the first", func() bool { return l.working == one })
	_, f3 := lookUp(t, l, "ip", "example.org")
	close(g.open)
	run(t, l)
	f1.wantErr(t, reactor.ECANCELED)
	f2.want(t, "192.0.2.1")
	f3.want(t, "192.0.2.1")
	if len(g.begun) > 0 {
		t.Error("it was asked a third time")
	}
}

func TestLiteralAddressesAreNotLookedUp(t *testing.T) {
	z := &zone{}
	onWorkers(t, withLookup(z.lookup), func(t *testing.T, l *Loop) {
		_, v4 := lookUp(t, l, "ip", "192.0.2.1")
		_, v6 := lookUp(t, l, "ip6", "2001:db8::1")
		_, zoned := lookUp(t, l, "ip", "fe80::1%eth0")
		_, mapped := lookUp(t, l, "ip4", "::ffff:192.0.2.1")
		_, other := lookUp(t, l, "ip6", "192.0.2.1")
		run(t, l)
		v4.want(t, "192.0.2.1")
		v6.want(t, "2001:db8::1")
		zoned.want(t, "fe80::1%eth0")
		mapped.want(t, "192.0.2.1")
		var dns *net.DNSError
		if !errors.As(other.err, &dns) {
			t.Errorf("an address of the other family: %v", other.err)
		}
	})
	if n := z.asked.Load(); n > 0 {
		t.Errorf("asked %d times", n)
	}
}

func TestAnswersOfTheOtherFamilyAreLeftOut(t *testing.T) {
	z := &zone{hosts: map[string][]string{
		"mixed": {"::ffff:192.0.2.1", "2001:db8::1"}, "old": {"192.0.2.1"}, "empty": {},
	}}
	onWorkers(t, withLookup(z.lookup), func(t *testing.T, l *Loop) {
		_, v4 := lookUp(t, l, "ip4", "mixed")
		_, both := lookUp(t, l, "ip", "mixed")
		_, none := lookUp(t, l, "ip6", "old")
		_, empty := lookUp(t, l, "ip", "empty")
		run(t, l)
		v4.want(t, "192.0.2.1")
		both.want(t, "192.0.2.1", "2001:db8::1")
		for _, f := range []*found{none, empty} {
			if f.told != 1 || !notFound(f.err) {
				t.Errorf("told %d times, %v", f.told, f.err)
			}
		}
	})
}

func TestAPanicInALookupIsItsError(t *testing.T) {
	var asked atomic.Int64
	o := func() Options {
		return Options{Resolver: NewResolver(ResolverOptions{NegativeTTL: time.Hour, Lookup: func(_ context.Context, _, host string) ([]netip.Addr, error) {
			asked.Add(1)
			if host == "exit" {
				runtime.Goexit()
			}
			panic(host)
		}})}
	}
	l := newLoop(t, o())
	for range 2 {
		_, f := lookUp(t, l, "ip", "panic")
		_, g := lookUp(t, l, "ip", "exit")
		run(t, l)
		var p *PanicError
		if !errors.As(f.err, &p) || p.Value != "panic" || f.told != 1 {
			t.Errorf("told %d times, %v", f.told, f.err)
		}
		g.wantErr(t, errGoexit)
	}
	if n := asked.Load(); n != 4 {
		t.Errorf("asked %d times: a panic was kept as an answer", n)
	}
}

// cached is a loop whose resolver keeps answers, on a clock that the test moves.
func cached(t *testing.T, o ResolverOptions) (*zone, *delayedKernel, *Loop) {
	z := &zone{hosts: map[string][]string{}}
	for i := range 10 {
		z.hosts[fmt.Sprintf("host%d", i)] = []string{fmt.Sprintf("192.0.2.%d", i)}
	}
	o.Lookup = z.lookup
	k, l := newDelayed(t, simkernel.Options{Seed: 1}, Options{Resolver: NewResolver(o)})
	return z, k, l
}

func TestAnswersServeForTheirTime(t *testing.T) {
	z, k, l := cached(t, ResolverOptions{TTL: time.Minute, NegativeTTL: time.Second})
	ask := func(host string, want int64) {
		t.Helper()
		before := z.asked.Load()
		_, f := lookUp(t, l, "ip", host)
		run(t, l)
		if f.told != 1 || (f.err == nil) != (host == "host1") {
			t.Errorf("told %d times, %v", f.told, f.err)
		}
		if f.err == nil {
			f.want(t, "192.0.2.1")
			f.addrs[0] = netip.Addr{} // it is ours
		}
		if got := z.asked.Load() - before; got != want {
			t.Errorf("at %v: asked for %s %d times, want %d", k.Monotonic(), host, got, want)
		}
	}
	k.delays = []time.Duration{2 * time.Minute} // the time counts from the answer, not from the question
	ask("host1", 1)
	ask("host1", 0)
	k.World().Advance(time.Minute - 1)
	ask("host1", 0)
	k.World().Advance(1)
	ask("host1", 1)
	ask("host1", 0)

	k.delays = []time.Duration{5 * time.Second}
	ask("nobody", 1)
	k.World().Advance(time.Second - 1)
	ask("nobody", 0)
	k.World().Advance(1)
	ask("nobody", 1)
}

func TestWithoutATimeNothingIsKept(t *testing.T) {
	z, _, l := cached(t, ResolverOptions{})
	for _, host := range []string{"host1", "host1", "nobody", "nobody"} {
		lookUp(t, l, "ip", host)
		run(t, l)
	}
	if n := z.asked.Load(); n != 4 {
		t.Errorf("asked %d times, want 4", n)
	}
	if n := l.resolver.kept.order.Len(); n > 0 {
		t.Errorf("%d answers are kept", n)
	}
}

func TestTheOldestAnswerMakesRoom(t *testing.T) {
	z, _, l := cached(t, ResolverOptions{TTL: time.Hour, MaxAnswers: 3})
	for i, step := range []struct {
		host string
		want int64 // how often it was asked since the beginning
	}{
		{"host1", 1},
		{"host2", 2},
		{"host3", 3},
		{"host1", 3},
		{"host4", 4}, // host1 goes
		{"host2", 4},
		{"host1", 5}, // host2 goes
		{"host3", 5},
		{"host2", 6},
	} {
		lookUp(t, l, "ip", step.host)
		run(t, l)
		if n := z.asked.Load(); n != step.want {
			t.Errorf("step %d, %s: asked %d times, want %d", i, step.host, n, step.want)
		}
	}
	if n := l.resolver.kept.order.Len(); n != 3 || len(l.resolver.kept.at) != 3 {
		t.Errorf("%d answers are kept", n)
	}
}

func TestAnAnswerTakesThePlaceOfTheOneBefore(t *testing.T) {
	s := answers{most: 2}
	q := question{"ip", "host"}
	first, second := &answer{ttl: 1}, &answer{ttl: 1}
	s.keep(q, first)
	s.keep(q, second)
	if got := s.find(q, 0); got != second || s.order.Len() != 1 {
		t.Errorf("got the first: %v, %d kept", got == first, s.order.Len())
	}
}

// An answer that was given up before it came is worth nothing to others.
func TestWhatACancelledLookUpReturnsIsNotKept(t *testing.T) {
	z, k, l := cached(t, ResolverOptions{TTL: time.Hour, NegativeTTL: time.Hour})
	k.delays = []time.Duration{time.Second}
	lookup, f := lookUp(t, l, "ip", "host1")
	lookup.Cancel()
	run(t, l)
	f.wantErr(t, reactor.ECANCELED)
	k.World().Advance(2 * time.Second)
	_, f = lookUp(t, l, "ip", "host1")
	run(t, l)
	f.want(t, "192.0.2.1")
	if n := z.asked.Load(); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
}

func TestLoopsOfOneProcessShareAnswers(t *testing.T) {
	z := &zone{hosts: map[string][]string{"host1": {"192.0.2.1"}}}
	o := Options{Resolver: NewResolver(ResolverOptions{TTL: time.Hour, Lookup: z.lookup})}
	l := newLoop(t, o)
	lookUp(t, l, "ip", "host1")
	run(t, l)
	m := newLoop(t, o)
	_, f := lookUp(t, m, "ip", "host1")
	run(t, m)
	f.want(t, "192.0.2.1")
	if n := z.asked.Load(); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
}

// Loops on goroutines of their own look up, cancel and share; every done is called once.
func TestLoopsLookUpTogether(t *testing.T) {
	z := &zone{hosts: map[string][]string{"host1": {"192.0.2.1"}, "host2": {"192.0.2.2"}}}
	o := Options{Resolver: NewResolver(ResolverOptions{TTL: time.Microsecond, MaxAnswers: 2, Lookup: func(ctx context.Context, network, host string) ([]netip.Addr, error) {
		runtime.Gosched()
		return z.lookup(ctx, network, host)
	}})}
	var wg sync.WaitGroup
	for i := range 4 {
		l := newLoop(t, o)
		wg.Go(func() {
			told, asked := 0, 0
			for n := range 200 {
				host := fmt.Sprintf("host%d", 1+(n+i)%3)
				k, err := l.Lookup("ip", host, func(addrs []netip.Addr, err error) {
					told++
					if err != nil && !errors.Is(err, reactor.ECANCELED) && !notFound(err) {
						t.Errorf("%s: %v", host, err)
					}
				})
				if err != nil {
					t.Error(err)
					return
				}
				asked++
				if n%3 == i%3 {
					k.Cancel()
				}
				if n%7 == 0 {
					if _, err := l.RunNoWait(); err != nil {
						t.Error(err)
					}
				}
			}
			if err := l.Run(); err != nil {
				t.Error(err)
			}
			if told != asked || l.working != 0 {
				t.Errorf("%d of %d look-ups were told of, %d pieces of work are left", told, asked, l.working)
			}
		})
	}
	wg.Wait()
	if n := len(o.Resolver.flights); n > 0 {
		t.Errorf("%d questions are left", n)
	}
}

// Look-ups use the lane of slow work: quick work has the other half of the pool.
func TestQuickWorkDoesNotWaitForANameServer(t *testing.T) {
	g := newGate()
	o := withLookup(g.lookup)()
	o.Pool = NewPool(2)
	l := newLoop(t, o)
	var all []*found
	for i := range 5 {
		_, f := lookUp(t, l, "ip", fmt.Sprintf("host%d", i))
		all = append(all, f)
	}
	quick := false
	if _, err := l.QueueWork(func() {}, func(error) { quick = true }); err != nil {
		t.Fatal(err)
	}
	runUntil(t, l, "quick work", func() bool { return quick })
	close(g.open)
	run(t, l)
	for _, f := range all {
		f.want(t, "192.0.2.1")
	}
}

// Two loops of a simulated process: one look-up for both, whose answer grows old for both at the same moment.
func TestSimulatedLoopsShareLookUpsInVirtualTime(t *testing.T) {
	z := &zone{hosts: map[string][]string{"host1": {"192.0.2.1"}}}
	o := Options{Resolver: NewResolver(ResolverOptions{TTL: time.Minute, Lookup: z.lookup})}
	k, l := newDelayed(t, simkernel.Options{Seed: 1}, o)
	o.Kernel = &delayedKernel{Kernel: k.World().Kernel()}
	m := newLoop(t, o)
	both := func(want int64) {
		t.Helper()
		_, f := lookUp(t, l, "ip", "host1")
		_, g := lookUp(t, m, "ip", "host1")
		for l.Alive() || m.Alive() {
			once(t, l)
			once(t, m)
		}
		f.want(t, "192.0.2.1")
		g.want(t, "192.0.2.1")
		if n := z.asked.Load(); n != want {
			t.Errorf("at %v: asked %d times, want %d", k.Monotonic(), n, want)
		}
	}
	k.delays = []time.Duration{time.Second}
	both(1)
	k.World().Advance(time.Minute - 1)
	both(1)
	k.World().Advance(1)
	both(2)
}
