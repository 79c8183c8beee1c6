package loop

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/reactor"
)

// counting is the system's kernel with an ear at the calls that tests are about.
type counting struct {
	reactor.Kernel
	wakes  atomic.Int64
	waits  int
	writes []string // what each Write and Writev was given
	// waiting, if set, is called right before Wait, with its timeout: the last moment before the loop sleeps.
	waiting func(timeout time.Duration)
	// asked, if set, is called whenever the clock is asked.
	asked func()
	// early is how many Waits return at once, for nothing, as Poller allows.
	early int
}

func (k *counting) Monotonic() time.Duration {
	if k.asked != nil {
		k.asked()
	}
	return k.Kernel.Monotonic()
}

func (k *counting) Wake() {
	k.wakes.Add(1)
	k.Kernel.Wake()
}

func (k *counting) Wait(changes []reactor.Change, events []reactor.Event, timeout time.Duration) (int, error) {
	k.waits++
	if k.waiting != nil {
		k.waiting(timeout)
	}
	if k.early > 0 {
		k.early--
		timeout = 0
	}
	return k.Kernel.Wait(changes, events, timeout)
}

func (k *counting) Write(fd int, p []byte) (int, reactor.Errno) {
	k.writes = append(k.writes, string(p))
	return k.Kernel.Write(fd, p)
}

func (k *counting) Writev(fd int, bufs [][]byte) (int, reactor.Errno) {
	var all []byte
	for _, b := range bufs {
		all = append(all, b...)
	}
	k.writes = append(k.writes, string(all))
	return k.Kernel.Writev(fd, bufs)
}

// newCounting makes a loop on a counting kernel.
func newCounting(t testing.TB) (*counting, *Loop) {
	t.Helper()
	k := &counting{Kernel: system(t, false)}
	return k, newLoop(t, Options{Kernel: k})
}
