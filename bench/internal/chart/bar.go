package chart

import (
	_ "embed"
	"fmt"
	"html/template"
	"strings"
)

// Bar is one bar with an interval, as long as the cell of a table that it stands in. The words are the table's: it is hidden
// from screen readers.
type Bar struct {
	Value, Lo, Hi float64
	// Whole is the value of a full cell.
	Whole float64
	// Style is from 0 to Styles-1.
	Style int
	// Sure says that there is an interval to be drawn.
	Sure bool
}

//go:embed bar.svg
var barSource string

var barTemplate = template.Must(template.New("bar").Parse(barSource))

// SVG draws the bar.
func (bar Bar) SVG() (template.HTML, error) {
	var b strings.Builder
	whole := max(bar.Whole, 1e-300)
	err := barTemplate.Execute(&b, struct {
		Width, Lo, Hi string
		Style         int
		Sure          bool
	}{percent(bar.Value / whole), percent(bar.Lo / whole), percent(bar.Hi / whole), bar.Style, bar.Sure})
	if err != nil {
		return "", fmt.Errorf("chart: bar: %w", err)
	}
	return template.HTML(b.String()), nil //nolint:gosec // the template has escaped it
}
