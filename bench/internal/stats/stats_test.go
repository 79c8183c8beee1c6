package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/weir-go/weir/bench/internal/result"
)

var nan = math.NaN()

func metric(t *testing.T, samples ...float64) result.Metric {
	t.Helper()
	m, ok := Metric(samples)
	if !ok {
		t.Fatalf("%v: no samples", samples)
	}
	return m
}

func TestFailedRoundsAreLeftOutAndTheOthersKeepTheirNumbers(t *testing.T) {
	m := metric(t, nan, 3, math.Inf(1), 1)
	if m.Median != 2 || m.Lo != 1 || m.Hi != 3 || !slices.Equal(m.Rounds, []int{1, 3}) || !slices.Equal(m.Samples, []float64{3, 1}) {
		t.Errorf("got %+v", m)
	}
	if _, ok := Metric([]float64{nan}); ok {
		t.Error("of failed rounds only: got a metric")
	}
}

func TestOneRoundHasNoConfidence(t *testing.T) {
	if m := metric(t, 7); m.Median != 7 || m.Lo != 7 || m.Hi != 7 || m.Confidence != 0 {
		t.Errorf("got %+v", m)
	}
}

func TestTheIntervalHoldsTheMedianAsOftenAsItSays(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{4, 5, 6, 7, 10, 15, 30} {
		const trials = 2000
		held, confidence := 0, 0.0
		for range trials {
			samples := make([]float64, n)
			for i := range samples {
				samples[i] = rng.ExpFloat64() // skewed, as times are; its median is ln 2
			}
			m := metric(t, samples...)
			confidence = m.Confidence
			if m.Lo <= math.Ln2 && math.Ln2 <= m.Hi {
				held++
			}
		}
		if got := float64(held) / trials; got < confidence-0.02 || confidence < 0.87 {
			t.Errorf("%d rounds: the interval held %.3f of the time and says %.3f", n, got, confidence)
		}
	}
}

func TestAnOutlierDoesNotMoveTheMedian(t *testing.T) {
	if m := metric(t, 1, 1, 1, 1, 900); m.Median != 1 {
		t.Errorf("got %v", m.Median)
	}
}

func TestNobodyWinsWhenIntervalsTouchOrRoundsAreFew(t *testing.T) {
	a, b := metric(t, 1, 2, 3, 4, 5), metric(t, 5, 6, 7, 8, 9)
	if Apart(a, b) {
		t.Error("they touch and are apart")
	}
	b = metric(t, 6, 7, 8, 9, 10)
	if !Apart(a, b) || !Apart(b, a) {
		t.Error("they do not touch and are not apart")
	}
	if Apart(metric(t, 1, 2, 3), metric(t, 7, 8, 9)) || Differs(metric(t, 2, 2, 2)) {
		t.Error("three rounds decide")
	}
	if Differs(metric(t, 0.9, 1.1, 1, 1.2)) || !Differs(metric(t, 1.1, 1.2, 1.3, 1.2)) {
		t.Error("a ratio differs if its interval leaves 1 out")
	}
}

func TestQuantile(t *testing.T) {
	samples := []float64{3, nan, 1, 2}
	if got := Quantile(samples, 0.5); got != 2 {
		t.Errorf("got %v, want 2", got)
	}
	if samples[0] != 3 {
		t.Error("its input was sorted: the order is the order of rounds")
	}
	if !math.IsNaN(Quantile(nil, 0.5)) {
		t.Error("of nothing: got a number")
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
	if m := metric(t, got...); len(m.Samples) != 1 || m.Median != 2 {
		t.Errorf("got %+v, want one sample of 2", m)
	}
}
