package reactortest

import (
	"fmt"
	"time"

	"github.com/weir-go/weir/reactor"
)

// Driver is the smallest loop that keeps the contract of reactor.Reactor. It has no timers and no ticks: it dispatches.
type Driver struct {
	R *reactor.Reactor
	// Iterations counts the calls of Iterate.
	Iterations int
	// OnTurnEnd, if not nil, is called after each callback, when its writes have left and before what is borrowed is
	// sealed: where the loop runs ticks.
	OnTurnEnd func()

	turning bool // a callback may run now
}

// pendingRounds is how often callbacks that cause callbacks are followed up, as in the loop.
const pendingRounds = 8

// Iterate is one pass through the phases. It waits for at most timeout, and not at all if callbacks are owed.
func (d *Driver) Iterate(timeout time.Duration) {
	r := d.R
	d.Iterations++
	d.turning = true
	defer func() { d.turning = false }()
	d.endTurn() // of what the test did between two iterations
	d.runPending()
	n, err := r.Wait(d.patience(timeout))
	if err != nil {
		panic(fmt.Sprintf("reactortest: Wait: %v", err))
	}
	for i := range n {
		for r.Dispatch(i) {
			d.endTurn()
		}
	}
	for round := 0; round < pendingRounds && r.Busy(); round++ {
		d.runPending()
	}
	r.StartClosing()
	for r.RunClosing() {
		d.endTurn()
	}
	r.EndRests(r.Kernel().Monotonic())
}

// patience is how long Wait may take.
func (d *Driver) patience(timeout time.Duration) time.Duration {
	if d.R.Busy() {
		return 0
	}
	if at, ok := d.R.RestEnd(); ok {
		timeout = min(timeout, max(0, at-d.R.Kernel().Monotonic()))
	}
	return timeout
}

func (d *Driver) runPending() {
	d.R.StartPending()
	for d.R.RunPending() {
		d.endTurn()
	}
}

func (d *Driver) endTurn() {
	d.R.Flush()
	if d.OnTurnEnd != nil {
		d.OnTurnEnd()
		d.R.Flush()
	}
	d.R.Seal()
}

// step is how long Until waits before it looks again: a peer may be ready while the loop has nothing to do.
const step = time.Millisecond

// patienceMax is after how long Until gives up. Nothing should take a hundredth of it.
const patienceMax = 20 * time.Second

// Until iterates until cond holds, and reports whether it came to that.
func (d *Driver) Until(cond func() bool) bool {
	clock := d.R.Kernel()
	for end := clock.Monotonic() + patienceMax; !cond(); {
		if clock.Monotonic() > end {
			return false
		}
		d.Iterate(step)
	}
	return true
}

// Pass lets d pass on the kernel's clock and returns how many iterations that took.
func (d *Driver) Pass(t time.Duration) (iterations int) {
	clock, before := d.R.Kernel(), d.Iterations
	for end := clock.Monotonic() + t; ; {
		left := end - clock.Monotonic()
		if left <= 0 {
			return d.Iterations - before
		}
		d.Iterate(left)
	}
}
