package stream

import (
	"context"
	"io"
	"sync"
)

// gate is where another goroutine meets the loop: it asks for something, waits, and gets one answer. Who stops waiting
// leaves the answer for the next call.
type gate struct {
	s       Scheduler
	mu      sync.Mutex // held by the call that is under way
	asked   bool       // an answer is due
	away    bool       // nobody calls on the loop: it need not be asked
	answers chan answer

	state  sync.Mutex // guards what follows
	ctx    context.Context
	closed chan struct{}
	shut   bool
}

type answer struct {
	p   []byte
	err error
}

func (g *gate) init(s Scheduler) {
	g.s = s
	g.answers, g.closed = make(chan answer, 1), make(chan struct{})
	g.ctx = context.Background()
}

// onLoop reports whether the caller is the one that it would wait for.
func (g *gate) onLoop() bool { return !g.away && g.s.OnLoop() }

// setContext has calls that begin from now on end with ctx.
func (g *gate) setContext(ctx context.Context) {
	g.state.Lock()
	defer g.state.Unlock()
	g.ctx = ctx
}

// close ends calls, and reports whether it is the first to.
func (g *gate) close() bool {
	g.state.Lock()
	defer g.state.Unlock()
	if g.shut {
		return false
	}
	g.shut = true
	close(g.closed)
	return true
}

// ask has fn run on the loop, which leads to one answer.
func (g *gate) ask(fn func()) error {
	if err := g.s.Post(fn); err != nil {
		return err
	}
	g.asked = true
	return nil
}

// wait returns the answer that is due, or why it did not wait for it.
func (g *gate) wait() (answer, error) {
	g.state.Lock()
	ctx := g.ctx
	g.state.Unlock()
	select {
	case a := <-g.answers:
		g.asked = false
		return a, nil
	default:
	}
	select {
	case a := <-g.answers:
		g.asked = false
		return a, nil
	case <-g.closed:
		return answer{}, io.ErrClosedPipe
	case <-ctx.Done():
		return answer{}, context.Cause(ctx)
	}
}
