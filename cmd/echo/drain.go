package main

import (
	"time"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
)

const (
	drainLook    = 50 * time.Millisecond // how often to look; and a connection silent for so long is ended
	drainPatient = 2 * time.Second       // from then on every connection is ended, silent or not
	drainMost    = 5 * time.Second       // and then the group closes whoever has not closed by then
)

// mark is what the drain saw of a connection when it looked last: how much it had read, and that there was no more the
// time before.
type mark struct {
	read   uint64
	silent bool
}

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
	reads := p.l.Reactor().Metrics().Reads
	calm := reads == p.reads
	p.reads = reads
	if p.marks == nil {
		p.marks = map[*stream.Socket]mark{}
	}
	p.l.Walk(func(h loop.Handle) {
		c, ok := h.(*reactor.Conn)
		if !ok {
			return
		}
		handler, ok := c.Handler().(interface{ Socket() *stream.Socket })
		if !ok {
			return
		}
		s := handler.Socket()
		last := p.marks[s]
		// A peer that does not take what we send is not read from: it is not silent.
		silent := s.BytesRead() == last.read && s.WritableLength() == 0
		if calm && silent && last.silent || since >= drainPatient {
			end(s) // the second time it says so, and nothing happens
		}
		p.marks[s] = mark{s.BytesRead(), silent}
	})
}

// end throws away what still comes, and ends what we send.
func end(s *stream.Socket) {
	s.Unpipe(s)
	s.Resume()
	s.End()
}
