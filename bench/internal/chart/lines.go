package chart

import (
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"
)

// Styles is how many styles of lines there are: pairs of a colour and a shape, so that nothing depends on the colour. The
// page has a class s0 … for each, with its colour in both themes, and a symbol m0 … ([Symbols]).
const Styles = 11

// Ours and Floor are the styles of weir and of what is next to nothing above the system calls; the others are for rivals.
const (
	Ours  = 0
	Floor = 1
)

// Lines is a chart of lines.
type Lines struct {
	// ID is the chart's in its page.
	ID string
	// Title is its name. About says what is seen in it, for those who do not see it.
	Title, About string
	X, Y         Axis
	Lines        []Line
	// Height is that of the plot, in pixels of the page.
	Height int
}

// Line is one line.
type Line struct {
	Name string
	// Style is from 0 to Styles-1.
	Style int
	// Points are by rising X.
	Points []Point
	// Marked says that each point has a symbol; otherwise a few have.
	Marked bool
}

// Point is a place, with words for who points at it.
type Point struct {
	X, Y float64
	Text string
}

// someMarks is how many symbols a line of many points has.
const someMarks = 6

// endRoom is the least distance of two names at the ends of lines, in pixels.
const endRoom = 15

//go:embed lines.svg
var linesSource string

var linesTemplate = template.Must(template.New("lines").Parse(linesSource))

// SVG draws the chart.
func (l Lines) SVG() (template.HTML, error) {
	var b strings.Builder
	if err := linesTemplate.Execute(&b, l.drawing()); err != nil {
		return "", fmt.Errorf("chart: %s: %w", l.ID, err)
	}
	return template.HTML(b.String()), nil //nolint:gosec // the template has escaped it
}

// What the template draws, places in per cent.
type (
	drawing struct {
		Lines
		XTicks, YTicks []placedTick
		Drawn          []drawnLine
	}
	placedTick struct {
		At   string
		Text string
		Edge bool // at the high end
	}
	drawnLine struct {
		Name  string
		Style int
		Path  string // in thousandths of the plot
		Marks []mark
		EndY  float64 // of the name, in pixels
	}
	mark struct {
		X, Y string
		Text string
	}
)

func (l Lines) drawing() drawing {
	d := drawing{Lines: l}
	for _, t := range l.X.Ticks {
		d.XTicks = append(d.XTicks, placedTick{At: percent(l.X.at(t.Value)), Text: t.Text, Edge: l.X.at(t.Value) > 0.999})
	}
	for _, t := range l.Y.Ticks {
		d.YTicks = append(d.YTicks, placedTick{At: percent(1 - l.Y.at(t.Value)), Text: t.Text})
	}
	for _, line := range l.Lines {
		if len(line.Points) > 0 {
			d.Drawn = append(d.Drawn, l.draw(line))
		}
	}
	spread(d.Drawn, float64(l.Height))
	return d
}

func (l Lines) draw(line Line) drawnLine {
	drawn := drawnLine{Name: line.Name, Style: line.Style}
	every := 1
	if !line.Marked {
		every = max(1, len(line.Points)/someMarks)
	}
	var path strings.Builder
	for i, p := range line.Points {
		x, y := l.X.at(p.X), 1-l.Y.at(p.Y)
		command := "L"
		if i == 0 {
			command = "M"
		}
		fmt.Fprintf(&path, "%s%.0f %.0f", command, 1000*x, 1000*y)
		// Lines begin their symbols at different points, so that near lines stay apart.
		end := len(line.Points) - 1
		if line.Marked || i == end || i%every == line.Style*every/Styles%every && end-i > every/2 {
			drawn.Marks = append(drawn.Marks, mark{percent(x), percent(y), p.Text})
		}
		drawn.EndY = y * float64(l.Height)
	}
	drawn.Path = path.String()
	return drawn
}

// spread moves the names at the ends of lines apart, and keeps them beside the plot.
func spread(lines []drawnLine, height float64) {
	order := make([]*drawnLine, len(lines))
	for i := range lines {
		order[i] = &lines[i]
	}
	slices.SortStableFunc(order, func(a, b *drawnLine) int {
		switch {
		case a.EndY < b.EndY:
			return -1
		case a.EndY > b.EndY:
			return 1
		}
		return 0
	})
	for i := 1; i < len(order); i++ {
		order[i].EndY = max(order[i].EndY, order[i-1].EndY+endRoom)
	}
	limit := height
	for i := len(order) - 1; i >= 0; i-- {
		order[i].EndY = min(order[i].EndY, limit)
		limit = order[i].EndY - endRoom
	}
}

func percent(share float64) string { return fmt.Sprintf("%.2f%%", 100*share) }
