package page

import (
	"slices"

	"github.com/weir-go/weir/bench/internal/report"
	"github.com/weir-go/weir/bench/internal/result"
)

// glance is weir beside each other subject in each scenario: one table that says most of it.
type glance struct {
	Ours string
	Head []glanceHead
	Rows []glanceRow
}

type glanceHead struct {
	Title string
	Floor bool
}

type glanceRow struct {
	ID, Title, Metric, Figure string
	Direction                 string
	Cells                     []glanceCell
}

// glanceCell is weir's figure divided by another's.
type glanceCell struct {
	Text, Interval string
	// Class is "good", "bad", "level", "floor" or "none" with the status; Mark and Word say the same without a colour.
	Class, Mark, Word string
}

// newGlance is nil if weir was not measured.
func newGlance(f *result.File, scenes []*scene) *glance {
	var ours *result.Subject
	var others []result.Subject
	for i := range f.Subjects {
		s := &f.Subjects[i]
		switch {
		case s.Kind == result.KindOurs && ours == nil:
			ours = s
		case s.Status == result.OK:
			others = append(others, *s)
		}
	}
	if ours == nil || ours.Status != result.OK || len(others) == 0 {
		return nil
	}
	slices.SortStableFunc(others, func(a, b result.Subject) int { return floorFirst(a) - floorFirst(b) })
	g := &glance{Ours: ours.Title}
	for _, s := range others {
		g.Head = append(g.Head, glanceHead{s.Title, s.Kind == result.KindFloor})
	}
	for _, s := range scenes {
		weir := s.Row(ours.Name)
		row := glanceRow{ID: s.Name, Title: s.Title, Metric: s.Primary.Title, Direction: s.Direction, Figure: "–"}
		if weir.Shown() {
			row.Figure = report.Text(weir.Figure.Median, s.Primary.Unit)
		} else {
			row.Figure = weir.Status
		}
		for _, other := range others {
			row.Cells = append(row.Cells, newGlanceCell(s, weir, s.Row(other.Name)))
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

// floorFirst puts the floor beside weir.
func floorFirst(s result.Subject) int {
	if s.Kind == result.KindFloor {
		return 0
	}
	return 1
}

func newGlanceCell(s *scene, weir, other *report.Row) glanceCell {
	if !other.Shown() {
		return glanceCell{Text: other.Status, Class: "none " + other.Status, Word: other.Reason}
	}
	if !weir.Shown() {
		return glanceCell{Text: "–", Class: "none", Word: weir.Reason}
	}
	ratio := report.RatioOf(weir, other)
	c := glanceCell{Text: ratio.Short(), Interval: ratio.Ends()}
	if other.Subject.Kind == result.KindFloor {
		c.Class = "floor" // what the machine makes possible: nobody is worse for not reaching it
		return c
	}
	switch s.Between(weir, other) {
	case report.Better:
		c.Class, c.Mark, c.Word = "good", "✓", "weir better"
	case report.Worse:
		c.Class, c.Mark, c.Word = "bad", "✗", "weir worse"
	default:
		c.Class, c.Mark, c.Word = "level", "≈", "no difference shown"
	}
	return c
}
