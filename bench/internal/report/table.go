package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/weir-go/weir/bench/internal/stats"
)

// WriteTable writes one scenario: a line a subject, a column of ratios for each base that was measured.
func WriteTable(w io.Writer, r *Result, bases []string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", r.Scenario.describe(r.Environment))
	t := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	fmt.Fprint(t, "subject\tCPU µs/msg")
	for _, base := range bases {
		if r.Subject(base) != nil {
			fmt.Fprintf(t, "\t× %s", base)
		}
	}
	fmt.Fprint(t, "\tmsg/s\tbusy\tsleeps/msg\tpeak RSS\n")
	for _, s := range r.Subjects {
		if len(s.Samples) > 0 {
			r.writeLine(t, s, bases)
		}
	}
	_ = t.Flush() // a strings.Builder takes everything
	r.writeNotes(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (s Scenario) describe(e Environment) string {
	client := "polling"
	if s.Sleep {
		client = "sleeping"
	}
	return fmt.Sprintf("%s: %s ping-pong on %d connections, %s client, %d rounds of %v\n"+
		"server on processor %d with GOMAXPROCS=%d, load on processor %d",
		s.Name, bytesText(int64(s.Size)), s.Conns, client, s.Rounds, s.Length, e.ServerCPU, e.SubjectProcs, e.LoadCPU)
}

func (r *Result) writeLine(w io.Writer, s *Subject, bases []string) {
	middle := func(figure func(Sample) float64) float64 { return stats.Summarize(s.column(figure)).Median }
	fmt.Fprintf(w, "%s\t%s", s.Name, summaryText(stats.Summarize(s.column(cpu))))
	for _, base := range bases {
		switch {
		case r.Subject(base) == nil:
		case base == s.Name:
			fmt.Fprint(w, "\t1")
		default:
			fmt.Fprintf(w, "\t%s", summaryText(r.Ratio(s.Name, base)))
		}
	}
	fmt.Fprintf(w, "\t%.0f\t%.0f %%\t%.3f\t%s\n",
		middle(func(s Sample) float64 { return float64(s.Messages) / s.Seconds }),
		100*middle(func(s Sample) float64 { return s.Busy }),
		middle(func(s Sample) float64 { return s.Voluntary }),
		bytesText(int64(middle(func(s Sample) float64 { return float64(s.PeakRSS) }))))
}

// writeNotes says what was left out, what failed, and how disturbed the machine was.
func (r *Result) writeNotes(b *strings.Builder) {
	for _, s := range r.Subjects {
		if s.Missing != "" {
			fmt.Fprintf(b, "left out: %s: %s\n", s.Name, s.Missing)
		}
		failed, why := 0, ""
		for _, sample := range s.Samples {
			if sample.Failure != "" {
				failed, why = failed+1, sample.Failure
			}
		}
		if failed > 0 {
			fmt.Fprintf(b, "failed: %s in %d of %d rounds: %s\n", s.Name, failed, len(s.Samples), why)
		}
	}
	server, load := r.disturbance()
	fmt.Fprintf(b, "disturbance: others took %.0f %% of the servers' processor and %.0f %% of the load's (worst tenth of the rounds)\n",
		100*server, 100*load)
}

// disturbance is the ninth decile of the time that servers and load were kept waiting. The waiting of several threads
// adds up, so it is cut at the whole.
func (r *Result) disturbance() (server, load float64) {
	var servers, loads []float64
	for _, s := range r.Subjects {
		servers = append(servers, s.column(func(s Sample) float64 { return s.Waited })...)
		loads = append(loads, s.column(func(s Sample) float64 { return s.LoadWaited })...)
	}
	return min(1, stats.Quantile(servers, 0.9)), min(1, stats.Quantile(loads, 0.9))
}

func summaryText(s stats.Summary) string {
	if s.N == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f [%.2f–%.2f]", s.Median, s.Q1, s.Q3)
}

func bytesText(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	default:
		return fmt.Sprintf("%d B", n)
	}
}
