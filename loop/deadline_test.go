package loop

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
)

// peer is what a server would keep for each connection: its Deadlines, and what it was told.
type peer struct {
	d    Deadlines
	told []Deadline
	then func(which Deadline) // may be nil
}

func (p *peer) OnDeadline(which Deadline) {
	p.told = append(p.told, which)
	if p.then != nil {
		p.then(which)
	}
}

func newPeer(l *Loop) *peer {
	p := new(peer)
	p.d.Init(l, p)
	return p
}

// advance lets d go by on the clock of a simulated loop, in one leap, and runs an iteration.
func advance(t testing.TB, l *Loop, d time.Duration) {
	t.Helper()
	pass(l, d)
	keep := l.NewAsync(nil) // deadlines do not keep a loop alive, and one that is not runs nothing
	noWait(t, l)
	keep.Close(nil)
	noWait(t, l)
}

func wantTold(t testing.TB, when string, p *peer, want ...Deadline) {
	t.Helper()
	if !slices.Equal(p.told, want) {
		t.Errorf("%s: got %v, want %v", when, p.told, want)
	}
	p.told = nil
}

func TestDeadlinePasses(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		keep := l.NewAsync(nil)
		p := newPeer(l)
		begin := l.Now()
		p.then = func(which Deadline) {
			if p.d.Active(which) {
				t.Error("the clock runs although its deadline has passed")
			}
			if elapsed := l.Now() - begin; elapsed < 30*time.Millisecond {
				t.Errorf("told after %v, want 30ms at least", elapsed)
			}
			keep.Close(nil)
		}
		p.d.Start(DeadlineRead, 30*time.Millisecond)
		run(t, l)
		wantTold(t, "at the end", p, DeadlineRead)
	})
}

func TestDeadlineIsNeverEarlyAndLateByAStepAtMost(t *testing.T) {
	for _, limit := range []time.Duration{
		time.Millisecond, 99 * time.Millisecond, wheelStep, 101 * time.Millisecond, time.Second, 10 * time.Second,
		102300 * time.Millisecond, 102400 * time.Millisecond, 102401 * time.Millisecond, 5 * time.Minute,
	} {
		for _, offset := range []time.Duration{0, 1, time.Millisecond, 50 * time.Millisecond, wheelStep - 1} {
			_, l := newSimWithoutCost(t)
			begin(t, l.NewIdle(), func() {})
			pass(l, offset)
			noWait(t, l)
			p := newPeer(l)
			due := l.Now() + limit
			p.d.Start(DeadlineIdle, limit)
			for len(p.told) == 0 && l.Now() <= due+wheelStep {
				stride := (due - l.Now() + 1) / 2 // it looks right before the deadline, and right at it
				if stride <= 0 {
					stride = 7 * time.Millisecond
				}
				pass(l, stride)
				noWait(t, l)
				if len(p.told) > 0 && l.Now() < due {
					t.Errorf("limit %v, from %v: told %v early", limit, offset, due-l.Now())
				}
			}
			if len(p.told) != 1 || l.Now() > due+wheelStep+7*time.Millisecond {
				t.Errorf("limit %v, from %v: told %v, %v after the deadline", limit, offset, p.told, l.Now()-due)
			}
		}
	}
}

func TestDeadlineLimitsAreRoundedUpToMilliseconds(t *testing.T) {
	_, l := newSimWithoutCost(t)
	p := newPeer(l)
	for _, tc := range [][2]time.Duration{
		{1, time.Millisecond},
		{time.Millisecond, time.Millisecond},
		{time.Millisecond + 1, 2 * time.Millisecond},
		{time.Hour, time.Hour},
		{49 * 24 * time.Hour, 49 * 24 * time.Hour},
		{math.MaxInt64, math.MaxUint32 * time.Millisecond},
	} {
		p.d.Start(DeadlineRead, tc[0])
		if got := p.d.DueIn(DeadlineRead); got != tc[1] {
			t.Errorf("%v: got %v, want %v", tc[0], got, tc[1])
		}
	}
	p.d.Close()
}

