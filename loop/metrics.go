package loop

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/weir-go/weir/reactor"
)

// Metrics says what a loop has done and how busy it is: see Loop.Metrics. All counts are since New. The difference of two
// snapshots tells of the time between them; Add sums the loops of a program.
//
// Its JSON form, which String returns too, has the names of the fields with a small first letter and times in
// nanoseconds, so a loop is published by
//
//	expvar.Publish("loop", expvar.Func(func() any { return l.Metrics() }))
type Metrics struct {
	// Elapsed is the time since the loop was run first; 0 before that.
	Elapsed time.Duration `json:"elapsed"`
	// Idle is how long it has slept of that, waiting for something to do: libuv's uv_metrics_idle_time. It grows while
	// the loop sleeps.
	Idle time.Duration `json:"idle"`

	// Iterations is the number of passes through the phases that have come to the poll phase: libuv's loop_count.
	Iterations uint64 `json:"iterations"`
	// Turns is the number of callbacks, each counted with all that it caused.
	Turns uint64 `json:"turns"`
	// Events is the number of events that the kernel has reported. What is posted is not among them: see Posts.
	Events uint64 `json:"events"`
	// EventsWaiting is how many of those were there already when the loop asked, so that it did not sleep. As a share
	// of Events it says how far the loop is behind. On kqueue systems only waits that may not sleep count.
	EventsWaiting uint64 `json:"eventsWaiting"`
	// StaleEvents is how many of Events were of a descriptor that had been closed, or stopped, in the same batch.
	StaleEvents uint64 `json:"staleEvents"`

	// Posts is the number of functions posted, of Async.Send calls that were not merged with an earlier one, of work and
	// look-ups that have ended, and of signals told.
	Posts uint64 `json:"posts"`
	// Wakeups is how many system calls those, and Stop, needed to wake the loop.
	Wakeups uint64 `json:"wakeups"`

	// InterestChanges is how often the kernel was told what is wanted of a descriptor: on Linux a call of epoll_ctl.
	InterestChanges uint64 `json:"interestChanges"`
	// InterestSaved is how often that changed without a need to tell the kernel.
	InterestSaved uint64 `json:"interestSaved"`
	// Squelches is how often a descriptor was ready for what nobody wanted, so that the kernel was told after all.
	Squelches uint64 `json:"squelches"`
	// Parks is how often a descriptor was put aside with nothing wanted of it.
	Parks uint64 `json:"parks"`

	// Reads and Writes are system calls of connections; BytesRead and BytesWritten what they moved.
	Reads        uint64 `json:"reads"`
	Writes       uint64 `json:"writes"`
	BytesRead    uint64 `json:"bytesRead"`
	BytesWritten uint64 `json:"bytesWritten"`

	// Accepted is the number of connections accepted, and Shed the number of those turned away at once because
	// descriptors had run out.
	Accepted uint64 `json:"accepted"`
	Shed     uint64 `json:"shed"`
	// Connections is how many connections there are now, accepted, adopted and made, until their close callback.
	Connections int `json:"connections"`

	// Panics is the number of callbacks that have panicked.
	Panics uint64 `json:"panics"`
	// SlowCallbacks is how many turns took Options.SlowCallback or longer, and LongestCallback the longest turn of all. Both
	// are 0 without that option.
	SlowCallbacks   uint64        `json:"slowCallbacks"`
	LongestCallback time.Duration `json:"longestCallback"`
}

// Utilization is the share of its time that the loop was not asleep, from 0 to 1: Node's event loop utilization. What it
// does not get of a processor that others use too counts as busy. It is 0 for a loop that has not run.
func (m Metrics) Utilization() float64 {
	if m.Elapsed <= 0 {
		return 0
	}
	return 1 - min(1, float64(m.Idle)/float64(m.Elapsed))
}

