package chart

import (
	"fmt"
	"math"
	"slices"

	"github.com/aclements/go-moremath/scale"
)

// Axis is a scale and its marks.
type Axis struct {
	// Title is what is along the axis, with its unit.
	Title string
	// Ticks are the marks, from the low end to the high.
	Ticks []Tick
	// at gives the place of a value, from 0 to 1.
	at func(v float64) float64
}

// Tick is a mark on an axis.
type Tick struct {
	Value float64
	Text  string
}

// mostTicks is how many marks an axis has at most; more would touch on a narrow screen. A logarithmic one, which stands, may have
// mostLogTicks.
const (
	mostTicks    = 6
	mostLogTicks = 9
)

// Linear is an axis from 0 to the next round value above most. Round is in powers of ten, or of two for a base of 2: bytes.
func Linear(title string, most float64, base int, format func(float64) string) Axis {
	if most <= 0 {
		most = 1
	}
	s := scale.Linear{Min: 0, Max: most}
	if base == 2 {
		s.Base = 2
	}
	options := scale.TickOptions{Max: mostTicks}
	s.Nice(options)
	major, _ := s.Ticks(options)
	axis := Axis{Title: title, at: s.Map}
	for _, v := range major {
		axis.Ticks = append(axis.Ticks, Tick{v, format(v)})
	}
	return axis
}

// Exact is an axis from least to most with nothing around, for time.
func Exact(title string, least, most float64, format func(float64) string) Axis {
	if most <= least {
		most = least + 1
	}
	s := scale.Linear{Min: least, Max: most}
	major, _ := s.Ticks(scale.TickOptions{Max: mostTicks})
	axis := Axis{Title: title, at: s.Map}
	for _, v := range major {
		axis.Ticks = append(axis.Ticks, Tick{v, format(v)})
	}
	return axis
}

// Log is a logarithmic axis that holds least and most, both above 0, with marks at 1, 2 and 5 of a power of ten.
func Log(title string, least, most float64, format func(float64) string) Axis {
	var steps []float64
	for exponent := math.Floor(math.Log10(least)) - 1; exponent <= math.Ceil(math.Log10(most))+1; exponent++ {
		for _, digit := range []float64{1, 2, 5} {
			steps = append(steps, digit*math.Pow(10, exponent))
		}
	}
	first := slices.IndexFunc(steps, func(v float64) bool { return v > least }) - 1
	last := slices.IndexFunc(steps, func(v float64) bool { return v >= most })
	steps = steps[first : max(last, first+1)+1]
	low, high := math.Log10(steps[0]), math.Log10(steps[len(steps)-1])
	axis := Axis{Title: title, at: func(v float64) float64 { return (math.Log10(v) - low) / (high - low) }}
	for _, v := range steps {
		// With too many marks, only the powers of ten stay.
		if len(steps) <= mostLogTicks || math.Abs(math.Log10(v)-math.Round(math.Log10(v))) < 1e-9 {
			axis.Ticks = append(axis.Ticks, Tick{v, format(v)})
		}
	}
	return axis
}

// Nines is an axis of percentiles on which each further nine takes the same room: 90, 99, 99.9. The last percentile below
// 100 decides its length; 100, the slowest of all, has a place of its own beyond.
func Nines(title string, percentiles []float64) Axis {
	last, whole := 90.0, false
	for _, p := range percentiles {
		if p < 100 {
			last = max(last, p)
		} else {
			whole = true
		}
	}
	nines := func(p float64) float64 { return math.Log10(100 / (100 - p)) }
	end := nines(last)
	if whole {
		end += 0.7
	}
	axis := Axis{Title: title, at: func(p float64) float64 {
		if p >= 100 {
			return 1
		}
		return nines(p) / end
	}}
	axis.Ticks = []Tick{{0, ""}, {50, "50 %"}} // no room for words at 0
	for p, digits := 90.0, 0; p <= last+1e-9; p, digits = 100-(100-p)/10, max(0, digits)+1 {
		axis.Ticks = append(axis.Ticks, Tick{p, fmt.Sprintf("%.*f", max(0, digits-1), p)})
	}
	if whole {
		axis.Ticks = append(axis.Ticks, Tick{100, "max"})
	}
	return axis
}
