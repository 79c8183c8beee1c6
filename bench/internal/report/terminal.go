package report

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"charm.land/lipgloss/v2/table"

	"github.com/weir-go/weir/bench/internal/result"
)

// Styles of the terminal. Colours are the terminal's own sixteen, which its owner has chosen to be readable.
var (
	strong = lipgloss.NewStyle().Bold(true)
	faint  = lipgloss.NewStyle().Faint(true)
	ours   = lipgloss.NewStyle().Bold(true).Foreground(lipgloss.Cyan)
	bad    = lipgloss.NewStyle().Foreground(lipgloss.Yellow)
)

// Terminal writes f for a person at a terminal that is that many columns wide: a table and a sentence for each scenario,
// what was left out, and last the verdict. It writes escape sequences; who does not want them wraps w in a
// colorprofile.Writer, which knows what NO_COLOR, TERM and a pipe ask for.
func Terminal(w io.Writer, f *result.File, width int) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", wrap(faint, heading(f), width))
	for _, s := range Scenes(f) {
		fmt.Fprintf(&b, "\n%s\n", s.terminal(width))
	}
	if len(f.LeftOut) > 0 {
		fmt.Fprintf(&b, "\n%s\n", strong.Render("Left out"))
		for _, l := range f.LeftOut {
			fmt.Fprintln(&b, hanging("  "+f.Title(l.What)+": ", l.Why, width))
		}
	}
	b.WriteString("\n")
	for _, line := range key {
		fmt.Fprintln(&b, wrap(faint, line, width))
	}
	for _, note := range f.Run.Notes {
		fmt.Fprintln(&b, wrap(bad, note, width))
	}
	b.WriteString("\n")
	for _, sentence := range Sentences(f.Verdict) {
		fmt.Fprintln(&b, wrap(strong, sentence, width))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

var key = []string{
	`place: 1 and the number of subjects that are better beyond doubt; "=" where others have the same`,
	`[…]: an interval for the median of the rounds   ×: divided by that subject's figure of the same round`,
}

// heading is a line on the run.
func heading(f *result.File) string {
	e := f.Run.Environment
	dirty := ""
	if f.Run.Dirty {
		dirty = " with changes"
	}
	return fmt.Sprintf("weir bench, %s, commit %s%s, %s, %s, %s; server on processor %s, load on %s",
		f.Run.Time.UTC().Format("2 January 2006 15:04 UTC"), f.Run.Commit, dirty, e.CPUModel, e.Kernel, e.Go,
		numbers(e.ServerCPUs), numbers(e.LoadCPUs))
}

func numbers(list []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ", "), "[]")
}

func (s *Scene) terminal(width int) string {
	lines := []string{
		strong.Render(s.Title) + faint.Render("   "+s.conditions()),
		wrap(faint, s.About, width),
		"",
		s.fit(width),
	}
	for i := range s.Rows {
		if row := &s.Rows[i]; !row.Shown() {
			lines = append(lines, hanging(bad.Render(row.Subject.Title+" "+row.Status)+": ", row.Reason, width))
		}
	}
	for _, note := range s.Notes {
		lines = append(lines, wrap(faint, note, width))
	}
	lines = append(lines, wrap(strong, "→ "+s.Verdict, width))
	return strings.Join(lines, "\n")
}

// conditions is how the scenario was asked, in short.
func (s *Scene) conditions() string {
	return fmt.Sprintf("%s, %s", plural(s.Rounds, "round"), s.betterText())
}

func (s *Scene) betterText() string {
	if s.LowerIsBetter {
		return "less is better"
	}
	return "more is better"
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// fewMetrics is how many metrics are worth more than the intervals of the ratios.
const fewMetrics = 3

// fit renders the table with as many metrics as the width has room for; where it has room for few, without the intervals
// of the ratios, and then without those of what stands beside the primary metric.
func (s *Scene) fit(width int) string {
	text := ""
	for shorter := range 3 {
		least := 0
		if shorter == 0 {
			least = min(fewMetrics, len(s.Columns))
		}
		for n := len(s.Columns); n >= least; n-- {
			g := s.Grid(s.mostImportant(n))
			if shorter > 0 {
				g = g.withShortRatios()
			}
			if shorter > 1 {
				g = g.without(func(c Column) bool { return c.Spare })
			}
			text = render(g)
			if lipgloss.Width(text) > width {
				continue
			}
			if n < len(s.Columns) {
				text += "\n" + wrap(faint, "Not shown for want of room: "+s.dropped(n)+".", width)
			}
			return text
		}
	}
	return text
}

// dropped names the metrics that are not among the n most important.
func (s *Scene) dropped(n int) string {
	kept := s.mostImportant(n)
	var titles []string
	for _, m := range s.Columns {
		if !slices.ContainsFunc(kept, func(k result.MetricInfo) bool { return k.Name == m.Name }) {
			titles = append(titles, m.Title)
		}
	}
	return strings.Join(titles, ", ")
}

// render draws a grid with a line under its head and nothing else.
func render(g Grid) string {
	t := table.New().Border(lipgloss.NormalBorder()).BorderStyle(faint).Wrap(false).
		BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).BorderColumn(false)
	heads := make([]string, len(g.Columns))
	for i, c := range g.Columns {
		heads[i] = c.Title
	}
	t.Headers(heads...)
	for _, row := range g.Rows {
		t.Row(row.Cells...)
	}
	t.StyleFunc(func(row, col int) lipgloss.Style {
		style := lipgloss.NewStyle()
		switch {
		case row == table.HeaderRow || g.Columns[col].Faint:
			style = faint
		case g.Rows[row].Empty:
			style = bad
		case g.Rows[row].Ours:
			style = ours
		}
		if !g.Columns[col].Left {
			style = style.Align(lipgloss.Right)
		}
		return style.PaddingRight(gap(g, col))
	})
	return trimLines(strings.TrimRight(t.Render(), "\n"))
}

// gap is the space behind a column: little between a figure and its interval, none at the end.
func gap(g Grid, col int) int {
	switch {
	case col == len(g.Columns)-1:
		return 0
	case g.Columns[col+1].Faint:
		return 1
	}
	return 2
}

func wrap(style lipgloss.Style, text string, width int) string {
	return trimLines(style.Render(lipgloss.Wrap(text, width, "")))
}

// hanging is a text whose further lines are indented.
func hanging(head, text string, width int) string {
	lines := strings.Split(lipgloss.Wrap(text, max(20, width-lipgloss.Width(head)), ""), "\n")
	return head + strings.Join(lines, "\n"+strings.Repeat(" ", lipgloss.Width(head)))
}

var trailing = regexp.MustCompile(`(?m)(?: |\x1b\[[0-9;]*m)+$`)

// trimLines takes the spaces from the ends of lines, also those among the escape sequences that stand there.
func trimLines(text string) string {
	return trailing.ReplaceAllStringFunc(text, func(end string) string { return strings.ReplaceAll(end, " ", "") })
}

// About is how long ago or how long something is, for a person: "52 s", "3 min 5 s".
func About(d time.Duration) string {
	d = d.Round(time.Second)
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	if d < time.Hour {
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}
