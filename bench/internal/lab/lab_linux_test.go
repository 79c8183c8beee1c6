package lab

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/weir-go/weir/bench/internal/load"
	"github.com/weir-go/weir/bench/internal/proc"
	"github.com/weir-go/weir/bench/internal/result"
	"github.com/weir-go/weir/bench/internal/subject"
)

func TestServerAndLoadGetDifferentCores(t *testing.T) {
	threads := func(cpu int) []int { return []int{cpu &^ 1, cpu | 1} } // 0 and 1 share a core
	alone := func(cpu int) []int { return []int{cpu} }
	for _, test := range []struct {
		name           string
		cpus           []int
		siblings       func(int) []int
		server, client int
	}{
		{"one processor", []int{3}, alone, 3, 3},
		{"two cores", []int{0, 1}, alone, 0, 1},
		{"two threads of one core", []int{0, 1}, threads, 0, 1},
		{"two cores of two threads", []int{0, 1, 2, 3}, threads, 0, 2},
		{"a part of the machine", []int{5, 6, 7}, threads, 5, 6},
	} {
		if server, client := choose(test.cpus, test.siblings); server != test.server || client != test.client {
			t.Errorf("%s: got %d and %d, want %d and %d", test.name, server, client, test.server, test.client)
		}
	}
}

func aTurn() *turn {
	return &turn{values: map[string]float64{}, latency: hdrhistogram.New(100, int64(time.Minute), 3)}
}

func TestFiguresAreDifferencesPerOperation(t *testing.T) {
	start := time.Now()
	a := reading{server: proc.Usage{At: start, CPU: time.Second, Voluntary: 5}, counts: load.Counts{Operations: 1000}}
	b := reading{
		server:     proc.Usage{At: start.Add(2 * time.Second), CPU: 2 * time.Second, Voluntary: 105, Involuntary: 100, Waited: 200 * time.Millisecond},
		loadWaited: time.Second, counts: load.Counts{Operations: 101_000, Got: 4e9, Sent: 5},
	}
	x := aTurn()
	if err := x.between(a, b, 7); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{
		result.CPUMicrosPerOp: 10, result.OpsPerSecond: 50_000, result.Busy: 0.5, result.Disturbance: 0.3, result.CtxSwitchesPerOp: 0.002,
		result.MBPerSecond: 2000, result.CPUSecondsPerGB: 0.25,
	} {
		if d := x.values[name] - want; d > 1e-9 || d < -1e-9 {
			t.Errorf("%s: got %v, want %v", name, x.values[name], want)
		}
	}
	b.server.CPU = a.server.CPU + time.Millisecond
	if err := aTurn().between(a, b, 0); err == nil {
		t.Error("10 ns an answer, as when a wrapper's processor time is read: got no error")
	}
}

func TestATurnWithoutAnswersFailsUnlessOthersHadTheProcessors(t *testing.T) {
	start := time.Now()
	a := reading{server: proc.Usage{At: start}}
	b := reading{server: proc.Usage{At: start.Add(time.Second)}}
	if err := aTurn().between(a, b, 0); err == nil || err == errDisturbed {
		t.Errorf("got %v", err)
	}
	b.loadWaited = 800 * time.Millisecond
	if err := aTurn().between(a, b, 0); err != errDisturbed {
		t.Errorf("got %v, want %v", err, errDisturbed)
	}
}

// cell has samples of the primary metric, one a round.
func cell(name string, samples ...float64) result.Cell {
	r := record{samples: map[string][]float64{result.CPUMicrosPerOp: samples}}
	return result.Cell{Subject: name, Status: result.OK, Metrics: r.metrics()}
}

func judge(cells ...result.Cell) string {
	s := &result.Scenario{Title: "x", Primary: result.CPUMicrosPerOp, Unit: "µs", LowerIsBetter: true, Operation: "request", Cells: cells}
	f := &result.File{}
	for _, c := range cells {
		f.Subjects = append(f.Subjects, result.Subject{Name: c.Subject, Title: "the " + c.Subject})
	}
	return verdict(s, f)
}

