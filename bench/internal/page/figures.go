package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/weir-go/weir/bench/internal/chart"
	"github.com/weir-go/weir/bench/internal/report"
	"github.com/weir-go/weir/bench/internal/result"
)

// linesFigure is a figure before it is drawn.
type linesFigure struct {
	figure
	lines chart.Lines
}

// Heights of plots in pixels, and how many rows the table of a course over time has, and how many points its
// lines have at most, each and together: a page of eleven lines in each chart is to stay light.
const (
	plotHeight   = 260
	courseHeight = 340
	courseRows   = 11
	mostPoints   = 240
	mostInAll    = 1100
)

// fewLines is up to how many lines each point of a distribution has its symbol: those of more would cover each other.
const fewLines = 6

// memory is the series that the bench is after where peers are slow: its chart takes all the width.
const memory = "rss"

// wideSpan is the quotient of the slowest and the fastest from which latencies are drawn on a logarithmic axis.
const wideSpan = 12

// latency is the chart of the distributions; nil if no subject with a figure has one.
func (v *scene) latency(styles map[string]int) *linesFigure {
	f := &linesFigure{figure: figure{
		ID: v.Name + "-latency", Title: "Latency by percentile",
		About: "Which share of the operations took no longer than what. Each further nine takes the same room, so the slow few can be seen.",
	}}
	least, most := math.Inf(1), 0.0
	var percentiles []float64
	for i := range v.Rows {
		row := &v.Rows[i]
		if !row.Shown() || len(row.Cell.Histogram) < 2 {
			continue
		}
		line := chart.Line{Name: row.Subject.Title, Style: styles[row.Subject.Name]}
		for _, p := range row.Cell.Histogram {
			least, most = min(least, p.Micros), max(most, p.Micros)
			if !slices.Contains(percentiles, p.Percentile) {
				percentiles = append(percentiles, p.Percentile)
			}
			line.Points = append(line.Points, chart.Point{
				X: p.Percentile, Y: p.Micros, Text: fmt.Sprintf("%s: %s within %s", row.Subject.Title, percentileText(p.Percentile), micros(p.Micros)),
			})
		}
		f.lines.Lines = append(f.lines.Lines, line)
	}
	if len(f.lines.Lines) == 0 {
		return nil
	}
	for i := range f.lines.Lines {
		f.lines.Lines[i].Marked = len(f.lines.Lines) <= fewLines
	}
	slices.Sort(percentiles)
	f.lines.X = chart.Nines("share of operations, %", percentiles)
	f.lines.Y = chart.Linear("latency", most, 10, micros)
	if least > 0 && most/least > wideSpan {
		f.lines.Y = chart.Log("latency, logarithmic", least, most, micros)
	}
	f.finish(plotHeight, v.Title)
	f.Head = append([]string{"took no longer"}, names(f.lines.Lines)...)
	for _, p := range percentiles {
		cells := []string{percentileText(p)}
		for _, line := range f.lines.Lines {
			cells = append(cells, at(line.Points, p, micros))
		}
		f.Rows = append(f.Rows, cells)
	}
	return f
}

// course is the chart of one series over time.
func (v *scene) course(name string, styles map[string]int) *linesFigure {
	f := &linesFigure{figure: figure{ID: v.Name + "-" + name, Title: courseTitle(name), About: courseAbout(name), Lead: name == memory}}
	unit, most, end := "", 0.0, 0.0
	for i := range v.Rows {
		row := &v.Rows[i]
		at := slices.IndexFunc(row.Cell.Series, func(s result.Series) bool { return s.Name == name })
		if !row.Shown() || at < 0 {
			continue
		}
		series := row.Cell.Series[at]
		unit = series.Unit
		line := chart.Line{Name: row.Subject.Title, Style: styles[row.Subject.Name]}
		for _, p := range thinned(series.Points, min(mostPoints, mostInAll/len(v.Rows))) {
			most, end = max(most, p[1]), max(end, p[0])
			line.Points = append(line.Points, chart.Point{
				X: p[0], Y: p[1], Text: fmt.Sprintf("%s: %s after %s", row.Subject.Title, report.Text(p[1], unit), seconds(p[0])),
			})
		}
		f.lines.Lines = append(f.lines.Lines, line)
	}
	base := 10
	if unit == "bytes" {
		base = 2
	}
	value := func(v float64) string { return tickText(v, unit) }
	f.lines.X = chart.Exact("seconds", 0, end, func(v float64) string { return fmt.Sprintf("%g", v) })
	f.lines.Y = chart.Linear("", most, base, value)
	height := plotHeight
	if f.Lead {
		height = courseHeight
	}
	f.finish(height, v.Title)
	f.Head = append([]string{"after"}, names(f.lines.Lines)...)
	for i := range courseRows {
		t := end * float64(i) / (courseRows - 1)
		cells := []string{seconds(t)}
		for _, line := range f.lines.Lines {
			cells = append(cells, before(line.Points, t, unit))
		}
		f.Rows = append(f.Rows, cells)
	}
	return f
}

