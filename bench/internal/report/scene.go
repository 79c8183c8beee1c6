package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/perf/benchmath"

	"github.com/weir-go/weir/bench/internal/result"
	"github.com/weir-go/weir/bench/internal/stats"
)

// Scene is one scenario made ready to be shown: the rows in the order of the table, who may be called better than whom,
// and the words that go below it. Every output is made from scenes, so that none of them can say what another does not.
type Scene struct {
	*result.Scenario
	// Primary is how to show the figure that the scenario is about.
	Primary result.MetricInfo
	// Rows are the subjects with a figure, best median first, then the others with their reasons.
	Rows []Row
	// Floor and Rival are what the two columns of ratios divide by: next to nothing above the system calls, and the best
	// median among those that are neither weir nor a floor. Empty if there is none.
	Floor, Rival string
	// Columns are the other metrics that at least one row has, in the order of result.Metrics.
	Columns []result.MetricInfo
	// Notes are sentences that belong to figures: what went wrong in the measured time, and what is missing and why.
	Notes []string
}

// Row is one subject of a scene.
type Row struct {
	Subject *result.Subject
	Cell    *result.Cell
	// Figure is the primary metric; without samples if the subject has no figure here, and then nothing else of the cell may
	// be shown.
	Figure result.Metric
	// Place is 1 and the number of subjects that are better beyond doubt: those whose interval lies wholly on the better side.
	// Floors have no place and count for none; 0 is no place.
	Place int
	// Alone says that no other subject has the same place.
	Alone bool
	// ToFloor and ToRival are the figure divided by that of Scene.Floor and Scene.Rival, round by round.
	ToFloor, ToRival Ratio
	// Status and Reason are why there is no figure; "ok" and empty if there is one.
	Status, Reason string
}

// Shown says whether the row has a figure.
func (r *Row) Shown() bool { return len(r.Figure.Samples) > 0 }

// Ratio is one figure divided by another.
type Ratio struct {
	Median, Lo, Hi float64
	// Samples is how many pairs it is made from; 0 is no ratio.
	Samples int
	// Self says that it is a subject divided by itself.
	Self bool
}

// Scenes makes all scenarios of f ready.
func Scenes(f *result.File) []*Scene {
	scenes := make([]*Scene, len(f.Scenarios))
	for i := range f.Scenarios {
		scenes[i] = newScene(f, &f.Scenarios[i])
	}
	return scenes
}

func newScene(f *result.File, s *result.Scenario) *Scene {
	scene := &Scene{Scenario: s, Primary: result.InfoOf(s.Primary)}
	scene.Primary.Better = "higher"
	if s.LowerIsBetter {
		scene.Primary.Better = "lower"
	}
	for i := range s.Cells {
		c := &s.Cells[i]
		scene.Rows = append(scene.Rows, newRow(f.Subject(c.Subject), c, s.Primary))
	}
	scene.sort()
	scene.place()
	scene.divide()
	scene.note()
	return scene
}

func newRow(subject *result.Subject, c *result.Cell, primary string) Row {
	row := Row{Subject: subject, Cell: c, Status: c.Status, Reason: c.Reason}
	if row.Status == result.OK && subject.Status != result.OK {
		row.Status, row.Reason = subject.Status, subject.Reason
	}
	if row.Status == result.OK {
		row.Figure = c.Metrics[primary]
	}
	return row
}

// sort puts the best median first, and what has no figure last, in the order of the subjects.
func (s *Scene) sort() {
	slices.SortStableFunc(s.Rows, func(a, b Row) int {
		switch {
		case a.Shown() != b.Shown():
			if a.Shown() {
				return -1
			}
			return 1
		case !a.Shown():
			return 0
		case s.LowerIsBetter:
			return cmp.Compare(a.Figure.Median, b.Figure.Median)
		}
		return cmp.Compare(b.Figure.Median, a.Figure.Median)
	})
}

// better says whether a is better than b beyond doubt: the intervals are apart, and of enough rounds.
func better(a, b result.Metric, lowerIsBetter bool) bool {
	return len(a.Samples) > 0 && len(b.Samples) > 0 && stats.Apart(a, b) && (a.Median < b.Median) == lowerIsBetter
}

// decides says whether intervals of that confidence can tell anybody from anybody.
func decides(confidence float64) bool {
	return stats.Apart(result.Metric{Hi: 1, Confidence: confidence}, result.Metric{Lo: 2, Hi: 3, Confidence: confidence})
}

