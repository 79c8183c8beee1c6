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

	done, turns int
	scenes      []*scene
	current     *scene // of the turn under way, or of the last one
	running     string // the subject whose turn it is
	elapsed     time.Duration
	length      time.Duration
	missing     []string // sentences on subjects that are absent or failed before any turn
	notes       []string
}

// scene is a scenario. Rounds go through all scenarios, so it is left and taken up again.
type scene struct {
	name, title   string
	primary       result.MetricInfo
	round, rounds int
	rows          []row
	verdict       string
}

// row is a subject that has had a turn in the scenario.
type row struct {
	name, title string
	reason      string // why there is no figure; empty if there may be one
	turns       int    // finished
	last        int    // the round of the last one finished
	figures     []float64
	rate        float64
	rates       []float64 // lately, for the curve
	p50, p99    time.Duration
	rss         int64
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
	switch e.Kind {
	case result.RunStarted:
		b.plan, b.began = e.Plan, e.At
	case result.Preparing:
		b.preparing = e.Subject
		if e.Text != "" {
			b.preparing = e.Subject + ": " + e.Text
		}
	case result.SubjectReady:
		b.preparing = ""
	case result.SubjectMissing:
		b.preparing = ""
		b.missing = append(b.missing, b.title(e.Subject)+" "+e.Status+": "+e.Text)
	case result.ScenarioStarted:
		b.current, b.preparing = b.scene(e.Scenario), ""
	case result.TurnStarted, result.TurnSample, result.TurnFinished:
		b.current, b.preparing = b.scene(e.Scenario), ""
		b.seeTurn(b.current, e)
	case result.ScenarioFinished:
		b.running = ""
		b.scene(e.Scenario).verdict = e.Text
	case result.Note:
		b.notes = append(b.notes, e.Text)
	case result.RunFinished:
	}
}

// scene finds the scenario of that name, or makes it known.
func (b *board) scene(name string) *scene {
	for _, s := range b.scenes {
		if s.name == name {
			return s
		}
	}
	s := &scene{name: name, title: name}
	if b.plan != nil {
		for _, planned := range b.plan.Scenarios {
			if planned.Name == name {
				s.title, s.primary = planned.Title, result.InfoOf(planned.Primary)
				if planned.Primary == result.P99 {
					s.primary = result.InfoOf(result.CPUMicrosPerOp) // latencies are shown of every scenario
				}
			}
		}
	}
	b.scenes = append(b.scenes, s)
	return s
}

// order is the place of a subject in the plan.
func (b *board) order(name string) int {
	if b.plan == nil {
		return -1
	}
	return slices.IndexFunc(b.plan.Subjects, func(s result.Subject) bool { return s.Name == name })
}

func (b *board) title(subject string) string {
	if at := b.order(subject); at >= 0 {
		return b.plan.Subjects[at].Title
	}
	return subject
}

// row finds the subject's, or makes one where the plan has it.
func (b *board) row(s *scene, name string) *row {
	for i := range s.rows {
		if s.rows[i].name == name {
			return &s.rows[i]
		}
	}
	s.rows = append(s.rows, row{name: name, title: b.title(name), last: -1})
	slices.SortStableFunc(s.rows, func(x, y row) int { return b.order(x.name) - b.order(y.name) })
	return b.row(s, name)
}

func (b *board) seeTurn(s *scene, e result.Event) {
	r := b.row(s, e.Subject)
	s.round, s.rounds = e.Round, max(s.rounds, e.Rounds)
	switch e.Kind {
	case result.TurnStarted:
		b.running, b.elapsed, b.length = e.Subject, 0, e.Length
		r.rates = nil
	case result.TurnSample:
		b.running, b.elapsed, b.length = e.Subject, e.Elapsed, e.Length
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
		r.last = e.Round
		if e.Status != "" && e.Status != result.OK {
			r.reason = e.Status + ": " + e.Text
			return
		}
		r.take(e.Metrics, s.primary.Name)
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
