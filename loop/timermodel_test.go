package loop

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weir-go/weir/internal/simkernel"
)

// modelTimer is what the model knows of a timer.
type modelTimer struct {
	t       *Timer
	due     time.Duration
	order   int
	repeat  time.Duration
	active  bool
	started bool
	closed  bool
	passing bool // due in the pass under way
}

// timerModel is the reference: a slice of timers, looked through and sorted afresh each time.
type timerModel struct {
	t      *rapid.T
	l      *Loop
	timers []*modelTimer
	order  int
	pass   []*modelTimer // the pass under way: what it has yet to run
	fired  int
	script []int // what callbacks do, in turn
}

func (m *timerModel) arm(x *modelTimer, timeout time.Duration) {
	now := m.l.Now()
	x.due = now + min(max(timeout, 0), math.MaxInt64-now)
	m.order++
	x.order, x.active, x.passing = m.order, true, false
}

func (m *timerModel) start(x *modelTimer, timeout, repeat time.Duration) {
	if err := x.t.Start(func() { m.fire(x) }, timeout, repeat); (err != nil) != x.closed {
		m.t.Fatalf("Start of a timer, closed %v: %v", x.closed, err)
	}
	if !x.closed {
		x.repeat, x.started = max(repeat, 0), true
		m.arm(x, timeout)
	}
}

func (m *timerModel) stop(x *modelTimer) {
	x.t.Stop()
	x.active, x.passing = false, false
}

func (m *timerModel) again(x *modelTimer) {
	if err := x.t.Again(); (err != nil) != (x.closed || !x.started) {
		m.t.Fatalf("Again of a timer, closed %v, started %v: %v", x.closed, x.started, err)
	}
	if !x.closed && x.started && x.repeat > 0 {
		m.arm(x, x.repeat)
	}
}

func (m *timerModel) close(x *modelTimer) {
	x.t.Close(nil)
	x.active, x.passing, x.closed = false, false, true
}

func (m *timerModel) setRepeat(x *modelTimer, repeat time.Duration) {
	x.t.SetRepeat(repeat)
	x.repeat = max(repeat, 0)
}

// due begins a pass: what is due now, in the order of time and of starting.
func (m *timerModel) due(now time.Duration) (pass []*modelTimer) {
	for _, x := range m.timers {
		if x.active && x.due <= now {
			x.passing = true
			pass = append(pass, x)
		}
	}
	slices.SortFunc(pass, func(a, b *modelTimer) int {
		return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.order, b.order))
	})
	return pass
}

// fire is every timer's callback: it must be the one that the model runs next.
func (m *timerModel) fire(x *modelTimer) {
	for len(m.pass) > 0 && !m.pass[0].passing {
		m.pass = m.pass[1:]
	}
	if len(m.pass) == 0 || m.pass[0] != x {
		m.t.Fatalf("timer %d ran out of turn", slices.Index(m.timers, x))
	}
	m.pass = m.pass[1:]
	m.fired++
	x.passing = false
	if x.active = x.repeat > 0; x.active {
		m.arm(x, x.repeat)
	}
	m.compare()
	if len(m.script) > 0 {
		n := m.script[0]
		m.script = m.script[1:]
		m.act(m.timers[n%len(m.timers)], n/len(m.timers))
	}
}

// act does one of the things that can be done with a timer.
func (m *timerModel) act(x *modelTimer, what int) {
	d := time.Duration(what / 8 % 5)
	switch what % 8 {
	case 0, 1:
		m.start(x, d, 0)
	case 2:
		m.start(x, d, 1+d/2)
	case 3:
		m.stop(x)
	case 4:
		m.again(x)
	case 5:
		m.setRepeat(x, d)
	case 6:
		m.start(x, math.MaxInt64-d, d)
	case 7:
		if what%3 == 0 {
			m.close(x)
		}
	}
}

// compare wants the loop and the model to agree on every timer.
func (m *timerModel) compare() {
	for i, x := range m.timers {
		due := time.Duration(0)
		if x.active {
			due = max(0, x.due-m.l.Now())
		}
		if x.t.Active() != x.active || x.t.DueIn() != due || x.t.Repeat() != x.repeat || x.t.Closing() != x.closed {
			m.t.Fatalf("timer %d: active %v, due in %v, repeat %v, closing %v; the model has %v, %v, %v, %v", i,
				x.t.Active(), x.t.DueIn(), x.t.Repeat(), x.t.Closing(), x.active, due, x.repeat, x.closed)
		}
	}
}