// Between says what may be said of one subject beside another: Better or Worse if their intervals are apart, NotShown otherwise.
func (s *Scene) Between(row, other *Row) Outcome {
	switch {
	case better(row.Figure, other.Figure, s.LowerIsBetter):
		return Better
	case better(other.Figure, row.Figure, s.LowerIsBetter):
		return Worse
	}
	return NotShown
}

func (s *Scene) place() {
	count := map[int]int{}
	for i := range s.Rows {
		row := &s.Rows[i]
		if !row.Shown() || row.Subject.Kind == result.KindFloor {
			continue
		}
		row.Place = 1
		for _, other := range s.Rows {
			if other.Subject.Kind != result.KindFloor && better(other.Figure, row.Figure, s.LowerIsBetter) {
				row.Place++
			}
		}
		count[row.Place]++
	}
	for i := range s.Rows {
		s.Rows[i].Alone = count[s.Rows[i].Place] == 1
	}
}

// divide finds the two subjects to divide by and fills the ratios.
func (s *Scene) divide() {
	floor, rival := s.Row(s.Base), (*Row)(nil)
	if floor != nil && !floor.Shown() {
		floor = nil
	}
	for i := range s.Rows {
		row := &s.Rows[i]
		kind := row.Subject.Kind
		switch {
		case !row.Shown():
		case kind == result.KindFloor && floor == nil:
			floor = row
		case kind != result.KindFloor && kind != result.KindOurs && rival == nil:
			rival = row
		}
	}
	if rival != nil && rival == floor {
		rival = nil
	}
	if floor != nil {
		s.Floor = floor.Subject.Name
	}
	if rival != nil {
		s.Rival = rival.Subject.Name
	}
	for i := range s.Rows {
		row := &s.Rows[i]
		row.ToFloor, row.ToRival = RatioOf(row, floor), RatioOf(row, rival)
	}
}

// Row is the one of that subject, nil if there is none.
func (s *Scene) Row(name string) *Row {
	for i := range s.Rows {
		if s.Rows[i].Subject.Name == name {
			return &s.Rows[i]
		}
	}
	return nil
}

// RatioOf divides the figure of one row by that of another; no ratio if one of them has no figure.
func RatioOf(row, base *Row) Ratio {
	if base == nil || !base.Shown() || !row.Shown() {
		return Ratio{}
	}
	r := divided(row.Figure, base.Figure)
	r.Self = row == base
	return r
}

// confidence is what an interval should have at least; few samples give less.
const confidence = 0.95

// divided pairs the samples of two metrics by their rounds: what disturbs the machine in a round disturbs both.
func divided(figure, base result.Metric) Ratio {
	of := map[int]float64{}
	for i, round := range base.Rounds {
		of[round] = base.Samples[i]
	}
	var ratios []float64
	for i, round := range figure.Rounds {
		if b, there := of[round]; there && b != 0 {
			ratios = append(ratios, figure.Samples[i]/b)
		}
	}
	if len(ratios) == 0 {
		return Ratio{}
	}
	summary := benchmath.AssumeNothing.Summary(benchmath.NewSample(ratios, &benchmath.DefaultThresholds), confidence)
	// Too few samples for any interval of that confidence: benchmath says infinite. The smallest and largest are what was seen.
	return Ratio{
		Median: summary.Center, Samples: len(ratios),
		Lo: max(summary.Lo, slices.Min(ratios)), Hi: min(summary.Hi, slices.Max(ratios)),
	}
}

// note collects the columns, and the words that go with the figures.
func (s *Scene) note() {
	for _, info := range s.metrics() {
		if info.Name != s.Scenario.Primary && info.Name != result.CPURatio { // they have columns of their own
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

// metric is nil if the row does not show it.
func (r *Row) metric(name string) *result.Metric {
	if m, there := r.Cell.Metrics[name]; there && r.Shown() {
		return &m
	}
	return nil
}

// counts is "2 resets, 1 timeout".
func counts(errors map[string]int64) string {
	kinds := slices.Sorted(maps.Keys(errors))
	for i, kind := range kinds {
		kinds[i] = fmt.Sprintf("%d × %s", errors[kind], kind)
	}
	return strings.Join(kinds, ", ")
}

// PlaceText is what stands in the column of places: "1", "2 =" if others have the same, "floor" for what is no rival.
func (r *Row) PlaceText() string {
	switch {
	case !r.Shown():
		return ""
	case r.Subject.Kind == result.KindFloor:
		return "floor"
	case r.Alone:
		return strconv.Itoa(r.Place)
	}
	return strconv.Itoa(r.Place) + " ="
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
