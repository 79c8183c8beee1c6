package loop

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// queue queues quick work that is known to be taken.
func queue(t testing.TB, l *Loop, work func(), done func(error)) *Work {
	t.Helper()
	w, err := l.QueueWork(work, done)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// queueSlow is queue for slow work.
func queueSlow(t testing.TB, l *Loop, work func(), done func(error)) *Work {
	t.Helper()
	w, err := l.QueueSlowWork(work, done)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// stuck gives l a pool of size goroutines, all of which are busy until release is called. On the fake kernel there is no
// need: work never begins before the loop waits.
func stuck(t testing.TB, l *Loop, size int) (release func()) {
	t.Helper()
	if _, ok := l.r.Kernel().(*simkernel.Kernel); ok {
		return func() {}
	}
	l.pool = NewPool(size)
	gate := make(chan struct{})
	var begun sync.WaitGroup
	for range size {
		begun.Add(1)
		queue(t, l, func() {
			begun.Done()
			<-gate
		}, nil)
	}
	begun.Wait()
	return func() { close(gate) }
}

// wantErr checks what a call has returned, or done was told.
func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func TestThreadpoolQueueWorkSimple(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		worked, done := 0, 0
		queue(t, l, func() { worked++ }, func(err error) {
			wantErr(t, err, nil)
			if done++; worked != 1 {
				t.Errorf("done was called after %d calls of work, want 1", worked)
			}
		})
		if done != 0 {
			t.Error("done was called inside QueueWork")
		}
		queueSlow(t, l, func() {}, nil)
		run(t, l)
		if worked != 1 || done != 1 {
			t.Errorf("got %d calls of work and %d of done, want 1 of each", worked, done)
		}
	})
}

func TestThreadpoolQueueWorkEinval(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		for _, q := range []func(func(), func(error)) (*Work, error){l.QueueWork, l.QueueSlowWork} {
			w, err := q(nil, func(error) { t.Error("done was called") })
			if wantErr(t, err, reactor.EINVAL); w != nil {
				t.Error("got Work that is not there")
			}
		}
		if l.Alive() {
			t.Error("alive by work that was refused")
		}
		run(t, l)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		_, err := l.QueueWork(func() { t.Error("work ran") }, nil)
		wantErr(t, err, reactor.ErrClosed)
	})
}

// TestThreadpoolMultipleEventLoops has the race detector see that done is called on its own loop's goroutine.
func TestThreadpoolMultipleEventLoops(t *testing.T) {
	var wg sync.WaitGroup
	for range 4 {
		l := newLoop(t, Options{})
		wg.Go(func() {
			done, ticks := 0, 0
			for range 100 {
				queue(t, l, func() { runtime.Gosched() }, func(err error) {
					wantErr(t, err, nil)
					done++
					l.NextTick(func() { ticks++ })
				})
			}
			run(t, l)
			if done != 100 || ticks != 100 {
				t.Errorf("got %d calls of done and %d of their ticks, want 100 of each", done, ticks)
			}
		})
	}
	wg.Wait()
}

func TestThreadpoolCancelWork(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		release := stuck(t, l, 4)
		var works []*Work
		done := 0
		for i := range 16 {
			q := queue
			if i%2 == 1 {
				q = queueSlow
			}
			works = append(works, q(t, l, func() { t.Error("cancelled work ran") }, func(err error) {
				wantErr(t, err, reactor.ECANCELED)
				done++
			}))
		}
		for _, i := range []int{7, 0, 15, 8, 1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14} {
			wantErr(t, works[i].Cancel(), nil)
		}
		if done != 0 {
			t.Error("done was called inside Cancel")
		}
		release()
		run(t, l)
		if done != 16 {
			t.Errorf("got %d calls of done, want 16", done)
		}
	})
}

