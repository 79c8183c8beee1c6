package loop

import (
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// raise sends the process sig, the real one or the fake one that l lives in.
func raise(t testing.TB, l *Loop, sig syscall.Signal) {
	t.Helper()
	if k, ok := l.r.Kernel().(*simkernel.Kernel); ok {
		k.World().Raise(sig)
		return
	}
	if err := syscall.Kill(syscall.Getpid(), sig); err != nil {
		t.Fatal(err)
	}
}

// raised is raise, and waits until the loops of all who watch sig have been told. It does not run them.
func raised(t testing.TB, sig syscall.Signal, handles ...*Signal) {
	t.Helper()
	l := handles[0].l
	if _, ok := l.r.Kernel().(*simkernel.Kernel); ok {
		raise(t, l, sig)
		pass(l, 0)
	} else {
		probe := &watch{s: &Signal{handle: handle{l: l}}, sig: sig}
		forward(probe)
		raise(t, l, sig)
		for begin := time.Now(); !probe.arrived.Load(); runtime.Gosched() {
			if time.Since(begin) > patience {
				t.Fatalf("%v was raised, and nobody heard of it", sig)
			}
		}
		unforward(probe) // takes the lock, under which all are told
	}
	for _, s := range handles {
		if !s.watch.arrived.Load() {
			t.Fatalf("%v was raised, and not all were told", sig)
		}
	}
}

// watchFor starts a Signal that is known to take it.
func watchFor(t testing.TB, s *Signal, sig os.Signal, cb func(os.Signal)) {
	t.Helper()
	if err := s.Start(sig, cb); err != nil {
		t.Fatal(err)
	}
}

// watchOnce is watchFor for one signal.
func watchOnce(t testing.TB, s *Signal, sig os.Signal, cb func(os.Signal)) {
	t.Helper()
	if err := s.StartOneShot(sig, cb); err != nil {
		t.Fatal(err)
	}
}

const times = 10 // libuv's NSIGNALS

// counter is a Signal that counts, and stops or closes itself after so many times.
type counter struct {
	*Signal
	calls int
	end   func()
}

func count(t testing.TB, l *Loop, sig os.Signal, oneShot bool) *counter {
	t.Helper()
	c := &counter{Signal: l.NewSignal()}
	c.end = func() { c.Close(nil) }
	c.begin(t, sig, oneShot)
	return c
}

func (c *counter) begin(t testing.TB, sig os.Signal, oneShot bool) {
	t.Helper()
	c.calls = 0
	cb := func(got os.Signal) {
		if got != sig {
			t.Errorf("got %v, want %v", got, sig)
		}
		if oneShot && c.Active() {
			t.Error("active in the callback of a one-shot")
		}
		if c.calls++; c.calls == times {
			c.end()
		}
	}
	if oneShot {
		watchOnce(t, c.Signal, sig, cb)
	} else {
		watchFor(t, c.Signal, sig, cb)
	}
}

// raiseOften raises sig so many times, each once all of heard have heard of those before.
func raiseOften(t testing.TB, l *Loop, sig syscall.Signal, heard ...*counter) {
	t.Helper()
	n := 0
	timer := l.NewTimer()
	start(t, timer, func() {
		for _, c := range heard {
			if c.calls < n {
				return
			}
		}
		if n == times {
			timer.Close(nil)
			return
		}
		n++
		raise(t, l, sig)
	}, time.Millisecond, time.Millisecond)
}

func TestWeGetSignal(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		c := count(t, l, syscall.SIGCHLD, false)
		c.end = c.Stop
		raiseOften(t, l, syscall.SIGCHLD, c)
		run(t, l)
		if c.calls != times {
			t.Fatalf("got %d calls, want %d", c.calls, times)
		}
		raiseOften(t, l, syscall.SIGCHLD)
		run(t, l)
		if c.calls != times {
			t.Errorf("got %d calls after Stop", c.calls-times)
		}
		c.begin(t, syscall.SIGCHLD, false)
		c.end = func() { c.Close(nil) }
		raiseOften(t, l, syscall.SIGCHLD, c)
		run(t, l)
		if c.calls != times {
			t.Errorf("got %d calls after another Start, want %d", c.calls, times)
		}
	})
}

