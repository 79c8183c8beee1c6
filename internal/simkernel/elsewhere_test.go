package simkernel_test

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

func TestWorkRunsWithinWaitAndWakesIt(t *testing.T) {
	for _, temperament := range []simkernel.Temperament{simkernel.Epoll, simkernel.Kqueue} {
		w := simkernel.New(simkernel.Options{Seed: 3, Temperament: temperament})
		k := w.Kernel()
		ran := 0
		k.Work(true, func() {
			ran++
			k.Wake()
		})
		if ran != 0 {
			t.Error("it ran inside the call")
		}
		if n, err := k.Wait(nil, make([]reactor.Event, 1), -1); n != 0 || err != nil || ran != 1 {
			t.Errorf("Wait: %d, %v after %d calls of work, want 0, nil, 1", n, err, ran)
		}
		if _, err := k.Wait(nil, make([]reactor.Event, 1), -1); err == nil {
			t.Error("a loop sleeps for ever with nothing left to do, and that is no deadlock")
		}
	}
}

func TestWorkThatWakesNobodyEndsInADeadlock(t *testing.T) {
	w := simkernel.New(simkernel.Options{})
	k := w.Kernel()
	ran := false
	k.Work(false, func() { ran = true })
	if _, err := k.Wait(nil, make([]reactor.Event, 1), -1); err == nil || !ran {
		t.Errorf("got %v, work has run: %v; want that it runs and then a deadlock", err, ran)
	}
}

// TestSlowWorkHasHalfOfTheWorkers has slow work that takes an hour; quick work does not wait for it.
func TestSlowWorkHasHalfOfTheWorkers(t *testing.T) {
	for workers := 2; workers <= 5; workers++ {
		w := simkernel.New(simkernel.Options{Seed: 1, Workers: workers, Faults: simkernel.Faults{WorkDelay: 1, WorkTime: 1000 * time.Hour}})
		k := w.Kernel()
		slow, quick := 0, 0
		for range 2 * workers {
			k.Work(true, func() { slow++ })
		}
		w.SetFaults(simkernel.Faults{})
		for range 10 {
			k.Work(false, func() { quick++ })
		}
		w.Advance(time.Second)
		if quick != 10 || slow != 0 {
			t.Errorf("%d workers: after a second %d quick and %d slow have run, want 10 and 0", workers, quick, slow)
		}
		w.Advance(5000 * time.Hour)
		if slow != 2*workers {
			t.Errorf("%d workers: in the end %d slow have run, want %d", workers, slow, 2*workers)
		}
	}
}

func TestWorkIsNotMoreAtATimeThanThereAreWorkers(t *testing.T) {
	w := simkernel.New(simkernel.Options{Workers: 1})
	k := w.Kernel()
	var order []int
	for i := range 20 {
		k.Work(i%3 == 0, func() { order = append(order, i) })
	}
	w.Advance(time.Minute)
	if len(order) != 20 || !slices.IsSorted(order) {
		t.Errorf("one worker did %v, want one after the other, in the order they came", order)
	}
}

func TestDroppedWorkDoesNotRun(t *testing.T) {
	w := simkernel.New(simkernel.Options{Workers: 1})
	k := w.Kernel()
	var order []int
	var drops []func()
	for i := range 6 {
		drops = append(drops, k.Work(i%2 == 1, func() { order = append(order, i) }))
	}
	drops[0]() // which a worker has
	drops[2]()
	drops[5]()
	w.Advance(time.Minute)
	if !slices.Equal(order, []int{1, 3, 4}) {
		t.Errorf("%v have run, want 1, 3 and 4", order)
	}
	if got := w.Check(); len(got) != 0 {
		t.Errorf("got %q, want no complaint", got)
	}
	drops[0]()
	drops[1]()
	if got := w.Check(); len(got) != 2 || !strings.Contains(got[0], "dropped twice") || !strings.Contains(got[1], "after it had run") {
		t.Errorf("got %q, want a complaint for each drop that is too late", got)
	}
}

