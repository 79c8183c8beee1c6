//go:build !weirdebug && (linux || darwin || freebsd || openbsd || netbsd)

package loop

import (
	"syscall"
	"testing"

	"github.com/weir-go/weir/reactor"
)

func TestPollDoesNotAllocate(t *testing.T) {
	l := newLoop(t, Options{})
	read, write := pipe(t)
	defer syscall.Close(read)
	defer syscall.Close(write)
	p := newPoll(t, l, write)
	calls := 0
	cb := func(reactor.Readiness, error) { calls++ }
	iteration := func() {
		if err := p.Start(reactor.WantWrite, cb); err != nil {
			t.Error(err)
		}
		l.RunNoWait()
		p.Stop()
	}
	iteration()
	if got := testing.AllocsPerRun(100, iteration); got != 0 || calls < 100 {
		t.Errorf("got %v allocations in %d calls, want none", got, calls)
	}
}
