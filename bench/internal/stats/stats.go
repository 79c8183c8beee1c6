package stats

import (
	"math"
	"slices"
)

// Summary is the middle of a set of samples: the median and the quartiles around it.
type Summary struct {
	Median float64 `json:"median"`
	Q1     float64 `json:"q1"`
	Q3     float64 `json:"q3"`
	N      int     `json:"n"`
}

// Summarize leaves out samples that are not numbers (a failed round) and returns NaN for an empty set.
func Summarize(samples []float64) Summary {
	sorted := numbers(samples)
	return Summary{
		Median: quantile(sorted, 0.5),
		Q1:     quantile(sorted, 0.25),
		Q3:     quantile(sorted, 0.75),
		N:      len(sorted),
	}
}

// Quantile is the value that the share q of the samples does not exceed; NaN of none.
func Quantile(samples []float64, q float64) float64 {
	return quantile(numbers(samples), q)
}

// numbers returns the samples that are numbers, sorted.
func numbers(samples []float64) []float64 {
	sorted := make([]float64, 0, len(samples))
	for _, v := range samples {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			sorted = append(sorted, v)
		}
	}
	slices.Sort(sorted)
	return sorted
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
// lacks or failed (NaN) gives NaN, which Summarize leaves out.
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