// Add returns the sum of m and o, of two loops, say; of LongestCallback the longer one. Utilization of the sum is that of
// an average loop.
func (m Metrics) Add(o Metrics) Metrics {
	m.Elapsed += o.Elapsed
	m.Idle += o.Idle
	m.Iterations += o.Iterations
	m.Turns += o.Turns
	m.Events += o.Events
	m.EventsWaiting += o.EventsWaiting
	m.StaleEvents += o.StaleEvents
	m.Posts += o.Posts
	m.Wakeups += o.Wakeups
	m.InterestChanges += o.InterestChanges
	m.InterestSaved += o.InterestSaved
	m.Squelches += o.Squelches
	m.Parks += o.Parks
	m.Reads += o.Reads
	m.Writes += o.Writes
	m.BytesRead += o.BytesRead
	m.BytesWritten += o.BytesWritten
	m.Accepted += o.Accepted
	m.Shed += o.Shed
	m.Connections += o.Connections
	m.Panics += o.Panics
	m.SlowCallbacks += o.SlowCallbacks
	m.LongestCallback = max(m.LongestCallback, o.LongestCallback)
	return m
}

// String returns the metrics as a JSON object, as expvar.Var wants it.
func (m Metrics) String() string {
	b, err := json.Marshal(m)
	if err != nil {
		return "{}" // numbers can be marshalled
	}
	return string(b)
}

// Metrics returns a snapshot. Any goroutine may ask, at any time, after Close too; a loop on a simulated kernel is
// asked on the goroutine of its world. The counts are those of the moment the loop last went to wait, or Run returned,
// all of the same one; Elapsed, Idle, Posts, Wakeups and Panics are those of now.
func (l *Loop) Metrics() Metrics {
	m := l.published.snapshot(l.r.Kernel().Monotonic(), &l.mail)
	m.Posts, m.Wakeups = l.mail.counts()
	m.Panics = l.panics.Load()
	return m
}

// published is what the loop shows of its counters. The loop's goroutine fills it once an iteration; the lock is almost
// never contended, which makes it cheaper than as many atomic counters.
type published struct {
	mu    sync.Mutex
	stats reactor.Metrics
	own   counts

	begun   bool
	began   time.Duration // when the loop was first run
	waiting time.Duration // when it last went to wait
	told    time.Duration // the idle time of the last snapshot: it never goes back
}

// counts are what the loop itself counts, on its goroutine.
type counts struct {
	iterations uint64
	turns      uint64
	slow       uint64        // turns that took too long: see watchdog
	longest    time.Duration // turn
}

// publish shows the counters. at is when the loop goes to wait; it is of no meaning if it does not.
func (l *Loop) publish(at time.Duration) {
	p := &l.published
	p.mu.Lock()
	p.waiting, p.stats, p.own = at, l.r.Metrics(), l.counts
	p.mu.Unlock()
}

// woke shows how long the loop has slept by now: callbacks may take long, and ask. Only the loop's goroutine writes, so it may
// look without the lock.
func (p *published) woke(slept time.Duration) {
	if slept == p.stats.Idle {
		return
	}
	p.mu.Lock()
	p.stats.Idle = slept
	p.mu.Unlock()
}

// start notes when the loop was run first.
func (p *published) start(r *reactor.Reactor) {
	if p.begun {
		return
	}
	p.mu.Lock()
	p.begun, p.began = true, r.Kernel().Monotonic()
	p.mu.Unlock()
}

// snapshot is called by any goroutine.
func (p *published) snapshot(now time.Duration, mail *mailbox) Metrics {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, own := &p.stats, &p.own
	m := Metrics{
		Iterations: own.iterations, Turns: own.turns, SlowCallbacks: own.slow, LongestCallback: own.longest,
		Events: s.Events, EventsWaiting: s.EventsWaiting, StaleEvents: s.StaleEvents,
		InterestChanges: s.InterestChanges, InterestSaved: s.InterestSaved, Squelches: s.Squelches, Parks: s.Parks,
		Reads: s.Reads, Writes: s.Writes, BytesRead: s.BytesRead, BytesWritten: s.BytesWritten,
		Accepted: s.Accepted, Shed: s.Shed, Connections: s.Connections,
	}
	if p.begun {
		m.Elapsed = max(0, now-p.began)
	}
	m.Idle = p.idle(now, mail.state.Load() != mailRunning)
	m.Idle = min(m.Idle, m.Elapsed)
	return m
}

// idle is how long the loop has slept. Of a wait under way the counters do not know yet. The kernel will say later how
// much of it was sleep, and that is less by the moment it takes to fall asleep; so what was told once is the least from
// then on.
func (p *published) idle(now time.Duration, waits bool) time.Duration {
	slept := p.stats.Idle
	if waits {
		slept += max(0, now-p.waiting)
	}
	p.told = max(p.told, slept)
	return p.told
}