func TestDeadlineWithoutALimitIsStopped(t *testing.T) {
	_, l := newSimWithoutCost(t)
	p := newPeer(l)
	for _, none := range []time.Duration{0, -1, math.MinInt64} {
		p.d.Start(DeadlineRead, time.Second)
		p.d.Start(DeadlineRead, none)
		if at, wakes := l.nextDeadline(); p.d.Active(DeadlineRead) || wakes {
			t.Errorf("started with %v: active %v, and the loop will wake at %v; want false, never", none, p.d.Active(DeadlineRead), at)
		}
	}
	advance(t, l, time.Hour)
	wantTold(t, "an hour later", p)
}

// A server touches a Deadlines for every read: nothing may happen then but the store.
func TestDeadlineTouchIsAStore(t *testing.T) {
	w, l := newSimWithoutCost(t)
	p := newPeer(l)
	p.d.Start(DeadlineRead, 10*time.Second)
	w.Advance(5 * time.Second)
	l.UpdateTime()
	wheel, slot := l.wheel, p.d.slot
	p.d.Touch(DeadlineRead)
	if l.wheel != wheel || p.d.slot != slot {
		t.Error("the wheel has changed")
	}
	if got := p.d.DueIn(DeadlineRead); got != 10*time.Second {
		t.Errorf("due in %v, want 10s", got)
	}
	advance(t, l, 5*time.Second) // its slot comes up: it is moved on
	wantTold(t, "10 s after Start", p)
	if at, ok := l.nextDeadline(); !ok || at != 15*time.Second {
		t.Errorf("the loop will wake at %v, %v; want 15s", at, ok)
	}
	advance(t, l, 4900*time.Millisecond)
	wantTold(t, "9.9 s after Touch", p)
	advance(t, l, 100*time.Millisecond)
	wantTold(t, "10 s after Touch", p, DeadlineRead)
	p.d.Touch(DeadlineRead)
	advance(t, l, time.Hour)
	wantTold(t, "an hour after the touch of a clock that is stopped", p)
}

func TestDeadlinePausedWhileWeAreTheSideThatStopped(t *testing.T) {
	_, l := newSimWithoutCost(t)
	p := newPeer(l)
	p.d.Start(DeadlineRead, 10*time.Second)
	for range 3 {
		advance(t, l, 3*time.Second) // the peer's
		p.d.Pause(DeadlineRead)
		if at, wakes := l.nextDeadline(); p.d.Active(DeadlineRead) || p.d.DueIn(DeadlineRead) != 0 || wakes {
			t.Errorf("paused: active %v, due in %v, and the loop will wake at %v; want false, 0, never", p.d.Active(DeadlineRead), p.d.DueIn(DeadlineRead), at)
		}
		p.d.Pause(DeadlineRead) // the second counts for nothing
		advance(t, l, time.Hour)
		p.d.Resume(DeadlineRead)
		p.d.Resume(DeadlineRead)
	}
	if got := p.d.DueIn(DeadlineRead); got != time.Second {
		t.Errorf("after three times 3 s of the peer's: due in %v, want 1s", got)
	}
	advance(t, l, 900*time.Millisecond)
	wantTold(t, "after 9.9 s of the peer's", p)
	advance(t, l, 200*time.Millisecond)
	wantTold(t, "after 10.1 s of the peer's", p, DeadlineRead)
	p.d.Resume(DeadlineRead)
	if p.d.Active(DeadlineRead) {
		t.Error("Resume has started a clock that was stopped")
	}
}

func TestDeadlineTouchedWhilePausedHasCountedNothing(t *testing.T) {
	_, l := newSimWithoutCost(t)
	p := newPeer(l)
	p.d.Start(DeadlineWrite, 10*time.Second)
	advance(t, l, 9*time.Second)
	p.d.Pause(DeadlineWrite)
	p.d.Touch(DeadlineWrite)
	advance(t, l, time.Hour)
	p.d.Resume(DeadlineWrite)
	if got := p.d.DueIn(DeadlineWrite); got != 10*time.Second {
		t.Errorf("due in %v, want 10s", got)
	}
	p.d.Close()
}

// A loop that was busy for long may have paused a clock before it could be told that its limit was over.
func TestDeadlinePausedAfterItHadPassedRunsOutInTheNextStep(t *testing.T) {
	w, l := newSimWithoutCost(t)
	p := newPeer(l)
	p.d.Start(DeadlineRead, time.Second)
	w.Advance(2 * time.Second)
	l.UpdateTime()
	p.d.Pause(DeadlineRead)
	advance(t, l, time.Hour)
	wantTold(t, "paused", p)
	p.d.Resume(DeadlineRead)
	advance(t, l, wheelStep)
	wantTold(t, "a step after Resume", p, DeadlineRead)
}

