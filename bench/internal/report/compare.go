package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/weir-go/weir/bench/internal/result"
)

// Comparison is what changed between two runs.
type Comparison struct {
	// Old and New are the runs.
	Old, New *result.File
	// Warnings are reasons to doubt all of it: another machine, another Go.
	Warnings []string
	// Scenarios are those of both runs, in the order of the new one.
	Scenarios []ComparedScenario
	// Gaps are what cannot be compared, with reasons: what is in one run only, has failed, or was asked otherwise.
	Gaps []string
}

// ComparedScenario is a scenario of both runs.
type ComparedScenario struct {
	Name, Title string
	Changes     []Change
}

// Change is one metric of one subject in two runs.
type Change struct {
	Scenario string
	Subject  *result.Subject
	Metric   result.MetricInfo
	Primary  bool
	Old, New result.Metric
	// Ratio is the new median divided by the old; Lo and Hi are the least and the most that the two intervals allow. They
	// have 1 between them exactly if the intervals overlap.
	Ratio   Ratio
	Outcome Outcome
}

// Outcome is what may be said of a change.
type Outcome string

// Outcomes. NotShown is not "the same": the runs show no difference, and more rounds might.
const (
	NotShown Outcome = "no difference shown"
	Better   Outcome = "better"
	Worse    Outcome = "worse"
	Differs  Outcome = "differs" // of a metric of which neither more nor less is better
)

// Compare looks at each metric that both runs have.
func Compare(before, after *result.File) *Comparison {
	c := &Comparison{Old: before, New: after, Warnings: environmentWarnings(before.Run, after.Run)}
	for i := range after.Scenarios {
		s := &after.Scenarios[i]
		old := before.Scenario(s.Name)
		switch {
		case old == nil:
			c.Gaps = append(c.Gaps, s.Title+" is in the new run only")
		case !maps.Equal(old.Parameters, s.Parameters):
			c.Gaps = append(c.Gaps, fmt.Sprintf("%s was asked otherwise: %s", s.Title, differences(old.Parameters, s.Parameters)))
		default:
			c.Scenarios = append(c.Scenarios, c.scenario(newScene(before, old), newScene(after, s)))
		}
	}
	for _, s := range before.Scenarios {
		if after.Scenario(s.Name) == nil {
			c.Gaps = append(c.Gaps, s.Title+" is in the old run only")
		}
	}
	return c
}

func (c *Comparison) scenario(before, after *Scene) ComparedScenario {
	compared := ComparedScenario{Name: after.Name, Title: after.Title}
	for i := range after.Rows {
		row := &after.Rows[i]
		old := before.Row(row.Subject.Name)
		switch {
		case old == nil:
			c.Gaps = append(c.Gaps, fmt.Sprintf("%s, %s: in the new run only", after.Title, row.Subject.Title))
		case !old.Shown() && !row.Shown():
			// Neither run has a figure of it: there is nothing to miss.
		case !old.Shown():
			c.Gaps = append(c.Gaps, fmt.Sprintf("%s, %s: %s in the old run: %s", after.Title, row.Subject.Title, old.Status, old.Reason))
		case !row.Shown():
			c.Gaps = append(c.Gaps, fmt.Sprintf("%s, %s: %s in the new run: %s", after.Title, row.Subject.Title, row.Status, row.Reason))
		default:
			compared.Changes = append(compared.Changes, changes(after, old, row)...)
		}
	}
	for _, row := range before.Rows {
		if after.Row(row.Subject.Name) == nil {
			c.Gaps = append(c.Gaps, fmt.Sprintf("%s, %s: in the old run only", after.Title, row.Subject.Title))
		}
	}
	return compared
}

// changes are those of the metrics that both rows have, the primary one first.
func changes(s *Scene, before, after *Row) []Change {
	metrics := []result.MetricInfo{s.Primary}
	for _, m := range s.metrics() {
		if m.Name != s.Primary.Name {
			metrics = append(metrics, m)
		}
	}
	var list []Change
	for _, info := range metrics {
		old, now := before.metric(info.Name), after.metric(info.Name)
		if old == nil || now == nil {
			continue
		}
		list = append(list, Change{
			Scenario: s.Title, Subject: after.Subject, Metric: info, Primary: info.Name == s.Primary.Name,
			Old: *old, New: *now, Ratio: apart(*old, *now), Outcome: outcomeOf(*old, *now, info.Better),
		})
	}
	return list
}

// apart is the ratio of two runs. There are no rounds to pair, so its ends are what the ends of the intervals allow.
func apart(old, now result.Metric) Ratio {
	if old.Lo <= 0 || now.Lo < 0 {
		return Ratio{} // a ratio to nothing, or to less than nothing, says nothing
	}
	return Ratio{
		Median: now.Median / old.Median, Lo: now.Lo / old.Hi, Hi: now.Hi / old.Lo,
		Samples: min(len(old.Samples), len(now.Samples)),
	}
}

func outcomeOf(old, now result.Metric, betterWhen string) Outcome {
	less, more := better(now, old, true), better(now, old, false)
	switch {
	case !less && !more:
		return NotShown
	case betterWhen == "":
		return Differs
	case less == (betterWhen == "lower"):
		return Better
	}
	return Worse
}

// Beyond are the primary figures that got worse by more than the limit beyond doubt: all of the ratio's interval is past it. A
// limit of 0.05 is five per cent.
func (c *Comparison) Beyond(limit float64) []Change {
	var list []Change
	for _, s := range c.Scenarios {
		for _, change := range s.Changes {
			if change.Primary && change.Outcome == Worse && change.beyond(limit) {
				list = append(list, change)
			}
		}
	}
	return list
}

func (c *Change) beyond(limit float64) bool {
	if c.Ratio.Samples == 0 {
		return true // from nothing to something
	}
	if c.Metric.Better == "lower" {
		return c.Ratio.Lo > 1+limit
	}
	return c.Ratio.Hi < 1/(1+limit)
}

// environmentWarnings say where the machines differ.
func environmentWarnings(before, after result.Run) []string {
	old, now := before.Environment, after.Environment
	if old.Fingerprint() == now.Fingerprint() {
		return nil
	}
	fields := func(e result.Environment) map[string]string {
		return map[string]string{
			"system": e.System, "kernel": e.Kernel, "processor": e.CPUModel, "processors": fmt.Sprint(e.Cores), "governor": e.Governor,
			"Go": e.Go, "GOMAXPROCS": fmt.Sprint(e.Procs), "server on": numbers(e.ServerCPUs), "load on": numbers(e.LoadCPUs),
		}
	}
	return []string{
		"These runs are not of the same machine: " + differences(fields(old), fields(now)) + ".",
		"A difference below may be the machine's. Ratios to the floor bear that better than times do, and not well.",
	}
}

// differences is "kernel 6.1 → 6.2, Go go1.25 → go1.26".
func differences(before, after map[string]string) string {
	keys := map[string]bool{}
	for _, m := range []map[string]string{before, after} {
		for key := range m {
			keys[key] = true
		}
	}
	var list []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if before[key] != after[key] {
			list = append(list, fmt.Sprintf("%s %s → %s", key, orNone(before[key]), orNone(after[key])))
		}
	}
	return strings.Join(list, ", ")
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// ratioText is the ratio for a table; a dash where it says nothing.
func (c *Change) ratioText() string {
	if math.IsInf(c.Ratio.Median, 0) {
		return "–"
	}
	return c.Ratio.Text()
}