// TestTimerModel does at random what can be done with timers, from outside and from their callbacks, on a clock that
// moves only when the test says so, and compares with the reference at every step.
func TestTimerModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := simkernel.New(simkernel.Options{Seed: 1, CallCost: -1})
		l, err := New(Options{Kernel: w.Kernel(), Repanic: true})
		if err != nil {
			t.Fatal(err)
		}
		m := &timerModel{t: t, l: l}
		for range rapid.IntRange(1, 12).Draw(t, "timers") {
			m.timers = append(m.timers, &modelTimer{t: l.NewTimer()})
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if rapid.IntRange(0, 3).Draw(t, "step") > 0 {
				x := rapid.SampledFrom(m.timers).Draw(t, "timer")
				m.act(x, rapid.IntRange(0, 119).Draw(t, "act"))
				m.compare()
				continue
			}
			w.Advance(time.Duration(rapid.IntRange(0, 4).Draw(t, "advance")))
			m.script = rapid.SliceOfN(rapid.IntRange(0, 1439), 0, 6).Draw(t, "script")
			m.pass = m.due(w.Now())
			fired, want := m.fired, len(m.pass)
			if _, err := l.RunNoWait(); err != nil {
				t.Fatal(err)
			}
			for _, x := range m.pass {
				if x.passing {
					t.Fatalf("timer %d was due and did not run; %d of %d did", slices.Index(m.timers, x), m.fired-fired, want)
				}
			}
			m.compare()
		}
	})
}

// FuzzTimerHeap: whatever is pushed, removed and given another time in between, the heap gives out what a stable sort
// by time would.
func FuzzTimerHeap(f *testing.F) {
	f.Add([]byte{3, 1, 2, 1, 255, 3, 254, 0, 255, 255})
	f.Add([]byte("equal times run in the order of starting, and so on and so on"))
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 254, 254, 254, 1, 255, 255, 255, 255})
	f.Add([]byte{9, 3, 12, 7, 1, 208, 221, 5, 213, 239, 225, 230, 255, 218, 255, 255})
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 221, 218, 215, 255, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, program []byte) {
		var heap timerHeap
		var sorted []*Timer
		order := uint64(0)
		take := func(i int) {
			x := sorted[i]
			sorted = slices.Delete(sorted, i, i+1)
			heap.remove(x)
			if x.index != -1 {
				t.Fatalf("removed, and its index is %d", x.index)
			}
		}
		put := func(x *Timer) {
			at, _ := slices.BinarySearchFunc(sorted, x, func(a, b *Timer) int {
				return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.order, b.order))
			})
			sorted = slices.Insert(sorted, at, x)
		}
		for i, b := range program {
			switch {
			case b == 255 && len(sorted) > 0: // the earliest
				if heap[0].t != sorted[0] {
					t.Fatalf("step %d: the heap has the timer of %d/%d first, want %d/%d", i, heap[0].due, heap[0].order, sorted[0].due, sorted[0].order)
				}
				take(0)
			case b >= 240 && len(sorted) > 0: // any
				take(int(b) * 7 % len(sorted))
			case b >= 208 && len(sorted) > 0: // another time for any
				at := int(b) * 5 % len(sorted)
				x := sorted[at]
				sorted = slices.Delete(sorted, at, at+1)
				order++
				x.due, x.order = time.Duration(b)*11%16, order
				heap.fix(x)
				put(x)
			default:
				order++
				x := &Timer{due: time.Duration(b) % 16, order: order, index: -1}
				heap.push(x)
				put(x)
			}
			if len(heap) != len(sorted) {
				t.Fatalf("step %d: the heap has %d timers, want %d", i, len(heap), len(sorted))
			}
			for j := range heap {
				if int(heap[j].t.index) != j || j > 0 && heap[j].before(&heap[(j-1)/arity]) {
					t.Fatalf("step %d: place %d is wrong", i, j)
				}
			}
		}
	})
}
