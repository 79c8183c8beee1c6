package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/weir-go/weir/bench/internal/result"
)

// note collects the columns, and the words that go with the figures.
func (s *Scene) note() {
	beside := result.Beside(s.Scenario.Primary)
	for _, info := range s.metrics() {
		switch {
		case info.Name == s.Scenario.Primary || info.Name == result.CPURatio: // they have columns of their own
		case slices.Contains(beside, info.Name):
			s.Beside = append(s.Beside, info)
		default:
			s.Columns = append(s.Columns, info)
		}
	}
	for _, row := range s.Rows {
		if !row.Shown() {
			continue
		}
		if len(row.Cell.Errors) > 0 {
			s.Notes = append(s.Notes, fmt.Sprintf("%s: %s in the measured time.", row.Subject.Title, counts(row.Cell.Errors)))
		}
	}
	for _, info := range result.Metrics {
		s.Notes = append(s.Notes, s.missing(info)...)
	}
	if s.Rounds > 0 && slices.ContainsFunc(s.Rows, func(r Row) bool { return r.Shown() }) {
		s.noteRounds(s.leastConfidence())
	}
}

// noteRounds says what few rounds are worth.
func (s *Scene) noteRounds(least float64) {
	switch {
	case s.Rounds == 1:
		s.Notes = append(s.Notes, "One round has no interval: nobody is called better.")
	case !decides(least):
		s.Notes = append(s.Notes, fmt.Sprintf("%d rounds are too few to call anybody better: the intervals hold with a confidence of %s only.", s.Rounds, Text(least, "share")))
	case least < confidence:
		s.Notes = append(s.Notes, fmt.Sprintf("%d rounds are few: the intervals hold with a confidence of %s.", s.Rounds, Text(least, "share")))
	}
}

// metrics are all that at least one row shows: the known ones in the order of result.Metrics, then others by name.
func (s *Scene) metrics() []result.MetricInfo {
	there := map[string]bool{}
	for _, row := range s.Rows {
		if row.Shown() {
			for name := range row.Cell.Metrics {
				there[name] = true
			}
		}
	}
	var metrics []result.MetricInfo
	for _, info := range result.Metrics {
		if there[info.Name] {
			metrics = append(metrics, info)
			delete(there, info.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		metrics = append(metrics, result.InfoOf(name))
	}
	return metrics
}

// missing says of a metric why it is not there, the subjects of one reason together.
func (s *Scene) missing(info result.MetricInfo) []string {
	var reasons []string
	of := map[string][]string{}
	for _, row := range s.Rows {
		if reason, there := row.Cell.Missing[info.Name]; there && row.Shown() {
			if of[reason] == nil {
				reasons = append(reasons, reason)
			}
			of[reason] = append(of[reason], row.Subject.Title)
		}
	}
	for i, reason := range reasons {
		reasons[i] = fmt.Sprintf("%s: no %s: %s.", strings.Join(of[reason], ", "), info.Title, strings.TrimSuffix(reason, "."))
	}
	return reasons
}

func (s *Scene) leastConfidence() float64 {
	least := 1.0
	for _, row := range s.Rows {
		if row.Shown() {
			least = min(least, row.Figure.Confidence)
		}
	}
	return least
}

// counts is "2 resets, 1 timeout".
func counts(errors map[string]int64) string {
	kinds := slices.Sorted(maps.Keys(errors))
	for i, kind := range kinds {
		kinds[i] = fmt.Sprintf("%d × %s", errors[kind], kind)
	}
	return strings.Join(kinds, ", ")
}