func TestWeGetSignals(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		a, b := count(t, l, syscall.SIGUSR1, false), count(t, l, syscall.SIGUSR1, false)
		c, d := count(t, l, syscall.SIGUSR2, false), count(t, l, syscall.SIGUSR2, false)
		raiseOften(t, l, syscall.SIGUSR1, a, b)
		raiseOften(t, l, syscall.SIGUSR2, c, d)
		run(t, l)
		for _, x := range []*counter{a, b, c, d} {
			if x.calls != times || !x.Closing() {
				t.Errorf("got %d calls, want %d", x.calls, times)
			}
		}
	})
}

func TestWeGetSignalOneShot(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		c := count(t, l, syscall.SIGCHLD, true)
		for range 2 {
			raiseOften(t, l, syscall.SIGCHLD)
			run(t, l)
			if c.calls != 1 || c.Active() {
				t.Fatalf("got %d calls, active %v; want 1, false", c.calls, c.Active())
			}
		}
		c.begin(t, syscall.SIGCHLD, true)
		raiseOften(t, l, syscall.SIGCHLD)
		run(t, l)
		if c.calls != 1 {
			t.Errorf("got %d calls after another start, want 1", c.calls)
		}
	})
}

func TestWeGetSignalsMixed(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		for _, oneShots := range [][]bool{
			{true, true},
			{true, true, false},
			{false, false, true},
			{false, false, true, true},
			{false, true, false, false},
			{false, true, true, false},
		} {
			var all, steady []*counter
			for _, oneShot := range oneShots {
				c := count(t, l, syscall.SIGCHLD, oneShot)
				all = append(all, c)
				if !oneShot {
					steady = append(steady, c)
				}
			}
			raiseOften(t, l, syscall.SIGCHLD, steady...)
			run(t, l)
			for i, c := range all {
				if want := map[bool]int{true: 1, false: times}[oneShots[i]]; c.calls != want {
					t.Errorf("%v: number %d got %d calls, want %d", oneShots, i, c.calls, want)
				}
				c.Close(nil)
			}
			run(t, l)
		}
	})
}

func TestSignalMultipleLoops(t *testing.T) {
	const handling, creating = 12, 4
	var calls1, calls2, created atomic.Int64
	var ended atomic.Bool
	var handlers, creators sync.WaitGroup
	ready := make(chan struct{})
	for range creating {
		creators.Go(func() {
			for !ended.Load() || created.Load() < creating {
				l := newLoopWithoutCleanup(t)
				s := l.NewSignal()
				watchFor(t, s, syscall.SIGTERM, func(os.Signal) { t.Error("a signal that nobody has sent") })
				s.Close(nil)
				run(t, l)
				wantErr(t, l.Close(), nil)
				created.Add(1)
			}
		})
	}
	for i := range handling {
		handlers.Go(func() {
			l := newLoopWithoutCleanup(t)
			var handles []*Signal
			watch := func(sig os.Signal, calls *atomic.Int64) func() {
				s := l.NewSignal()
				handles = append(handles, s)
				return func() {
					watchFor(t, s, sig, func(got os.Signal) {
						if got != sig {
							t.Errorf("got %v, want %v", got, sig)
						}
						calls.Add(1)
						s.Stop()
					})
				}
			}
			var starts []func()
			if i%3 != 1 {
				starts = append(starts, watch(syscall.SIGUSR1, &calls1), watch(syscall.SIGUSR1, &calls1))
			}
			if i%3 != 0 {
				starts = append(starts, watch(syscall.SIGUSR2, &calls2))
			}
			for range 2 {
				for _, start := range starts {
					start()
				}
				ready <- struct{}{}
				run(t, l) // until all have been heard
			}
			for _, s := range handles {
				s.Close(nil)
			}
			run(t, l)
			wantErr(t, l.Close(), nil)
		})
	}
	for range 2 {
		for range handling {
			<-ready
		}
		for _, sig := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGUSR2} {
			if err := syscall.Kill(syscall.Getpid(), sig); err != nil {
				t.Error(err)
			}
		}
	}
	handlers.Wait()
	ended.Store(true)
	creators.Wait()
	if calls1.Load() != 8*handling/3 || calls2.Load() != 4*handling/3 {
		t.Errorf("got %d and %d calls, want %d and %d", calls1.Load(), calls2.Load(), 8*handling/3, 4*handling/3)
	}
}

