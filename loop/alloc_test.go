//go:build !weirdebug

package loop

import "testing"

// The checks of weirdebug allocate, so these are for the build that is shipped.

func TestPostDoesNotAllocate(t *testing.T) {
	l := newLoop(t, Options{})
	calls := 0
	fn := func() { calls++ }
	burst := func() {
		for range 10 {
			l.Post(fn)
		}
		l.RunNoWait()
	}
	burst()
	burst()
	if got := testing.AllocsPerRun(100, burst); got != 0 {
		t.Errorf("got %v allocations for 10 posts, want 0", got)
	}
}

func TestTurnDoesNotAllocate(t *testing.T) {
	l := newLoop(t, Options{})
	timer := l.NewTimer()
	calls := 0
	count := func() { calls++ }
	idle, prepare, check := l.NewIdle(), l.NewPrepare(), l.NewCheck()
	iteration := func() {
		for _, err := range []error{
			timer.Start(func() { l.NextTick(count) }, 0, 0), idle.Start(count), prepare.Start(count), check.Start(count),
		} {
			if err != nil {
				t.Error(err)
			}
		}
		l.NextTick(count)
		l.RunNoWait()
		idle.Stop()
		prepare.Stop()
		check.Stop()
	}
	iteration()
	if got := testing.AllocsPerRun(100, iteration); got > 1 { // the closure that the test itself makes
		t.Errorf("got %v allocations in an iteration, want at most the test's own", got)
	}
}
