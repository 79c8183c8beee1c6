package reactortest

import (
	"os"

	"github.com/weir-go/weir/reactor"
)

// elsewhereBehaviours are of kernels that do work and signals themselves. One may leave them to package loop; then it
// leaves all of them, at once and for good.
var elsewhereBehaviours = []behaviour{
	{"work_runs_later_and_once", one, workRuns},
	{"work_dropped_does_not_run", one, workDropped},
	{"work_of_both_kinds_ends", one, workOfBothKinds},
	{"work_runs_while_connections_are_served", one, workBesideTraffic},
	{"signal_is_told_until_it_is_stopped", one, signalTold},
	{"signal_is_told_to_all", one, signalToAll},
}

// Raiser is a Harness whose kernel tells of signals: it sends one to the process.
type Raiser interface {
	Raise(sig os.Signal)
}

// work hands fn to the kernel, as package loop does: it ends by a wake. drop is nil if this kernel does no work.
func (e *env) work(slow bool, fn func()) (drop func()) {
	return e.k.Work(slow, func() {
		fn()
		e.R.Wake()
	})
}

func workRuns(e *env) {
	ran := 0
	if e.work(false, func() { ran++ }) == nil {
		if e.work(true, func() { ran++ }) != nil {
			e.Error("the kernel does slow work and no quick work")
		}
		e.settle()
		if ran > 0 {
			e.Error("work that was declined has run")
		}
		return
	}
	if ran > 0 {
		e.Error("it ran inside the call")
	}
	e.until("the work", func() bool { return ran > 0 })
	e.settle()
	if ran != 1 {
		e.Errorf("it ran %d times", ran)
	}
}

func workDropped(e *env) {
	ran, dropped := 0, 0
	for i := range 20 {
		drop := e.work(i%2 == 0, func() { ran++ })
		if drop == nil {
			return
		}
		if i%3 == 0 {
			drop()
			dropped++
		}
	}
	e.until("the rest", func() bool { return ran == 20-dropped })
	e.settle()
	if ran != 20-dropped {
		e.Errorf("%d ran of 20, %d dropped", ran, dropped)
	}
}

func workOfBothKinds(e *env) {
	slow, quick := 0, 0
	for range 50 {
		if e.work(true, func() { slow++ }) == nil {
			return
		}
		e.work(false, func() { quick++ })
	}
	e.until("all of it", func() bool { return slow == 50 && quick == 50 })
}

func workBesideTraffic(e *env) {
	ran := 0
	if e.work(false, func() { ran++ }) == nil {
		return
	}
	c, p := e.pair()
	r := e.read(c)
	for i := range 20 {
		e.work(i%2 == 0, func() { ran++ })
		e.send(p, pattern(10))
		r.untilRead(10 * (i + 1))
	}
	e.until("all of it", func() bool { return ran == 21 })
}

func signalTold(e *env) {
	h, raises := e.Harness.(Raiser)
	told := 0
	stop := e.k.Notify(os.Interrupt, func() {
		told++
		e.R.Wake()
	})
	if stop == nil {
		return
	}
	if !raises {
		e.Fatal("the kernel tells of signals, and its Harness can't raise one")
	}
	h.Raise(os.Interrupt)
	if told > 0 {
		e.Error("told inside the call that raised it")
	}
	e.until("the signal", func() bool { return told == 1 })
	h.Raise(os.Kill) // nobody has asked for it
	e.settle()
	h.Raise(os.Interrupt)
	e.until("the signal", func() bool { return told == 2 })
	stop()
	h.Raise(os.Interrupt)
	e.settle()
	if told != 2 {
		e.Errorf("told %d times of 2 signals before it was stopped", told)
	}
}

func signalToAll(e *env) {
	h, _ := e.Harness.(Raiser)
	told := [3]int{}
	var stops []func()
	for i := range told {
		stop := e.k.Notify(os.Interrupt, func() {
			told[i]++
			e.R.Wake()
		})
		if stop == nil {
			return
		}
		stops = append(stops, stop)
	}
	h.Raise(os.Interrupt)
	e.until("all to be told", func() bool { return told == [3]int{1, 1, 1} })
	stops[1]()
	h.Raise(os.Interrupt)
	e.until("the others to be told", func() bool { return told == [3]int{2, 1, 2} })
	stops[0]()
	stops[2]()
}

var _ reactor.Elsewhere = (*Kernel)(nil)
