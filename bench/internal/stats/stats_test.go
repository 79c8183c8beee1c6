package stats

import (
	"math"
	"testing"
)

var nan = math.NaN()

func TestSummaryIsMedianAndMiddleHalf(t *testing.T) {
	for _, test := range []struct {
		name            string
		samples         []float64
		q1, median, q3  float64
		n               int
		wantNotANumbers bool
	}{
		{name: "empty", wantNotANumbers: true},
		{name: "one", samples: []float64{3}, q1: 3, median: 3, q3: 3, n: 1},
		{name: "two", samples: []float64{4, 2}, q1: 2.5, median: 3, q3: 3.5, n: 2},
		{name: "odd, unsorted", samples: []float64{5, 1, 4, 2, 3}, q1: 2, median: 3, q3: 4, n: 5},
		{name: "even", samples: []float64{1, 2, 3, 4}, q1: 1.75, median: 2.5, q3: 3.25, n: 4},
		{name: "failed rounds are left out", samples: []float64{nan, 1, math.Inf(1), 3}, q1: 1.5, median: 2, q3: 2.5, n: 2},
		{name: "one outlier does not move the median", samples: []float64{1, 1, 1, 1, 900}, q1: 1, median: 1, q3: 1, n: 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Summarize(test.samples)
			if test.wantNotANumbers {
				if !math.IsNaN(got.Median) || !math.IsNaN(got.Q1) || !math.IsNaN(got.Q3) {
					t.Fatalf("got %+v, want NaN", got)
				}
				return
			}
			if want := (Summary{Median: test.median, Q1: test.q1, Q3: test.q3, N: test.n}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestSummarizeLeavesItsInputAlone(t *testing.T) {
	samples := []float64{3, 1, 2}
	Summarize(samples)
	if samples[0] != 3 || samples[1] != 1 || samples[2] != 2 {
		t.Errorf("got %v, want [3 1 2]: the order is the order of rounds", samples)
	}
}

func TestRatiosPairByRound(t *testing.T) {
	// The machine is twice as slow in the second round: the ratio does not notice.
	got := Ratios([]float64{12, 24, 12}, []float64{8, 16, 8})
	for i, ratio := range got {
		if ratio != 1.5 {
			t.Errorf("round %d: got %v, want 1.5", i, ratio)
		}
	}
}

func TestRatiosOfAMissingRoundAreNotNumbers(t *testing.T) {
	got := Ratios([]float64{2, nan, 6, 8}, []float64{1, 2, 0})
	if len(got) != 4 {
		t.Fatalf("got %d ratios, want 4", len(got))
	}
	if got[0] != 2 {
		t.Errorf("round 0: got %v, want 2", got[0])
	}
	for i := 1; i < 4; i++ {
		if !math.IsNaN(got[i]) {
			t.Errorf("round %d: got %v, want NaN", i, got[i])
		}
	}
	if s := Summarize(got); s.N != 1 || s.Median != 2 {
		t.Errorf("got %+v, want one sample of 2", s)
	}
}
