package loop

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestALaneIsAQueueThatCanBeLeft(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var q lane
	var model []*job
	for range 20_000 {
		switch n := len(model); {
		case n == 0 || r.IntN(2*n+20) > n: // so that it is long at times, and empty at others
			j := &job{}
			q.push(j)
			model = append(model, j)
		default:
			i := []int{0, n - 1, r.IntN(n)}[r.IntN(3)]
			q.remove(model[i])
			if j := model[i]; j.lane != nil || j.prev != nil || j.next != nil {
				t.Fatal("a job that has left still knows its neighbours")
			}
			model = slices.Delete(model, i, i+1)
		}
		var forth, back []*job
		for j := q.first; j != nil; j = j.next {
			forth = append(forth, j)
		}
		for j := q.last; j != nil; j = j.prev {
			back = append(back, j)
		}
		slices.Reverse(back)
		if !slices.Equal(forth, model) || !slices.Equal(back, model) {
			t.Fatalf("got %d jobs forwards and %d backwards, want the %d of the model", len(forth), len(back), len(model))
		}
	}
}

// next is asked without goroutines: what may run is counted, in the order it came, slow work up to its part.
func TestThePoolTakesWhatCameFirstOfWhatMayRun(t *testing.T) {
	p := NewPool(4) // of which slow work has two
	add := func(slow bool) *job {
		p.arrived++
		j := &job{slow: slow, arrival: p.arrived}
		if slow {
			p.waiting.push(j)
		} else {
			p.quick.push(j)
		}
		return j
	}
	s1, s2, s3, q1, s4, q2, q3 := add(true), add(true), add(true), add(false), add(true), add(false), add(false)
	for i, want := range []*job{s1, s2, q1, q2, nil, nil} {
		if got := p.next(); got != want {
			t.Fatalf("number %d is not the one that is due", i)
		}
	}
	for i, step := range []struct{ done, want *job }{{q1, q3}, {s1, s3}, {q2, nil}, {s3, s4}, {q3, nil}, {s2, nil}, {s4, nil}} {
		if got := p.done(step.done); got != step.want {
			t.Fatalf("after step %d another one than is due was taken", i)
		}
	}
	if p.running != 0 || p.blocked != 0 {
		t.Errorf("at the end %d run, %d of them slow", p.running, p.blocked)
	}
}
