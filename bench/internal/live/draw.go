package live

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"charm.land/lipgloss/v2/table"
	"github.com/charmbracelet/x/ansi"

	"github.com/weir-go/weir/bench/internal/report"
	"github.com/weir-go/weir/bench/internal/result"
)

var (
	strong  = lipgloss.NewStyle().Bold(true)
	faint   = lipgloss.NewStyle().Faint(true)
	running = lipgloss.NewStyle().Bold(true).Foreground(lipgloss.Cyan)
	bad     = lipgloss.NewStyle().Foreground(lipgloss.Yellow)
)

// draw is the board as lines that fit the screen.
func (b *board) draw(width, height int) string {
	lines := []string{b.headline(), b.bar(min(width, barWidth)), ""}
	switch {
	case b.preparing != "":
		lines = append(lines, "getting ready "+b.preparing)
	case b.current != nil:
		lines = append(lines, strong.Render(b.current.title)+faint.Render(b.current.where()))
		lines = append(lines, strings.Split(b.table(b.current), "\n")...)
		for _, r := range b.current.rows {
			if r.reason != "" {
				lines = append(lines, bad.Render(r.title+" "+r.reason))
			}
		}
	}
	lines = append(lines, "")
	for _, s := range b.scenes {
		if s.verdict != "" {
			lines = append(lines, faint.Render("→ "+s.verdict))
		}
	}
	for _, text := range append(slices.Clone(b.missing), b.notes...) {
		lines = append(lines, bad.Render(text))
	}
	if height > 1 && len(lines) > height-1 {
		lines = lines[:height-1]
	}
	for i, line := range lines {
		lines[i] = ansi.Truncate(line, width, "…")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func (b *board) headline() string {
	text := strong.Render("weir bench")
	if b.turns > 0 {
		text += fmt.Sprintf("   %d of %d turns", b.done, b.turns)
	}
	if !b.began.IsZero() {
		text += "   " + report.About(b.now.Sub(b.began))
	}
	if left := b.left(); left > 0 {
		text += faint.Render(", at most about " + report.About(left) + " left")
	}
	return text
}

// barWidth is the most that the bar of progress takes.
const barWidth = 72

func (b *board) bar(width int) string {
	if b.turns == 0 {
		return faint.Render(strings.Repeat("─", width))
	}
	done := float64(b.done)
	if b.running != "" && b.length > 0 {
		done += max(0, min(1, b.elapsed.Seconds()/b.length.Seconds()))
	}
	full := min(width, int(float64(width)*done/float64(b.turns)))
	return strings.Repeat("━", full) + faint.Render(strings.Repeat("─", width-full))
}

func (s *scene) where() string {
	if s.rounds == 0 {
		return ""
	}
	return fmt.Sprintf("   round %d of at most %d", s.round+1, s.rounds)
}

// table is the subjects of the scenario with what is known of them.
func (b *board) table(s *scene) string {
	heads := []string{" ", "subject", "turns", s.primary.Title, "rate", "p50", "p99", "memory", ""}
	t := table.New().BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).BorderColumn(false).
		BorderHeader(false).Wrap(false).Headers(heads...)
	for i := range s.rows {
		t.Row(b.cells(s, &s.rows[i])...)
	}
	t.StyleFunc(func(line, col int) lipgloss.Style {
		style := lipgloss.NewStyle()
		switch {
		case line == table.HeaderRow:
			style = faint
		case s.rows[line].name == b.running:
			style = running
		case s.rows[line].reason != "":
			style = bad
		}
		if col > 1 && col < len(heads)-1 {
			style = style.Align(lipgloss.Right)
		}
		return style.PaddingRight(2)
	})
	return strings.TrimRight(t.Render(), "\n")
}

func (b *board) cells(s *scene, r *row) []string {
	cells := []string{" ", r.title, fmt.Sprint(r.turns), "", "", "", "", "", ""}
	switch {
	case r.name == b.running:
		cells[0] = "▶"
	case r.reason != "":
		cells[0], cells[3] = "✗", "failed"
		return cells // what it did before it failed is no figure
	case r.last == s.round:
		cells[0] = "✓"
	}
	if len(r.figures) > 0 {
		cells[3] = report.Bare(r.middle(), s.primary.Unit)
	}
	if r.rate > 0 {
		cells[4] = s.rateText(r.rate)
	}
	cells[5], cells[6] = latency(r.p50), latency(r.p99)
	if r.rss > 0 {
		cells[7] = report.Text(float64(r.rss), "bytes")
	}
	if r.name == b.running {
		cells[8] = curve(r.rates)
		if b.elapsed < 0 {
			cells[8] = "warming up"
		}
	}
	return cells
}

// rateText is operations a second; where a scenario is about memory, it is bytes.
func (s *scene) rateText(rate float64) string {
	if s.primary.Unit == "bytes" {
		return report.Text(rate, "bytes") + "/s"
	}
	return report.Text(rate, "1/s")
}

func latency(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Millisecond:
		return report.Text(float64(d)/1e3, "µs")
	case d < time.Second:
		return report.Text(float64(d)/1e6, "ms")
	}
	return report.Text(d.Seconds(), "s")
}

// curve draws rates from 0 on, one column each.
func curve(rates []float64) string {
	const steps = "▁▂▃▄▅▆▇█"
	if len(rates) == 0 {
		return ""
	}
	most := slices.Max(rates)
	var b strings.Builder
	for _, v := range rates {
		at := 0
		if most > 0 {
			at = min(7, int(8*max(0, v)/most))
		}
		b.WriteRune([]rune(steps)[at])
	}
	return b.String()
}

// bestFirst are the metrics that a line has beside the primary one.
var bestFirst = []string{result.OpsPerSecond, result.MBPerSecond, result.P50, result.P99, result.RSSPeak}
