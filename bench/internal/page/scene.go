package page

import (
	"html/template"
	"slices"
	"strings"

	"github.com/weir-go/weir/bench/internal/chart"
	"github.com/weir-go/weir/bench/internal/report"
	"github.com/weir-go/weir/bench/internal/result"
)

// scene is one scenario of the page.
type scene struct {
	*report.Scene
	// Figures are a chart of bars of the primary metric, and one of each that belongs beside it.
	Figures []*bars
	// Without are the subjects that have no figure.
	Without   []*report.Row
	Asked     []pair
	Charts    []*figure
	Grid      report.Grid
	Direction string
}

// bars is a chart of one metric: the subjects that have it, best first.
type bars struct {
	*report.Scene
	Direction string
	Bars      []bar
	// FloorTitle and RivalTitle are over the columns of ratios; empty if there are none.
	FloorTitle, RivalTitle string
}

// bar is a row of the scenario's chart of bars, which is a table too.
type bar struct {
	*report.Row
	Name              string
	SVG               template.HTML
	Value, Interval   string
	ToFloor, ToRival  string
	Ours              bool
	PlaceWord, Symbol string
}

// figure is a chart of lines and the table behind it.
type figure struct {
	ID, Title, About string
	SVG              template.HTML
	Head             []string
	Rows             [][]string
	Lead             bool // takes all the width
}

func newScene(s *report.Scene, styles map[string]int) (*scene, error) {
	v := &scene{Scene: s, Grid: s.Grid(s.Columns), Direction: direction(s)}
	for i := range s.Rows {
		if row := &s.Rows[i]; !row.Shown() {
			v.Without = append(v.Without, row)
		}
	}
	for _, of := range append([]*report.Scene{s}, beside(s)...) {
		figure, err := newBars(of, styles)
		if err != nil {
			return nil, err
		}
		if len(figure.Bars) > 0 {
			v.Figures = append(v.Figures, figure)
		}
	}
	for _, name := range sortedKeys(s.Parameters) {
		v.Asked = append(v.Asked, pair{name, s.Parameters[name]})
	}
	return v, v.draw(styles)
}

// beside are the scenes of the metrics that belong beside the primary one.
func beside(s *report.Scene) []*report.Scene {
	var scenes []*report.Scene
	for _, m := range s.Beside {
		scenes = append(scenes, s.On(m))
	}
	return scenes
}

func direction(s *report.Scene) string {
	if s.LowerIsBetter {
		return "less is better"
	}
	return "more is better"
}

func newBars(s *report.Scene, styles map[string]int) (*bars, error) {
	v := &bars{Scene: s, Direction: direction(s)}
	most := 0.0
	for i := range s.Rows {
		row := &s.Rows[i]
		most = max(most, row.Figure.Hi)
		switch row.Subject.Name {
		case s.Floor:
			v.FloorTitle = row.Subject.Title
		case s.Rival:
			v.RivalTitle = row.Subject.Title
		}
	}
	for i := range s.Rows {
		row := &s.Rows[i]
		if !row.Shown() {
			continue
		}
		b, err := newBar(s, row, most, styles[row.Subject.Name])
		if err != nil {
			return nil, err
		}
		v.Bars = append(v.Bars, b)
	}
	return v, nil
}

func newBar(s *report.Scene, row *report.Row, most float64, style int) (bar, error) {
	m := row.Figure
	svg, err := chart.Bar{Value: m.Median, Lo: m.Lo, Hi: m.Hi, Whole: most, Style: style, Sure: len(m.Samples) > 1}.SVG()
	if err != nil {
		return bar{}, err
	}
	return bar{
		Row: row, Name: row.Subject.Title, SVG: svg, Value: report.Text(m.Median, s.Primary.Unit), Interval: report.Interval(m, s.Primary.Unit),
		ToFloor: row.ToFloor.Text(), ToRival: row.ToRival.Text(), Ours: row.Subject.Kind == result.KindOurs, PlaceWord: row.PlaceText(),
	}, nil
}

// draw makes the charts of lines: the latency distribution, and each course over time.
func (v *scene) draw(styles map[string]int) error {
	figures := []*linesFigure{v.latency(styles)}
	for _, name := range v.courses() {
		figures = append(figures, v.course(name, styles))
	}
	for _, f := range figures {
		if f == nil {
			continue
		}
		svg, err := f.lines.SVG()
		if err != nil {
			return err
		}
		f.SVG = svg
		v.Charts = append(v.Charts, &f.figure)
	}
	return nil
}

// courses are the names of series that a subject with a figure has, in the order they are met.
func (v *scene) courses() []string {
	var names []string
	for i := range v.Rows {
		row := &v.Rows[i]
		if !row.Shown() {
			continue
		}
		for _, series := range row.Cell.Series {
			if !slices.Contains(names, series.Name) && len(series.Points) > 1 {
				names = append(names, series.Name)
			}
		}
	}
	return names
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, strings.Compare)
	return keys
}