// TestThreadpoolCancelSingle also finds that a stuck pool does not keep done waiting.
func TestThreadpoolCancelSingle(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		release := stuck(t, l, 4)
		done := 0
		w := queue(t, l, func() { t.Error("cancelled work ran") }, func(err error) {
			wantErr(t, err, reactor.ECANCELED)
			done++
		})
		wantErr(t, w.Cancel(), nil)
		wantErr(t, w.Cancel(), reactor.EBUSY)
		runUntil(t, l, "done", func() bool { return done == 1 })
		wantErr(t, w.Cancel(), reactor.EBUSY)
		release()
		run(t, l)
		if done != 1 {
			t.Errorf("got %d calls of done, want 1", done)
		}
	})
}

func TestThreadpoolCancelWhenBusy(t *testing.T) {
	l := newLoop(t, Options{})
	begun, gate := make(chan struct{}), make(chan struct{})
	done := 0
	w := queue(t, l, func() {
		close(begun)
		<-gate
	}, func(err error) {
		wantErr(t, err, nil)
		done++
	})
	<-begun
	wantErr(t, w.Cancel(), reactor.EBUSY)
	close(gate)
	run(t, l)
	if done != 1 {
		t.Errorf("got %d calls of done, want 1", done)
	}
}

// TestLoopInstantClose differs from libuv's, which can only watch the process leave: a loop with work cannot be closed.
func TestLoopInstantClose(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		queue(t, l, func() {}, func(error) {})
		wantErr(t, l.Close(), reactor.EBUSY)
		run(t, l)
		wantErr(t, l.Close(), nil)
	})
}

func TestCancelFromDoneIsBusy(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		done := 0
		var w *Work
		w = queue(t, l, func() {}, func(error) {
			done++
			wantErr(t, w.Cancel(), reactor.EBUSY)
		})
		run(t, l)
		wantErr(t, w.Cancel(), reactor.EBUSY)
		run(t, l)
		if done != 1 {
			t.Errorf("got %d calls of done, want 1", done)
		}
	})
}

func TestWorkDoesNotHoldUpTheLoop(t *testing.T) {
	l := newLoop(t, Options{})
	gate := make(chan struct{})
	queue(t, l, func() { <-gate }, nil)
	start(t, l.NewTimer(), func() { close(gate) }, time.Millisecond, 0)
	run(t, l) // it would wait for ever if the work ran on its goroutine
}

func TestWorkQueuedFromDoneKeepsTheLoopRunning(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		worked, done := 0, 0
		var again func(error)
		again = func(err error) {
			wantErr(t, err, nil)
			if done++; done < 100 {
				queue(t, l, func() { worked++ }, again)
			}
		}
		queue(t, l, func() { worked++ }, again)
		run(t, l)
		if worked != 100 || done != 100 {
			t.Errorf("got %d calls of work and %d of done, want 100 of each", worked, done)
		}
	})
}

func explode() { panic("boom") }

func TestAPanicInWorkIsToldToDoneAndToNobodyElse(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) { // whose OnPanic fails the test
		var got error
		done := 0
		queue(t, l, explode, func(err error) { got, done = err, done+1 })
		queue(t, l, explode, nil)
		run(t, l)
		var p *PanicError
		if !errors.As(got, &p) || p.Value != "boom" || !strings.Contains(string(p.Stack), "loop.explode") {
			t.Fatalf("got %v, want the panic with the stack of where it was", got)
		}
		if want := "panic in work: boom"; p.Error() != want {
			t.Errorf("got %q, want %q", p.Error(), want)
		}
		if done != 1 || l.Panics() != 0 {
			t.Errorf("got %d calls of done and %d panics in callbacks, want 1 and 0", done, l.Panics())
		}
	})
}

func TestGoexitInWorkEndsTheWorkAndNotThePool(t *testing.T) {
	l := newLoop(t, Options{Pool: NewPool(1)})
	var got []error
	done := func(err error) { got = append(got, err) }
	queue(t, l, runtime.Goexit, done)
	queueSlow(t, l, runtime.Goexit, done)
	queue(t, l, func() {}, done)
	run(t, l)
	if len(got) != 3 || got[0] == nil || got[1] == nil || got[2] != nil {
		t.Errorf("got %v, want an error each for the two that called Goexit, and nil", got)
	}
	// The last goroutine counts itself out after done has been told.
	p := l.pool
	for begin := time.Now(); ; runtime.Gosched() {
		p.mu.Lock()
		running, blocked := p.running, p.blocked
		p.mu.Unlock()
		if running == 0 && blocked == 0 {
			break
		}
		if time.Since(begin) > patience {
			t.Fatalf("the pool counts %d that run and %d of them slow, want none", running, blocked)
		}
	}
}

