package simkernel

import "github.com/weir-go/weir/reactor"

// distort adds what needn't be true to a batch, and shuffles it.
func (k *Kernel) distort(events []reactor.Event, n int) int {
	w, f := k.w, &k.w.faults
	if n < len(events) && w.random.chance(f.Spurious) {
		if ev, ok := k.spurious(); ok {
			events[n] = ev
			n++
		}
	}
	if n < len(events) && k.nGone > 0 && w.random.chance(f.Stale) {
		t := k.gone[w.random.below(min(k.nGone, len(k.gone)))]
		events[n] = reactor.Event{Token: t, Ready: reactor.Readiness(1 + w.random.below(15))}
		n++
		w.calls.Stale++
	}
	for i := 0; i < n && n < len(events); i++ {
		const both = reactor.CanRead | reactor.CanWrite
		if events[i].Ready&both == both && w.random.chance(f.Split) {
			events[n] = events[i]
			events[n].Ready &^= reactor.CanRead | reactor.Ended
			events[i].Ready &^= reactor.CanWrite
			n++
		}
	}
	if n > 1 && w.random.chance(f.Reorder) {
		for i := n - 1; i > 0; i-- {
			j := w.random.below(i + 1)
			events[i], events[j] = events[j], events[i]
		}
	}
	return n
}

// spurious reports a registered descriptor for something it is armed for, ready or not.
func (k *Kernel) spurious() (reactor.Event, bool) {
	if len(k.slots) == 0 {
		return reactor.Event{}, false
	}
	s := k.slots[k.w.random.below(len(k.slots))]
	if s == nil {
		return reactor.Event{}, false
	}
	var ready reactor.Readiness
	if s.reg.armed&reactor.ArmedRead != 0 {
		ready |= reactor.CanRead
	}
	if s.reg.armed&reactor.ArmedWrite != 0 {
		ready |= reactor.CanWrite
	}
	if ready == reactor.CanRead|reactor.CanWrite {
		ready &= reactor.Readiness(1 + k.w.random.below(3))
	}
	return reactor.Event{Token: s.reg.token, Ready: ready}, ready != 0
}
