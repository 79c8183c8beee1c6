package loop

import (
	"errors"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/reactor"
)

// TestPostWakeRace has several goroutines post to a loop that is always about to wait, dry or woken: each waits for its
// post to have run before it posts again. A wake-up that is lost leaves the loop waiting for ever.
func TestPostWakeRace(t *testing.T) {
	posts := 1_000_000
	if s := os.Getenv("WEIR_WAKE_RACE"); s != "" {
		posts, _ = strconv.Atoi(s)
	} else if testing.Short() || slowBuild {
		posts /= 10
	}
	t.Run("protocol", func(t *testing.T) {
		// The kernel of this one is a channel, so nearly all the time goes into the protocol itself.
		testWakeRace(t, &sleeper{Kernel: system(t, false), woken: make(chan struct{}, 1)}, posts)
	})
	t.Run("parked", func(t *testing.T) { testWakeRace(t, system(t, false), posts/50) })
	t.Run("pinned", func(t *testing.T) { testWakeRace(t, system(t, true), posts/50) })
}

func testWakeRace(t *testing.T, k reactor.Kernel, posts int) {
	l := newLoop(t, Options{Kernel: k})
	keep := l.NewAsync(nil)
	const senders = 4
	var senderRuns [senders]atomic.Int64
	var senderDone atomic.Int64
	limit := time.AfterFunc(4*patience, func() { panic("a wake-up was lost, or this machine is very slow") })
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			run := func() {
				if senderRuns[i].Add(1)%1000 == 0 {
					limit.Reset(4 * patience) // it goes on
				}
			}
			for n := range int64(posts / senders) {
				if err := l.Post(run); err != nil {
					t.Error(err)
					break
				}
				for spins := 0; n%4 == 3 && senderRuns[i].Load() <= n; spins++ { // now and then it posts some at once
					if spins > 20 {
						runtime.Gosched()
					}
				}
			}
			if senderDone.Add(1) == senders {
				l.Post(func() { keep.Close(nil) })
			}
		})
	}
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	limit.Stop()
	wg.Wait()
	for i := range senderRuns {
		if got, want := senderRuns[i].Load(), int64(posts/senders); got != want {
			t.Errorf("sender %d: %d posts have run, want %d", i, got, want)
		}
	}
}

// sleeper is a kernel without descriptors: Wait waits for Wake, and for nothing else.
type sleeper struct {
	reactor.Kernel
	woken chan struct{}
}

func (k *sleeper) Wait(_ []reactor.Change, _ []reactor.Event, timeout time.Duration) (int, error) {
	if timeout != 0 {
		<-k.woken
	}
	return 0, nil
}

func (k *sleeper) Wake() {
	select {
	case k.woken <- struct{}{}:
	default:
	}
}

func TestPostIsFIFOForEachSender(t *testing.T) {
	const senders, each = 4, 5000
	l := newLoop(t, Options{})
	var next [senders]int
	left := senders
	keep := l.NewAsync(nil)
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := range each {
				l.Post(func() {
					if next[s] != i {
						t.Errorf("sender %d: post %d ran when %d was due", s, i, next[s])
					}
					next[s] = i + 1
				})
			}
			l.Post(func() {
				if left--; left == 0 {
					keep.Close(nil)
				}
			})
		})
	}
	run(t, l)
	wg.Wait()
	for s, got := range next {
		if got != each {
			t.Errorf("sender %d: %d posts ran, want %d", s, got, each)
		}
	}
}

func TestPostFromTheLoopItselfWaitsForTheNextIteration(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		var order string
		post := func(s string, then func()) func() {
			return func() {
				order += s
				if then != nil {
					l.Post(then)
				}
			}
		}
		begin(t, l.NewCheck(), func() { order += "|" })
		l.Post(post("a", post("c", nil)))
		l.Post(post("b", nil))
		noWait(t, l)
		noWait(t, l)
		if order != "ab|c|" {
			t.Errorf("got %q, want \"ab|c|\": a sender can't keep the loop from its other phases", order)
		}
	})
}

func TestPostWakesOnlyALoopThatWaits(t *testing.T) {
	k, l := newCounting(t)
	// elsewhere posts n functions from another goroutine and returns when that is done.
	elsewhere := func(n int) {
		var wg sync.WaitGroup
		wg.Go(func() {
			for range n {
				l.Post(func() {})
			}
		})
		wg.Wait()
	}
	want := func(when string, wakes int64) {
		t.Helper()
		if got := k.wakes.Swap(0); got != wakes {
			t.Errorf("%s: got %d wake calls, want %d", when, got, wakes)
		}
	}
	elsewhere(100)
	want("before Run", 0)
	l.Post(func() { elsewhere(100) })
	noWait(t, l)
	want("in a callback", 0)
	noWait(t, l)

	idle := l.NewIdle()
	begin(t, idle, func() {})
	k.waiting = func(time.Duration) { elsewhere(100) }
	noWait(t, l)
	once(t, l)
	want("in a poll phase that does not wait", 0)
	idle.Close(nil)
	k.waiting = nil
	run(t, l)
	k.wakes.Store(0)

	keep := l.NewAsync(nil)
	k.waiting = func(time.Duration) { elsewhere(100) }
	once(t, l)
	want("while it waits", 1)
	k.waiting = nil
	keep.Close(nil)
}