func TestAPanicInDoneIsCountedAndNoOtherDoneIsLost(t *testing.T) {
	told := 0
	l := newLoop(t, Options{OnPanic: func(e *PanicError) { told++ }})
	done := 0
	for range 10 {
		queue(t, l, func() {}, func(error) {
			done++
			panic("in done")
		})
	}
	run(t, l)
	if done != 10 || told != 10 || l.Panics() != 10 {
		t.Errorf("got %d calls of done, %d panics told, %d counted; want 10 of each", done, told, l.Panics())
	}
}

func TestALoopWithWorkIsNotClosed(t *testing.T) {
	l := newLoop(t, Options{})
	gate := make(chan struct{})
	queue(t, l, func() { <-gate }, nil)
	wantErr(t, l.Close(), reactor.EBUSY)
	if !l.Alive() {
		t.Error("not alive with work that runs")
	}
	close(gate)
	run(t, l)
	wantErr(t, l.Close(), nil)
}

func TestSlowWorkDoesNotStarveQuickWork(t *testing.T) {
	for _, size := range []int{2, 3, 4, 7} {
		l := newLoop(t, Options{Pool: NewPool(size)})
		gate := make(chan struct{})
		var running atomic.Int64
		for range 2 * size {
			queueSlow(t, l, func() {
				if n := running.Add(1); n > int64(size+1)/2 {
					t.Errorf("size %d: %d slow at a time", size, n)
				}
				<-gate
				running.Add(-1)
			}, nil)
		}
		left := 100
		for range left {
			queue(t, l, func() {}, func(error) {
				if left--; left == 0 {
					close(gate)
				}
			})
		}
		run(t, l)
	}
}

// Work begins in the order it was queued, whichever lane it is in: a steady stream of quick work does not keep slow work
// from its turn.
func TestQuickWorkDoesNotStarveSlowWork(t *testing.T) {
	l := newLoop(t, Options{})
	release := stuck(t, l, 1)
	var order []string
	next := func(name string) func() { return func() { order = append(order, name) } } // one at a time
	queue(t, l, next("a"), nil)
	queueSlow(t, l, next("B"), nil)
	queueSlow(t, l, next("C"), nil)
	queue(t, l, next("d"), nil)
	queueSlow(t, l, next("E"), nil)
	queue(t, l, next("f"), nil)
	release()
	run(t, l)
	if got := strings.Join(order, ""); got != "aBCdEf" {
		t.Errorf("got %q, want the order of arrival", got)
	}
}

func TestAPoolOfOneDoesOneThingAtATime(t *testing.T) {
	l := newLoop(t, Options{Pool: NewPool(1)})
	var running atomic.Int64
	var order []int
	for i := range 200 {
		q := queue
		if i%3 == 0 {
			q = queueSlow
		}
		q(t, l, func() {
			if running.Add(1) != 1 {
				t.Error("two at a time")
			}
			order = append(order, i)
			running.Add(-1)
		}, nil)
	}
	run(t, l)
	if len(order) != 200 || !slices.IsSorted(order) {
		t.Errorf("got %v, want 200 in the order they were queued", order)
	}
}

func TestThePoolIsNeverLargerThanItsSize(t *testing.T) {
	l := newLoop(t, Options{Pool: NewPool(3)})
	var running, most atomic.Int64
	for range 300 {
		queue(t, l, func() {
			n := running.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			runtime.Gosched()
			running.Add(-1)
		}, nil)
	}
	run(t, l)
	if most.Load() > 3 {
		t.Errorf("%d at a time in a pool of 3", most.Load())
	}
}

