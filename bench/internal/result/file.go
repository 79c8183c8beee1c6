package result

import "time"

// Version is of the format that this package writes, and the only one it reads.
const Version = 1

// File is one run: all that was measured, and what has to be known to judge it.
type File struct {
	// Version is the format's: the constant Version.
	Version int `json:"version"`
	// Run says when, where and how.
	Run Run `json:"run"`
	// Subjects are all that were asked for, in the order of the table, those included that are absent or failed.
	Subjects []Subject `json:"subjects"`
	// Scenarios are in the order they were asked for.
	Scenarios []Scenario `json:"scenarios"`
	// Verdict is the run in a sentence or two, for a person.
	Verdict string `json:"verdict"`
	// LeftOut is what was not measured though somebody may expect it, with reasons: absent subjects, metrics that this
	// machine does not give, scenarios that do not fit it. Empty, never null; older files may have a What twice.
	LeftOut []LeftOut `json:"leftOut"`
}

// Run is when, where and how a file came to be.
type Run struct {
	// ID names the run among others: its time and a few random letters.
	ID string `json:"id"`
	// Time is when it began, in UTC.
	Time time.Time `json:"time"`
	// Seconds is how long all of it took.
	Seconds float64 `json:"seconds"`
	// Command is the command line, the program's name first.
	Command []string `json:"command"`
	// Commit is weir's git commit; "unknown" outside a repository. Dirty says that the tree had changes beyond it.
	Commit string `json:"commit"`
	Dirty  bool   `json:"dirty"`
	// Seed is of the order of turns: the same seed gives the same order.
	Seed uint64 `json:"seed"`
	// Environment is the machine. Files with different fingerprints (see Environment.Fingerprint) do not compare.
	Environment Environment `json:"environment"`
	// Notes are sentences to be shown with any figure: one processor for server and load, a busy machine, an interrupt.
	Notes []string `json:"notes"`
	// CutShort is why the run ended before all turns that were planned; empty if it did not. What is in the file then is what was measured
	// until that moment, and a note says so too.
	CutShort string `json:"cutShort,omitempty"`
}

// Environment is the machine and its limits, as the run found them.
type Environment struct {
	System      string     `json:"system"`      // GOOS/GOARCH
	Kernel      string     `json:"kernel"`      // release
	CPUModel    string     `json:"cpuModel"`    // as /proc/cpuinfo has it
	Cores       int        `json:"cores"`       // processors that this run may use
	Governor    string     `json:"governor"`    // cpufreq's, "unknown" where there is none: most virtual machines
	Virtual     bool       `json:"virtual"`     // the processor says that a hypervisor is there
	Go          string     `json:"go"`          // runtime.Version
	Procs       int        `json:"procs"`       // GOMAXPROCS of the subjects in Go
	ServerCPUs  []int      `json:"serverCPUs"`  // where subjects are pinned
	LoadCPUs    []int      `json:"loadCPUs"`    // where the load is pinned; the same as above if they have to share
	Descriptors uint64     `json:"descriptors"` // RLIMIT_NOFILE, soft
	Somaxconn   int        `json:"somaxconn"`   // longest accept queue
	LocalPorts  [2]int     `json:"localPorts"`  // first and last ephemeral port
	LoadAverage [3]float64 `json:"loadAverage"` // when the run began, before it added to it
}

// Statuses of a Subject and of a Cell.
const (
	OK     = "ok"
	Absent = "absent" // this machine lacks it, it has nothing for this scenario, or it had no turn in the time there was
	Failed = "failed" // it is there and answered wrongly, died, or could not listen: no figure of it is to be shown
)

// Kinds of subjects.
const (
	KindOurs   = "weir"    // weir, or an older weir it is compared with
	KindGo     = "go"      // a server in Go
	KindServer = "server"  // a server in another language, as people install it
	KindFloor  = "floor"   // next to nothing above the system calls: what the machine makes possible
	KindBroken = "planted" // wrong on purpose, in tests
)

// Subject is who is measured.
type Subject struct {
	// Name is what -subjects takes and what cells refer to.
	Name string `json:"name"`
	// Title is for people: "net/http".
	Title string `json:"title"`
	// Version is of the library or program: "v1.77.0", "go1.26.8", weir's commit.
	Version string `json:"version"`
	// Kind is one of the Kind constants.
	Kind string `json:"kind"`
	// Status is OK, Absent or Failed; a subject that failed in one scenario only is OK here and Failed in that cell.
	Status string `json:"status"`
	// Reason is why it is not OK; empty otherwise.
	Reason string `json:"reason,omitempty"`
}