// newLoopWithoutCleanup is for loops that another goroutine than the test's makes and closes.
func newLoopWithoutCleanup(t testing.TB) *Loop {
	t.Helper()
	l, err := New(Options{})
	if err != nil {
		t.Error(err)
		runtime.Goexit()
	}
	return l
}

func TestSignalPendingOnClose(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		s := l.NewSignal()
		watchFor(t, s, syscall.SIGUSR1, func(os.Signal) { t.Error("called after Close") })
		raised(t, syscall.SIGUSR1, s)
		closed := 0
		s.Close(func() { closed++ })
		s.Close(func() { t.Error("the second Close was heard") })
		run(t, l)
		if closed != 1 {
			t.Errorf("got %d close callbacks, want 1", closed)
		}
		wantErr(t, l.Close(), nil)
	})
}

// TestSignalDeliveredInHandler differs from libuv's in one point: signals that come before the callback has begun count
// as one, where libuv calls it for each.
func TestSignalDeliveredInHandler(t *testing.T) {
	main, worker := newLoop(t, Options{}), newLoop(t, Options{})
	s, w := main.NewSignal(), worker.NewSignal()
	heard, closed := 0, 0
	watchFor(t, s, syscall.SIGUSR1, func(os.Signal) { heard++ })
	calls := 0
	watchFor(t, w, syscall.SIGUSR1, func(os.Signal) {
		if calls++; calls > 1 {
			t.Error("called after Close")
		}
		raised(t, syscall.SIGUSR1, s, w) // again, while it is dealt with
		w.Close(func() { closed++ })
	})
	raised(t, syscall.SIGUSR1, s, w)
	run(t, worker)
	if calls != 1 || closed != 1 || worker.Alive() {
		t.Errorf("got %d calls and %d closes, alive %v; want 1, 1, false", calls, closed, worker.Alive())
	}
	if heard != 0 {
		t.Error("the other loop was called while it did not run")
	}
	noWait(t, main)
	if heard != 1 || !main.Alive() {
		t.Errorf("got %d calls on the other loop, want 1", heard)
	}
}

func TestSignalCloseLoopAlive(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		s := l.NewSignal()
		watchFor(t, s, syscall.SIGCHLD, func(os.Signal) { l.Stop() })
		s.Unref()
		raise(t, l, syscall.SIGCHLD)
		run(t, l)
		closed := 0
		s.Close(func() { closed++ })
		if !l.Alive() {
			t.Error("not alive while a close callback is owed")
		}
		run(t, l)
		if closed != 1 {
			t.Errorf("got %d close callbacks, want 1", closed)
		}
	})
}

// foreignSignal is an os.Signal that no kernel knows.
type foreignSignal struct{ _ []int }

func (foreignSignal) Signal()        {}
func (foreignSignal) String() string { return "flag" }

func TestSignalRefusesWhatCannotBeCaught(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		s := l.NewSignal()
		calls := 0
		watchFor(t, s, syscall.SIGUSR1, func(os.Signal) { calls++ })
		never := func(os.Signal) { t.Error("called") }
		for _, sig := range []os.Signal{
			nil,
			foreignSignal{},
			syscall.Signal(0), syscall.Signal(-1), syscall.Signal(65), syscall.Signal(1024),
			syscall.SIGKILL, syscall.SIGSTOP, os.Kill, syscall.SIGSEGV, syscall.SIGPROF,
		} {
			wantErr(t, s.Start(sig, never), reactor.EINVAL)
			wantErr(t, s.StartOneShot(sig, never), reactor.EINVAL)
		}
		wantErr(t, s.Start(syscall.SIGUSR2, nil), reactor.EINVAL)
		raised(t, syscall.SIGUSR1, s)
		noWait(t, l)
		if calls != 1 || !s.Active() {
			t.Errorf("got %d calls, active %v after starts that were refused; want 1, true", calls, s.Active())
		}
		s.Close(nil)
		wantErr(t, s.Start(syscall.SIGUSR1, never), reactor.EINVAL)
		wantErr(t, s.StartOneShot(syscall.SIGUSR1, never), reactor.EINVAL)
		if err := s.Start(syscall.SIGUSR1, never); !strings.HasPrefix(err.Error(), "loop: ") {
			t.Errorf("got %q, want it to begin with the package", err)
		}
	})
}

