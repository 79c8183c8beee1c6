package loop

import (
	"context"
	"net"
	"net/netip"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// Resolver turns names into addresses for loops: see Loop.Lookup. Any number of loops of a process may share one, and by
// default all do; those of a simulated world count as a process of their own. Questions that are the same and under way
// at the same time are asked once.
type Resolver struct {
	o ResolverOptions

	mu      sync.Mutex
	flights map[question]*flight
	kept    answers
}

// ResolverOptions say how a Resolver is made. The zero value is good.
type ResolverOptions struct {
	// TTL is how long an answer is kept and serves again. The default is 0: not at all. The system's resolver does not
	// tell how long a name server said that it holds.
	TTL time.Duration
	// NegativeTTL is TTL for errors: that there is no such name, or that no server answered. The default is 0.
	NegativeTTL time.Duration
	// MaxAnswers is how many answers and errors are kept at most; the oldest make room. The default is 1,024.
	MaxAnswers int
	// Lookup asks for the addresses of a host; network is "ip", "ip4" or "ip6". It is called on goroutines of the
	// loops' pools, several at a time, and should return once ctx is done, which is when nobody waits for the answer any
	// more: until then it has a place in the pool, and the loop that asked first goes on running. The default is the
	// LookupNetIP of net.DefaultResolver.
	Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// defaultMaxAnswers bounds a cache to some hundred kilobytes.
const defaultMaxAnswers = 1024

// sharedResolver is the resolver of all loops that are not told otherwise.
var sharedResolver = NewResolver(ResolverOptions{})

// NewResolver returns a Resolver. It holds nothing that needs to be closed.
func NewResolver(o ResolverOptions) *Resolver {
	if o.MaxAnswers <= 0 {
		o.MaxAnswers = defaultMaxAnswers
	}
	if o.Lookup == nil {
		o.Lookup = net.DefaultResolver.LookupNetIP
	}
	return &Resolver{o: o, flights: map[question]*flight{}, kept: answers{most: o.MaxAnswers}}
}

// question is what a Lookup function is asked. Names differ by more than case.
type question struct{ network, host string }

// flight is a question under way, and those who wait for its answer. It is guarded by the resolver's lock.
type flight struct {
	r       *Resolver
	q       question
	host    string // as the first who asked wrote it
	ctx     context.Context
	cancel  context.CancelFunc
	asked   time.Duration
	l       *Loop // of the first who asked
	work    *Work // l's; known to l's goroutine only
	waiters []*Lookup
}

// ask finds an answer for k, or joins those who wait for it, or asks. It is called on k's loop.
func (r *Resolver) ask(k *Lookup, network string) {
	q := question{network, strings.ToLower(k.host)}
	now := k.l.r.Kernel().Monotonic()
	r.mu.Lock()
	if a := r.kept.find(q, now); a != nil {
		r.mu.Unlock()
		k.answered(a)
		return
	}
	f, flying := r.flights[q]
	if !flying {
		f = &flight{r: r, q: q, host: k.host, asked: now, l: k.l}
		f.ctx, f.cancel = context.WithCancel(context.Background())
		r.flights[q] = f
	}
	k.flight, k.place = f, len(f.waiters)
	f.waiters = append(f.waiters, k)
	r.mu.Unlock()
	if !flying {
		f.work, _ = k.l.QueueSlowWork(f.run, nil) // it refuses nothing that it is given here
	}
}

// leave ends k's waiting and reports whether there was any. A question that nobody waits for is given up. It is called
// on k's loop.
func (r *Resolver) leave(k *Lookup) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := k.flight
	if f == nil {
		return false
	}
	// The last takes its place: who waits for long must not keep a place for each who came and went.
	last := f.waiters[len(f.waiters)-1]
	f.waiters[k.place], last.place = last, k.place
	f.waiters[len(f.waiters)-1] = nil
	f.waiters = f.waiters[:len(f.waiters)-1]
	k.flight = nil
	if len(f.waiters) == 0 {
		delete(r.flights, f.q) // whoever asks now does not want an answer that was cut off
		f.cancel()
		_ = f.l.Post(func() { _ = f.work.Cancel() }) // it may have begun, or be over and its loop closed
	}
	return true
}

// run asks. It is called off the loop.
func (f *flight) run() {
	var addrs []netip.Addr
	err := errGoexit
	defer func() { f.r.land(f, addrs, err) }()
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	addrs, err = f.r.o.Lookup(f.ctx, f.q.network, f.host)
}

// land hands the answer to all who wait. It is called off the loop.
func (r *Resolver) land(f *flight, addrs []netip.Addr, err error) {
	a := newAnswer(f.q.network, f.host, addrs, err)
	r.mu.Lock()
	if len(f.waiters) > 0 {
		delete(r.flights, f.q)
		if a.ttl = r.ttl(err); a.ttl > 0 {
			a.since = f.asked // until somebody who has a clock sees it
			r.kept.keep(f.q, a)
		}
	}
	waiters := f.waiters
	f.waiters = nil
	for _, k := range waiters {
		k.flight = nil
	}
	r.mu.Unlock()
	f.cancel()
	for _, k := range waiters {
		k.answered(a)
	}
}

// ttl is how long an answer with err is kept.
func (r *Resolver) ttl(err error) time.Duration {
	if err == nil {
		return r.o.TTL
	}
	if _, panicked := err.(*PanicError); panicked || err == errGoexit {
		return 0 // it says nothing about the name
	}
	return r.o.NegativeTTL
}

// seen says that a, which may have come from a question, was there at now. Where it came from there was no clock.
func (r *Resolver) seen(a *answer, now time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !a.dated {
		a.dated, a.since = true, now
	}
}
