package reactor

import (
	"math/rand/v2"
	"testing"
)

// TestFifoAgreesWithASlice drives the queue and a slice.
func TestFifoAgreesWithASlice(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var q fifo[int]
	var want []int
	for i := range 100_000 {
		// A random walk that visits the empty queue and long ones.
		if n := rng.IntN(2); n == 0 || len(want) == 0 || len(want) < 200 && i%1000 < 300 {
			q.push(i)
			want = append(want, i)
		} else {
			if got := q.front(); got != want[0] {
				t.Fatalf("front: got %d, want %d", got, want[0])
			}
			if got := q.pop(); got != want[0] {
				t.Fatalf("pop: got %d, want %d", got, want[0])
			}
			want = want[1:]
		}
		if q.len() != len(want) {
			t.Fatalf("length %d, want %d", q.len(), len(want))
		}
	}
}

// TestFifoThatNeverRunsEmptyDoesNotGrow: what is popped makes room.
func TestFifoThatNeverRunsEmptyDoesNotGrow(t *testing.T) {
	var q fifo[*int]
	for range 100 {
		q.push(new(int))
	}
	for range 100_000 {
		q.pop()
		q.push(new(int))
	}
	if n := cap(q.items); n > 1000 {
		t.Errorf("room for %d items, for a hundred", n)
	}
	for _, p := range q.items[:q.head] {
		if p != nil {
			t.Fatal("what was popped is kept")
		}
	}
}
