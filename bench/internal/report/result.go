package report

import (
	"encoding/json"
	"io"
	"math"
	"time"

	"github.com/weir-go/weir/bench/internal/stats"
)

// Version of the JSON form. It rises when a field changes its meaning or goes.
const Version = 1

// Environment is what figures depend on besides the subject.
type Environment struct {
	System       string `json:"system"`
	Kernel       string `json:"kernel"`
	Processor    string `json:"processor"`
	Processors   int    `json:"processors"`
	Go           string `json:"go"`
	ServerCPU    int    `json:"serverCPU"`
	LoadCPU      int    `json:"loadCPU"` // the same as ServerCPU if there is only one
	SubjectProcs int    `json:"subjectGOMAXPROCS"`
}

// Scenario is one kind of work.
type Scenario struct {
	Name   string        `json:"name"`
	Conns  int           `json:"conns"`
	Size   int           `json:"size"`
	Sleep  bool          `json:"sleep"`
	WarmUp time.Duration `json:"warmUpNanos"`
	Length time.Duration `json:"lengthNanos"`
	Rounds int           `json:"rounds"`
}

// Sample is one subject's figures in one round.
type Sample struct {
	Round       int     `json:"round"`
	Messages    int64   `json:"messages"`
	Seconds     float64 `json:"seconds"`
	CPUMicros   float64 `json:"cpuMicrosPerMessage"` // of the server, user and kernel
	Busy        float64 `json:"busy"`                // the server's share of its processor
	Waited      float64 `json:"waited"`              // the share of time the server was ready but another process ran
	LoadWaited  float64 `json:"loadWaited"`          // the same of the client
	Voluntary   float64 `json:"voluntarySwitchesPerMessage"`
	Involuntary float64 `json:"involuntarySwitchesPerMessage"`
	PeakRSS     int64   `json:"peakRSS"`
	Failure     string  `json:"failure,omitempty"` // if set, the figures are none
}

// Subject is all rounds of one subject, or why there are none.
type Subject struct {
	Name    string   `json:"name"`
	Missing string   `json:"missing,omitempty"` // absent here, or it does not echo
	Samples []Sample `json:"samples,omitempty"`
}

// Result is one scenario with all its subjects.
type Result struct {
	Version     int         `json:"version"`
	Made        time.Time   `json:"made"`
	Environment Environment `json:"environment"`
	Scenario    Scenario    `json:"scenario"`
	Subjects    []*Subject  `json:"subjects"`
}

// Subject returns the named subject if it was measured.
func (r *Result) Subject(name string) *Subject {
	for _, s := range r.Subjects {
		if s.Name == name && len(s.Samples) > 0 {
			return s
		}
	}
	return nil
}

// column is one figure of all rounds; of a failed round, not a number.
func (s *Subject) column(figure func(Sample) float64) []float64 {
	values := make([]float64, len(s.Samples))
	for i, sample := range s.Samples {
		values[i] = math.NaN()
		if sample.Failure == "" {
			values[i] = figure(sample)
		}
	}
	return values
}

func cpu(s Sample) float64 { return s.CPUMicros }

// Ratio is the named subject's processor time a message divided by the base's of the same round.
func (r *Result) Ratio(name, base string) stats.Summary {
	a, b := r.Subject(name), r.Subject(base)
	if a == nil || b == nil {
		return stats.Summarize(nil)
	}
	return stats.Summarize(stats.Ratios(a.column(cpu), b.column(cpu)))
}

// WriteJSON writes the results with their summaries.
func WriteJSON(w io.Writer, results []*Result) error {
	type summary struct {
		Subject string                    `json:"subject"`
		CPU     *stats.Summary            `json:"cpuMicrosPerMessage"`
		Ratios  map[string]*stats.Summary `json:"ratios"` // by the subject divided by
	}
	type file struct {
		*Result
		Summaries []summary `json:"summaries"`
	}
	files := make([]file, len(results))
	for i, r := range results {
		files[i].Result = r
		for _, s := range r.Subjects {
			line := summary{Subject: s.Name, Ratios: map[string]*stats.Summary{}}
			line.CPU = orNull(stats.Summarize(s.column(cpu)))
			for _, base := range r.Subjects {
				line.Ratios[base.Name] = orNull(r.Ratio(s.Name, base.Name))
			}
			files[i].Summaries = append(files[i].Summaries, line)
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(files)
}

// orNull is nil for the summary of nothing: JSON has no NaN.
func orNull(s stats.Summary) *stats.Summary {
	if s.N == 0 {
		return nil
	}
	return &s
}
