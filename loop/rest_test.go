package loop

import (
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// A listener that rests because descriptors have run out is woken by the loop's own timeout, though no timer is set and
// nothing comes from the kernel; the clock is the simulated one, so the loop would not return from a wait without end.
func TestRestOfAListenerEndsByTheLoopsTimeout(t *testing.T) {
	for _, temperament := range []simkernel.Temperament{simkernel.Epoll, simkernel.Kqueue} {
		t.Run(temperament.String(), func(t *testing.T) {
			w, l := newSim(t, simkernel.Options{Seed: 1, Temperament: temperament})
			accepted, troubles := 0, 0
			ln := listen(t, l, "tcp", func(c *reactor.Conn) {
				accepted++
				c.Close(nil)
			})
			ln.OnError(func(error) { troubles++ })
			w.SetFaults(simkernel.Faults{AcceptFail: 1})
			w.Dial(ln.Addr().String())
			begin := w.Now()
			w.After(3*time.Second, func() {
				w.SetFaults(simkernel.Faults{})
				w.Dial(ln.Addr().String())
			})
			iterations := 0
			for accepted == 0 {
				once(t, l)
				iterations++
				if w.Now()-begin > time.Minute {
					t.Fatal("the listener rests for ever")
				}
			}
			// 10 ms, doubling to a second: some nine rests in three seconds, each of a few iterations.
			if troubles < 5 || troubles > 12 || iterations > 60 {
				t.Errorf("got %d rests and %d iterations in three seconds", troubles, iterations)
			}
		})
	}
}
