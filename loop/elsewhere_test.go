package loop

import (
	"net/netip"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
)

// delayedKernel is a simulated kernel that runs work in the order of its own script, and remembers what was connected to.
type delayedKernel struct {
	*simkernel.Kernel
	delays   []time.Duration      // of the next Works
	delay    func() time.Duration // of those after them; nil: 0
	works    int
	connects []connected
}

type connected struct {
	at time.Duration
	to string
}

func (k *delayedKernel) Work(_ bool, fn func()) (drop func()) {
	d := time.Duration(0)
	switch {
	case len(k.delays) > 0:
		d, k.delays = k.delays[0], k.delays[1:]
	case k.delay != nil:
		d = k.delay()
	}
	k.works++
	dropped := false
	k.World().After(d, func() {
		if !dropped {
			fn()
		}
	})
	return func() { dropped = true }
}

func (k *delayedKernel) Connect(network, address string, local netip.AddrPort) (int, bool, error) {
	k.connects = append(k.connects, connected{k.Monotonic(), address})
	return k.Kernel.Connect(network, address, local)
}

// newDelayed makes a loop on one, in a world that costs no time but what the test says.
func newDelayed(t testing.TB, so simkernel.Options, o Options) (*delayedKernel, *Loop) {
	t.Helper()
	if so.CallCost == 0 {
		so.CallCost = -1
	}
	w := simkernel.New(so)
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		for _, complaint := range w.Check() {
			t.Error(complaint)
		}
	})
	k := &delayedKernel{Kernel: w.Kernel()}
	o.Kernel = k
	return k, newLoop(t, o)
}

// onWorkers is onKernels for what needs work done: on the simulated kernels that takes no time, and no goroutine.
func onWorkers(t *testing.T, o func() Options, test func(t *testing.T, l *Loop)) {
	t.Helper()
	t.Run("system", func(t *testing.T) { test(t, newLoop(t, o())) })
	for _, temperament := range []simkernel.Temperament{simkernel.Epoll, simkernel.Kqueue} {
		t.Run("sim"+temperament.String(), func(t *testing.T) {
			_, l := newDelayed(t, simkernel.Options{Seed: 1, Temperament: temperament}, o())
			test(t, l)
		})
	}
}
