package report

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/weir-go/weir/bench/internal/result"
)

// scaled is a metric whose every figure is multiplied.
func scaled(m result.Metric, by float64) result.Metric {
	m.Samples = slices.Clone(m.Samples)
	for i := range m.Samples {
		m.Samples[i] *= by
	}
	m.Median, m.Lo, m.Hi = m.Median*by, m.Lo*by, m.Hi*by
	return m
}

// later is the sample as another run might have it: weir a fifth cheaper, node half as dear again, one subject dead.
func later(t *testing.T) *result.File {
	t.Helper()
	f := sampleFile(t)
	f.Run.ID, f.Run.Commit = "20261130T080000Z-p2mw", "2f1c9ab34d51"
	f.Run.Time = f.Run.Time.AddDate(0, 0, 1)
	s := f.Scenario("plaintext")
	for subject, by := range map[string]float64{"weir": 0.8, "node": 1.5, "gnet": 1.01} {
		cell := s.Cell(subject)
		for _, name := range []string{result.CPUMicrosPerOp, result.P99} {
			cell.Metrics[name] = scaled(cell.Metrics[name], by)
		}
	}
	cell := s.Cell("fasthttp")
	cell.Status, cell.Reason = result.Failed, "answered 64 KiB with 63"
	return f
}

func TestTwoRunsAreCompared(t *testing.T) {
	c := Compare(sampleFile(t), later(t))
	golden(t, "compare.txt", func(w io.Writer) error { return c.Terminal(plain(w), 110, false) })
	golden(t, "compare-all.txt", func(w io.Writer) error { return c.Terminal(plain(w), 80, true) })
}

func TestARunComparedWithItselfShowsNoDifference(t *testing.T) {
	c := Compare(sampleFile(t), sampleFile(t))
	if len(c.Warnings) > 0 || len(c.Gaps) > 0 || len(c.Scenarios) != 2 {
		t.Errorf("got warnings %q, gaps %q, %d scenarios", c.Warnings, c.Gaps, len(c.Scenarios))
	}
	for _, s := range c.Scenarios {
		for _, change := range s.Changes {
			if change.Outcome != NotShown {
				t.Errorf("%s, %s, %s: %s", s.Name, change.Subject.Name, change.Metric.Name, change.Outcome)
			}
		}
	}
}

func TestTheIntervalOfARatioHasOneInItExactlyIfTheIntervalsOverlap(t *testing.T) {
	old := result.Metric{Samples: []float64{9, 10, 11}, Median: 10, Lo: 9, Hi: 11, Confidence: 0.95}
	for _, test := range []struct {
		lo, median, hi float64
		want           Outcome
	}{
		{8, 8.5, 8.9, Better},
		{8, 8.5, 9, NotShown},
		{9.5, 10, 10.5, NotShown},
		{11, 12, 13, NotShown},
		{11.1, 12, 13, Worse},
	} {
		now := result.Metric{Samples: []float64{1, 2, 3}, Median: test.median, Lo: test.lo, Hi: test.hi, Confidence: 0.95}
		ratio := apart(old, now)
		holdsOne := ratio.Lo <= 1 && 1 <= ratio.Hi
		if got := outcomeOf(old, now, "lower"); got != test.want || holdsOne != (got == NotShown) {
			t.Errorf("%v: got %s with the ratio %s, want %s", now, got, ratio.Text(), test.want)
		}
		if got := outcomeOf(now, old, "lower"); (got == NotShown) != (test.want == NotShown) || got == test.want && got != NotShown {
			t.Errorf("%v the other way round: got %s", now, got)
		}
	}
}

func TestOneSampleShowsNoDifference(t *testing.T) {
	one := func(v float64) result.Metric { return result.Metric{Samples: []float64{v}, Median: v, Lo: v, Hi: v} }
	if got := outcomeOf(one(1), one(100), "lower"); got != NotShown {
		t.Errorf("got %s, want %s", got, NotShown)
	}
}

func TestAnotherMachineIsWarnedOf(t *testing.T) {
	f := later(t)
	f.Run.Environment.Kernel = "6.12.1"
	c := Compare(sampleFile(t), f)
	if len(c.Warnings) == 0 || !strings.Contains(c.Warnings[0], "kernel 6.1.0-18-amd64 → 6.12.1") {
		t.Errorf("got %q", c.Warnings)
	}
}

func TestWhatWasAskedOtherwiseIsNotCompared(t *testing.T) {
	f := later(t)
	f.Scenarios[0].Parameters["connections"] = "128"
	c := Compare(sampleFile(t), f)
	if len(c.Scenarios) != 1 || !slices.ContainsFunc(c.Gaps, func(gap string) bool { return strings.Contains(gap, "connections 64 → 128") }) {
		t.Errorf("got %d scenarios, gaps %q", len(c.Scenarios), c.Gaps)
	}
}

func TestALimitIsPassedOnlyBeyondDoubt(t *testing.T) {
	c := Compare(sampleFile(t), later(t)) // node 1.5 [1.42–1.58], gnet 1.01
	for limit, want := range map[float64]int{0.05: 1, 0.40: 1, 0.45: 0, 0.60: 0} {
		if got := c.Beyond(limit); len(got) != want {
			t.Errorf("%v: got %d changes, want %d: %v", limit, len(got), want, c.Failures(limit))
		}
	}
	c = Compare(later(t), sampleFile(t)) // now weir is the one that got worse
	if got := c.Failures(0.1); !strings.Contains(got, "weir") || strings.Contains(got, "Node") {
		t.Errorf("got %q", got)
	}
}