// Several loops share a pool; each cancels some of its work while the others queue. Nothing is lost, nothing is told
// twice, and nothing cancelled runs.
func TestThousandsOfJobsFromSeveralLoops(t *testing.T) {
	const loops, each = 4, 3000
	pool := NewPool(3)
	var wg sync.WaitGroup
	for range loops {
		l := newLoop(t, Options{Pool: pool})
		wg.Go(func() {
			var worked atomic.Int64
			done, cancelled, queued := 0, 0, 0
			var more func()
			more = func() {
				var works []*Work
				for i := range 50 {
					q := queue
					if i%4 == 0 {
						q = queueSlow
					}
					works = append(works, q(t, l, func() { worked.Add(1) }, func(err error) {
						done++
						if errors.Is(err, reactor.ECANCELED) {
							cancelled++
						} else {
							wantErr(t, err, nil)
						}
					}))
				}
				for i := 1; i < len(works); i += 3 {
					_ = works[i].Cancel() // it may be too late
				}
				if queued += 50; queued < each {
					l.Post(more)
				}
			}
			l.Post(more)
			run(t, l)
			if done != each || int(worked.Load())+cancelled != each {
				t.Errorf("%d were queued: %d done, %d have run and %d were cancelled", each, done, worked.Load(), cancelled)
			}
		})
	}
	wg.Wait()
	pool.mu.Lock()
	defer pool.mu.Unlock()
	if pool.quick.first != nil || pool.waiting.first != nil {
		t.Error("something is left in the pool")
	}
}

// However long a pool is stuck, what was cancelled meanwhile takes no memory.
func TestAStuckPoolDoesNotKeepWhatWasCancelled(t *testing.T) {
	pairs := 1_000_000
	if testing.Short() || slowBuild {
		pairs /= 20
	}
	l := newLoop(t, Options{})
	release := stuck(t, l, 2)
	keep := queue(t, l, func() {}, nil) // not everything that waits was cancelled
	done := 0
	count := func(error) { done++ }
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	pass := func(n int) {
		for i := range n {
			q := queue
			if i%2 == 0 {
				q = queueSlow
			}
			wantErr(t, q(t, l, func() { t.Error("cancelled work ran") }, count).Cancel(), nil)
			if i%1000 == 999 {
				noWait(t, l)
			}
		}
	}
	pass(2000)
	before := heap()
	pass(pairs)
	if after := heap(); after > before+1<<20 {
		t.Errorf("%d pairs have grown the heap from %d to %d bytes", pairs, before, after)
	}
	if done != pairs+2000 {
		t.Errorf("got %d calls of done, want %d", done, pairs+2000)
	}
	if p := l.pool; p.quick.first != &keep.job || p.quick.last != &keep.job || p.waiting.first != nil {
		t.Error("cancelled work is still in the pool's lanes")
	}
	release()
	run(t, l)
}

func TestSimulatedWorkWakesALoopThatSleeps(t *testing.T) {
	for _, at := range []float64{0, 1} {
		w, l := newSim(t, simkernel.Options{Seed: 7, Faults: simkernel.Faults{WorkAtOnce: at, WorkDelay: 1, WorkTime: time.Second}})
		timer := l.NewTimer()
		start(t, timer, func() { t.Error("an hour has gone by") }, time.Hour, 0)
		var order string
		queueSlow(t, l, func() { order += "w" }, func(err error) {
			wantErr(t, err, nil)
			order += "d"
			timer.Close(nil)
		})
		run(t, l)
		if order != "wd" || w.Now() > time.Minute {
			t.Errorf("got %q at %v, want work and done within seconds", order, w.Now())
		}
	}
}

func BenchmarkQueueWork(b *testing.B) {
	l := newLoop(b, Options{})
	b.ReportAllocs()
	for b.Loop() {
		done := false
		queue(b, l, func() {}, func(error) { done = true })
		for !done {
			once(b, l)
		}
	}
}

func BenchmarkQueueWorkBurst(b *testing.B) {
	l := newLoop(b, Options{})
	b.ReportAllocs()
	done := 0
	count := func(error) { done++ }
	work := func() {}
	for b.Loop() {
		done = 0
		for range 100 {
			queue(b, l, work, count)
		}
		for done < 100 {
			once(b, l)
		}
	}
}
