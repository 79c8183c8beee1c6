package loop

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/weir-go/weir/reactor"
)

func TestTimer(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		const n = 10
		begin := l.Now()
		var fired []int
		closed := 0
		for i := n - 1; i >= 0; i-- {
			timer := l.NewTimer()
			start(t, timer, func() {
				if elapsed, want := l.Now()-begin, time.Duration(i)*2*time.Millisecond; elapsed < want {
					t.Errorf("timer %d ran after %v, want at least %v", i, elapsed, want)
				}
				fired = append(fired, i)
				timer.Close(func() { closed++ })
			}, time.Duration(i)*2*time.Millisecond, 0)
		}
		repeated := 0
		repeat := l.NewTimer()
		start(t, repeat, func() {
			if !repeat.Active() {
				t.Error("a repeating timer is not active in its callback")
			}
			if repeated++; repeated == 5 {
				repeat.Close(func() { closed++ })
			}
		}, 5*time.Millisecond, 5*time.Millisecond)
		never := l.NewTimer()
		start(t, never, func() { t.Error("it had been closed") }, time.Millisecond, 0)
		never.Close(func() { closed++ })
		run(t, l)
		for i, got := range fired {
			if got != i {
				t.Fatalf("got the order %v", fired)
			}
		}
		if len(fired) != n || repeated != 5 || closed != n+2 {
			t.Errorf("got %d timers, %d repeats, %d closes; want %d, 5, %d", len(fired), repeated, closed, n, n+2)
		}
	})
}

func TestTimerInit(t *testing.T) {
	l := newLoop(t, Options{})
	timer := l.NewTimer()
	if timer.Active() || timer.DueIn() != 0 || timer.Repeat() != 0 {
		t.Errorf("new: active %v, due in %v, repeat %v; want false, 0, 0", timer.Active(), timer.DueIn(), timer.Repeat())
	}
}

func TestTimerStartTwice(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		calls := 0
		timer := l.NewTimer()
		start(t, timer, func() { t.Error("the first start was not replaced") }, 24*time.Hour, 0)
		start(t, timer, func() { calls++ }, time.Millisecond, 0)
		run(t, l)
		if calls != 1 || timer.Active() {
			t.Errorf("got %d calls, active %v; want 1, false", calls, timer.Active())
		}
	})
}

func TestTimerAgain(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		const tick = 10 * time.Millisecond
		if err := l.NewTimer().Again(); !errors.Is(err, reactor.EINVAL) {
			t.Errorf("Again before Start: got %v, want EINVAL", err)
		}
		// The first timer puts the second off each time it runs, until it is closed; then the second runs, twice.
		first, second := l.NewTimer(), l.NewTimer()
		calls1, calls2 := 0, 0
		start(t, first, func() {
			if calls1++; calls1 == 10 {
				first.Close(nil)
				return
			}
			if err := second.Again(); err != nil {
				t.Error(err)
			}
			if calls2 != 0 && calls1 < 10 {
				t.Error("the second timer ran while it was put off")
			}
		}, tick, 0)
		first.SetRepeat(tick)
		start(t, second, func() {
			calls2++
			if second.Repeat() == 0 {
				if second.Active() {
					t.Error("active although it does not repeat any more")
				}
				second.Close(nil)
				return
			}
			second.SetRepeat(0) // it was armed again before the call: this counts from the next expiry on
			if !second.Active() {
				t.Error("SetRepeat(0) has stopped a timer that runs")
			}
		}, time.Hour, 5*tick)
		if got := first.Repeat(); got != tick {
			t.Errorf("Repeat: got %v, want %v", got, tick)
		}
		run(t, l)
		if calls1 != 10 || calls2 != 2 {
			t.Errorf("got %d and %d calls, want 10 and 2", calls1, calls2)
		}
	})
}

func TestTimerAgainLeavesAloneWhatDoesNotRepeat(t *testing.T) {
	l := newLoop(t, Options{})
	timer := l.NewTimer()
	start(t, timer, func() {}, time.Hour, 0)
	before := timer.due
	if err := timer.Again(); err != nil || timer.due != before || !timer.Active() {
		t.Errorf("got %v, due %v, active %v; want nil, %v, true", err, timer.due, timer.Active(), before)
	}
}

func TestTimerOrder(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		var order string
		a, b := l.NewTimer(), l.NewTimer()
		startA := func() { start(t, a, func() { order += "a" }, time.Millisecond, 0) }
		startB := func() { start(t, b, func() { order += "b" }, time.Millisecond, 0) }
		startA()
		startB()
		run(t, l)
		startB()
		startA()
		run(t, l)
		if order != "abba" {
			t.Errorf("got %q, want \"abba\": equal times run in the order of starting", order)
		}
	})
}

