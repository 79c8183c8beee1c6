package loop

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/weir-go/weir/reactor"
)

// Lookup is a name whose addresses are asked for: see Loop.Lookup.
type Lookup struct {
	l         *Loop
	r         *Resolver
	host      string
	done      func([]netip.Addr, error) // nil once it was called
	cancelled bool
	flight    *flight // what it waits for; guarded by the resolver's lock, as is place
	place     int     // among the flight's waiters
	answer    *answer // set before the loop is asked to tell
}

// Lookup asks Options.Resolver for the addresses of host, of the family that network says: "ip" means both, "ip4" and
// "ip6" one. done is called in a later turn, once, with at least one address, in the resolver's order, in a slice that
// is done's to keep; or with an error, which is a *net.DNSError by errors.As if there is no such name. A literal address
// is its own answer, and nobody is asked. Until done is called the Lookup keeps the loop running.
//
// Questions are asked on the pool, in the lane of QueueSlowWork: quick work does not wait behind a name server.
//
// It returns EINVAL for an empty host and without done, a net.UnknownNetworkError, and ErrClosed after Close; done is
// not called then.
func (l *Loop) Lookup(network, host string, done func([]netip.Addr, error)) (*Lookup, error) {
	return l.lookup(l.resolver, network, host, done)
}

func (l *Loop) lookup(r *Resolver, network, host string, done func([]netip.Addr, error)) (*Lookup, error) {
	l.r.CheckGoroutine()
	switch {
	case host == "" || done == nil:
		return nil, fmt.Errorf("loop: look up %q: %w", host, reactor.EINVAL)
	case network != "ip" && network != "ip4" && network != "ip6":
		return nil, fmt.Errorf("loop: look up %s: %w", host, net.UnknownNetworkError(network))
	case l.closed:
		return nil, fmt.Errorf("loop: look up %s: %w", host, reactor.ErrClosed)
	}
	k := &Lookup{l: l, r: r, host: host, done: done}
	l.working++
	if literal, err := netip.ParseAddr(host); err == nil {
		k.answered(newAnswer(network, host, []netip.Addr{literal}, nil))
	} else {
		r.ask(k, network)
	}
	return k, nil
}

// Cancel has done called with ECANCELED, in a later turn, if it has not been called yet. If nobody else waits for the
// answer the context of the question is cancelled. It is for the loop's goroutine.
func (k *Lookup) Cancel() {
	k.l.r.CheckGoroutine()
	k.cancelled = true
	if k.r.leave(k) {
		_ = k.l.Post(k.tell) // the loop cannot be closed: it counts what has not ended
	} // otherwise the answer is on its way, and tell will find that it is not wanted; or it was told
}

// answered has the loop call done. Any goroutine may call it, once.
func (k *Lookup) answered(a *answer) {
	k.answer = a
	_ = k.l.Post(k.tell)
}

// tell runs on the loop.
func (k *Lookup) tell() {
	k.l.working--
	done, a := k.done, k.answer
	k.done, k.answer = nil, nil
	if a != nil && a.ttl > 0 {
		k.r.seen(a, k.l.r.Kernel().Monotonic())
	}
	switch {
	case k.cancelled:
		done(nil, fmt.Errorf("loop: look up %s: %w", k.host, reactor.ECANCELED))
	case a.err != nil:
		done(nil, fmt.Errorf("loop: look up %s: %w", k.host, a.err))
	default:
		done(slices.Clone(a.addrs), nil)
	}
}