func TestDeadlineStartEndsAPause(t *testing.T) {
	_, l := newSimWithoutCost(t)
	p := newPeer(l)
	p.d.Start(DeadlineRead, time.Second)
	p.d.Pause(DeadlineRead)
	p.d.Start(DeadlineRead, 2*time.Second)
	if !p.d.Active(DeadlineRead) || p.d.DueIn(DeadlineRead) != 2*time.Second {
		t.Errorf("active %v, due in %v; want true, 2s", p.d.Active(DeadlineRead), p.d.DueIn(DeadlineRead))
	}
	p.d.Pause(DeadlineRead)
	p.d.Stop(DeadlineRead)
	p.d.Resume(DeadlineRead)
	if p.d.Active(DeadlineRead) {
		t.Error("Resume has started a clock that was stopped while it was paused")
	}
}

func TestDeadlineEarlierThanTheOneSetMovesTheNode(t *testing.T) {
	_, l := newSimWithoutCost(t)
	p := newPeer(l)
	p.d.Start(DeadlineIdle, time.Hour)
	p.d.Start(DeadlineRead, time.Minute)
	p.d.Start(DeadlineRead, time.Second)
	if at, ok := l.nextDeadline(); !ok || at != time.Second || l.wheel.n != 1 {
		t.Errorf("the loop will wake at %v, %v, for %d nodes; want 1s, for one", at, ok, l.wheel.n)
	}
	advance(t, l, time.Second)
	wantTold(t, "a second later", p, DeadlineRead)
	advance(t, l, time.Hour)
	wantTold(t, "an hour later", p, DeadlineIdle)
}

// A server stops and starts several clocks for each request. The node stays where it is, and the loop looks at it there, once.
func TestDeadlinesStartedAnewForEachRequestLeaveTheWheelAlone(t *testing.T) {
	w, l := newSimWithoutCost(t)
	p := newPeer(l)
	p.d.Start(DeadlineRead, 10*time.Second)
	for range 5 {
		w.Advance(time.Second)
		l.UpdateTime()
		slots, slot := *l.wheel.slots, p.d.slot
		p.d.Stop(DeadlineRead)
		p.d.Start(DeadlineExchange, time.Minute)
		p.d.Stop(DeadlineExchange)
		p.d.Start(DeadlineRead, 10*time.Second)
		if *l.wheel.slots != slots || p.d.slot != slot {
			t.Error("the wheel has changed")
		}
	}
	advance(t, l, 5*time.Second) // its slot comes up: it is moved on
	wantTold(t, "10 s after the first Start", p)
	if at, ok := l.nextDeadline(); !ok || at != 15*time.Second {
		t.Errorf("the loop will wake at %v, %v; want 15s", at, ok)
	}
	advance(t, l, 5*time.Second)
	wantTold(t, "10 s after the last Start", p, DeadlineRead)
}

// A clock that was stopped leaves its node in the wheel. That wakes the loop once at most, and not at all if no other runs.
func TestDeadlineThatWasStoppedWakesTheLoopOnceAtMost(t *testing.T) {
	w := simkernel.New(simkernel.Options{Seed: 1, CallCost: -1})
	k := &counting{Kernel: w.Kernel()}
	l := newLoop(t, Options{Kernel: k})
	keep := l.NewAsync(nil)
	stopped, other := newPeer(l), newPeer(l)
	stopped.d.Start(DeadlineRead, time.Second)
	other.d.Start(DeadlineRead, 10*time.Second)
	stopped.d.Stop(DeadlineRead)
	other.then = func(Deadline) {
		if k.waits > 2 {
			t.Errorf("got %d waits until the other deadline, want 2 at most", k.waits)
		}
		keep.Close(nil)
	}
	run(t, l)
	wantTold(t, "at the end", other, DeadlineRead)
	wantTold(t, "at the end", stopped)
	if l.wheel.n != 0 {
		t.Errorf("%d are left in the wheel", l.wheel.n)
	}
}