func TestTimerZeroTimeout(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		calls := 0
		timer := l.NewTimer()
		var again func()
		again = func() {
			if calls++; calls < 3 {
				start(t, timer, again, 0, 0)
			}
		}
		start(t, timer, again, 0, 0)
		for want := 1; want <= 3; want++ {
			if alive := noWait(t, l); calls != want || alive != (want < 3) {
				t.Errorf("after iteration %d: got %d calls, alive %v; want one for each", want, calls, alive)
			}
		}
	})
}

func TestTimerHugeTimeout(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		tiny, huge, most := l.NewTimer(), l.NewTimer(), l.NewTimer()
		never := func() { t.Error("a huge timeout is over") }
		start(t, huge, never, math.MaxInt64/2, 0)
		start(t, most, never, math.MaxInt64, 0)
		start(t, tiny, func() {
			tiny.Close(nil)
			huge.Close(nil)
			most.Close(nil)
		}, time.Millisecond, 0)
		run(t, l)
	})
}

// A loop that parks with a huge timer must be told of an earlier one that is started later.
func TestTimerAfterHugeTimeout(t *testing.T) {
	for _, pinned := range []bool{false, true} {
		l := newLoop(t, Options{Pinned: pinned})
		huge, soon := l.NewTimer(), l.NewTimer()
		start(t, huge, func() { t.Error("a huge timeout is over") }, math.MaxInt64, 0)
		waker := time.AfterFunc(20*time.Millisecond, func() {
			l.Post(func() { start(t, soon, func() { huge.Close(nil) }, time.Millisecond, 0) })
		})
		defer waker.Stop()
		run(t, l)
	}
}

func TestTimerHugeRepeat(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		tiny, huge := l.NewTimer(), l.NewTimer()
		calls, hugeCalls := 0, 0
		called := func() {
			if calls++; calls == 10 {
				tiny.Close(nil)
				huge.Close(nil)
			}
		}
		start(t, tiny, called, 2*time.Millisecond, 2*time.Millisecond)
		start(t, huge, func() {
			hugeCalls++
			called()
		}, time.Millisecond, math.MaxInt64)
		run(t, l)
		if hugeCalls != 1 {
			t.Errorf("a timer with a huge repeat ran %d times, want once", hugeCalls)
		}
	})
}

func TestTimerRunOnce(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		calls := 0
		timer := l.NewTimer()
		for want, timeout := range []time.Duration{1: 0, 2: time.Millisecond, 3: 5 * time.Millisecond} {
			if want == 0 {
				continue
			}
			start(t, timer, func() { calls++ }, timeout, 0)
			if once(t, l) || calls != want {
				t.Fatalf("timeout %v: got %d calls, alive %v; want %d, false: RunOnce waits until something has run", timeout, calls, l.Alive(), want)
			}
		}
	})
}

// A timer that a Check starts with 0 is due when the timers' phase of the same iteration begins: that is the order of
// libuv since 1.45, which has the timers last.
func TestTimerFromCheck(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		var order string
		timer, check, prepare := l.NewTimer(), l.NewCheck(), l.NewPrepare()
		begin(t, prepare, func() { order += "p" })
		begin(t, check, func() {
			order += "c"
			start(t, timer, func() { order += "t" }, 0, 0)
		})
		noWait(t, l)
		noWait(t, l)
		if order != "pctpct" {
			t.Errorf("got %q, want \"pctpct\"", order)
		}
	})
}

func TestTimerIsClosing(t *testing.T) {
	l := newLoop(t, Options{})
	timer := l.NewTimer()
	start(t, timer, func() {}, time.Hour, time.Hour)
	timer.Close(nil)
	if err := timer.Start(func() {}, 1, 0); !errors.Is(err, reactor.EINVAL) {
		t.Errorf("Start: got %v, want EINVAL", err)
	}
	if err := timer.Again(); !errors.Is(err, reactor.EINVAL) {
		t.Errorf("Again: got %v, want EINVAL", err)
	}
	for _, h := range []interface {
		Start(func()) error
		Close(func())
	}{l.NewIdle(), l.NewPrepare(), l.NewCheck()} {
		h.Close(nil)
		if err := h.Start(func() {}); !errors.Is(err, reactor.EINVAL) {
			t.Errorf("Start of a %T: got %v, want EINVAL", h, err)
		}
	}
}

func TestTimerNullCallback(t *testing.T) {
	l := newLoop(t, Options{})
	if err := l.NewTimer().Start(nil, 1, 0); !errors.Is(err, reactor.EINVAL) {
		t.Errorf("got %v, want EINVAL", err)
	}
	if err := l.NewCheck().Start(nil); !errors.Is(err, reactor.EINVAL) {
		t.Errorf("a Check: got %v, want EINVAL", err)
	}
	if l.Alive() {
		t.Error("alive by what was not started")
	}
}

