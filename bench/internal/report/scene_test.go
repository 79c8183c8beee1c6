package report

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"golang.org/x/perf/benchfmt"

	"github.com/weir-go/weir/bench/internal/report/reporttest"
	"github.com/weir-go/weir/bench/internal/result"
)

// apartMetrics is the rule in other words than the report's: four samples at least, and no point in common.
func apartMetrics(a, b result.Metric) bool {
	return len(a.Samples) > 3 && len(b.Samples) > 3 && (a.Hi < b.Lo || b.Hi < a.Lo)
}

func TestOverlappingIntervalsNameNoWinner(t *testing.T) {
	winners, shared := 0, 0
	for seed := range uint64(2000) {
		s := Scenes(reporttest.Random(seed))[0]
		for i := range s.Rows {
			a := &s.Rows[i]
			if a.Place == 0 {
				continue
			}
			for j := range s.Rows {
				b := &s.Rows[j]
				if i == j || b.Place == 0 {
					continue
				}
				if a.Place == 1 && a.Alone && !apartMetrics(a.Figure, b.Figure) && b.Place == 1 {
					t.Fatalf("seed %d: %s wins over %s: %v, %v", seed, a.Subject.Name, b.Subject.Name, a.Figure, b.Figure)
				}
				// Who is better beyond doubt has the better place; and a better place is never the worse figure.
				if better(a.Figure, b.Figure, s.LowerIsBetter) && a.Place >= b.Place {
					t.Fatalf("seed %d: %s has place %d, %s %d", seed, a.Subject.Name, a.Place, b.Subject.Name, b.Place)
				}
				if a.Place == 1 && better(b.Figure, a.Figure, s.LowerIsBetter) {
					t.Fatalf("seed %d: %s is first though %s is better", seed, a.Subject.Name, b.Subject.Name)
				}
			}
			if a.Place == 1 && a.Alone {
				winners++
			} else if a.Place == 1 {
				shared++
			}
		}
	}
	if winners < 100 || shared < 100 {
		t.Errorf("%d winners, %d shared first places: the figures do not try both", winners, shared)
	}
}

// latencies is a scenario about the 99th percentile, of two subjects: the one that answers sooner spends more.
func latencies() *result.File {
	metric := func(v float64) result.Metric {
		return result.Metric{
			Samples: []float64{v, 1.01 * v, 1.02 * v, 1.03 * v, 1.04 * v, 1.05 * v}, Rounds: []int{0, 1, 2, 3, 4, 5},
			Median: 1.025 * v, Lo: v, Hi: 1.05 * v, Confidence: 0.96,
		}
	}
	of := func(p99, p50, cpu float64) map[string]result.Metric {
		return map[string]result.Metric{result.P99: metric(p99), result.P50: metric(p50), result.CPUMicrosPerOp: metric(cpu), result.OpsPerSecond: metric(1e4)}
	}
	return &result.File{
		Version: result.Version,
		Subjects: []result.Subject{
			{Name: "weir", Title: "weir", Kind: result.KindOurs, Status: result.OK},
			{Name: "hasty", Title: "hasty", Kind: result.KindGo, Status: result.OK},
		},
		Scenarios: []result.Scenario{{
			Name: "rate", Title: "At a rate", Primary: result.P99, Unit: "µs", LowerIsBetter: true, Operation: "request", Rounds: 6,
			Cells: []result.Cell{
				{Subject: "weir", Status: result.OK, Metrics: of(900, 400, 10)},
				{Subject: "hasty", Status: result.OK, Metrics: of(600, 300, 20)},
			},
		}},
	}
}

func TestALatencyIsShownWithWhatItCost(t *testing.T) {
	f := latencies()
	for name, write := range map[string]func(*bytes.Buffer) error{
		"Markdown": func(b *bytes.Buffer) error { return Markdown(b, f) },
		"terminal": func(b *bytes.Buffer) error { return Terminal(plain(b), f, 120) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(strings.NewReplacer("|", "", "*", "").Replace(b.String())), " ")
		for _, want := range []string{"CPU µs/op interval p50 µs interval", "10.3 [10.0–10.5] 410 [400–420]", "20.5 [20.0–21.0] 308 [300–315]"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", name, want, b.String())
			}
		}
	}
	s := Scenes(f)[0]
	cpu := s.On(s.Beside[0])
	if first := cpu.Rows[0]; cpu.Primary.Name != result.CPUMicrosPerOp || first.Subject.Name != "weir" || first.Place != 1 || !first.Alone {
		t.Errorf("by %s the first is %s, place %d", cpu.Primary.Name, first.Subject.Name, first.Place)
	}
	if first := s.Rows[0]; first.Subject.Name != "hasty" {
		t.Errorf("by %s the first is %s", s.Primary.Name, first.Subject.Name)
	}
}