func TestSignalsBeforeTheCallCountAsOne(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		calls := 0
		s := l.NewSignal()
		watchFor(t, s, syscall.SIGUSR1, func(os.Signal) {
			if calls++; calls == 1 {
				raised(t, syscall.SIGUSR1, s) // during the callback: it counts anew
			}
		})
		for range 5 {
			raised(t, syscall.SIGUSR1, s)
		}
		noWait(t, l)
		if calls != 1 {
			t.Errorf("got %d calls for 5 signals, want 1", calls)
		}
		noWait(t, l)
		noWait(t, l)
		if calls != 2 {
			t.Errorf("got %d calls after another signal, want 2", calls)
		}
	})
}

func TestSignalIsATurnOfItsOwn(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		var order string
		a, b := l.NewSignal(), l.NewSignal()
		for _, s := range []*Signal{a, b} {
			watchFor(t, s, syscall.SIGUSR1, func(os.Signal) {
				order += "s"
				l.NextTick(func() { order += "t" })
			})
		}
		raised(t, syscall.SIGUSR1, a, b)
		noWait(t, l)
		if order != "stst" {
			t.Errorf("got %q, want each callback's tick before the other callback", order)
		}
	})
}

func TestSignalStopDropsWhatHasCome(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		s := l.NewSignal()
		never := func(os.Signal) { t.Error("called for what came before Stop") }
		watchFor(t, s, syscall.SIGUSR1, never)
		raised(t, syscall.SIGUSR1, s)
		s.Stop()
		s.Stop()
		if s.Active() {
			t.Error("active after Stop")
		}
		watchFor(t, s, syscall.SIGUSR1, never)
		noWait(t, l)
		noWait(t, l)
	})
}

func TestSignalStartForAnotherDropsWhatHasCome(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		s, other := l.NewSignal(), l.NewSignal()
		watchFor(t, other, syscall.SIGUSR1, func(os.Signal) {})
		watchFor(t, s, syscall.SIGUSR1, func(os.Signal) { t.Error("the old callback was called") })
		raised(t, syscall.SIGUSR1, s, other)
		calls := 0
		watchFor(t, s, syscall.SIGUSR2, func(sig os.Signal) {
			if calls++; sig != syscall.SIGUSR2 {
				t.Errorf("got %v, want SIGUSR2", sig)
			}
		})
		noWait(t, l)
		if calls != 0 {
			t.Error("the new callback was called for the old signal")
		}
		raised(t, syscall.SIGUSR1, other) // s is not told any more
		raised(t, syscall.SIGUSR2, s)
		noWait(t, l)
		if calls != 1 {
			t.Errorf("got %d calls, want 1", calls)
		}
	})
}

func TestSignalStartForTheSameKeepsWhatHasCome(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		for _, oneShot := range []bool{false, true} {
			s := l.NewSignal()
			first := s.Start
			if oneShot {
				first = s.StartOneShot
			}
			wantErr(t, first(syscall.SIGUSR1, func(os.Signal) { t.Error("the old callback was called") }), nil)
			raised(t, syscall.SIGUSR1, s)
			calls := 0
			watchFor(t, s, syscall.SIGUSR1, func(os.Signal) { calls++ })
			noWait(t, l)
			noWait(t, l)
			if calls != 1 {
				t.Errorf("one-shot %v: got %d calls, want 1", oneShot, calls)
			}
			raised(t, syscall.SIGUSR1, s)
			noWait(t, l)
			if calls != 2 {
				t.Errorf("one-shot %v: got %d calls after another signal, want 2", oneShot, calls)
			}
			s.Close(nil)
			noWait(t, l)
		}
	})
}

func TestSignalCallbackMayDoAnythingToItsHandle(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		calls := 0
		var cb func(os.Signal)
		s, other := l.NewSignal(), l.NewSignal()
		cb = func(os.Signal) {
			switch calls++; calls {
			case 1:
				watchOnce(t, s, syscall.SIGUSR1, cb) // again
			case 2:
				watchFor(t, s, syscall.SIGUSR2, cb)
			default:
				s.Close(nil)
				other.Close(nil) // which has been told as well, and comes later
			}
		}
		watchOnce(t, s, syscall.SIGUSR1, cb)
		for range 2 {
			raised(t, syscall.SIGUSR1, s)
			noWait(t, l)
		}
		watchFor(t, other, syscall.SIGUSR2, func(os.Signal) { t.Error("called after another callback has closed it") })
		raised(t, syscall.SIGUSR2, s, other)
		run(t, l)
		if calls != 3 {
			t.Errorf("got %d calls, want 3", calls)
		}
	})
}