// While a clock of the node is due in the pass under way, starting another must not carry it off.
func TestDeadlineDueIsNotCarriedOffByAnotherStart(t *testing.T) {
	_, l := newSimWithoutCost(t)
	a, b := newPeer(l), newPeer(l)
	a.d.Start(DeadlineRead, time.Second)
	b.d.Start(DeadlineRead, time.Second)
	a.then = func(Deadline) { b.d.Start(DeadlineIdle, time.Minute) }
	advance(t, l, time.Second)
	wantTold(t, "a", a, DeadlineRead)
	wantTold(t, "b", b, DeadlineRead)
	b.d.Close()
}

func TestDeadlineFarDoesNotWakeTheLoop(t *testing.T) {
	for _, nodes := range []int{1, 1000} {
		w := simkernel.New(simkernel.Options{Seed: 1, CallCost: -1})
		k := &counting{Kernel: w.Kernel()}
		l := newLoop(t, Options{Kernel: k})
		keep := l.NewAsync(nil)
		told := 0
		for i := range nodes { // at many different times
			p := newPeer(l)
			p.d.Start(DeadlineIdle, time.Hour+time.Duration(i)*wheelStep)
			p.then = func(Deadline) {
				if told++; told == 1 {
					// In the last round each wakes the loop when it is due, and not before.
					if most := int(time.Hour/(wheelFar*wheelStep)) + 2; k.waits > most {
						t.Errorf("%d nodes: got %d waits in an hour, want %d at most", nodes, k.waits, most)
					}
				}
				if told == nodes {
					keep.Close(nil)
				}
			}
		}
		run(t, l)
		if told != nodes {
			t.Errorf("%d were told, want %d", told, nodes)
		}
	}
}

func TestDeadlineWithNothingRunningCostsNothing(t *testing.T) {
	w := simkernel.New(simkernel.Options{Seed: 1, CallCost: -1})
	k := &counting{Kernel: w.Kernel()}
	l := newLoop(t, Options{Kernel: k})
	keep := l.NewAsync(nil)
	p, q := newPeer(l), newPeer(l)
	p.d.Start(DeadlineRead, time.Second)
	p.d.Start(DeadlineIdle, time.Second)
	p.d.Pause(DeadlineRead)
	p.d.Stop(DeadlineIdle)
	q.d.Start(DeadlineRead, time.Second)
	q.d.Close()
	k.waiting = func(timeout time.Duration) {
		if timeout >= 0 {
			t.Errorf("the loop waits for %v, want for ever", timeout)
		}
		l.Stop()
	}
	w.After(time.Hour, func() { l.Stop() })
	run(t, l)
	k.waiting = nil
	keep.Close(nil)
	wantTold(t, "paused and stopped", p)
	wantTold(t, "closed", q)
}

func TestDeadlinesDoNotKeepTheLoopAlive(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		p := newPeer(l)
		p.d.Start(DeadlineIdle, time.Hour)
		if l.Alive() {
			t.Error("the loop is alive")
		}
		run(t, l)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		p.d.Close()
	})
}

func TestDeadlinesThatPassAtOnceAreTurnsOfTheirOwn(t *testing.T) {
	_, l := newSimWithoutCost(t)
	p := newPeer(l)
	var order []string
	p.then = func(which Deadline) {
		order = append(order, which.String())
		l.NextTick(func() { order = append(order, "tick") })
	}
	timer := l.NewTimer()
	start(t, timer, func() { order = append(order, "timer") }, time.Second, 0)
	for _, which := range []Deadline{DeadlineExchange, DeadlineWrite, DeadlineRead, DeadlineIdle} {
		p.d.Start(which, time.Second)
	}
	advance(t, l, time.Second)
	if want := []string{"timer", "idle", "tick", "read", "tick", "write", "tick", "exchange", "tick"}; !slices.Equal(order, want) {
		t.Errorf("got %v, want %v", order, want)
	}
}

func TestDeadlineStartedByItsHandlerWaitsForItsLimit(t *testing.T) {
	w, l := newSimWithoutCost(t)
	p := newPeer(l)
	p.then = func(which Deadline) {
		w.Advance(wheelStep) // it takes long, and knows
		l.UpdateTime()
		p.d.Start(which, 1)
	}
	p.d.Start(DeadlineRead, time.Second)
	for range 3 {
		pass(l, time.Second)
		keep := l.NewAsync(nil)
		noWait(t, l)
		wantTold(t, "in one iteration", p, DeadlineRead)
		keep.Close(nil)
	}
	p.d.Close()
}