func TestAVerdictNamesAWinnerOnlyIfTheIntervalsAreApart(t *testing.T) {
	weir := cell("weir", 9, 9.1, 9.2, 9.3, 9.4)
	for want, cells := range map[string][]result.Cell{
		"Best is the c with":            {weir, cell("c", 8, 8.1, 8.2, 8.3, 8.4)},
		"No winner: the c, the weir":    {weir, cell("c", 8, 8.1, 8.2, 8.3, 9.1)},
		"0.90 × the net":                {weir, cell("net", 10, 10.1, 10.2, 10.3, 10.4)},
		"like the net":                  {weir, cell("net", 8, 10.1, 10.2, 10.3, 8)},
		"No figure for the net: failed": {weir, {Subject: "net", Status: result.Failed, Reason: "x"}},
		"Nobody was measured":           {{Subject: "net", Status: result.Absent, Reason: "x"}},
		"Too few rounds":                {cell("weir", 9), cell("c", 5)}, // one round decides nothing
	} {
		if got := judge(cells...); !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAFailedCellHasNoPartInAVerdict(t *testing.T) {
	bad := cell("fast", 1, 1, 1, 1, 1)
	bad.Status, bad.Reason = result.Failed, "wrong bytes"
	if got := judge(bad, cell("weir", 9, 9, 9, 9, 9), cell("c", 8, 8, 8, 8, 8)); strings.Contains(got, "Best is the fast") || strings.Contains(got, "× the fast") {
		t.Errorf("got %q", got)
	}
}

func TestALatencysVerdictSaysWhatItCost(t *testing.T) {
	with := func(name string, cpu, p99 float64) result.Cell {
		near := func(v float64) []float64 { return []float64{v, 1.01 * v, 1.02 * v, 1.03 * v, 1.04 * v} }
		r := record{samples: map[string][]float64{result.P99: near(p99), result.CPUMicrosPerOp: near(cpu)}}
		return result.Cell{Subject: name, Status: result.OK, Metrics: r.metrics()}
	}
	f := &result.File{Subjects: []result.Subject{{Name: "weir", Title: "weir"}, {Name: "net", Title: "net/http"}}}
	s := &result.Scenario{
		Title: "x", Primary: result.P99, Unit: "µs", LowerIsBetter: true, Operation: "request",
		Cells: []result.Cell{with("weir", 10, 900), with("net", 20, 600)},
	}
	if got, want := verdict(s, f), "weir has 918 µs: 1.50 × net/http. It spends 10.2 µs of processor time a request: 0.50 × net/http."; !strings.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhoIsLeftOutIsSoOnce(t *testing.T) {
	scenarios := []*Scenario{{Name: "a", Title: "A", role: subject.HTTP}, {Name: "b", Title: "B", role: subject.HTTP}, {Name: "c", Title: "C", role: subject.Echo}}
	l := &Lab{
		scenarios: scenarios, file: &result.File{Subjects: []result.Subject{{Name: "gnet"}, {Name: "haproxy"}}},
		refused: map[key]error{{"haproxy", subject.HTTP}: subject.ErrAbsent, {"haproxy", subject.Echo}: subject.ErrAbsent},
	}
	for i, s := range scenarios {
		reason := []string{"died", "died", "wrong bytes"}[i]
		l.file.Scenarios = append(l.file.Scenarios, result.Scenario{Name: s.Name, Cells: []result.Cell{
			{Subject: "gnet", Status: result.Failed, Reason: reason},
			{Subject: "haproxy", Status: result.Absent, Reason: "no program named haproxy"},
		}})
	}
	l.judgeSubjects()
	want := []result.LeftOut{
		{What: "gnet", Why: "in “A”, “B”: died; in “C”: wrong bytes"},
		{What: "haproxy", Why: "no program named haproxy"},
	}
	if !slices.Equal(l.file.LeftOut, want) {
		t.Errorf("got %+v, want %+v", l.file.LeftOut, want)
	}
}

func TestEveryScenarioIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range scenarios() {
		if seen[s.Name] || s.Title == "" || s.About == "" || s.ask == nil || s.operation == "" {
			t.Errorf("%+v", s)
		}
		seen[s.Name] = true
		if result.InfoOf(s.primary).Better == "" {
			t.Errorf("%s: nobody knows what is better of %s", s.Name, s.primary)
		}
		for _, name := range append([]string{}, s.only...) {
			if _, err := subject.Named(name); err != nil {
				t.Errorf("%s: %v", s.Name, err)
			}
		}
	}
	if _, err := find([]string{"plaintext", "no such"}); err == nil {
		t.Error("a scenario that does not exist: got no error")
	}
	if all, err := find([]string{"all"}); err != nil || len(all) != len(scenarios()) {
		t.Errorf("all: got %d, %v", len(all), err)
	}
}

func TestRoundsThatAScenarioDidNotHaveAreNotNumbers(t *testing.T) {
	r := record{samples: map[string][]float64{}}
	r.put("x", 2, 7)
	if m := r.metrics()["x"]; len(m.Samples) != 1 || m.Rounds[0] != 2 {
		t.Errorf("got %+v", m)
	}
}
