package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/weir-go/weir/bench/internal/result"
)

// markdownMetrics is how many metrics a Markdown table has beside the primary one: as many as a page of a repository shows
// without scrolling.
const markdownMetrics = 4

// Markdown writes f as headings, tables and sentences for a page in a repository.
func Markdown(w io.Writer, f *result.File) error {
	var b strings.Builder
	if sentences := Sentences(f.Verdict); len(sentences) == 1 {
		fmt.Fprintf(&b, "%s\n\n", inMarkdown(sentences[0]))
	} else {
		for _, sentence := range sentences {
			fmt.Fprintf(&b, "- %s\n", inMarkdown(sentence))
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "*%s.*\n", inMarkdown(heading(f)))
	for _, note := range f.Run.Notes {
		fmt.Fprintf(&b, "\n> %s\n", inMarkdown(note))
	}
	for _, s := range Scenes(f) {
		s.markdown(&b)
	}
	b.WriteString("\n### Subjects\n\n| subject | version | |\n| :-- | :-- | :-- |\n")
	for _, s := range f.Subjects {
		status := ""
		if s.Status != result.OK {
			status = s.Status + ": " + s.Reason
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", inMarkdown(s.Title), inMarkdown(s.Version), inMarkdown(status))
	}
	if len(f.LeftOut) > 0 {
		b.WriteString("\nLeft out:\n\n")
		for _, l := range f.LeftOut {
			fmt.Fprintf(&b, "- %s: %s\n", inMarkdown(f.Title(l.What)), inMarkdown(l.Why))
		}
	}
	b.WriteString("\n" + strings.Join(key, "\\\n") + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *Scene) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n%s (%s.)\n\n**%s**\n\n", inMarkdown(s.Title), inMarkdown(s.About), s.conditions(), inMarkdown(s.Verdict))
	g := s.Grid(s.mostImportant(markdownMetrics))
	line := func(cells []string) { fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | ")) }
	heads, rules := make([]string, len(g.Columns)), make([]string, len(g.Columns))
	for i, c := range g.Columns {
		heads[i], rules[i] = inMarkdown(c.Title), "--:"
		if c.Left {
			rules[i] = ":--"
		}
	}
	line(heads)
	line(rules)
	for _, row := range g.Rows {
		cells := make([]string, len(row.Cells))
		for i, cell := range row.Cells {
			cells[i] = inMarkdown(cell)
			if row.Ours && cell != "" {
				cells[i] = "**" + cells[i] + "**"
			}
		}
		line(cells)
	}
	for i := range s.Rows {
		if row := &s.Rows[i]; !row.Shown() {
			fmt.Fprintf(b, "\n%s %s: %s\n", inMarkdown(row.Subject.Title), row.Status, inMarkdown(row.Reason))
		}
	}
	for _, note := range s.Notes {
		fmt.Fprintf(b, "\n%s\n", inMarkdown(note))
	}
}

// markdownMarks are the characters that mean something in a line of Markdown or in a cell of its tables.
var markdownMarks = strings.NewReplacer("\n", " ", `\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "<", `&lt;`, "](", `]\(`)

func inMarkdown(text string) string { return markdownMarks.Replace(text) }
