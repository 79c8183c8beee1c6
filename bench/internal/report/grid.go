package report

import (
	"slices"
	"strings"

	"github.com/weir-go/weir/bench/internal/result"
)

// Grid is a scene as a table of words, the same for every output.
type Grid struct {
	Columns []Column
	Rows    []GridRow
}

// Column is the head of a column.
type Column struct {
	Title string
	// Left says that words stand here; figures stand to the right.
	Left bool
	// Faint says that it explains the column before it.
	Faint bool
	// About is a sentence on the metric, if it is one.
	About string
	// Ratio says that ratios stand here.
	Ratio bool
	// Spare says that it can be done without first, where there is no room.
	Spare bool
}

// GridRow is one subject's words.
type GridRow struct {
	Cells []string
	// Ours says that the row is weir's; Empty, that it has no figures.
	Ours, Empty bool
}

// Grid makes a table with these metrics behind the primary one, the ratios, and what belongs beside it.
func (s *Scene) Grid(metrics []result.MetricInfo) Grid {
	g := Grid{Columns: []Column{
		{Title: "place", Left: true},
		{Title: "subject", Left: true},
		{Title: s.Primary.Title, About: s.Primary.About},
		{Title: "interval", Left: true, Faint: true},
	}}
	if s.Floor != "" {
		g.Columns = append(g.Columns, Column{Title: "× " + s.title(s.Floor), Left: true, Ratio: true})
	}
	if s.Rival != "" {
		g.Columns = append(g.Columns, Column{Title: "× " + s.title(s.Rival), Left: true, Ratio: true})
	}
	for _, m := range s.Beside {
		g.Columns = append(g.Columns, Column{Title: m.Title, About: m.About}, Column{Title: "interval", Left: true, Faint: true, Spare: true})
	}
	for _, m := range metrics {
		g.Columns = append(g.Columns, Column{Title: m.Title, About: m.About})
	}
	for i := range s.Rows {
		g.Rows = append(g.Rows, s.gridRow(&s.Rows[i], metrics))
	}
	return g
}

func (s *Scene) gridRow(row *Row, metrics []result.MetricInfo) GridRow {
	line := GridRow{Ours: row.Subject.Kind == result.KindOurs, Empty: !row.Shown()}
	if line.Empty {
		line.Cells = []string{"", row.Subject.Title, row.Status, ""}
	} else {
		line.Cells = []string{
			row.PlaceText(), row.Subject.Title,
			Bare(row.Figure.Median, s.Primary.Unit), BareInterval(row.Figure, s.Primary.Unit),
		}
	}
	for _, base := range []struct {
		name  string
		ratio Ratio
	}{{s.Floor, row.ToFloor}, {s.Rival, row.ToRival}} {
		if base.name != "" {
			line.Cells = append(line.Cells, base.ratio.Text())
		}
	}
	for _, m := range s.Beside {
		text, interval := "–", ""
		if figure := row.metric(m.Name); figure != nil {
			text, interval = Bare(figure.Median, m.Unit), BareInterval(*figure, m.Unit)
		}
		line.Cells = append(line.Cells, text, interval)
	}
	for _, m := range metrics {
		text := "–"
		if figure := row.metric(m.Name); figure != nil {
			text = Bare(figure.Median, m.Unit)
		}
		line.Cells = append(line.Cells, text)
	}
	return line
}

// withShortRatios leaves out the intervals of the ratios.
func (g Grid) withShortRatios() Grid {
	for col := range g.Columns {
		if !g.Columns[col].Ratio {
			continue
		}
		g.Columns[col].Left = false
		for _, row := range g.Rows {
			row.Cells[col], _, _ = strings.Cut(row.Cells[col], " [")
		}
	}
	return g
}

// withoutFaint leaves out the columns that only explain others.
func (g Grid) withoutFaint() Grid { return g.without(func(c Column) bool { return c.Faint }) }

// without leaves out columns.
func (g Grid) without(these func(Column) bool) Grid {
	var out Grid
	for col := range g.Columns {
		if !these(g.Columns[col]) {
			out.Columns = append(out.Columns, g.Columns[col])
		}
	}
	for _, row := range g.Rows {
		var cells []string
		for col, cell := range row.Cells {
			if !these(g.Columns[col]) {
				cells = append(cells, cell)
			}
		}
		row.Cells = cells
		out.Rows = append(out.Rows, row)
	}
	return out
}

// title is that of a subject of the scene.
func (s *Scene) title(name string) string {
	for _, row := range s.Rows {
		if row.Subject.Name == name {
			return row.Subject.Title
		}
	}
	return name
}

// importance is the order in which metrics are kept where not all of them fit.
var importance = []string{
	result.OpsPerSecond, result.MBPerSecond, result.P50, result.P99, result.RSSPeak, result.RSSGrowth, result.BytesPerConn,
	result.CPUMicrosPerOp, result.CPUSecondsPerGB, result.SyscallsPerOp, result.AllocsPerOp, result.P999, result.Busy,
	result.EpollCtlPerOp, result.CtxSwitchesPerOp, result.NanosPerOp, result.P90, result.MaxLatency, result.Disturbance,
}

// mostImportant are the first n metrics of the scene by importance, in the order of the table. A metric without a rank comes last.
func (s *Scene) mostImportant(n int) []result.MetricInfo {
	ranked := slices.Clone(s.Columns)
	rank := func(m result.MetricInfo) int {
		if at := slices.Index(importance, m.Name); at >= 0 {
			return at
		}
		return len(importance)
	}
	slices.SortStableFunc(ranked, func(a, b result.MetricInfo) int { return rank(a) - rank(b) })
	kept := ranked[:min(n, len(ranked))]
	var metrics []result.MetricInfo
	for _, m := range s.Columns {
		if slices.ContainsFunc(kept, func(k result.MetricInfo) bool { return k.Name == m.Name }) {
			metrics = append(metrics, m)
		}
	}
	return metrics
}
