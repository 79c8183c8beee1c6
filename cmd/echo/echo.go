package main

import (
	"io"

	"github.com/weir-go/weir/reactor"
)

// echo sends a connection's bytes back.
type echo struct {
	c *reactor.Conn
	p *part
	// quiet: nothing was read since the drain looked last.
	quiet bool
}

func (p *part) accept(c *reactor.Conn) {
	c.ReadStart(&echo{c: c, p: p}) // it is open: nothing can fail
}

// OnRead writes what was read. If the kernel has not taken the last turn's bytes yet, the peer is slow to read: then it
// is read from again only when it has caught up. So a connection keeps at most two reads' bytes.
func (e *echo) OnRead(p []byte, err error) {
	e.p.reads++
	switch {
	case err == io.EOF:
		e.end()
	case err != nil:
		e.c.Close(nil)
	case e.c.WriteQueueSize() > 0:
		e.c.ReadStop()
		e.write(p, e.resume)
	default:
		e.write(p, nil)
	}
}

func (e *echo) write(p []byte, done func(error)) {
	e.quiet = false
	if e.c.WriteBorrowed(p, done) != nil && done != nil {
		e.resume(nil) // we have ended our output while draining: what still comes is thrown away
	}
}

func (e *echo) resume(err error) {
	if err != nil {
		e.c.Close(nil)
		return
	}
	e.quiet = false  // it was we who did not read
	e.c.ReadStart(e) // unless it was closed: then there is nothing to read
}

// OnHangUp says that the peer has gone while it was not read from: nobody waits for the rest.
func (e *echo) OnHangUp() { e.c.Close(nil) }

// end sends what is left, then our end, then closes.
func (e *echo) end() {
	if e.c.CloseWrite(func(error) { e.c.Close(nil) }) != nil {
		e.c.Close(nil) // ours was sent before theirs came
	}
}
