package loop

import (
	"context"
	"fmt"
	"sync/atomic"
)

// OnShutdown has fn called on every loop when a shutdown has stopped accepting: for the layer above to say goodbye to its
// peers, and to close what would keep a loop running. Functions run in the order they were set. It is for the time before
// Run.
func (g *Group) OnShutdown(fn func(*Loop)) {
	if fn == nil {
		panic("loop: OnShutdown with a nil function")
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hooks = append(g.hooks, fn)
}

// Shutdown ends the group gracefully: it stops accepting, after those in the accept queues have been accepted; tells
// what was set by OnShutdown, on every loop; and waits until nothing keeps the loops any more. Then it returns nil. When
// ctx is done first, everything that is still open is closed, and Shutdown returns ctx's error at once; Run returns soon
// after. Connections are reset then, and their requests and read handlers told an error that is ECANCELED. Work, look-ups
// and dials under way are not waited for, and nobody is told of their end.
//
// It may be called any number of times, before Run too, but not on a loop's goroutine, which it would hold up: there
// BeginShutdown is the one.
func (g *Group) Shutdown(ctx context.Context) error {
	g.BeginShutdown()
	select {
	case <-g.done:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-g.done: // both were so
		return nil
	default:
	}
	g.force()
	return fmt.Errorf("loop: shutdown: %w", context.Cause(ctx))
}

// BeginShutdown begins what Shutdown does and returns at once. Any goroutine may call it.
func (g *Group) BeginShutdown() {
	g.mu.Lock()
	begun := g.state >= groupDraining
	if !begun {
		g.state = groupDraining
	}
	listeners := g.listeners
	g.mu.Unlock()
	if begun {
		return
	}
	left := newCountdown(len(listeners), g.tell)
	for _, gl := range listeners {
		gl.Close(left.one)
	}
}

// tell tells the layer above, and lets the loops end. A connection that was handed over is in its loop's mailbox before
// this.
func (g *Group) tell() {
	if g.forced.Load() {
		return // some may have been closed
	}
	for _, m := range g.members {
		for _, fn := range g.hooks {
			_ = m.l.Post(func() { fn(m.l) }) // of a loop that is closed: then the group has been forced to end
		}
		_ = m.l.Post(m.release)
	}
}

// force closes whatever is open and has the loops end. Connections that are being handed over are reset.
func (g *Group) force() {
	if g.forced.Swap(true) {
		return
	}
	g.mu.Lock()
	g.state = max(g.state, groupDraining)
	g.mu.Unlock()
	for _, m := range g.members {
		_ = m.l.Post(func() {
			m.closeAll()
			m.l.Stop() // whatever still keeps it, work for instance
		})
	}
}

// countdown calls a function when n things have happened, on any goroutines.
type countdown struct {
	left atomic.Int64
	fn   func()
}

func newCountdown(n int, fn func()) *countdown {
	c := &countdown{fn: fn}
	c.left.Store(int64(n) + 1)
	c.one() // so that with nothing to wait for it is called too
	return c
}

func (c *countdown) one() {
	if c.left.Add(-1) == 0 && c.fn != nil {
		c.fn()
	}
}
