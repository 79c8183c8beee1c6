package stats

import (
	"math"
	"slices"

	"golang.org/x/perf/benchmath"

	"github.com/weir-go/weir/bench/internal/result"
)

// confidence is what an interval is asked for. With five rounds and fewer, even the smallest and the largest give less; the metric says what it is.
const confidence = 0.95

// Metric is the median of the samples and an interval for it from order statistics (benchmath's AssumeNothing). NaN stands for a round that
// failed. ok is false if no sample is left.
func Metric(samples []float64) (m result.Metric, ok bool) {
	for round, v := range samples {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			m.Samples = append(m.Samples, v)
			m.Rounds = append(m.Rounds, round)
		}
	}
	n := len(m.Samples)
	if n == 0 {
		return m, false
	}
	sorted := slices.Sorted(slices.Values(m.Samples))
	s := benchmath.AssumeNothing.Summary(benchmath.NewSample(slices.Clone(sorted), &benchmath.DefaultThresholds), confidence)
	m.Median, m.Lo, m.Hi, m.Confidence = quantile(sorted, 0.5), s.Lo, s.Hi, s.Confidence
	if math.IsInf(m.Lo, 0) || math.IsInf(m.Hi, 0) || m.Lo > m.Median || m.Hi < m.Median {
		// Too few for that confidence: the whole range, which holds the median of all with 1 - 2/2^n.
		m.Lo, m.Hi, m.Confidence = sorted[0], sorted[n-1], 1-math.Pow(2, 1-float64(n))
	}
	return m, true
}

// enough is the confidence below which an interval decides nothing: four rounds give 0.875.
const enough = 0.85

// Apart reports whether the intervals of two metrics do not touch, and are of enough rounds: only then one is called better.
func Apart(a, b result.Metric) bool {
	return Enough(a) && Enough(b) && (a.Hi < b.Lo || b.Hi < a.Lo)
}

// Enough reports whether there are rounds enough for an interval to decide anything.
func Enough(m result.Metric) bool { return m.Confidence > enough }

// Differs reports whether a ratio is not 1, by its interval.
func Differs(ratio result.Metric) bool { return Enough(ratio) && (ratio.Lo > 1 || ratio.Hi < 1) }

// Quantile is the value that the share q of the samples does not exceed; NaN of none.
func Quantile(samples []float64, q float64) float64 {
	sorted := slices.DeleteFunc(slices.Clone(samples), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	slices.Sort(sorted)
	return quantile(sorted, q)
}

// quantile interpolates between the two nearest of the sorted samples (type 7 of Hyndman and Fan, as R and NumPy do).
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	below := int(at)
	if below == len(sorted)-1 {
		return sorted[below]
	}
	return sorted[below] + (at-float64(below))*(sorted[below+1]-sorted[below])
}

// Ratios pairs the samples of two subjects by round: element i is samples[i] / base[i]. A round that one of the two
// lacks or failed (NaN) gives NaN.
func Ratios(samples, base []float64) []float64 {
	ratios := make([]float64, max(len(samples), len(base)))
	for i := range ratios {
		ratios[i] = math.NaN()
		if i < len(samples) && i < len(base) && base[i] != 0 {
			ratios[i] = samples[i] / base[i]
		}
	}
	return ratios
}

// Divided is one metric divided by another round by round, where both have a sample: what disturbs the machine in a round
// disturbs both. It is false if there is no such round.
func Divided(a, b result.Metric) (ratio result.Metric, ok bool) {
	return Metric(Ratios(byRound(a), byRound(b)))
}

// byRound is the samples at the numbers of their rounds, and no number where there is none.
func byRound(m result.Metric) []float64 {
	var samples []float64
	for i, round := range m.Rounds {
		for len(samples) <= round {
			samples = append(samples, math.NaN())
		}
		samples[round] = m.Samples[i]
	}
	return samples
}
