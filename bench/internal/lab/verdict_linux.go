package lab

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weir-go/weir/bench/internal/report"
	"github.com/weir-go/weir/bench/internal/result"
	"github.com/weir-go/weir/bench/internal/stats"
)

// ours is the subject that verdicts are about.
const ours = "weir"

// verdict is a scenario in a sentence or two: who is best, if that can be told, and where weir stands. A cell that is not OK has no part in it
// but is named.
func verdict(s *result.Scenario, f *result.File) string {
	var good []result.Cell
	var failed []string
	for _, c := range s.Cells {
		switch {
		case c.Status == result.OK:
			good = append(good, c)
		case c.Status == result.Failed:
			failed = append(failed, f.Title(c.Subject))
		}
	}
	var sentences []string
	if len(good) > 0 {
		sort(good, s)
		sentences = append(sentences, first(good, s, f))
		if us := slices.IndexFunc(good, func(c result.Cell) bool { return c.Subject == ours }); us >= 0 && len(good) > 1 {
			sentences = append(sentences, standing(good, us, s, f))
			if s.Primary == result.P99 {
				sentences = append(sentences, spending(good, us, s, f))
			}
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
func first(good []result.Cell, s *result.Scenario, f *result.File) string {
	best := good[0].Metrics[s.Primary]
	level := []string{f.Title(good[0].Subject)}
	for _, c := range good[1:] {
		if !stats.Apart(best, c.Metrics[s.Primary]) {
			level = append(level, f.Title(c.Subject))
		}
	}
	figure := strings.Join(strings.Fields(report.Text(best.Median, s.Unit)+" "+report.Interval(best, s.Unit)+" "+perOperation(s)), " ")
	switch {
	case !stats.Enough(best) && good[0].Subject == ours && len(good) > 1: // its figure is in the next sentence
		return "Too few rounds to name anybody."
	case !stats.Enough(best):
		return fmt.Sprintf("Too few rounds to name anybody: %s has %s.", level[0], report.Text(best.Median, s.Unit))
	case len(good) == 1:
		return fmt.Sprintf("%s: %s.", level[0], figure)
	case len(level) == 1:
		return fmt.Sprintf("Best is %s with %s.", level[0], figure)
	}
	return fmt.Sprintf("No winner: %s overlap at about %s.", strings.Join(level, ", "), figure)
}

// standing is weir beside each of the others, by the ratio of rounds.
func standing(good []result.Cell, us int, s *result.Scenario, f *result.File) string {
	return fmt.Sprintf("%s has %s%s.", ours, report.Text(good[us].Metrics[s.Primary].Median, s.Unit), besideOthers(good, us, s.Primary, f))
}

// spending is the processor time that goes with a latency: one is easily bought with the other.
func spending(good []result.Cell, us int, s *result.Scenario, f *result.File) string {
	cpu, there := good[us].Metrics[result.CPUMicrosPerOp]
	if !there {
		return ""
	}
	return fmt.Sprintf("It spends %s of processor time a %s%s.", report.Text(cpu.Median, "µs"), s.Operation, besideOthers(good, us, result.CPUMicrosPerOp, f))
}

// besideOthers is weir's metric divided by that of each other: ": 1.19 × net, like c".
func besideOthers(good []result.Cell, us int, metric string, f *result.File) string {
	var parts []string
	for i, c := range good {
		if i == us {
			continue
		}
		if ratio, ok := stats.Divided(good[us].Metrics[metric], c.Metrics[metric]); ok {
			parts = append(parts, beside(ratio, f.Title(c.Subject)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
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

func perOperation(s *result.Scenario) string {
	switch {
	case s.Primary == result.P99:
		return "at the 99th percentile"
	case s.Operation == "GB" || s.Operation == "run" || s.Unit == "":
		return ""
	}
	return "a " + s.Operation
}

// runVerdict is the run in a few sentences: weir in each scenario beside the best-known of the others, and who failed.
func runVerdict(f *result.File) string {
	var parts, failed []string
	for _, s := range f.Scenarios {
		if text := inBrief(&s, f); text != "" {
			parts = append(parts, text)
		}
		for _, c := range s.Cells {
			if title := f.Title(c.Subject); c.Status == result.Failed && !slices.Contains(failed, title) {
				failed = append(failed, title)
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
func inBrief(s *result.Scenario, f *result.File) string {
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
		if ratio, ok := stats.Divided(mine, c.Metrics[s.Primary]); ok && ratio.Median < 1000 {
			others = append(others, beside(ratio, f.Title(name)))
		}
	}
	text := fmt.Sprintf("%s: weir %s", s.Title, report.Text(mine.Median, s.Unit))
	if op := perOperation(s); op != "" {
		text += " " + op
	}
	if len(others) > 0 {
		text += " (" + strings.Join(others, ", ") + ")"
	}
	if cpu, there := us.Metrics[result.CPUMicrosPerOp]; there && s.Primary == result.P99 {
		text += fmt.Sprintf(", with %s of processor time a %s", report.Text(cpu.Median, "µs"), s.Operation)
	}
	return text + "."
}
