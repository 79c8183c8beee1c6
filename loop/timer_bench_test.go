package loop

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// The cost of timers with many outstanding. "bare" is the heap alone, without the handles, the loop's clock and its turns
// around it: what is above it is ours to spare.

var outstanding = []int{1_000, 100_000, 1_000_000}

// farTimers starts n timers at random moments of the next hour, the same ones each time.
func farTimers(b *testing.B, l *Loop, n int, cb func()) []*Timer {
	b.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	timers := make([]*Timer, n)
	for i := range timers {
		timers[i] = l.NewTimer()
		start(b, timers[i], cb, time.Hour+time.Duration(random.Int64N(int64(time.Hour))), 0)
	}
	return timers
}

func benchmarkOutstanding(b *testing.B, run func(b *testing.B, l *Loop, n int), bare func(b *testing.B, n int)) {
	for _, n := range outstanding {
		b.Run(fmt.Sprintf("%dk", n/1000), func(b *testing.B) {
			_, l := newSimWithoutCost(b)
			run(b, l, n)
		})
		b.Run(fmt.Sprintf("bare%dk", n/1000), func(b *testing.B) { bare(b, n) })
	}
}

// bareTimers are as farTimers are, in a heap of their own.
func bareTimers(n int) (*timers, []*Timer) {
	random := rand.New(rand.NewPCG(1, 2))
	ts, all := new(timers), make([]*Timer, n)
	for i := range all {
		all[i] = &Timer{index: -1, due: time.Hour + time.Duration(random.Int64N(int64(time.Hour)))}
		ts.place(all[i])
	}
	return ts, all
}

func BenchmarkTimerStartFarAndStop(b *testing.B) {
	benchmarkOutstanding(b, func(b *testing.B, l *Loop, n int) {
		farTimers(b, l, n, func() {})
		timer, cb := l.NewTimer(), func() {}
		for b.Loop() {
			timer.Start(cb, 24*time.Hour, 0)
			timer.Stop()
		}
	}, func(b *testing.B, n int) {
		ts, _ := bareTimers(n)
		timer := &Timer{index: -1, due: 24 * time.Hour}
		for b.Loop() {
			ts.place(timer)
			ts.heap.remove(timer)
		}
	})
}

func BenchmarkTimerRearmAny(b *testing.B) {
	benchmarkOutstanding(b, func(b *testing.B, l *Loop, n int) {
		cb := func() {}
		timers := farTimers(b, l, n, cb)
		random := rand.New(rand.NewPCG(3, 4))
		for b.Loop() {
			x := random.Uint64()
			timers[x%uint64(n)].Start(cb, time.Hour+time.Duration(x>>32<<10), 0)
		}
	}, func(b *testing.B, n int) {
		ts, all := bareTimers(n)
		random := rand.New(rand.NewPCG(3, 4))
		for b.Loop() {
			x := random.Uint64()
			t := all[x%uint64(n)]
			t.due = time.Hour + time.Duration(x>>32<<10)
			ts.place(t)
		}
	})
}

func BenchmarkTimerPopAndStartAgain(b *testing.B) {
	benchmarkOutstanding(b, func(b *testing.B, l *Loop, n int) {
		timers := farTimers(b, l, n, func() {})
		random := rand.New(rand.NewPCG(3, 4))
		for _, t := range timers {
			t.cb = func() { t.Start(t.cb, time.Hour+time.Duration(random.Int64N(int64(time.Hour))), 0) }
		}
		for b.Loop() {
			l.now = l.timers.heap[0].due
			l.runTimers()
		}
	}, func(b *testing.B, n int) {
		ts, _ := bareTimers(n)
		random := rand.New(rand.NewPCG(3, 4))
		for b.Loop() {
			t := ts.heap[0].t
			ts.heap.remove(t)
			t.due += time.Hour + time.Duration(random.Int64N(int64(time.Hour)))
			ts.place(t)
		}
	})
}

func BenchmarkDeadlines(b *testing.B) {
	const n = 100_000
	_, l := newSimWithoutCost(b)
	peers := make([]peer, n)
	for i := range peers {
		peers[i].d.Init(l, &peers[i])
		peers[i].d.Start(DeadlineIdle, time.Minute)
	}
	random := rand.New(rand.NewPCG(1, 2))
	any := func() *Deadlines { return &peers[random.Uint64()%n].d }
	b.Run("touch the same", func(b *testing.B) {
		d := any()
		for b.Loop() {
			d.Touch(DeadlineIdle)
		}
	})
	b.Run("touch any", func(b *testing.B) {
		for b.Loop() {
			any().Touch(DeadlineIdle)
		}
	})
	b.Run("start and stop any", func(b *testing.B) {
		for b.Loop() {
			d := any()
			d.Start(DeadlineRead, time.Second)
			d.Stop(DeadlineRead)
		}
	})
	b.Run("pause and resume any", func(b *testing.B) {
		for b.Loop() {
			d := any()
			d.Pause(DeadlineIdle)
			d.Resume(DeadlineIdle)
		}
	})
	b.Run("the loop looks for the next", func(b *testing.B) {
		for b.Loop() {
			l.nextDeadline()
		}
	})
}