func TestTimerEarlyCheck(t *testing.T) {
	l := newLoop(t, Options{})
	for _, timeout := range []time.Duration{1, time.Microsecond, 999 * time.Microsecond, 10*time.Millisecond + 1} {
		begin, elapsed := time.Now(), time.Duration(-1)
		l.UpdateTime() // later than begin, so elapsed is rather too long
		start(t, l.NewTimer(), func() { elapsed = time.Since(begin) }, timeout, 0)
		run(t, l)
		if elapsed < timeout {
			t.Errorf("a timer of %v ran after %v", timeout, elapsed)
		}
	}
}

func TestTimerNoDoubleCallOnce(t *testing.T)   { testNoDoubleCall(t, (*Loop).RunOnce) }
func TestTimerNoDoubleCallNowait(t *testing.T) { testNoDoubleCall(t, (*Loop).RunNoWait) }

func testNoDoubleCall(t *testing.T, runOnce func(*Loop) (bool, error)) {
	onKernels(t, func(t *testing.T, l *Loop) {
		calls := 0
		start(t, l.NewTimer(), func() { calls++ }, 10*time.Millisecond, 10*time.Millisecond)
		pass(l, 25*time.Millisecond)
		if _, err := runOnce(l); err != nil || calls != 1 {
			t.Errorf("got %d calls in one iteration, error %v; want 1, nil", calls, err)
		}
	})
}

func TestTimerNoRunOnUnref(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		timer := l.NewTimer()
		start(t, timer, func() { t.Error("an unref'd timer ran in a loop that nothing keeps") }, 10*time.Millisecond, 0)
		timer.Unref()
		pass(l, 20*time.Millisecond)
		run(t, l)
		timer.Close(nil)
	})
}

func TestTimerStoppedByAnEarlierOneOfTheSamePass(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		var order string
		a, b, c, d := l.NewTimer(), l.NewTimer(), l.NewTimer(), l.NewTimer()
		start(t, a, func() {
			order += "a"
			b.Stop()
			c.Close(nil)
			start(t, d, func() { order += "D" }, 0, 0) // anew: it waits for the next pass
		}, 0, 0)
		start(t, b, func() { order += "b" }, 0, 0)
		start(t, c, func() { order += "c" }, 0, 0)
		start(t, d, func() { order += "d" }, 0, 0)
		noWait(t, l)
		if order != "a" {
			t.Errorf("in the first pass: got %q, want \"a\"", order)
		}
		run(t, l)
		if order != "aD" {
			t.Errorf("got %q, want \"aD\"", order)
		}
	})
}

func TestTimerDueIn(t *testing.T) {
	_, l := newSimWithoutCost(t)
	timer := l.NewTimer()
	start(t, timer, func() {}, 100, 0)
	if got := timer.DueIn(); got != 100 {
		t.Errorf("got %v, want 100ns", got)
	}
	pass(l, 30)
	l.UpdateTime()
	if got := timer.DueIn(); got != 70 {
		t.Errorf("after 30ns: got %v, want 70ns", got)
	}
	pass(l, 90)
	l.UpdateTime()
	if got := timer.DueIn(); got != 0 {
		t.Errorf("overdue: got %v, want 0", got)
	}
	timer.Stop()
	if got := timer.DueIn(); got != 0 {
		t.Errorf("stopped: got %v, want 0", got)
	}
}

func TestTimerNegativeTimes(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		calls := 0
		timer := l.NewTimer()
		start(t, timer, func() { calls++ }, math.MinInt64, -1)
		if timer.Repeat() != 0 {
			t.Errorf("Repeat: got %v, want 0", timer.Repeat())
		}
		run(t, l)
		if calls != 1 {
			t.Errorf("got %d calls, want 1", calls)
		}
	})
}

// With many timers, one that is started anew has others before and after it in the heap, and may have to go either way.
func TestTimersStartedAnewRunInTheirNewOrder(t *testing.T) {
	const n = 400
	_, l := newSimWithoutCost(t)
	timers := make([]*Timer, n)
	for i := range timers {
		timers[i] = l.NewTimer()
		start(t, timers[i], func() { t.Error("it was started anew") }, time.Duration(i)*time.Millisecond, 0)
	}
	var last time.Duration
	ran := 0
	for i := range timers {
		due := time.Duration(i*37%n) * time.Millisecond
		start(t, timers[i*319%n], func() {
			if ran++; l.Now() != due || due < last {
				t.Errorf("the timer for %v ran at %v, after that for %v", due, l.Now(), last)
			}
			last = due
		}, due, 0)
	}
	run(t, l)
	if ran != n {
		t.Errorf("got %d calls, want %d", ran, n)
	}
}
