package simkernel_test

import (
	"errors"

	"github.com/weir-go/weir/reactor"
)

// echo sends p back, in one of the ways there are.
func (a *actor) echo(p []byte) {
	s := a.s
	switch s.r.IntN(4) {
	case 0:
		a.writeBorrowed(p)
	case 1:
		a.write(s.lend(p))
	case 2: // in pieces, as several requests
		for len(p) > 0 && !a.closing {
			n := 1 + s.r.IntN(len(p))
			if s.chance(0.5) {
				a.writeBorrowed(p[:n])
			} else {
				a.write(s.lend(p[:n]))
			}
			p = p[n:]
		}
	case 3:
		n := a.tryWrite(p)
		if n < len(p) {
			a.writeBorrowed(p[n:])
		}
	}
	if !a.closing && a.c.WriteQueueSize() > a.mark {
		s.call(a.c.ReadStop)
		a.stopped = true
		if size, most := a.c.WriteQueueSize(), a.mark+s.readBuffer; size > most {
			s.fail("actor %d: %d bytes are queued, more than %d", a.end.id, size, most)
		}
	}
}

// produce sends the actor's own stream until its queue is full.
func (a *actor) produce() {
	s := a.s
	if a.role != roleSource || a.half > 0 {
		return
	}
	for a.toSend > 0 && !a.closing && !a.broken && a.c.WriteQueueSize() <= a.mark {
		most := 8192
		if s.chance(0.02) {
			most = 200_000 // more than a turn gathers
		}
		b := s.block(min(a.toSend, 1+s.r.IntN(most)))
		a.end.fill(b, a.end.submitted)
		a.toSend -= len(b)
		switch s.r.IntN(3) {
		case 0:
			a.writeBorrowed(b)
			s.borrowed = append(s.borrowed, b)
		case 1:
			n := a.tryWrite(b)
			if n < len(b) && !a.broken {
				a.write([][]byte{b[n:]}, b)
			}
		default:
			at := s.r.IntN(len(b) + 1)
			a.write([][]byte{b[:at], b[at:]}, b)
		}
	}
	if a.toSend == 0 && !a.closing && a.connected == a.connects {
		a.over(true)
	}
}

// refused judges an error of a write call.
func (a *actor) refused(err error) {
	a.broken = true
	if a.half > 0 && errors.Is(err, reactor.EPIPE) || a.connects > 0 && errors.Is(err, reactor.ENOTCONN) {
		return
	}
	if errors.Is(err, reactor.ENOMEM) {
		return // what was queued failed when the kernel would not watch the connection: nothing may follow it
	}
	a.s.fail("actor %d: a write is refused: %v", a.end.id, err)
}

func (a *actor) write(bufs [][]byte, lent []byte) {
	n := 0
	for _, b := range bufs {
		n += len(b)
	}
	var err error
	var done func(error)
	quiet := a.role == roleEcho && a.s.chance(0.1)
	if !quiet {
		done = a.expect(n, lent)
	} else if lent != nil {
		bufs = [][]byte{append([]byte(nil), lent...), nil} // nobody will tell when it may be used again
		a.s.free(lent)
	}
	a.s.call(func() { err = a.c.Write(bufs, done) })
	a.accepted(n, err, quiet)
}

func (a *actor) writeBorrowed(p []byte) {
	var err error
	done := a.expect(len(p), nil)
	a.s.call(func() { err = a.c.WriteBorrowed(p, done) })
	a.accepted(len(p), err, false)
}

func (a *actor) accepted(n int, err error, quiet bool) {
	if err != nil {
		a.refused(err)
		return
	}
	if !quiet {
		a.asked++
	}
	a.end.submitted += n
}

func (a *actor) tryWrite(p []byte) int {
	var n int
	var err error
	a.s.call(func() { n, err = a.c.TryWrite(p) })
	switch {
	case err == nil:
	case errors.Is(err, reactor.EAGAIN):
	case errors.Is(err, reactor.EPIPE), errors.Is(err, reactor.ECONNRESET):
		a.broken = true
	default:
		a.refused(err)
	}
	a.end.submitted += n
	a.end.acked += n
	return n
}

// expect makes the callback of the next write: called once, in order.
func (a *actor) expect(n int, lent []byte) func(error) {
	number := a.asked
	return func(err error) {
		a.enter("a write's callback")
		s := a.s
		if number != a.told {
			s.fail("actor %d: write %d completes, but %d have", a.end.id, number, a.told)
		}
		a.told++
		if lent != nil {
			s.free(lent)
		}
		if err == nil {
			if a.failed {
				s.fail("actor %d: a write succeeds after one has failed", a.end.id)
			}
			a.end.acked += n
		} else {
			a.broken, a.failed = true, true
			if errors.Is(err, reactor.ECANCELED) && !a.closing {
				s.fail("actor %d: a write is cancelled without Close", a.end.id)
			}
		}
		if a.closing {
			return
		}
		if a.stopped && a.c.WriteQueueSize() <= a.mark/2 && !a.ended {
			a.readStart()
		}
		if a.broken {
			s.maybeLater(a.close)
			return
		}
		a.produce()
		if s.chance(0.01) {
			a.close()
		}
		a.maybePanic()
	}
}
