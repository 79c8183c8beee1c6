package weirtest

import (
	"fmt"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
)

// Finish ends the World and fails the test if anything is left:
//
//  1. Peers that the test has neither closed nor stalled are closed. Then every connection has to end, within Patience. Who waits
//     for an event that never comes, and does not look whether its client is still there, is found here. What OnFinish was given is
//     called then.
//  2. The loops are shut down, as loop.Group.BeginShutdown does, and what keeps them has to end within Patience.
//  3. No handle may be left, no descriptor, no temporary file of package files, no block of memory that was to be sent, no work, and
//     nothing that was done to the kernel may have been wrong.
//
// The end of the test calls it, unless the test has failed. A second call does nothing.
func (w *World) Finish() {
	w.t.Helper()
	if w.ended || w.wild {
		return
	}
	w.ended = true
	w.sim.SetFaults(simkernel.Faults{})
	for _, p := range w.peers {
		if !p.mute {
			p.Close()
		}
	}
	if !w.until(w.o.Patience, func() bool { return w.connections(nil) == 0 }) && !w.wild {
		w.connections(func(l *loop.Loop, c *loop.Conn) {
			w.t.Errorf("weirtest: a connection is open %v after its peer has gone: %v to %v%s", w.o.Patience, c.LocalAddr(), c.RemoteAddr(), w.pendingAnswer(c))
		})
	}
	for _, check := range w.checks {
		check()
	}
	for _, a := range w.agents {
		a.CloseIdleConnections()
	}
	w.g.BeginShutdown()
	w.until(w.o.Patience, func() bool { return !w.alive() })
	for _, a := range w.agents {
		if m := a.Metrics(); m != (httpcore.AgentMetrics{
			Requests: m.Requests, Reused: m.Reused, Retried: m.Retried, Connections: m.Connections, Failed: m.Failed,
		}) {
			w.t.Errorf("weirtest: an Agent has %d connections in use, %d idle ones and %d requests that wait", m.Sockets, m.FreeSockets, m.Queued)
		}
	}
	if w.wild {
		return
	}
	w.left()
	w.close()
	for _, complaint := range w.sim.Check() {
		w.t.Errorf("weirtest: %s", complaint)
	}
}

// pendingAnswer says more of a connection whose peer is known to have gone.
func (w *World) pendingAnswer(c *loop.Conn) string {
	if n := c.WriteQueueSize(); n > 0 {
		return fmt.Sprintf("; %d bytes wait to be sent", n)
	}
	if !c.Reading() {
		return "; it is not read: somebody has stopped reading, or has not ended an answer"
	}
	return "; it is read: somebody has not ended an answer, or it has no deadline"
}

// connections counts the connections that are not closing, and calls fn with each.
func (w *World) connections(fn func(*loop.Loop, *loop.Conn)) (n int) {
	for i := range w.g.Len() {
		l := w.g.Loop(i)
		l.Walk(func(h loop.Handle) {
			if c, ok := h.(*loop.Conn); ok {
				n++
				if fn != nil {
					fn(l, c)
				}
			}
		})
	}
	return n
}

// alive reports whether anything keeps a loop.
func (w *World) alive() bool {
	for i := range w.g.Len() {
		if w.g.Loop(i).Alive() {
			return true
		}
	}
	return false
}

// left looks at what is left on loops that have ended, or should have.
func (w *World) left() {
	w.t.Helper()
	for i := range w.g.Len() {
		l := w.g.Loop(i)
		clean := true
		l.Walk(func(h loop.Handle) {
			clean = false
			w.t.Errorf("weirtest: %s is left", describe(h))
		})
		if s := l.Reactor().Metrics(); clean && s.Blocks > 0 {
			w.t.Errorf("weirtest: %d blocks of memory, of %d bytes, were not given back", s.Blocks, s.BlockBytes)
		}
		if clean && l.Alive() {
			w.t.Errorf("weirtest: something keeps the loop %v after its shutdown has begun: work, or a tick or a post that always makes another", w.o.Patience)
		}
	}
}

func describe(h loop.Handle) string {
	state := "that is not active"
	if h.Active() {
		state = "that is active"
	}
	switch x := h.(type) {
	case *loop.Timer:
		if x.Active() {
			state = fmt.Sprintf("that is due in %v", x.DueIn())
			if r := x.Repeat(); r > 0 {
				state += fmt.Sprintf(", and then every %v", r)
			}
		}
		return "a timer " + state
	case *loop.Conn:
		return fmt.Sprintf("a connection from %v to %v", x.LocalAddr(), x.RemoteAddr())
	}
	return fmt.Sprintf("a %T %s", h, state)
}

// close closes the loops, with whatever is open on them.
func (w *World) close() {
	w.ended = true
	if err := w.g.Close(); err != nil {
		w.t.Errorf("weirtest: %v", err)
	}
}
