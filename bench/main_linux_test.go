package main

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/bench/internal/lab"
	"github.com/weir-go/weir/bench/internal/report"
)

// The test binary can be a rival too, as the program can.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestSubjectsEchoAndAreMeasured(t *testing.T) {
	c := common{subjects: "c,gnet,net,net-copy", procs: 1}
	l, err := c.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for _, missing := range l.Missing {
		if !strings.HasPrefix(missing.Missing, "absent") {
			t.Errorf("%s: %s", missing.Name, missing.Missing)
		}
	}
	t.Run("echo", func(t *testing.T) { measureEcho(t, l) })
	t.Run("idle", func(t *testing.T) { measureIdle(t, l) })
}

func measureEcho(t *testing.T, l *lab.Lab) {
	scenario := report.Scenario{
		Name: "echo", Conns: 4, Size: 1024, Sleep: l.OneProcessor(),
		WarmUp: 50 * time.Millisecond, Length: 200 * time.Millisecond,
	}
	results, err := l.Echo(t.Context(), []report.Scenario{scenario}, func(done int) bool { return done < 3 })
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range l.Ready {
		samples := results[0].Subject(s.Name).Samples
		good := func(x report.Sample) bool {
			return x.Failure == "" && x.Messages > 0 && x.CPUMicros > 0 && x.PeakRSS > 0
		}
		if !slices.ContainsFunc(samples, good) { // in one of these short rounds a busy machine may give it no time at all
			t.Errorf("%s: got %+v", s.Name, samples)
		}
	}
}

func measureIdle(t *testing.T, l *lab.Lab) {
	for _, s := range l.Ready {
		got, err := l.Idle(t.Context(), s, 10, 50, 100, 2)
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		if got.Messages != 150 || got.Lost+got.Wrong+got.Broken != 0 {
			t.Errorf("%s: got %+v, want 150 messages and nothing lost", s.Name, got)
		}
	}
}

func TestASubjectThatCannotServeIsReportedNotMeasured(t *testing.T) {
	c := common{subjects: "net,weir", weir: "/bin/false", procs: 1}
	l, err := c.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if len(l.Ready) != 1 || len(l.Missing) != 1 || !strings.Contains(l.Missing[0].Missing, "ended before it listened") {
		t.Errorf("got ready %v, missing %v", l.Ready, l.Missing)
	}
}

func TestStrayArgumentsAreRefused(t *testing.T) {
	for _, args := range [][]string{
		nil,
		{"nonsense"},
		{"quick", "now"},
		{"echo", "-rounds", "0"},
		{"echo", "-poll", "-sleep"},
		{"idle", "-conns", "5"},
		{"echo", "-subjects", "nobody"},
		{"echo", "-procs", "0"},
	} {
		if err := run(t.Context(), args); err == nil {
			t.Errorf("%q: got no error", args)
		}
	}
}
