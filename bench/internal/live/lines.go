package live

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/weir-go/weir/bench/internal/report"
	"github.com/weir-go/weir/bench/internal/result"
)

// lines tells of a run in lines: for a file, a pipe, or a terminal that cannot be drawn on.
type lines struct {
	w     io.Writer
	board board
}

// Event writes a line, or none: what happens within a turn is not worth one.
func (l *lines) Event(e result.Event) {
	l.board.see(e)
	switch e.Kind {
	case result.RunStarted:
		if e.Plan != nil {
			l.say("%d scenarios, %d subjects", len(e.Plan.Scenarios), len(e.Plan.Subjects))
		}
	case result.Preparing:
		l.say("getting ready %s", l.board.preparing)
	case result.SubjectMissing:
		l.say("%s %s: %s", e.Subject, e.Status, e.Text)
	case result.TurnFinished:
		l.say("%s%s, round %d, %s: %s", l.progress(), e.Scenario, e.Round+1, e.Subject, l.outcome(e))
	case result.ScenarioFinished:
		l.say("%s: %s", e.Scenario, e.Text)
	case result.Note:
		l.say("%s", e.Text)
	case result.SubjectReady, result.ScenarioStarted, result.TurnStarted, result.TurnSample, result.RunFinished:
	}
}

// Close has nothing to do.
func (l *lines) Close() error { return nil }

func (l *lines) say(format string, args ...any) {
	fmt.Fprintf(l.w, format+"\n", args...) // who cannot be told is not told; the run goes on
}

func (l *lines) progress() string {
	if l.board.turns == 0 {
		return ""
	}
	return fmt.Sprintf("[%d/%d] ", l.board.done, l.board.turns)
}

// outcome is the figures of a turn, or why there are none.
func (l *lines) outcome(e result.Event) string {
	if e.Status != "" && e.Status != result.OK {
		return e.Status + ": " + e.Text
	}
	var figures []string
	primary := l.board.current.primary.Name
	names := append([]string{primary}, bestFirst...)
	for i, name := range names {
		v, there := e.Metrics[name]
		if !there || slices.Contains(names[:i], name) {
			continue
		}
		info := result.InfoOf(name)
		figures = append(figures, info.Title+" "+report.Bare(v, info.Unit))
	}
	if len(figures) == 0 {
		return "done"
	}
	return strings.Join(figures, ", ")
}
