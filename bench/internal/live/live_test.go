package live

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/weir-go/weir/bench/internal/result"
)

var update = flag.Bool("update", false, "write the files in testdata anew")

// script is the beginning of a run: one round done but for its last subject, and the second begun.
func script() []result.Event {
	clock := time.Date(2026, 11, 29, 20, 0, 0, 0, time.UTC)
	plan := &result.Plan{
		Subjects: []result.Subject{
			{Name: "weir", Title: "weir"},
			{Name: "net", Title: "net/http"},
			{Name: "nbio", Title: "nbio"},
			{Name: "haproxy", Title: "HAProxy"},
			{Name: "c", Title: "C epoll"},
		},
		Scenarios: []result.Scenario{
			{Name: "plaintext", Title: "Keep-alive GET, 64 connections", Primary: result.CPUMicrosPerOp},
			{Name: "slow-readers", Title: "200 slow readers", Primary: result.RSSGrowth},
		},
	}
	events := []result.Event{
		{Kind: result.RunStarted, Plan: plan},
		{Kind: result.Preparing, Subject: "weir", Text: "building it"},
		{Kind: result.SubjectReady, Subject: "weir"},
		{Kind: result.SubjectMissing, Subject: "haproxy", Status: result.Absent, Text: "no program named haproxy"},
		{Kind: result.Note, Text: "One processor: server and load share it."},
		{Kind: result.ScenarioStarted, Scenario: "plaintext"},
	}
	turn := func(round int, subject string, cpu, rate, p99 float64) {
		events = append(events,
			result.Event{Kind: result.TurnStarted, Scenario: "plaintext", Round: round, Rounds: 7, Subject: subject, Length: time.Second},
			result.Event{
				Kind: result.TurnFinished, Scenario: "plaintext", Round: round, Rounds: 7, Subject: subject,
				Done: len(events) / 2, Turns: 42, Metrics: map[string]float64{
					result.CPUMicrosPerOp: cpu, result.OpsPerSecond: rate, result.P50: p99 / 3, result.P99: p99, result.RSSPeak: 9 << 20,
				},
			})
	}
	turn(0, "c", 8.1, 116000, 1380)
	turn(0, "weir", 9.5, 97300, 1554)
	turn(0, "net", 18.3, 53700, 3154)
	events = append(events,
		result.Event{Kind: result.TurnStarted, Scenario: "plaintext", Round: 0, Rounds: 7, Subject: "nbio"},
		result.Event{
			Kind: result.TurnFinished, Scenario: "plaintext", Rounds: 7, Subject: "nbio", Done: 7, Turns: 42,
			Status: result.Failed, Text: "answered 64 KiB with 63",
		})
	turn(1, "weir", 9.7, 95000, 1600)
	events = append(events, result.Event{Kind: result.TurnStarted, Scenario: "plaintext", Round: 1, Rounds: 7, Subject: "net", Length: time.Second})
	for i, rate := range []float64{20000, 48000, 53000, 55000} {
		events = append(events, result.Event{
			Kind: result.TurnSample, Scenario: "plaintext", Round: 1, Rounds: 7, Subject: "net", Elapsed: time.Duration(i) * 200 * time.Millisecond,
			Length: time.Second, Rate: rate, P50: 1100 * time.Microsecond, P99: 3 * time.Millisecond, RSS: 11 << 20,
		})
	}
	for i := range events {
		events[i].At = clock.Add(time.Duration(i) * 700 * time.Millisecond)
	}
	return events
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at it and run with -update if it is right. got:\n%s", path, got)
	}
}

// trimmed is a drawing without escape sequences and spaces at the ends of lines.
func trimmed(text string) string {
	lines := strings.Split(ansi.Strip(text), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestTheBoardIsDrawn(t *testing.T) {
	var b board
	for _, e := range script() {
		b.see(e)
	}
	golden(t, "board.txt", trimmed(b.draw(100, 30)))
}

func TestTheBoardFitsAnyScreen(t *testing.T) {
	for _, size := range [][2]int{{200, 60}, {80, 24}, {40, 10}, {12, 3}, {1, 1}} {
		var b board
		for i, e := range script() {
			b.see(e)
			drawn := b.draw(size[0], size[1])
			if w, h := lipgloss.Width(drawn), lipgloss.Height(drawn); w > size[0] || h > max(1, size[1]) && size[1] > 1 {
				t.Fatalf("%v: after event %d it is %d wide and %d high", size, i, w, h)
			}
		}
	}
}

func TestLinesTellOfARun(t *testing.T) {
	var b bytes.Buffer
	l := &lines{w: &b}
	for _, e := range script() {
		l.Event(e)
	}
	l.Event(result.Event{Kind: result.ScenarioFinished, Scenario: "plaintext", Text: "weir spends least beside the floor."})
	golden(t, "lines.txt", b.String())
	if strings.Contains(b.String(), "\x1b") {
		t.Error("there are escape sequences")
	}
}

func TestWhatFailedShowsNoFigure(t *testing.T) {
	var b board
	for _, e := range script() {
		b.see(e)
	}
	b.row(b.current, "net").reason, b.running = "failed: died", ""
	for line := range strings.Lines(ansi.Strip(b.draw(120, 30))) {
		if strings.Contains(line, "net/http") && strings.ContainsAny(line, ",.") && !strings.Contains(line, "died") {
			t.Errorf("got %q", line)
		}
	}
}
