package loop

import (
	"slices"
	"sync/atomic"
	"testing"
)

func TestTurnEndRunsAfterTheTicksAndWhileBorrowedBytesAreValid(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		var log []string
		note := func(what string) func() { return func() { log = append(log, what) } }
		l.Post(func() {
			l.AtTurnEnd(func() {
				note("end")()
				l.AtTurnEnd(note("end of the end"))
			})
			l.AtTurnEnd(note("other end"))
			l.NextTick(func() {
				note("tick")()
				l.AtTurnEnd(note("tick's end"))
			})
		})
		l.Post(note("next turn"))
		run(t, l)
		want := []string{"tick", "end", "other end", "tick's end", "end of the end", "next turn"}
		if !slices.Equal(log, want) {
			t.Errorf("got %q, want %q", log, want)
		}
	})
}

func TestTurnEndDoesNotAllocate(t *testing.T) {
	l := newLoop(t, Options{})
	fn := func() {}
	turn := func() {
		l.AtTurnEnd(fn)
		l.EndTurn()
	}
	turn()
	if got := testing.AllocsPerRun(100, turn); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func TestPanicBeforeTheTurnsEndDoesNotKeepItFromRunning(t *testing.T) {
	panics := 0
	l := newLoop(t, Options{OnPanic: func(*PanicError) { panics++ }})
	ends := 0
	l.Post(func() {
		l.AtTurnEnd(func() { ends++ })
		l.NextTick(func() { panic("planned") })
	})
	run(t, l)
	if panics != 1 || ends != 1 {
		t.Errorf("%d panics, %d ends; want 1 of each", panics, ends)
	}
}

func TestOnLoopKnowsTheGoroutineThatRuns(t *testing.T) {
	l := newLoop(t, Options{})
	if l.OnLoop() {
		t.Error("true of a loop that does not run")
	}
	var inside, outside atomic.Bool
	ask := func() {
		inside.Store(l.OnLoop())
		other := make(chan bool)
		go func() { other <- l.OnLoop() }()
		outside.Store(<-other)
	}
	for name, step := range map[string]func(){"Run": func() { run(t, l) }, "RunOnce": func() { once(t, l) }} {
		inside.Store(false)
		l.Post(ask)
		step()
		if !inside.Load() || outside.Load() {
			t.Errorf("%s: on its goroutine %v, on another %v", name, inside.Load(), outside.Load())
		}
	}
	if l.OnLoop() {
		t.Error("true after it has run")
	}
}
