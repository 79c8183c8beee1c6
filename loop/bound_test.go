package loop

import (
	"reflect"
	"testing"

	"github.com/weir-go/weir/reactor"
)

// fills is how many items make a list of theirs as long as it can be and still be kept; of a slow build a part of that.
func fills[T any]() (n int) {
	var list []T
	for {
		if slowBuild && n == maxKept/64 {
			return n
		}
		if list = append(list, *new(T)); cap(list) > maxKept {
			return n
		}
		n++
	}
}

// kept is the memory of an empty list.
func kept[T any](list []T) int { return cap(list) * int(reflect.TypeFor[T]().Size()) }

func TestALoopThatWasBusyKeepsNoMoreThanItsBound(t *testing.T) {
	l, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	run := func() {
		for l.Alive() {
			if _, err := l.RunNoWait(); err != nil {
				t.Fatal(err)
			}
		}
	}
	nothing := func() {}
	for range 2 { // the lists of what is posted take turns
		for range fills[letter]() {
			if err := l.Post(nothing); err != nil {
				t.Fatal(err)
			}
		}
		run()
	}
	for range fills[tick]() {
		l.NextTick(nothing)
	}
	for range fills[func()]() {
		l.AtTurnEnd(nothing)
	}
	for range fills[*Timer]() {
		timer := l.NewTimer()
		if err := timer.Start(func() { timer.Close(nil) }, 0, 0); err != nil {
			t.Fatal(err)
		}
	}
	run()
	var d Deadlines
	d.Init(l, deaf{})
	d.Start(DeadlineIdle, 1)
	d.Close()

	lists := map[string]int{
		"ticks":               kept(l.ticks.items),
		"ends of turns":       kept(l.ends.items),
		"letters":             kept(l.mail.in) + kept(l.mail.out),
		"handles that closed": kept(l.done.items),
		"timers that ran":     kept(l.timers.ready),
		"slots of the wheel":  kept(l.wheel.slots[:]),
	}
	sum := 0
	for name, n := range lists {
		if n == 0 {
			t.Errorf("the list of %s was not kept, so nothing is said of it", name)
		}
		sum += n
	}
	bound := Options{}.MemoryBound() - reactor.Options{}.MemoryBound() - int(reflect.TypeFor[Loop]().Size())
	if sum > bound {
		t.Errorf("the lists of an idle loop keep %d bytes, more than the bound of %d: %v", sum, bound, lists)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

type deaf struct{}

func (deaf) OnDeadline(Deadline) {}