func TestPostAfterClose(t *testing.T) {
	l := newLoop(t, Options{})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Post(func() { t.Error("it ran") }); !errors.Is(err, reactor.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
	if err := l.Run(); !errors.Is(err, reactor.ErrClosed) {
		t.Errorf("Run: got %v, want ErrClosed", err)
	}
	l.Stop() // nothing, and no call on a poller that is gone
}

func TestPostWhileClosing(t *testing.T) {
	for range 200 {
		l := newLoop(t, Options{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for l.Post(func() {}) == nil {
				runtime.Gosched()
			}
		})
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
	}
}

func TestStopFromAnotherGoroutineEndsAWait(t *testing.T) {
	for _, pinned := range []bool{false, true} {
		l := newLoop(t, Options{Pinned: pinned})
		l.NewAsync(nil) // keeps the loop
		timer := time.AfterFunc(20*time.Millisecond, l.Stop)
		defer timer.Stop()
		run(t, l)
		if !l.Alive() {
			t.Error("not alive: Run ended for another reason")
		}
	}
}

// A Stop that comes when the loop has decided to wait, and does not wait yet, is not lost: neither right before the
// loop says that it will wait nor right after.
func TestStopRightBeforeTheWait(t *testing.T) {
	stopElsewhere := func(l *Loop) {
		var wg sync.WaitGroup
		wg.Go(l.Stop)
		wg.Wait()
	}
	k, l := newCounting(t)
	begin(t, l.NewPrepare(), func() {
		k.asked = func() { // the next time is when the timeout is worked out
			k.asked = nil
			stopElsewhere(l)
		}
	})
	start(t, l.NewTimer(), func() { t.Error("it ran an hour early, or Stop was lost") }, time.Hour, 0)
	run(t, l)
	k.asked = nil
	k.waiting = func(time.Duration) { stopElsewhere(l) }
	run(t, l)
	if k.waits != 2 {
		t.Errorf("got %d waits in two runs, want 2", k.waits)
	}
}

// The kernel may return early and for nothing. RunOnce then waits on: it promises that something has happened.
func TestRunOnceWaitsOnAfterAWakeForNothing(t *testing.T) {
	k, l := newCounting(t)
	k.early = 5
	calls := 0
	timer := l.NewTimer()
	start(t, timer, func() { calls++ }, 20*time.Millisecond, 0)
	if once(t, l) || calls != 1 {
		t.Errorf("the timer ran %d times in RunOnce, want once", calls)
	}
	k.early = 5
	async := l.NewAsync(func() { calls++ })
	wake := time.AfterFunc(5*time.Millisecond, async.Send)
	defer wake.Stop()
	if once(t, l); calls != 2 {
		t.Errorf("got %d calls after the Async was sent, want 2", calls)
	}
}

func TestStopRaceWithWait(t *testing.T) {
	l := newLoop(t, Options{Kernel: &sleeper{Kernel: system(t, false), woken: make(chan struct{}, 1)}})
	keep := l.NewAsync(nil)
	stops := 200_000
	if slowBuild {
		stops /= 10
	}
	turn := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for range turn {
			l.Stop()
		}
	})
	limit := time.AfterFunc(4*patience, func() { panic("a Stop was lost") })
	for n := range stops {
		if n%1000 == 0 {
			limit.Reset(4 * patience) // it goes on
		}
		turn <- struct{}{}
		if err := l.Run(); err != nil {
			t.Fatal(err)
		}
	}
	close(turn)
	wg.Wait()
	limit.Stop()
	keep.Close(nil)
	noWait(t, l)
}

// A post that comes after the loop has looked into its mailbox for the last time but one, and before it says that it will
// wait, is found by the last look.
func TestPostRightBeforeTheWaitIsNotLeftLying(t *testing.T) {
	k, l := newCounting(t)
	far := l.NewTimer() // with it the clock is asked between the two looks
	start(t, far, func() { t.Error("the loop slept for an hour") }, time.Hour, 0)
	prepare, ran := l.NewPrepare(), false
	begin(t, prepare, func() {
		prepare.Stop()
		k.asked = func() {
			k.asked = nil
			l.Post(func() { ran = true })
		}
	})
	runUntil(t, l, "post", func() bool { return ran })
	if n := k.wakes.Load(); n != 0 {
		t.Errorf("%d wakes of a loop that did not wait", n)
	}
	far.Close(nil)
	prepare.Close(nil)
}