func TestDeadlineHandlerMayDoAnythingToTheOthers(t *testing.T) {
	for name, act := range map[string]func(d *Deadlines){
		"close": func(d *Deadlines) { d.Close() },
		"stop":  func(d *Deadlines) { d.Stop(DeadlineRead) },
		"pause": func(d *Deadlines) { d.Pause(DeadlineRead) },
		"start": func(d *Deadlines) { d.Start(DeadlineRead, time.Minute) },
		"touch": func(d *Deadlines) { d.Touch(DeadlineRead) },
	} {
		t.Run(name, func(t *testing.T) {
			_, l := newSimWithoutCost(t)
			var peers []*peer
			told := 0
			for range 5 {
				p := newPeer(l)
				p.d.Start(DeadlineRead, time.Second)
				p.then = func(Deadline) {
					told++
					for _, other := range peers {
						act(&other.d)
					}
					fresh := newPeer(l) // one more in the step under way would be told, too
					fresh.then = func(Deadline) { t.Error("one that was started in the pass was told in it") }
					fresh.d.Start(DeadlineRead, 1)
					l.NextTick(fresh.d.Close)
				}
				peers = append(peers, p)
			}
			advance(t, l, time.Second)
			if told != 1 {
				t.Errorf("%d were told, want only the first", told)
			}
			for _, p := range peers {
				p.d.Close()
			}
			if l.wheel.n != 0 {
				t.Errorf("%d are left in the wheel", l.wheel.n)
			}
		})
	}
}

// What comes after Close may belong to somebody else, on another loop: the pass must have let go of it.
func TestDeadlinesClosedAndUsedAgainInTheirOwnHandler(t *testing.T) {
	_, l := newSimWithoutCost(t)
	_, other := newSimWithoutCost(t)
	p, q := newPeer(l), newPeer(other)
	p.then = func(which Deadline) {
		p.d.Close()
		p.d.Start(DeadlineRead, time.Second)
		if p.d.Active(DeadlineRead) {
			t.Error("started after Close")
		}
		p.d.Init(other, q)
		p.d.Start(DeadlineIdle, time.Second/2) // by the first loop's clock that has passed
	}
	p.d.Start(DeadlineRead, time.Second)
	p.d.Start(DeadlineWrite, time.Second)
	advance(t, l, time.Second)
	wantTold(t, "the first owner", p, DeadlineRead)
	wantTold(t, "the second owner, by the first loop", q)
	if l.wheel.n != 0 || other.wheel.n != 1 {
		t.Errorf("%d and %d in the wheels, want 0 and 1", l.wheel.n, other.wheel.n)
	}
	advance(t, other, time.Second)
	wantTold(t, "the second owner", q, DeadlineIdle)
}

func TestDeadlinesAfterAnHourOfSuspension(t *testing.T) {
	_, l := newSimWithoutCost(t)
	var peers []*peer
	for i := range 3000 {
		p := newPeer(l)
		p.d.Start(DeadlineIdle, time.Duration(i+1)*wheelStep)
		if i%3 == 0 {
			p.d.Start(DeadlineExchange, 2*time.Hour)
		}
		peers = append(peers, p)
	}
	advance(t, l, time.Hour)
	for i, p := range peers {
		wantTold(t, fmt.Sprintf("number %d", i), p, DeadlineIdle)
	}
	advance(t, l, time.Hour)
	for i, p := range peers {
		if i%3 == 0 {
			wantTold(t, fmt.Sprintf("number %d", i), p, DeadlineExchange)
		}
	}
	if l.wheel.n != 0 {
		t.Errorf("%d are left in the wheel", l.wheel.n)
	}
}

func TestDeadlinesOfAWheelThatWasEmptyForLong(t *testing.T) {
	_, l := newSimWithoutCost(t)
	advance(t, l, 24*time.Hour)
	p := newPeer(l)
	p.d.Start(DeadlineRead, time.Second)
	if at, ok := l.nextDeadline(); !ok || at != 24*time.Hour+time.Second {
		t.Errorf("the loop will wake at %v, %v; want 24h0m1s", at, ok)
	}
	p.d.Close()
}