// Scenario is one question that all subjects were asked.
type Scenario struct {
	// Name is what -scenarios takes.
	Name string `json:"name"`
	// Title is for people: "Keep-alive GET, 64 connections".
	Title string `json:"title"`
	// About is a sentence on what it asks and how to read the figure.
	About string `json:"about"`
	// Parameters are how it was asked: connections, bytes, rate, seconds, load model, each as text.
	Parameters map[string]string `json:"parameters"`
	// Primary is the key of Cell.Metrics that the scenario is about and the verdict is made from.
	Primary string `json:"primary"`
	// Unit and LowerIsBetter are the primary metric's.
	Unit          string `json:"unit"`
	LowerIsBetter bool   `json:"lowerIsBetter"`
	// Operation is what is counted, in the singular: "request", "message", "connection", "GB".
	Operation string `json:"operation"`
	// Base is the subject that ratios are to; empty if it is not there.
	Base string `json:"base,omitempty"`
	// Rounds is how many turns each subject had. Turns are interleaved, in a new random order each round.
	Rounds int `json:"rounds"`
	// Cells are one for each subject of the run, in the same order.
	Cells []Cell `json:"cells"`
	// Verdict is what the figures say in a sentence. It names a winner only if the intervals are apart.
	Verdict string `json:"verdict"`
}

// Cell is one subject in one scenario.
type Cell struct {
	// Subject is the name of one of File.Subjects.
	Subject string `json:"subject"`
	// Status is OK, Absent or Failed. A failed cell may have the metrics of earlier rounds; they are not to be shown as its.
	Status string `json:"status"`
	// Reason is why it is not OK; empty otherwise.
	Reason string `json:"reason,omitempty"`
	// Metrics are by the names of metric.go; one that is not there was not measured, and Missing may say why.
	Metrics map[string]Metric `json:"metrics,omitempty"`
	// Missing is the reason of each metric that one would expect and that is not there.
	Missing map[string]string `json:"missing,omitempty"`
	// Errors are counts of connections that broke, by kind: "reset", "closed", "connect", "status", "answer" (no HTTP, or wrong bytes), "other".
	Errors map[string]int64 `json:"errors,omitempty"`
	// Histogram is the latency distribution of all rounds together, by rising percentile; empty where there is none.
	Histogram []Point `json:"histogram,omitempty"`
	// Series are courses over time within a round, of the median round.
	Series []Series `json:"series,omitempty"`
}

// Metric is one figure: what each round gave, and the middle of it.
type Metric struct {
	// Samples are what each round gave, in the order of Rounds. The reports' intervals come from them.
	Samples []float64 `json:"samples"`
	// Rounds are the numbers, from 0, of the rounds the samples are of. Rounds that failed are not among them.
	Rounds []int `json:"rounds"`
	// Median of the samples.
	Median float64 `json:"median"`
	// Lo and Hi are the ends of a confidence interval of the median, at Confidence or a little more: order statistics, which assume nothing
	// of the distribution. With few samples they are the smallest and the largest, and Confidence says what that is worth.
	Lo float64 `json:"lo"`
	Hi float64 `json:"hi"`
	// Confidence is the interval's, from 0 to 1. 0 if there is one sample only.
	Confidence float64 `json:"confidence"`
}

// Point is one place of a latency distribution: this share of operations took no longer than this.
type Point struct {
	Percentile float64 `json:"percentile"` // from 0 to 100
	Micros     float64 `json:"micros"`
}

// Series is something that was looked at again and again during a round.
type Series struct {
	// Name is "rss", "delivered", ...; one cell has each name once.
	Name string `json:"name"`
	// Unit is that of the second number of a point: "bytes", "per second".
	Unit string `json:"unit"`
	// Points are [seconds since the measured time began, value].
	Points [][2]float64 `json:"points"`
}

// LeftOut is something that is not in the file.
type LeftOut struct {
	// What is a subject's name, a metric's name, or a scenario's name.
	What string `json:"what"`
	// Why is a sentence, with the fix if there is one.
	Why string `json:"why"`
}
