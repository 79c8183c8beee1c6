package reporttest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/weir-go/weir/bench/internal/result"
)

// Random is a file of one scenario with subjects of every kind and status, and figures near enough to overlap often. The same seed gives
// the same file.
func Random(seed uint64) *result.File {
	r := rand.New(rand.NewPCG(seed, 1))
	kinds := []string{result.KindOurs, result.KindGo, result.KindServer, result.KindFloor}
	statuses := []string{result.OK, result.OK, result.OK, result.Failed, result.Absent}
	f := &result.File{Version: result.Version, LeftOut: []result.LeftOut{}}
	s := result.Scenario{
		Name: "any", Title: "Any", Primary: result.CPUMicrosPerOp, LowerIsBetter: r.IntN(2) == 0, Rounds: 1 + r.IntN(9),
	}
	for i := range 2 + r.IntN(7) {
		name := fmt.Sprintf("subject%c", 'A'+i)
		subject := result.Subject{Name: name, Title: name, Kind: kinds[r.IntN(len(kinds))], Status: statuses[r.IntN(len(statuses))]}
		cell := result.Cell{Subject: name, Status: statuses[r.IntN(len(statuses))], Metrics: map[string]result.Metric{}}
		if subject.Status != result.OK {
			subject.Reason = "the subject is " + subject.Status
		}
		if cell.Status != result.OK {
			cell.Reason = "the cell is " + cell.Status
		}
		if cell.Status != result.Absent {
			cell.Metrics[result.CPUMicrosPerOp] = randomMetric(r, s.Rounds, 10)
			cell.Histogram = []result.Point{{Percentile: 50, Micros: 10}, {Percentile: 99, Micros: 20 * (1 + r.Float64())}, {Percentile: 100, Micros: 90}}
			cell.Series = []result.Series{{Name: "rss", Unit: "bytes", Points: [][2]float64{{0, 1 << 20}, {1, (1 + r.Float64()) * (1 << 20)}}}}
			cell.Metrics[result.P99] = randomMetric(r, s.Rounds, 12345) // five digits: no other figure looks like it
		}
		f.Subjects, s.Cells = append(f.Subjects, subject), append(s.Cells, cell)
	}
	f.Scenarios = []result.Scenario{s}
	return f
}

func randomMetric(r *rand.Rand, rounds int, about float64) result.Metric {
	var m result.Metric
	about *= 1 + 0.3*r.Float64()
	for round := range rounds {
		if round > 0 && r.IntN(8) == 0 {
			continue
		}
		m.Rounds = append(m.Rounds, round)
		m.Samples = append(m.Samples, about*(1+0.1*r.Float64()))
	}
	sorted := slices.Sorted(slices.Values(m.Samples))
	m.Lo, m.Median, m.Hi = sorted[0], sorted[len(sorted)/2], sorted[len(sorted)-1]
	m.Confidence = 1 - math.Pow(2, 1-float64(len(sorted)))
	return m
}
