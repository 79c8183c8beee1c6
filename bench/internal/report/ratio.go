package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/weir-go/weir/bench/internal/result"
	"github.com/weir-go/weir/bench/internal/stats"
)

// Ratio is one figure divided by another.
type Ratio struct {
	Median, Lo, Hi float64
	// Samples is how many pairs it is made from; 0 is no ratio.
	Samples int
	// Self says that it is a subject divided by itself.
	Self bool
}

// RatioOf divides the figure of one row by that of another; no ratio if one of them has no figure.
func RatioOf(row, base *Row) Ratio {
	if base == nil {
		return Ratio{}
	}
	r := divided(row.Figure, base.Figure) // a figure without samples gives none
	r.Self = row == base && r.Samples > 0
	return r
}

// confidence is what an interval should have at least; few samples give less.
const confidence = 0.95

// divided pairs the samples of two metrics by their rounds, as the verdicts do.
func divided(figure, base result.Metric) Ratio {
	m, _ := stats.Divided(figure, base) // no samples if they have no round in common
	return Ratio{Median: m.Median, Lo: m.Lo, Hi: m.Hi, Samples: len(m.Samples)}
}

// Text is the ratio with its interval: "1.19 [1.16–1.21]"; "1" of a subject by itself, a dash of none.
func (r Ratio) Text() string {
	switch {
	case r.Samples == 0 || math.IsNaN(r.Median):
		return "–"
	case r.Self:
		return "1"
	case r.Samples == 1:
		return times(r.Median)
	}
	return times(r.Median) + " " + r.Ends()
}

// Short is the ratio without its interval.
func (r Ratio) Short() string {
	short, _, _ := strings.Cut(r.Text(), " ")
	return short
}

// Ends is the interval: "[1.16–1.21]"; empty if there is none.
func (r Ratio) Ends() string {
	if r.Samples < 2 || r.Self {
		return ""
	}
	return "[" + times(r.Lo) + "–" + times(r.Hi) + "]"
}

// times is a ratio: two places after the point, two digits of the very small, three of the large.
func times(v float64) string {
	switch {
	case v < 0.1:
		return digits(v, 2)
	case v >= 10:
		return digits(v, 3)
	}
	return fmt.Sprintf("%.2f", v)
}
