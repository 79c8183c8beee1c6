package simkernel

import (
	"fmt"
	"os"
	"slices"
	"time"
)

// elsewhere is what a World does off its loops: the process has one pool of workers, and signals.
//
// Nothing runs beside the loops. Work is called from inside a Wait at the moment when it ends, which is as good as
// having run until then: nobody can look into it.
type elsewhere struct {
	quick, slow   []*job // queued and not begun, oldest first
	begun         []*job
	begunSlow     int
	working       bool  // a job is being called: files may be touched
	jobs          int32 // made so far
	notifications []*notification
	pending       []os.Signal // raised and not delivered
}

// job is one call of Work.
type job struct {
	k       *Kernel
	id      int32
	slow    bool
	fn      func()
	dropped bool
}

// notification is one call of Notify.
type notification struct {
	k       *Kernel
	sig     os.Signal
	fn      func()
	stopped bool
}

// What work takes when nothing holds it up.
const (
	quickTime = 20 * time.Microsecond
	slowTime  = time.Millisecond
)

// Work runs fn from inside a later Wait, of any kernel of this world, at a moment that the seed decides.
func (k *Kernel) Work(slow bool, fn func()) (drop func()) {
	w := k.begin("Work")
	w.calls.Work++
	e := &w.elsewhere
	j := &job{k: k, id: e.jobs, slow: slow, fn: fn}
	e.jobs++
	if slow {
		e.slow = append(e.slow, j)
	} else {
		e.quick = append(e.quick, j)
	}
	w.log.add(record{at: w.now, op: opWork, kernel: k.id, id: j.id})
	w.beginWork()
	if slices.Contains(e.begun, j) && w.random.chance(w.faults.WorkAtOnce) {
		w.endWork(j)
	}
	return func() { w.dropWork(j) }
}

// beginWork gives waiting work to workers that have nothing to do, in the order it came, but for slow work that would
// have more than half of them.
func (w *World) beginWork() {
	e := &w.elsewhere
	for len(e.begun) < w.opts.Workers {
		lane := &e.quick
		if len(e.slow) > 0 && e.begunSlow < (w.opts.Workers+1)/2 && (len(e.quick) == 0 || e.slow[0].id < e.quick[0].id) {
			lane = &e.slow
			e.begunSlow++
		}
		if len(*lane) == 0 {
			return
		}
		j := (*lane)[0]
		*lane = without(*lane, j)
		e.begun = append(e.begun, j)
		takes := 1 + w.random.span(quickTime)
		if j.slow {
			takes += w.random.span(slowTime)
		}
		if w.random.chance(w.faults.WorkDelay) {
			takes += w.random.span(w.faults.WorkTime)
		}
		w.After(takes, func() { w.endWork(j) })
	}
}

// endWork calls j, unless that has happened or is not wanted any more.
func (w *World) endWork(j *job) {
	if !w.leave(j) {
		return
	}
	w.log.add(record{at: w.now, op: opWorked, kernel: j.k.id, id: j.id})
	if j.k.released {
		w.violate("work %d is done, but its loop has gone", j.id)
	}
	outer := w.elsewhere.working // work that ends at once may be queued by work
	w.elsewhere.working = true
	j.fn()
	w.elsewhere.working = outer
	w.beginWork()
}

// leave frees the worker that has j, if one has it.
func (w *World) leave(j *job) bool {
	e := &w.elsewhere
	if !slices.Contains(e.begun, j) {
		return false
	}
	e.begun = without(e.begun, j)
	if j.slow {
		e.begunSlow--
	}
	return true
}

func (w *World) dropWork(j *job) {
	e := &w.elsewhere
	switch {
	case j.dropped:
		w.violate("work %d was dropped twice", j.id)
		return
	case slices.Contains(e.quick, j):
		e.quick = without(e.quick, j)
	case slices.Contains(e.slow, j):
		e.slow = without(e.slow, j)
	case !w.leave(j):
		w.violate("work %d was dropped after it had run", j.id)
		return
	}
	j.dropped = true
	w.log.add(record{at: w.now, op: opDropped, kernel: j.k.id, id: j.id})
	w.beginWork()
}

// Notify has fn called when the test raises sig: see World.Raise.
func (k *Kernel) Notify(sig os.Signal, fn func()) (stop func()) {
	w := k.begin("Notify")
	w.calls.Notify++
	n := &notification{k: k, sig: sig, fn: fn}
	w.elsewhere.notifications = append(w.elsewhere.notifications, n)
	w.traceSignal(opNotify, k.id, sig)
	return func() {
		if n.stopped {
			w.violate("a Notify of %v was stopped twice", sig)
		}
		n.stopped = true
		w.elsewhere.notifications = without(w.elsewhere.notifications, n)
		w.traceSignal(opUnnotify, k.id, sig)
	}
}

// Raise sends the process sig: from inside a later Wait all are told who are notified of it then. One that is raised
// again before that is one, as it is for a real kernel. It may be called where scripts run: After(d, …) raises it later.
func (w *World) Raise(sig os.Signal) {
	e := &w.elsewhere
	w.traceSignal(opRaise, -1, sig)
	if slices.Contains(e.pending, sig) {
		return
	}
	e.pending = append(e.pending, sig)
	var delay time.Duration
	if w.random.chance(w.faults.SignalDelay) {
		delay = w.random.span(w.faults.HoldTime)
	}
	w.After(delay, func() {
		e.pending = without(e.pending, sig)
		for _, n := range slices.Clone(e.notifications) {
			if n.sig == sig && !n.stopped {
				w.signal(n)
			}
		}
	})
}

// signal is the moment when n hears of its signal.
func (w *World) signal(n *notification) {
	w.traceSignal(opSignal, n.k.id, n.sig)
	if n.k.released {
		w.violate("a loop that has gone is told of %v", n.sig)
	}
	n.fn()
}

func (w *World) traceSignal(o op, kernel int8, sig os.Signal) {
	w.log.add(record{at: w.now, op: o, kernel: kernel, sample: sampleName(sig.String())})
}

// unfinished describes work that was neither called nor dropped, and notifications that were not stopped.
func (e *elsewhere) unfinished() []string {
	var all []string
	for _, list := range [...][]*job{e.begun, e.quick, e.slow} {
		for _, j := range list {
			all = append(all, fmt.Sprintf("work %d of kernel %d was neither run nor dropped", j.id, j.k.id))
		}
	}
	for _, n := range e.notifications {
		all = append(all, fmt.Sprintf("kernel %d is still notified of %v", n.k.id, n.sig))
	}
	return all
}

// without returns list with x taken out, in the same memory.
func without[E comparable](list []E, x E) []E {
	if i := slices.Index(list, x); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}
