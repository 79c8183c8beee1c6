package simkernel

import (
	"fmt"
	"time"
)

// maxViolations bounds the list: one mistake in a loop makes thousands.
const maxViolations = 50

// maxUnanswered is how often a level-triggered event may be repeated without any call on its descriptor in between.
// One unwanted event before the descriptor is parked is how interest works here; a few more happen when a batch is not
// dispatched because the loop was stopped. Sixteen in a row is a spin.
const maxUnanswered = 16

// maxDry is how often a loop may poll without waiting, find nothing and call nothing else. An active Idle makes a loop
// do that, so it is many.
const maxDry = 10_000

// checkDry finds a loop that is busy with nothing: the spin that no descriptor causes.
func (k *Kernel) checkDry(changes int, timeout time.Duration) {
	if timeout != 0 || changes > 0 {
		k.dry = 0
		return
	}
	if k.dry++; k.dry == maxDry {
		k.w.violate("spin: kernel %d was polled %d times in a row, without a wait and without cause", k.id, k.dry)
	}
}

func (w *World) violate(format string, args ...any) {
	w.log.add(record{at: w.now, op: opViolation, kernel: -1})
	if len(w.violations) < maxViolations {
		w.violations = append(w.violations, fmt.Sprintf("at %v: ", w.now)+fmt.Sprintf(format, args...))
	}
}

// Violations lists what the code above has done that no kernel should be asked to do. Each is a bug there.
func (w *World) Violations() []string { return w.violations }

// Leaks describes every descriptor that is open now.
func (w *World) Leaks() []string {
	var leaks []string
	for fd, s := range w.fds {
		if s != nil && s.kind != kindSystem {
			leaks = append(leaks, fmt.Sprintf("fd %d is open: %s", fd, s.describe()))
		}
	}
	return leaks
}

// OpenFDs is the number of descriptors that are open now.
func (w *World) OpenFDs() int { return w.open }

// Check is what a test calls at its end, when everything should have been closed: all violations, all leaks,
// temporary files that stayed, work that was neither run nor dropped, and signals that somebody still wants to hear of.
func (w *World) Check() []string {
	all := append(append([]string(nil), w.violations...), w.Leaks()...)
	all = append(all, w.disk.left()...)
	return append(all, w.elsewhere.unfinished()...)
}