func TestWorkMayEndBeforeTheCallReturns(t *testing.T) {
	w := simkernel.New(simkernel.Options{Workers: 1, Faults: simkernel.Faults{WorkAtOnce: 1}})
	k := w.Kernel()
	ran := 0
	for i := range 3 {
		k.Work(i == 1, func() { ran++ })
		if ran != i+1 {
			t.Errorf("after %d calls %d have run", i+1, ran)
		}
	}
	w.Advance(time.Minute)
	if ran != 3 {
		t.Errorf("%d have run in the end, want 3", ran)
	}
}

func TestTheWorldTellsOfWhatIsLeftElsewhere(t *testing.T) {
	w := simkernel.New(simkernel.Options{Workers: 1})
	k := w.Kernel()
	for _, slow := range []bool{false, false, true} {
		k.Work(slow, func() {})
	}
	stop := k.Notify(syscall.SIGHUP, func() {})
	if got := w.Check(); len(got) != 4 {
		t.Errorf("got %q, want three that were not run and a Notify", got)
	}
	w.Advance(time.Minute)
	stop()
	if got := w.Check(); len(got) != 0 {
		t.Errorf("got %q, want no complaint", got)
	}
	stop()
	if got := w.Check(); len(got) != 1 || !strings.Contains(got[0], "stopped twice") {
		t.Errorf("got %q, want one of a Notify that was stopped twice", got)
	}
	k.Work(false, func() {})
	k.Notify(syscall.SIGHUP, func() {})
	if err := k.Release(); err != nil {
		t.Fatal(err)
	}
	w.Raise(syscall.SIGHUP)
	before := len(w.Violations())
	w.Advance(time.Minute)
	k.Work(false, func() {})
	if got := w.Violations()[before:]; len(got) != 3 {
		t.Errorf("got %q, want work, a signal and a call after Release", got)
	}
}

func TestRaiseTellsAllWhoAreNotified(t *testing.T) {
	w := simkernel.New(simkernel.Options{Seed: 5, Faults: simkernel.Faults{SignalDelay: 0.5}})
	a, b := w.Kernel(), w.Kernel()
	var heard []string
	hear := func(name string) func() { return func() { heard = append(heard, name) } }
	stops := []func(){
		a.Notify(syscall.SIGHUP, hear("a")), b.Notify(syscall.SIGHUP, hear("b")), b.Notify(syscall.SIGHUP, hear("B")),
		a.Notify(syscall.SIGUSR1, hear("other")),
	}
	w.Raise(syscall.SIGHUP)
	if len(heard) > 0 {
		t.Error("somebody was told inside Raise")
	}
	w.Raise(syscall.SIGHUP) // while it is pending: it is one
	w.Advance(time.Second)
	slices.Sort(heard)
	if !slices.Equal(heard, []string{"B", "a", "b"}) {
		t.Errorf("%q were told, want each once who watches SIGHUP", heard)
	}
	heard = nil
	w.After(time.Second, func() { w.Raise(syscall.SIGHUP) })
	w.After(time.Second, stops[0])
	w.Advance(2 * time.Second)
	if slices.Contains(heard, "a") || len(heard) != 2 {
		t.Errorf("%q were told, want those who have not stopped", heard)
	}
	for _, stop := range stops[1:] {
		stop()
	}
	w.Raise(syscall.SIGHUP) // nobody is there
	w.Advance(time.Second)
	if got := w.Check(); len(got) != 0 {
		t.Errorf("got %q, want no complaint", got)
	}
}

func TestTheTraceShowsWhatHappensElsewhere(t *testing.T) {
	trace := func(sig os.Signal) string {
		t.Helper()
		w := simkernel.New(simkernel.Options{})
		k := w.Kernel()
		stop := k.Notify(sig, func() {})
		k.Work(false, func() {})
		k.Work(true, func() {})()
		w.Raise(sig)
		w.Advance(time.Second)
		stop()
		if c := w.Calls(); c.Work != 2 || c.Notify != 1 {
			t.Errorf("got %d calls of Work and %d of Notify, want 2 and 1", c.Work, c.Notify)
		}
		return w.Trace()
	}
	got := trace(syscall.SIGUSR1)
	for _, want := range []string{"notify", "unnotify", "work 0", "~worked 0", "dropped 1", "raise", "~signal", `"signal 1"`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in the trace:\n%s", want, got)
		}
	}
	if got == trace(syscall.SIGUSR2) || got != trace(syscall.SIGUSR1) {
		t.Error("traces of two signals do not differ, or those of one do")
	}
}
