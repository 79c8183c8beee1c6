package httpcore

import "testing"

func TestAListOfWritesThatNeverEmptiesDoesNotGrow(t *testing.T) {
	var f flights
	os := make([]outgoing, 1000)
	next := func(i int) *outgoing { return &os[i%len(os)] }
	f.push(flight{o: next(0)})
	f.push(flight{o: next(1)})
	for i := range 100_000 {
		f.push(flight{o: next(i + 2)})
		if x := f.pop(); x.o != next(i) {
			t.Fatalf("write %d came out of order", i)
		}
	}
	if n := cap(f.more); n > 100 {
		t.Errorf("the list has room for %d, and never held more than 3", n)
	}
}
