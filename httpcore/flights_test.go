package httpcore

import "testing"

func TestAListOfWritesThatNeverEmptiesDoesNotGrow(t *testing.T) {
	var f flights
	var spare []flight
	os := make([]outgoing, 1000)
	next := func(i int) *outgoing { return &os[i%len(os)] }
	f.push(flight{o: next(0)}, &spare)
	f.push(flight{o: next(1)}, &spare)
	for i := range 100_000 {
		f.push(flight{o: next(i + 2)}, &spare)
		if x := f.pop(&spare); x.o != next(i) {
			t.Fatalf("write %d came out of order", i)
		}
	}
	if n := cap(f.more); n > 100 {
		t.Errorf("the list has room for %d, and never held more than 3", n)
	}
}

func TestALongListOfWritesLeavesItsMemoryToTheNextConnection(t *testing.T) {
	var f, g flights
	var spare []flight
	var o outgoing
	fill := func(f *flights) {
		for range 20 {
			f.push(flight{o: &o}, &spare)
		}
		for range 20 {
			f.pop(&spare)
		}
	}
	fill(&f)
	if cap(f.more) != 0 || cap(spare) < 19 {
		t.Fatalf("the list keeps room for %d, and leaves %d", cap(f.more), cap(spare))
	}
	if got := testing.AllocsPerRun(10, func() { fill(&g); fill(&f) }); got > 0 {
		t.Errorf("%v allocations for lists that were there before", got)
	}
}
