package result

import "time"

// Progress is told of a run while it goes on. Calls come from one goroutine at a time; they must return soon, for the run waits meanwhile,
// and the load may be running on the processor they use. What is in an Event may be kept.
type Progress interface {
	Event(Event)
}

// ProgressFunc makes a Progress of a function.
type ProgressFunc func(Event)

// Event calls f.
func (f ProgressFunc) Event(e Event) { f(e) }

// EventKind is what an Event tells.
type EventKind string

// What is told, in the order it may come.
const (
	RunStarted       EventKind = "run-started"       // Plan is set
	Preparing        EventKind = "preparing"         // Subject is built, or started and its answers checked; Text says which
	SubjectReady     EventKind = "subject-ready"     // Subject answers rightly
	SubjectMissing   EventKind = "subject-missing"   // Subject is absent or failed; Status and Text say so
	ScenarioStarted  EventKind = "scenario-started"  // Scenario
	TurnStarted      EventKind = "turn-started"      // Scenario, Round, Subject
	TurnSample       EventKind = "turn-sample"       // a few a second: Rate, P50, P99, RSS so far
	TurnFinished     EventKind = "turn-finished"     // Metrics, or Status Failed and Text
	ScenarioFinished EventKind = "scenario-finished" // Text is its verdict
	Note             EventKind = "note"              // Text for a person
	RunFinished      EventKind = "run-finished"      // Text is the verdict
)

// Event is one thing that has happened. Fields that a kind does not name are zero.
type Event struct {
	Kind EventKind
	At   time.Time
	// Plan is what the run is going to do, in RunStarted.
	Plan *Plan
	// Scenario and Subject are names.
	Scenario, Subject string
	// Round counts from 0; Rounds is how many are planned.
	Round, Rounds int
	// Done and Turns count the turns of the whole run: finished ones, and all (an estimate in a run that is bounded by time).
	Done, Turns int
	// Elapsed and Length are of the turn under way: Elapsed is below 0 in the warm-up.
	Elapsed, Length time.Duration
	// Rate is operations a second since the last sample; P50 and P99 are latencies so far in the turn, 0 where none is measured.
	Rate     float64
	P50, P99 time.Duration
	// RSS is the server's resident memory in bytes, 0 where it is not looked at.
	RSS int64
	// Metrics are what a finished turn gave: one number for each name.
	Metrics map[string]float64
	// Status is OK, Absent or Failed.
	Status string
	// Text is for a person.
	Text string
}

// Plan is what a run is going to do.
type Plan struct {
	Environment Environment
	// Subjects and Scenarios have names and titles; nothing measured is in them.
	Subjects  []Subject
	Scenarios []Scenario
}
