package loop

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weir-go/weir/internal/simkernel"
)

// modelClock is what the model knows of one clock: a stopwatch, in exact time.
type modelClock struct {
	running, paused bool
	limit           time.Duration
	counted         time.Duration // up to from
	from            time.Duration // when it last began to count, or was paused
	resumed         time.Duration // its deadline counts from here, if it had passed before
	fresh           bool          // it began to run in the pass under way
}

func (c *modelClock) due() time.Duration { return max(c.from+c.limit-c.counted, c.resumed) }

// modelPeer is an owner of Deadlines, with its model.
type modelPeer struct {
	m      *deadlineModel
	d      Deadlines
	clocks [deadlineKinds]modelClock
	closed bool
}

// deadlineModel is the reference: all clocks in a list, looked through each time.
type deadlineModel struct {
	t       *rapid.T
	l       *Loop
	peers   []*modelPeer
	script  []int // what handlers do, in turn
	told    int
	passing bool
}

func (p *modelPeer) OnDeadline(which Deadline) {
	m, c := p.m, &p.clocks[which]
	now := m.l.Now()
	switch {
	case !c.running:
		m.t.Fatalf("told of %v, which does not run", which)
	case c.due() > now:
		m.t.Fatalf("told of %v %v early", which, c.due()-now)
	}
	*c = modelClock{}
	m.told++
	for n := 2; n > 0 && len(m.script) > 0; n-- {
		m.act(m.script[0])
		m.script = m.script[1:]
	}
}

// limits are of every sort: below a step, at its edges, within a round, beyond one.
var limits = []time.Duration{
	-1, 0, 1, time.Millisecond, 30 * time.Millisecond, 99 * time.Millisecond, wheelStep, 101 * time.Millisecond, 250 * time.Millisecond,
	time.Second, 10 * time.Second, time.Minute, wheelSlots * wheelStep, 2 * time.Minute, 10 * time.Minute,
}

// act does one of the things that can be done with Deadlines.
func (m *deadlineModel) act(n int) {
	p := m.peers[n%len(m.peers)]
	n /= len(m.peers)
	which := Deadline(n % deadlineKinds)
	n /= deadlineKinds
	c, now := &p.clocks[which], m.l.Now()
	switch what := n % 16; {
	case what < 6:
		limit := limits[n/16%len(limits)]
		p.d.Start(which, limit)
		*c = modelClock{}
		if limit > 0 && !p.closed {
			limit = (limit + time.Millisecond - 1).Truncate(time.Millisecond)
			*c = modelClock{running: true, limit: limit, from: now, fresh: true}
		}
	case what < 9:
		p.d.Touch(which)
		c.from, c.counted, c.resumed = now, 0, 0
	case what < 11:
		p.d.Pause(which)
		if c.running {
			c.counted += now - c.from
			c.from, c.running, c.paused = now, false, true
		}
	case what < 14:
		p.d.Resume(which)
		if c.paused {
			c.from, c.resumed, c.running, c.paused, c.fresh = now, now, true, false, true
		}
	case what < 15:
		p.d.Stop(which)
		*c = modelClock{}
	default:
		if p.closed {
			p.d.Init(m.l, p)
		} else {
			p.d.Close()
			p.clocks = [deadlineKinds]modelClock{}
		}
		p.closed = !p.closed
	}
	m.compare()
}

// compare wants the loop and the model to agree on every clock, and the wheel to know of all that run, early enough. It may
// know of some that do not run any more, but not of those that were closed.
func (m *deadlineModel) compare() {
	w, now, running := &m.l.wheel, m.l.Now(), 0
	for _, p := range m.peers {
		earliest := time.Duration(-1)
		for which := range Deadline(deadlineKinds) {
			c := &p.clocks[which]
			due := time.Duration(0)
			if c.running {
				due = max(0, c.from+c.limit-c.counted-now)
				if earliest < 0 || c.due() < earliest {
					earliest = c.due()
				}
			}
			if p.d.Active(which) != c.running || p.d.DueIn(which) != due {
				m.t.Fatalf("%v: active %v, due in %v; the model has %v, %v", which, p.d.Active(which), p.d.DueIn(which), c.running, due)
			}
		}
		if earliest >= 0 {
			running++
		}
		if p.d.next == nil {
			if earliest >= 0 && w.pass.of != &p.d {
				m.t.Fatal("a clock runs that the wheel does not know of")
			}
			continue
		}
		if p.closed {
			m.t.Fatal("it was closed, and is in the wheel")
		}
		if earliest < 0 {
			continue
		}
		latest := max(stepAfter(earliest), w.at+1)
		if w.pass.on {
			latest = max(latest, w.pass.to) // after a leap of a round the order is another
		}
		if step := w.stepOf(&p.d); step > latest {
			m.t.Fatalf("due at %v, and the wheel, at %d, looks at it in step %d", earliest, w.at, step)
		}
	}
	if w.running != running {
		m.t.Fatalf("the wheel has %d that run, want %d", w.running, running)
	}
	if _, wakes := m.l.nextDeadline(); !m.passing && wakes != (running > 0) {
		m.t.Fatalf("the loop will wake: %v; %d run", wakes, running)
	}
}

// TestDeadlineModel does at random what can be done with Deadlines, from outside and from their handlers, on a clock
// that moves only when the test says so: never early, late by a step at most, exactly once.
func TestDeadlineModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := simkernel.New(simkernel.Options{Seed: 1, CallCost: -1})
		l, err := New(Options{Kernel: w.Kernel(), Repanic: true})
		if err != nil {
			t.Fatal(err)
		}
		l.NewAsync(nil) // keeps it alive
		m := &deadlineModel{t: t, l: l}
		for range rapid.IntRange(1, 8).Draw(t, "peers") {
			p := &modelPeer{m: m}
			p.d.Init(l, p)
			m.peers = append(m.peers, p)
		}
		acts := rapid.IntRange(0, 8*deadlineKinds*16*len(limits)-1)
		leaps := rapid.OneOf(
			rapid.Int64Range(0, int64(3*wheelStep)),
			rapid.Map(rapid.Int64Range(0, 20), func(n int64) int64 { return n * int64(wheelStep) }),
			rapid.Int64Range(0, int64(3*time.Minute)),
			rapid.Int64Range(0, int64(time.Hour)),
		)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0, 1, 2:
				m.act(acts.Draw(t, "act"))
			case 3:
				w.Advance(time.Duration(leaps.Draw(t, "late"))) // a callback that takes long
				l.UpdateTime()
			default:
				w.Advance(time.Duration(leaps.Draw(t, "leap")))
				m.script = rapid.SliceOfN(acts, 0, 6).Draw(t, "script")
				for _, p := range m.peers {
					for i := range p.clocks {
						p.clocks[i].fresh = false
					}
				}
				m.passing = true
				if _, err := l.RunNoWait(); err != nil {
					t.Fatal(err)
				}
				m.passing = false
				for _, p := range m.peers {
					for which, c := range p.clocks {
						// A resumed clock that had passed before waits for the next step; all others run with their own.
						passed := c.due() <= l.Now().Truncate(wheelStep) && c.resumed < c.due() || c.due() <= l.Now()-wheelStep
						if c.running && !c.fresh && passed {
							t.Fatalf("%v was due at %v, and it is %v", Deadline(which), c.due(), l.Now())
						}
					}
				}
				m.compare()
			}
		}
	})
}