func TestPanicInADeadlineHandler(t *testing.T) {
	onKernelsTelling(t, func(t *testing.T, l *Loop, told *[]*PanicError) {
		client, server := pair(t, l, "tcp")
		var readErr error
		read(t, server, func(_ []byte, err error) { readErr = err })
		first, second := newPeer(l), newPeer(l)
		first.then = func(which Deadline) {
			if which == DeadlineRead {
				l.Reactor().SetOwner(server)
			}
			panic(which)
		}
		first.d.Start(DeadlineIdle, 1)
		first.d.Start(DeadlineRead, 1)
		second.d.Start(DeadlineRead, 1)
		runUntil(t, l, "deadline", func() bool { return len(second.told) > 0 && readErr != nil })
		wantTold(t, "the first", first, DeadlineIdle, DeadlineRead)
		wantTold(t, "the second", second, DeadlineRead)
		if len(*told) != 2 || (*told)[0].Owned || !(*told)[1].Owned {
			t.Errorf("got the panics %v, want two, the second of the connection that was named", *told)
		}
		if !errors.As(readErr, new(*PanicError)) {
			t.Errorf("the connection that was named: got %v, want a PanicError", readErr)
		}
		client.Close(nil)
	})
}

// A pass that a panic has left, and Run with it, goes on at the next Run.
func TestDeadlinePassGoesOnAfterRepanic(t *testing.T) {
	w := simkernel.New(simkernel.Options{Seed: 1, CallCost: -1})
	l := newLoop(t, Options{Kernel: w.Kernel(), Repanic: true})
	keep := l.NewAsync(nil)
	first, second := newPeer(l), newPeer(l)
	first.then = func(Deadline) { panic("first") }
	second.then = func(Deadline) { keep.Close(nil) }
	first.d.Start(DeadlineRead, time.Second)
	second.d.Start(DeadlineRead, time.Second)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic left Run")
			}
		}()
		run(t, l)
	}()
	once(t, l)
	wantTold(t, "the first", first, DeadlineRead)
	wantTold(t, "the second", second, DeadlineRead)
	if now := l.Now(); now != time.Second {
		t.Errorf("the pass ended at %v, want at once", now)
	}
}

func TestDeadlinesMisuse(t *testing.T) {
	l := newLoop(t, Options{})
	var zero Deadlines
	zero.Stop(DeadlineRead) // an owner may clean up before it has begun
	zero.Pause(DeadlineRead)
	zero.Resume(DeadlineRead)
	zero.Close()
	for name, misuse := range map[string]func(){
		"Init without a loop":      func() { new(Deadlines).Init(nil, new(peer)) },
		"Init without a handler":   func() { new(Deadlines).Init(l, nil) },
		"Start of an unknown kind": func() { newPeer(l).d.Start(deadlineKinds, time.Second) },
		"Touch of an unknown kind": func() { newPeer(l).d.Touch(deadlineKinds) },
		"Start before Init":        func() { new(Deadlines).Start(DeadlineRead, time.Second) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", name)
				}
			}()
			misuse()
		}()
	}
	if got := Deadline(200).String(); got != "unknown" {
		t.Errorf("got %q", got)
	}
}

func TestDeadlinesAreSmall(t *testing.T) {
	if got := reflect.TypeFor[Deadlines]().Size(); got > 96 {
		t.Errorf("got %d bytes for each connection, want 96 at most", got)
	}
}

func TestDeadlinesTouchedForEveryReadMakeNoSystemCall(t *testing.T) {
	const conns = 15_000
	k, l := newCounting(t)
	idle := l.NewIdle()
	peers := make([]peer, conns)
	for i := range peers {
		peers[i].d.Init(l, &peers[i])
		peers[i].d.Start(DeadlineRead, time.Hour)
	}
	asked := 0
	k.asked = func() { asked++ }
	begin(t, idle, func() {
		asked = 0
		for range 10 {
			for i := range peers {
				peers[i].d.Touch(DeadlineRead)
			}
		}
		if asked != 0 || k.waits != 0 || k.wakes.Load() != 0 || len(k.writes) != 0 {
			t.Errorf("the clock was asked %d times, and %d waits, %d wakes; want none", asked, k.waits, k.wakes.Load())
		}
	})
	noWait(t, l)
	idle.Close(nil)
	for i := range peers {
		peers[i].d.Close()
	}
}
