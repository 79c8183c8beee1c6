package report

import (
	"fmt"
	"io"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/weir-go/weir/bench/internal/result"
)

// Terminal writes the comparison for a person, like [Terminal]. Unless all are wanted, it lists the primary figures and what
// else has changed.
func (c *Comparison) Terminal(w io.Writer, width int, all bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", wrap(faint, fmt.Sprintf("old: %s\nnew: %s", runText(c.Old), runText(c.New)), width))
	for _, warning := range c.Warnings {
		fmt.Fprintln(&b, wrap(bad, warning, width))
	}
	count, listed := map[Outcome]int{}, 0
	for _, s := range c.Scenarios {
		var rows []Change
		for _, change := range s.Changes {
			count[change.Outcome]++
			if all || change.Primary || change.Outcome != NotShown {
				rows = append(rows, change)
			}
		}
		listed += len(rows)
		if len(rows) > 0 {
			fmt.Fprintf(&b, "\n%s\n%s\n", strong.Render(s.Title), changeTable(rows, width))
		}
	}
	if len(c.Gaps) > 0 {
		fmt.Fprintf(&b, "\n%s\n", strong.Render("Not compared"))
		for _, gap := range c.Gaps {
			fmt.Fprintln(&b, hanging("  ", gap, width))
		}
	}
	fmt.Fprintf(&b, "\n%s\n", wrap(faint, "The interval of a ratio is what the two intervals allow. If it has 1 in it they overlap, and no difference is shown. "+
		"Runs that were made apart differ by what the machine did meanwhile, too.", width))
	fmt.Fprintf(&b, "%s\n", wrap(strong, c.summary(count, listed), width))
	_, err := io.WriteString(w, b.String())
	return err
}

// summary counts the outcomes.
func (c *Comparison) summary(count map[Outcome]int, listed int) string {
	total := 0
	for _, n := range count {
		total += n
	}
	if total == 0 {
		return "The two runs have nothing in common to compare."
	}
	text := fmt.Sprintf("%s: %d better, %d worse", plural(total, "figure"), count[Better], count[Worse])
	if count[Differs] > 0 {
		text += fmt.Sprintf(", %d otherwise different", count[Differs])
	}
	text += fmt.Sprintf(", no difference shown in %d", count[NotShown])
	if listed < total {
		text += fmt.Sprintf(" (%d of them not listed)", total-listed)
	}
	return text + "."
}

func runText(f *result.File) string {
	dirty := ""
	if f.Run.Dirty {
		dirty = " with changes"
	}
	return fmt.Sprintf("%s, commit %s%s, %s", f.Run.Time.UTC().Format("2 January 2006 15:04 UTC"), f.Run.Commit, dirty, f.Run.ID)
}

// changeTable has the intervals of the two runs if there is room; that of the ratio comes from them and tells enough.
func changeTable(rows []Change, width int) string {
	g := changeGrid(rows)
	text := render(g)
	if lipgloss.Width(text) > width {
		text = render(g.withoutFaint())
	}
	return text
}

func changeGrid(rows []Change) Grid {
	g := Grid{Columns: []Column{
		{Title: "subject", Left: true},
		{Title: "figure", Left: true},
		{Title: "old"},
		{Title: "interval", Left: true, Faint: true},
		{Title: "new"},
		{Title: "interval", Left: true, Faint: true},
		{Title: "new / old", Left: true},
		{Title: "", Left: true},
	}}
	last := ""
	for _, c := range rows {
		unit := c.Metric.Unit
		name := c.Subject.Title
		if c.Subject.Name == last {
			name = ""
		}
		last = c.Subject.Name
		g.Rows = append(g.Rows, GridRow{
			Cells: []string{
				name, c.Metric.Title,
				Bare(c.Old.Median, unit), BareInterval(c.Old, unit),
				Bare(c.New.Median, unit), BareInterval(c.New, unit),
				c.ratioText(), c.mark(),
			},
			Ours: c.Outcome == Better, Empty: c.Outcome == Worse,
		})
	}
	return g
}

// mark tells the outcomes apart without colour.
func (c *Change) mark() string {
	switch c.Outcome {
	case Better:
		return "+ better"
	case Worse:
		return "! worse"
	case Differs:
		return "~ differs"
	case NotShown:
	}
	return "  no difference shown"
}

// Failures is a sentence for each primary figure that is worse by more than the limit; empty if there is none.
func (c *Comparison) Failures(limit float64) string {
	var lines []string
	for _, change := range c.Beyond(limit) {
		lines = append(lines, fmt.Sprintf("%s, %s: %s is %s times what it was, beyond the limit of %s",
			change.Scenario, change.Subject.Title, change.Metric.Title, change.ratioText(), Text(limit, "share")))
	}
	return strings.Join(lines, "\n")
}
