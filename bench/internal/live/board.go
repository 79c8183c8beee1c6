package live

import (
	"slices"
	"time"

	"github.com/weir-go/weir/bench/internal/result"
)

// board is what is known of a run so far. It is made from events only, so that a test can be one.
type board struct {
	plan      *result.Plan
	began     time.Time
	now       time.Time // of the last event, or of the last look
	preparing string

	scenario      *result.Scenario // under way, of the plan
	primary       result.MetricInfo
	round, rounds int
	done, turns   int
	running       string // the subject whose turn it is
	elapsed       time.Duration
	length        time.Duration
	rows          []row
	verdicts      []string // of the scenarios that are done
	notes         []string
	finished      bool
}

// row is a subject in the scenario under way.
type row struct {
	name, title string
	status      string // of result; empty until something is known
	reason      string
	turns       int       // finished in this scenario
	figures     []float64 // of the primary metric, by turn
	rate        float64
	rates       []float64 // lately, for the curve
	p50, p99    time.Duration
	rss         int64
	gone        bool // absent or failed for the whole run
}

// mostRates is how far back the curve of a turn goes.
const mostRates = 12

// see takes an event.
func (b *board) see(e result.Event) {
	b.now = e.At
	if b.began.IsZero() {
		b.began = e.At
	}
	if e.Turns > 0 {
		b.done, b.turns = e.Done, e.Turns
	}
	if e.Rounds > 0 {
		b.round, b.rounds = e.Round, e.Rounds
	}
	switch e.Kind {
	case result.RunStarted:
		b.start(e)
	case result.Preparing:
		b.preparing = e.Subject
		if e.Text != "" {
			b.preparing = e.Subject + ": " + e.Text
		}
	case result.SubjectReady:
		b.preparing = ""
	case result.SubjectMissing:
		b.preparing = ""
		if r := b.row(e.Subject); r != nil {
			r.status, r.reason, r.gone = e.Status, e.Text, true
		}
	case result.ScenarioStarted:
		b.startScenario(e.Scenario)
	case result.TurnStarted, result.TurnSample, result.TurnFinished:
		b.seeTurn(e)
	case result.ScenarioFinished:
		b.running = ""
		if e.Text != "" {
			b.verdicts = append(b.verdicts, e.Text)
		}
	case result.Note:
		b.notes = append(b.notes, e.Text)
	case result.RunFinished:
		b.finished = true
	}
}

func (b *board) start(e result.Event) {
	b.plan, b.began = e.Plan, e.At
	if e.Plan == nil {
		return
	}
	for _, s := range e.Plan.Subjects {
		b.rows = append(b.rows, row{name: s.Name, title: s.Title})
	}
}

// startScenario clears the figures; what is gone stays gone.
func (b *board) startScenario(name string) {
	b.scenario, b.preparing = &result.Scenario{Name: name, Title: name}, ""
	if b.plan != nil {
		if i := slices.IndexFunc(b.plan.Scenarios, func(s result.Scenario) bool { return s.Name == name }); i >= 0 {
			b.scenario = &b.plan.Scenarios[i]
		}
	}
	b.primary = result.InfoOf(b.scenario.Primary)
	for i := range b.rows {
		r := &b.rows[i]
		fresh := row{name: r.name, title: r.title}
		if r.gone {
			fresh.status, fresh.reason, fresh.gone = r.status, r.reason, true
		}
		*r = fresh
	}
}

func (b *board) seeTurn(e result.Event) {
	r := b.row(e.Subject)
	if r == nil {
		b.rows = append(b.rows, row{name: e.Subject, title: e.Subject})
		r = &b.rows[len(b.rows)-1]
	}
	switch e.Kind {
	case result.TurnStarted:
		b.running, b.elapsed, b.length = e.Subject, 0, e.Length
		r.rates = nil
	case result.TurnSample:
		b.elapsed, b.length = e.Elapsed, e.Length
		if e.Elapsed < 0 {
			return // a warm-up says nothing
		}
		r.rate, r.p50, r.p99, r.rss = e.Rate, e.P50, e.P99, e.RSS
		r.rates = append(r.rates, e.Rate)
		if len(r.rates) > mostRates {
			r.rates = r.rates[1:]
		}
	default:
		b.running = ""
		r.turns++
		if e.Status != "" && e.Status != result.OK {
			r.status, r.reason = e.Status, e.Text
			return
		}
		r.status = result.OK
		r.take(e.Metrics, b.primary.Name)
	}
}

// take notes what a finished turn gave, in place of what was seen on the way.
func (r *row) take(metrics map[string]float64, primary string) {
	if v, there := metrics[primary]; there {
		r.figures = append(r.figures, v)
	}
	if v, there := metrics[result.OpsPerSecond]; there {
		r.rate = v
	}
	if v, there := metrics[result.P50]; there {
		r.p50 = time.Duration(v * 1e3)
	}
	if v, there := metrics[result.P99]; there {
		r.p99 = time.Duration(v * 1e3)
	}
	if v, there := metrics[result.RSSPeak]; there {
		r.rss = int64(v)
	}
}

// row is nil if there is none of that name.
func (b *board) row(name string) *row {
	for i := range b.rows {
		if b.rows[i].name == name {
			return &b.rows[i]
		}
	}
	return nil
}

// left estimates how long the run still takes; 0 if there is no saying.
func (b *board) left() time.Duration {
	const enough = 3 // turns, before an estimate is worth anything
	if b.done < enough || b.turns <= b.done {
		return 0
	}
	return b.now.Sub(b.began) / time.Duration(b.done) * time.Duration(b.turns-b.done)
}

// middle is the median of the figures so far.
func (r *row) middle() float64 {
	sorted := slices.Sorted(slices.Values(r.figures))
	half := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[half-1] + sorted[half]) / 2
	}
	return sorted[half]
}