func TestWhatFailedOrIsAbsentHasNoFigureAnywhere(t *testing.T) {
	for seed := range uint64(300) {
		f := reporttest.Random(seed)
		outputs := map[string]string{}
		for name, write := range map[string]func(*bytes.Buffer) error{
			"terminal": func(b *bytes.Buffer) error { return Terminal(plain(b), f, 200) },
			"markdown": func(b *bytes.Buffer) error { return Markdown(b, f) },
			"bench":    func(b *bytes.Buffer) error { return Bench(b, f) },
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			outputs[name] = b.String()
		}
		s := Scenes(f)[0]
		for _, row := range s.Rows {
			bad := row.Cell.Status != result.OK || row.Subject.Status != result.OK
			if bad == row.Shown() || bad && (row.Place != 0 || row.ToFloor.Samples+row.ToRival.Samples > 0 || row.Reason == "") {
				t.Fatalf("seed %d: %+v", seed, row)
			}
			if bad && (s.Floor == row.Subject.Name || s.Rival == row.Subject.Name) {
				t.Fatalf("seed %d: ratios are to %s, which %s", seed, row.Subject.Name, row.Status)
			}
			if !bad {
				continue
			}
			for name, output := range outputs {
				for line := range strings.Lines(output) {
					if strings.Contains(line, row.Subject.Name) && !strings.Contains(line, "× "+row.Subject.Name) && strings.Contains(line, ",") {
						t.Fatalf("seed %d: %s shows a figure of %s, which %s: %s", seed, name, row.Subject.Name, row.Status, line)
					}
				}
				if name != "bench" && !strings.Contains(output, row.Reason) {
					t.Fatalf("seed %d: %s does not say why %s has no figure", seed, name, row.Subject.Name)
				}
			}
		}
	}
}

func TestRatiosArePairedByTheirRounds(t *testing.T) {
	figure := result.Metric{Samples: []float64{20, 40, 22}, Rounds: []int{0, 1, 3}}
	base := result.Metric{Samples: []float64{10, 20, 7}, Rounds: []int{0, 1, 2}}
	got := divided(figure, base)
	if want := (Ratio{Median: 2, Lo: 2, Hi: 2, Samples: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := divided(figure, result.Metric{Samples: []float64{0}, Rounds: []int{0}}); got.Text() != "–" {
		t.Errorf("divided by nothing: got %q", got.Text())
	}
}

func TestRatiosAgreeWithTheFile(t *testing.T) {
	// The file has the ratio of processor times to the base, paired by round, too.
	s := Scenes(sampleFile(t))[0]
	for _, row := range s.Rows {
		if m := row.metric(result.CPURatio); m != nil && math.Abs(m.Median-row.ToFloor.Median) > 0.05 {
			t.Errorf("%s: the file says %.3f, the report %.3f", row.Subject.Name, m.Median, row.ToFloor.Median)
		}
	}
}

func TestGoBenchmarksAreReadAgain(t *testing.T) {
	f := sampleFile(t)
	var b bytes.Buffer
	if err := Bench(&b, f); err != nil {
		t.Fatal(err)
	}
	lines, units := 0, map[string]bool{}
	for r := benchfmt.NewReader(&b, "sample"); r.Scan(); {
		switch record := r.Result().(type) {
		case *benchfmt.SyntaxError:
			t.Fatal(record)
		case *benchfmt.UnitMetadata:
			units[record.Unit] = true
		case *benchfmt.Result:
			lines++
			base, parts := record.Name.Parts()
			if len(parts) != 2 || !strings.HasPrefix(string(parts[0]), "/subject=") || len(base) == 0 {
				t.Errorf("%s has the parts %q", record.Name, parts)
			}
			for _, v := range record.Values {
				if !units[v.Unit] && v.Unit != "busy-share" {
					t.Errorf("%s: nobody said whether more or less %s is better", record.Name, v.Unit)
				}
			}
		}
	}
	want := 0
	for _, s := range Scenes(f) {
		for _, row := range s.Rows {
			want += len(row.Figure.Rounds)
		}
	}
	if lines != want {
		t.Errorf("got %d lines, want one for each of %d rounds", lines, want)
	}
}

func TestNumbersHaveThreeDigits(t *testing.T) {
	for _, test := range []struct {
		v    float64
		unit string
		want string
	}{
		{9.4985, "µs", "9.50 µs"},
		{9.996, "µs", "10.0 µs"},
		{99.96, "µs", "100 µs"},
		{999.6, "µs", "1,000 µs"},
		{97260.28, "1/s", "97,300/s"},
		{1234567, "1/s", "1,230,000/s"},
		{0.00921, "", "0.00921"},
		{0, "", "0"},
		{-1234, "ns", "-1,230 ns"},
		{4096, "bytes", "4.00 KiB"},
		{813, "bytes", "813 B"},
		{3 << 30, "bytes", "3.00 GiB"},
		{0.9833, "share", "98.3 %"},
		{1.19, "×", "1.19×"},
		{66716, "µs", "66.7 ms"},
		{9999, "µs", "10,000 µs"},
		{23e6, "µs", "23.0 s"},
		{23e9, "µs", "23,000 s"},
	} {
		if got := Text(test.v, test.unit); got != test.want {
			t.Errorf("%v %s: got %q, want %q", test.v, test.unit, got, test.want)
		}
	}
}

func TestALongVerdictIsOneSentenceALine(t *testing.T) {
	long := strings.Repeat("weir spends 9.5 µs a request (1.19 × c). ", 5) + "Nobody failed."
	if got := Sentences(long); len(got) != 6 || strings.Join(got, " ") != long {
		t.Errorf("got %q", got)
	}
	if got := Sentences("Short. And good."); len(got) != 1 {
		t.Errorf("got %q", got)
	}
}
