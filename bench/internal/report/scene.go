package report

import (
	"cmp"
	"slices"
	"strconv"

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
	// Beside are the metrics of result.Beside that at least one row has: they are shown with their intervals.
	Beside []result.MetricInfo
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

// On is the scene with another metric in the place of the primary one: rows, places and ratios are of that. It has no columns and no notes.
func (s *Scene) On(metric result.MetricInfo) *Scene {
	scenario := *s.Scenario
	scenario.Primary, scenario.Unit, scenario.LowerIsBetter = metric.Name, metric.Unit, metric.Better != "higher"
	other := &Scene{Scenario: &scenario, Primary: metric}
	for _, row := range s.Rows {
		other.Rows = append(other.Rows, newRow(row.Subject, row.Cell, metric.Name))
	}
	other.sort()
	other.place()
	other.divide()
	return other
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

// metric is nil if the row does not show it.
func (r *Row) metric(name string) *result.Metric {
	if m, there := r.Cell.Metrics[name]; there && r.Shown() {
		return &m
	}
	return nil
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