// thinned keeps the highest of each few points where there are more than a chart can show: peaks are what matters.
func thinned(points [][2]float64, most int) [][2]float64 {
	if len(points) <= most {
		return points
	}
	kept := make([][2]float64, 0, most)
	for i := range most {
		few := points[i*len(points)/most : (i+1)*len(points)/most]
		kept = append(kept, slices.MaxFunc(few, func(a, b [2]float64) int { return cmp.Compare(a[1], b[1]) }))
	}
	return kept
}

// finish sets what all charts of lines have. The first line is drawn last, above the others, if it is weir's.
func (f *linesFigure) finish(height int, scenario string) {
	f.lines.ID, f.lines.Title, f.lines.Height = f.ID, scenario+": "+f.Title, height
	f.lines.About = f.About + " Lines: " + strings.Join(names(f.lines.Lines), ", ") + ". The figures are in the table below."
	slices.SortStableFunc(f.lines.Lines, func(a, b chart.Line) int { return weight(a) - weight(b) })
}

// weight is how far above the others a line is drawn.
func weight(l chart.Line) int {
	if l.Style == chart.Ours {
		return 1
	}
	return 0
}

func names(lines []chart.Line) []string {
	list := make([]string, len(lines))
	for i, line := range lines {
		list[i] = line.Name
	}
	return list
}

// at is the value of the point at x, a dash if there is none.
func at(points []chart.Point, x float64, text func(float64) string) string {
	for _, p := range points {
		if p.X == x {
			return text(p.Y)
		}
	}
	return "–"
}

// before is the last value until t, the first one before there was any.
func before(points []chart.Point, t float64, unit string) string {
	value := "–"
	for i, p := range points {
		if p.X > t+1e-9 && i > 0 {
			break
		}
		value = report.Text(p.Y, unit)
	}
	return value
}

func courseTitle(name string) string {
	switch name {
	case memory:
		return "Resident memory of the server"
	case "delivered", "moved":
		return "Bytes between server and clients"
	}
	return name
}

func courseAbout(name string) string {
	switch name {
	case memory:
		return "A server that stops making bytes while its peers are slow stays flat. One that takes and keeps them all rises until it is stopped or has cut somebody off."
	case "delivered", "moved":
		return "What has come through, all clients together. Lines that cover each other say that no server bought its memory with less work."
	}
	return "The course of the median round."
}

// micros is a latency: "850 µs", "1.5 ms", "2 s".
func micros(v float64) string {
	switch {
	case v >= 1e6:
		return short(v/1e6) + " s"
	case v >= 1e3:
		return short(v/1e3) + " ms"
	}
	return short(v) + " µs"
}

// short is three digits without zeros at the end.
func short(v float64) string { return fmt.Sprintf("%.3g", v) }

func seconds(v float64) string { return short(v) + " s" }

// percentileText is "99.9 %", "all" of 100.
func percentileText(p float64) string {
	switch {
	case p >= 100:
		return "all"
	case p <= 0:
		return "the fastest"
	}
	return fmt.Sprintf("%g %%", p)
}

// tickText is a round value at an axis.
func tickText(v float64, unit string) string {
	if unit != "bytes" {
		return report.Text(v, unit)
	}
	for _, u := range []struct {
		size float64
		name string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if v >= u.size {
			return short(v/u.size) + " " + u.name
		}
	}
	return short(v)
}