func TestASignalThatHasComeKeepsTheLoopRunning(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		calls := 0
		s := l.NewSignal()
		watchFor(t, s, syscall.SIGUSR1, func(os.Signal) { calls++ })
		if !l.Alive() {
			t.Error("not alive beside an active Signal")
		}
		s.Unref()
		if l.Alive() {
			t.Error("alive by an unref'd Signal")
		}
		run(t, l) // it would wait for ever
		raised(t, syscall.SIGUSR1, s)
		if !l.Alive() {
			t.Error("not alive although a signal has come")
		}
		run(t, l)
		if calls != 1 {
			t.Errorf("got %d calls, want 1", calls)
		}
		seen := 0
		l.Walk(func(h Handle) {
			if h == s {
				seen++
			}
		})
		if seen != 1 {
			t.Errorf("Walk showed it %d times, want once", seen)
		}
	})
}

func TestAPanicInASignalsCallbackLeavesItStarted(t *testing.T) {
	told := 0
	l := newLoop(t, Options{OnPanic: func(*PanicError) { told++ }})
	s := l.NewSignal()
	calls := 0
	watchFor(t, s, syscall.SIGUSR1, func(os.Signal) {
		calls++
		panic("in a signal's callback")
	})
	for range 3 {
		raised(t, syscall.SIGUSR1, s)
		noWait(t, l)
	}
	if calls != 3 || told != 3 {
		t.Errorf("got %d calls and %d panics, want 3 of each", calls, told)
	}
}

func TestASignalIsHeardByUsersOfTheStandardLibraryToo(t *testing.T) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	defer signal.Stop(c)
	l := newLoop(t, Options{})
	s := l.NewSignal()
	calls := 0
	watchFor(t, s, syscall.SIGUSR1, func(os.Signal) { calls++ })
	raised(t, syscall.SIGUSR1, s)
	<-c
	noWait(t, l)
	s.Stop()
	raise(t, l, syscall.SIGUSR1) // stopping ours does not stop theirs
	<-c
	if calls != 1 {
		t.Errorf("got %d calls, want 1", calls)
	}
}

func TestNothingIsLeftOfASignalThatNobodyWatches(t *testing.T) {
	l := newLoop(t, Options{})
	a, b, once := l.NewSignal(), l.NewSignal(), l.NewSignal()
	watchFor(t, a, syscall.SIGUSR1, func(os.Signal) {})
	watchFor(t, b, syscall.SIGUSR1, func(os.Signal) {})
	watchOnce(t, once, syscall.SIGUSR2, func(os.Signal) {})
	raised(t, syscall.SIGUSR2, once)
	sources := func() int {
		forwarder.mu.Lock()
		defer forwarder.mu.Unlock()
		return len(forwarder.sources)
	}
	if got := sources(); got != 1 {
		t.Errorf("got %d signals that are watched, want SIGUSR1 alone: the one-shot has had its own", got)
	}
	a.Stop()
	if got := sources(); got != 1 {
		t.Errorf("got %d signals that are watched, want SIGUSR1 until its last handle stops", got)
	}
	b.Close(nil)
	if got := sources(); got != 0 {
		t.Errorf("got %d signals that are watched, want none", got)
	}
}

// Signals arrive all the time while handles are closed, and their loops with them.
func TestALoopMayBeClosedWhileSignalsArrive(t *testing.T) {
	var ended atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		for !ended.Load() {
			if err := syscall.Kill(syscall.Getpid(), syscall.SIGUSR1); err != nil {
				t.Error(err)
			}
		}
	})
	heard := 0
	for round := 0; round < 200 || heard == 0; round++ {
		l := newLoopWithoutCleanup(t)
		s, other := l.NewSignal(), l.NewSignal()
		closed := false
		watchFor(t, s, syscall.SIGUSR1, func(os.Signal) {
			if heard++; closed {
				t.Error("called after the close callback")
			}
		})
		watchOnce(t, other, syscall.SIGUSR1, func(os.Signal) {})
		noWait(t, l)
		s.Close(func() { closed = true })
		other.Close(nil)
		run(t, l)
		wantErr(t, l.Close(), nil)
	}
	ended.Store(true)
	wg.Wait()
}
