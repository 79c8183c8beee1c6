package main

import (
	"time"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

const (
	drainLook    = 50 * time.Millisecond // how often to look; and a connection silent for so long is ended
	drainPatient = 2 * time.Second       // from then on every connection is ended, silent or not
	drainMost    = 5 * time.Second       // and then the group closes whoever has not closed by then
)

// drain ends what this loop serves, once nobody is accepted any more: what has been received is still sent back, and each
// connection is ended when it falls silent.
func (p *part) drain() {
	began := p.l.Now()
	look := p.l.NewTimer()
	look.Unref() // the connections keep the loop, not the looking
	look.Start(func() { p.look(p.l.Now() - began) }, drainLook, drainLook)
}

func (p *part) look(since time.Duration) {
	// While anybody is read from, others may wait for their turn, with bytes that have been received.
	calm := p.reads == p.seen
	p.seen = p.reads
	p.l.Walk(func(h loop.Handle) {
		c, ok := h.(*reactor.Conn)
		if !ok {
			return
		}
		e := c.Handler().(*echo)
		if calm && e.quiet && c.WriteQueueSize() == 0 || since >= drainPatient {
			c.CloseWrite(nil) // the second time it says so, and nothing happens
		}
		e.quiet = true
	})
}
