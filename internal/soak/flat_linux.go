package main

import (
	"fmt"
	"slices"
	"time"
)

// tolerance is how much more memory the last third of a run may have than the middle third.
const tolerance = 0.05

// A run that is shorter than longEnough may have slack on top: the runtime takes minutes to give memory back, so that in thirds of
// some seconds one burst is all there is to see.
const (
	longEnough = 5 * time.Minute
	slack      = 6 << 20
)

// median of samples, of which there is one at least.
func median(samples []int64) int64 {
	s := slices.Sorted(slices.Values(samples))
	return s[len(s)/2]
}

// flatness compares the last third of samples with the middle third.
type flatness struct{ middle, last int64 }

// flat returns false if there are too few samples to tell.
func flat(samples []int64) (f flatness, ok bool) {
	n := len(samples)
	if n < 9 {
		return f, false
	}
	return flatness{median(samples[n/3 : 2*n/3]), median(samples[2*n/3:])}, true
}

func (f flatness) growth() float64 { return float64(f.last)/float64(f.middle) - 1 }

// grows reports whether that is more than a run of length d explains.
func (f flatness) grows(d time.Duration) bool {
	return f.growth() > tolerance && (d >= longEnough || f.last-f.middle > slack)
}

func (f flatness) String() string {
	return fmt.Sprintf("%.1f MiB in the middle third, %.1f MiB in the last (%+.1f %%)",
		float64(f.middle)/(1<<20), float64(f.last)/(1<<20), 100*f.growth())
}
