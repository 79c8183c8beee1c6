package report

import (
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/perf/benchfmt"

	"github.com/weir-go/weir/bench/internal/result"
)

// benchUnit is a metric in the units of Go benchmarks: a factor, and a name.
type benchUnit struct {
	name string
	by   float64
}

// benchUnits have names that benchstat knows to scale: "…-ns", "…-bytes".
var benchUnits = map[string]benchUnit{
	result.CPUMicrosPerOp:   {"cpu-ns/op", 1e3},
	result.CPUSecondsPerGB:  {"cpu-ns/GB", 1e9},
	result.CPURatio:         {"cpu-ratio", 1},
	result.OpsPerSecond:     {"op/s", 1},
	result.MBPerSecond:      {"MB/s", 1},
	result.P50:              {"p50-ns", 1e3},
	result.P90:              {"p90-ns", 1e3},
	result.P99:              {"p99-ns", 1e3},
	result.P999:             {"p99.9-ns", 1e3},
	result.MaxLatency:       {"max-ns", 1e3},
	result.RSSPeak:          {"peak-rss-bytes", 1},
	result.RSSGrowth:        {"rss-growth-bytes", 1},
	result.BytesPerConn:     {"bytes/conn", 1},
	result.SyscallsPerOp:    {"syscalls/op", 1},
	result.CtxSwitchesPerOp: {"switches/op", 1},
	result.EpollCtlPerOp:    {"epoll_ctl/op", 1},
	result.NanosPerOp:       {"ns/op", 1},
	result.AllocsPerOp:      {"allocs/op", 1},
	result.Busy:             {"busy-share", 1},
	result.Disturbance:      {"disturbance-share", 1},
}

// Bench writes f in the format of Go benchmarks, a line for each round, for benchstat and what else reads it:
//
//	benchstat -col /subject run.txt
//	benchstat -filter /subject:weir before.txt after.txt
func Bench(w io.Writer, f *result.File) error {
	out := benchfmt.NewWriter(w)
	for _, m := range result.Metrics {
		if m.Better == "" {
			continue
		}
		unit := benchUnitOf(m.Name).name
		direction := &benchfmt.UnitMetadata{UnitMetadataKey: benchfmt.UnitMetadataKey{Unit: unit, Key: "better"}, OrigUnit: unit, Value: m.Better}
		if err := out.Write(direction); err != nil {
			return err
		}
	}
	for _, s := range Scenes(f) {
		for i := range s.Rows {
			if err := writeRounds(out, f, s, &s.Rows[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeRounds writes the rounds of one subject in one scenario; nothing if it has no figure.
func writeRounds(out *benchfmt.Writer, f *result.File, s *Scene, row *Row) error {
	rounds := map[int]*benchfmt.Result{}
	for _, info := range s.metrics() {
		m := row.metric(info.Name)
		if m == nil {
			continue
		}
		for i, round := range m.Rounds {
			if rounds[round] == nil {
				rounds[round] = newBench(f, s.Name, row.Subject.Name)
			}
			unit := benchUnitOf(info.Name)
			rounds[round].Values = append(rounds[round].Values, benchfmt.Value{Value: exact(m.Samples[i] * unit.by), Unit: unit.name})
		}
	}
	for _, round := range slices.Sorted(maps.Keys(rounds)) {
		if err := out.Write(rounds[round]); err != nil {
			return err
		}
	}
	return nil
}

func benchUnitOf(metric string) benchUnit {
	if unit, known := benchUnits[metric]; known {
		return unit
	}
	return benchUnit{metric, 1}
}

// exact takes away what a change of unit has added to the digits.
func exact(v float64) float64 {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 12, 64), 64) // its own output: no error
	return v
}

// newBench is a line without figures. A round is one iteration: how many operations it had is not in the file.
func newBench(f *result.File, scenario, subject string) *benchfmt.Result {
	e := f.Run.Environment
	system, arch, _ := strings.Cut(e.System, "/")
	r := &benchfmt.Result{Iters: 1}
	// The number at the end is GOMAXPROCS: without it, a subject's name that ends in a number would be taken for one.
	r.Name = benchfmt.Name(camel(scenario) + "/subject=" + subject + "-" + strconv.Itoa(max(1, e.Procs)))
	r.SetConfig("goos", system)
	r.SetConfig("goarch", arch)
	r.SetConfig("pkg", "github.com/weir-go/weir/bench")
	r.SetConfig("cpu", e.CPUModel)
	r.SetConfig("kernel", e.Kernel)
	r.SetConfig("go", e.Go)
	r.SetConfig("commit", f.Run.Commit)
	for i := range r.Config {
		r.Config[i].File = true
	}
	return r
}

// camel makes "slow-readers" SlowReaders, as the name of a Go benchmark has to be.
func camel(name string) string {
	var b strings.Builder
	upper := true
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			upper = true
		case upper:
			b.WriteRune(unicode.ToUpper(r))
			upper = false
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
