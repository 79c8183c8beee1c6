package lab

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/weir-go/weir/bench/internal/result"
	"github.com/weir-go/weir/bench/internal/stats"
)

// add keeps what a turn has given.
func (r *record) add(t *turn) {
	for name, v := range t.values {
		r.put(name, t.round, v)
	}
	for kind, n := range t.errors {
		r.errors[kind] += n
	}
	if t.latency != nil {
		if r.latency == nil {
			r.latency = hdrhistogram.New(100, int64(time.Minute), 3)
		}
		r.latency.Merge(t.latency)
		t.latency = nil
	}
	r.turns = append(r.turns, t)
}

// put stores the sample of a round; rounds before it that have none are not numbers.
func (r *record) put(name string, round int, v float64) {
	for len(r.samples[name]) <= round {
		r.samples[name] = append(r.samples[name], math.NaN())
	}
	r.samples[name][round] = v
}

// cut makes the file say that the run ended early, and takes out the scenarios that were not begun. It returns false if nothing is left.
func (l *Lab) cut(ctx context.Context) bool {
	why := "interrupted"
	if !errors.Is(ctx.Err(), context.Canceled) {
		why = oneLine(context.Cause(ctx))
	}
	l.file.Run.CutShort = why
	l.note(fmt.Sprintf("This run was cut short (%s): %d of %d turns were measured.", why, l.turns, l.planned))
	for i := len(l.scenarios) - 1; i >= 0; i-- {
		if l.file.Scenarios[i].Rounds > 0 {
			continue
		}
		l.leaveOut(l.scenarios[i].Name, "the run was cut short before it began")
		l.scenarios = slices.Delete(l.scenarios, i, i+1)
		l.file.Scenarios = slices.Delete(l.file.Scenarios, i, i+1)
	}
	return len(l.scenarios) > 0
}

// finish makes cells and verdicts of the records.
func (l *Lab) finish() {
	for i, s := range l.scenarios {
		out := &l.file.Scenarios[i]
		if l.records[cellKey{s.Name, s.base}] == nil {
			out.Base = ""
		}
		for _, name := range l.o.Subjects {
			out.Cells = append(out.Cells, l.cell(s, name))
		}
		out.Verdict = verdict(out, l.file)
		l.tell(result.Event{Kind: result.ScenarioFinished, Scenario: s.Name, Text: out.Verdict})
	}
	l.judgeSubjects()
	l.noteDisturbance()
	l.file.Verdict = runVerdict(l.file)
	l.file.Run.Seconds = time.Since(l.file.Run.Time).Seconds()
	l.tell(result.Event{Kind: result.RunFinished, Text: l.file.Verdict})
}

func (l *Lab) cell(s *Scenario, name string) result.Cell {
	c := result.Cell{Subject: name, Status: result.OK}
	if err := l.excuse(s, name); err != nil {
		c.Status, c.Reason = verdictOf(err)
		return c
	}
	r := l.record(s, name)
	c.Metrics = r.metrics()
	if base := l.records[cellKey{s.Name, s.base}]; base != nil && base.failure == nil {
		if m, ok := stats.Metric(stats.Ratios(r.samples[s.ratioOf()], base.samples[s.ratioOf()])); ok {
			c.Metrics[result.CPURatio] = m
		}
	}
	if len(r.errors) > 0 {
		c.Errors = r.errors
	}
	if len(r.missing) > 0 {
		c.Missing = r.missing
	}
	c.Histogram, c.Series = histogram(r.latency), r.middleSeries(s.primary)
	switch _, measured := c.Metrics[s.primary]; {
	case r.failure != nil:
		c.Status, c.Reason = result.Failed, oneLine(r.failure)
	case !measured && r.lost > 0:
		c.Status, c.Reason = result.Failed, oneLine(errDisturbed)
	case !measured && l.file.Run.CutShort != "":
		c.Status, c.Reason = result.Absent, "it had no turn: the run was cut short"
	case !measured:
		c.Status, c.Reason = result.Absent, "it had no turn: the time was over"
	}
	return c
}

// ratioOf is the metric that ratios are made of: the primary, but for latency, where processor time is steadier.
func (s *Scenario) ratioOf() string {
	if s.primary == result.P99 {
		return result.CPUMicrosPerOp
	}
	return s.primary
}

func (r *record) metrics() map[string]result.Metric {
	metrics := map[string]result.Metric{}
	for name, samples := range r.samples {
		if m, ok := stats.Metric(samples); ok {
			metrics[name] = m
		}
	}
	return metrics
}

// percentiles of a histogram that is drawn.
var percentiles = []float64{0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 100}

func histogram(h *hdrhistogram.Histogram) []result.Point {
	if h == nil || h.TotalCount() == 0 {
		return nil
	}
	points := make([]result.Point, 0, len(percentiles))
	for _, p := range percentiles {
		points = append(points, result.Point{Percentile: p, Micros: float64(h.ValueAtPercentile(p)) / 1e3})
	}
	return points
}

// middleSeries are the series of the turn whose primary metric is nearest the median.
func (r *record) middleSeries(primary string) []result.Series {
	m, ok := stats.Metric(r.samples[primary])
	if !ok {
		return nil
	}
	var best *turn
	for _, t := range r.turns {
		if best == nil || math.Abs(t.values[primary]-m.Median) < math.Abs(best.values[primary]-m.Median) {
			best = t
		}
	}
	if best == nil {
		return nil
	}
	return best.series
}

// judgeSubjects marks those that have no figure anywhere.
func (l *Lab) judgeSubjects() {
	for i := range l.file.Subjects {
		s := &l.file.Subjects[i]
		measured, reason := false, ""
		status := result.Absent
		for _, scenario := range l.file.Scenarios {
			c := scenario.Cell(s.Name)
			measured = measured || c.Status == result.OK
			if reason == "" || c.Status == result.Failed && status != result.Failed {
				status, reason = c.Status, c.Reason
			}
		}
		if !measured {
			s.Status, s.Reason = status, reason
		}
		l.leaveOutSubject(s.Name)
	}
}

// leaveOutSubject says once why a subject has no figures: because of what it is not there for at all, and each failure with the scenarios that
// have it.
func (l *Lab) leaveOutSubject(name string) {
	var reasons []string
	failed := map[string][]string{}
	for i, s := range l.scenarios {
		c := l.file.Scenarios[i].Cell(name)
		switch {
		case l.refused[key{name, s.role}] != nil:
			l.leaveOut(name, c.Reason)
		case c.Status == result.Failed:
			if failed[c.Reason] == nil {
				reasons = append(reasons, c.Reason)
			}
			failed[c.Reason] = append(failed[c.Reason], "“"+s.Title+"”")
		}
	}
	for _, reason := range reasons {
		l.leaveOut(name, fmt.Sprintf("in %s: %s", strings.Join(failed[reason], ", "), reason))
	}
}

// noteDisturbance says how much the machine was busy with other things.
func (l *Lab) noteDisturbance() {
	var all []float64
	for _, r := range l.records {
		all = append(all, r.samples[result.Disturbance]...)
	}
	if worst := stats.Quantile(all, 0.9); worst > 0.05 && l.server != l.client {
		l.note(fmt.Sprintf("This machine did other work: in the worst tenth of the turns, server and load waited %.0f %% of the time for a processor.", 100*worst))
	}
}
