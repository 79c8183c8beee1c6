package lab

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/weir-go/weir/bench/internal/result"
	"github.com/weir-go/weir/bench/internal/stats"
)

// ours is the subject that verdicts are about.
const ours = "weir"

// verdict is a scenario in a sentence or two: who is best, if that can be told, and where weir stands. A cell that is not OK has no part in it
// but is named.
func verdict(s *result.Scenario, subjects []result.Subject) string {
	var good []result.Cell
	var failed []string
	for i, c := range s.Cells {
		switch {
		case c.Status == result.OK:
			good = append(good, c)
		case c.Status == result.Failed:
			failed = append(failed, subjects[i].Name)
		}
	}
	var sentences []string
	if len(good) > 0 {
		sort(good, s)
		sentences = append(sentences, first(good, s))
		if us := slices.IndexFunc(good, func(c result.Cell) bool { return c.Subject == ours }); us >= 0 && len(good) > 1 {
			sentences = append(sentences, standing(good, us, s))
		}
	}
	if len(failed) > 0 {
		sentences = append(sentences, fmt.Sprintf("No figure for %s: failed.", strings.Join(failed, ", ")))
	}
	if len(sentences) == 0 {
		return "Nobody was measured."
	}
	return strings.Join(sentences, " ")
}

func sort(cells []result.Cell, s *result.Scenario) {
	slices.SortStableFunc(cells, func(a, b result.Cell) int {
		x, y := a.Metrics[s.Primary].Median, b.Metrics[s.Primary].Median
		if !s.LowerIsBetter {
			x, y = y, x
		}
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
}

// first names the best, or says who cannot be told from it.
func first(good []result.Cell, s *result.Scenario) string {
	best := good[0].Metrics[s.Primary]
	level := []string{good[0].Subject}
	for _, c := range good[1:] {
		if !stats.Apart(best, c.Metrics[s.Primary]) {
			level = append(level, c.Subject)
		}
	}
	figure := strings.TrimSpace(fmt.Sprintf("%s [%s, %s] %s", Figure(best.Median, s.Unit), Figure(best.Lo, s.Unit), Figure(best.Hi, s.Unit), perOperation(s)))
	switch {
	case !stats.Enough(best):
		return fmt.Sprintf("Too few rounds to name anybody: %s has %s.", level[0], Figure(best.Median, s.Unit))
	case len(good) == 1:
		return fmt.Sprintf("%s: %s.", level[0], figure)
	case len(level) == 1:
		return fmt.Sprintf("Best is %s with %s.", level[0], figure)
	}
	return fmt.Sprintf("No winner: %s overlap at about %s.", strings.Join(level, ", "), figure)
}

// standing is weir beside each of the others, by the ratio of rounds.
func standing(good []result.Cell, us int, s *result.Scenario) string {
	mine := good[us].Metrics[s.Primary]
	var parts []string
	for i, c := range good {
		if i == us {
			continue
		}
		if ratio, ok := pairedRatio(mine, c.Metrics[s.Primary]); ok {
			parts = append(parts, beside(ratio, c.Subject))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("%s has %s: %s.", ours, Figure(mine.Median, s.Unit), strings.Join(parts, ", "))
}

// beside is weir's ratio to another: as a number if it is sure to be more or less than 1, and as a guess if the rounds are few.
func beside(ratio result.Metric, name string) string {
	digits := 2
	if ratio.Median < 0.1 {
		digits = 3
	}
	times := fmt.Sprintf("%.*f × %s", digits, ratio.Median, name)
	switch {
	case stats.Differs(ratio):
		return times
	case !stats.Enough(ratio):
		return "perhaps " + times
	}
	return "like " + name
}

// pairedRatio divides by rounds, where both have them.
func pairedRatio(a, b result.Metric) (result.Metric, bool) {
	return stats.Metric(stats.Ratios(byRound(a), byRound(b)))
}

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

func perOperation(s *result.Scenario) string {
	switch {
	case s.Primary == result.P99:
		return "at the 99th percentile"
	case s.Operation == "GB" || s.Operation == "run" || s.Unit == "":
		return ""
	}
	return "a " + s.Operation
}

// Figure is a number with its unit, for a sentence.
func Figure(v float64, unit string) string {
	switch unit {
	case "bytes":
		switch {
		case math.Abs(v) >= 1e6:
			return fmt.Sprintf("%.1f MB", v/1e6)
		case math.Abs(v) >= 1e4:
			return fmt.Sprintf("%.0f kB", v/1e3)
		}
		return fmt.Sprintf("%.0f B", v)
	case "µs":
		if math.Abs(v) >= 1e4 {
			return fmt.Sprintf("%.0f ms", v/1e3)
		}
	case "share":
		return fmt.Sprintf("%.0f %%", 100*v)
	}
	digits := 0
	switch a := math.Abs(v); {
	case a < 1:
		digits = 3
	case a < 10:
		digits = 2
	case a < 100:
		digits = 1
	}
	return strings.TrimSpace(fmt.Sprintf("%.*f %s", digits, v, unit))
}

// runVerdict is the run in a few sentences: weir in each scenario beside the best-known of the others, and who failed.
func runVerdict(f *result.File) string {
	var parts, failed []string
	for _, s := range f.Scenarios {
		if text := inBrief(&s); text != "" {
			parts = append(parts, text)
		}
		for _, c := range s.Cells {
			if c.Status == result.Failed && !slices.Contains(failed, c.Subject) {
				failed = append(failed, c.Subject)
			}
		}
	}
	text := strings.Join(parts, " ")
	if text == "" {
		text = "weir has no figure in this run."
	}
	if len(failed) > 0 {
		text += fmt.Sprintf(" Failed somewhere, and without a figure there: %s.", strings.Join(failed, ", "))
	}
	return text
}

// inBrief is weir in one scenario beside the base, net and the best of the rest in Go.
func inBrief(s *result.Scenario) string {
	us := s.Cell(ours)
	if us == nil || us.Status != result.OK {
		return ""
	}
	mine := us.Metrics[s.Primary]
	var others []string
	for _, name := range []string{"c", "net", "fasthttp", "gnet", "haproxy", "node"} {
		c := s.Cell(name)
		if c == nil || c.Status != result.OK {
			continue
		}
		if ratio, ok := pairedRatio(mine, c.Metrics[s.Primary]); ok && ratio.Median < 1000 {
			others = append(others, beside(ratio, name))
		}
	}
	text := fmt.Sprintf("%s: weir %s", s.Title, Figure(mine.Median, s.Unit))
	if op := perOperation(s); op != "" {
		text += " " + op
	}
	if len(others) > 0 {
		text += " (" + strings.Join(others, ", ") + ")"
	}
	return text + "."
}
