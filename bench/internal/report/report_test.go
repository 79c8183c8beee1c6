package report

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/weir-go/weir/bench/internal/stats"
)

// result has one subject a column of CPU µs; 0 is a failed round.
func echoResult(size int, cpus map[string][]float64, names ...string) *Result {
	r := &Result{Version: Version, Scenario: Scenario{Name: "echo", Size: size, Conns: 64}}
	for _, name := range names {
		s := &Subject{Name: name}
		for round, v := range cpus[name] {
			sample := Sample{Round: round, Messages: 1000, Seconds: 1, CPUMicros: v, PeakRSS: 2 << 20}
			if v == 0 {
				sample = Sample{Round: round, Failure: "died"}
			}
			s.Samples = append(s.Samples, sample)
		}
		if len(s.Samples) == 0 {
			s.Missing = "absent: no reason"
		}
		r.Subjects = append(r.Subjects, s)
	}
	return r
}

func TestRatioPairsRoundsAndSkipsFailedOnes(t *testing.T) {
	r := echoResult(1<<10, map[string][]float64{"c": {8, 0, 16}, "weir": {10, 10, 20}}, "c", "weir")
	if got := r.Ratio("weir", "c"); got.N != 2 || got.Median != 1.25 {
		t.Errorf("got %+v, want 1.25 of two rounds", got)
	}
	if got := r.Ratio("weir", "gnet"); got.N != 0 || !math.IsNaN(got.Median) {
		t.Errorf("got %+v for a subject that is not there", got)
	}
}

func TestTableHasALineASubjectAndSaysWhatIsMissing(t *testing.T) {
	var b strings.Builder
	r := echoResult(1<<10, map[string][]float64{"c": {8, 8, 8}, "weir": {8, 0, 10}}, "c", "gnet", "weir")
	if err := WriteTable(&b, r, []string{"c", "gnet"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"1 KiB ping-pong on 64 connections, polling client",
		"weir      9.00 [8.50–9.50]   1.12 [1.06–1.19]",
		"left out: gnet: absent: no reason",
		"failed: weir in 1 of 3 rounds: died",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "× gnet") {
		t.Errorf("a column for a base that was not measured in\n%s", b.String())
	}
}

func TestVerdict(t *testing.T) {
	c, gnet := []float64{8, 8, 8}, []float64{12, 12, 12}
	for name, test := range map[string]struct {
		weir []float64
		want string
	}{
		"met":       {[]float64{8.4, 8.5, 8.6}, "1.06 × c's (goal 1.15) and 0.71 × gnet's (goal 0.80): all goals met."},
		"missed":    {[]float64{9.5, 9.4, 9.5}, "one goal missed."},
		"too close": {[]float64{9.1, 9.2, 9.4}, "too close to call"},
		"absent":    {nil, "on a 1 KiB message gnet spends 1.50 × c's."},
	} {
		t.Run(name, func(t *testing.T) {
			r := echoResult(1<<10, map[string][]float64{"c": c, "gnet": gnet, "weir": test.weir}, "c", "gnet", "weir")
			if got := Verdict([]*Result{r}); !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q in it", got, test.want)
			}
		})
	}
}

func TestJudgeNeedsTheMiddleHalfOnOneSide(t *testing.T) {
	for _, test := range []struct {
		q1, q3 float64
		want   judgement
	}{{0.7, 0.8, metGoal}, {0.7, 0.81, tooClose}, {0.81, 0.9, missedGoal}} {
		if got := judge(stats.Summary{Q1: test.q1, Q3: test.q3}, 0.80); got != test.want {
			t.Errorf("[%v %v]: got %v, want %v", test.q1, test.q3, got, test.want)
		}
	}
}

func TestJSONIsValidWithFailedRoundsAndMissingSubjects(t *testing.T) {
	var b strings.Builder
	r := echoResult(1<<10, map[string][]float64{"c": {8, 0}, "weir": {0, 0}}, "c", "gnet", "weir")
	if err := WriteJSON(&b, []*Result{r}); err != nil {
		t.Fatal(err)
	}
	var back []Result
	if err := json.Unmarshal([]byte(b.String()), &back); err != nil {
		t.Fatal(err)
	}
	if len(back) != 1 || back[0].Version != Version || len(back[0].Subjects) != 3 {
		t.Errorf("got %+v", back)
	}
}

func TestBytesText(t *testing.T) {
	for n, want := range map[int64]string{
		1: "1 B", 1023: "1023 B", 1024: "1 KiB", 1500: "1500 B", 64 << 10: "64 KiB", 1 << 20: "1 MiB", 5<<19 + 7: "2.5 MiB",
	} {
		if got := bytesText(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}
