package reactor

// debtor is a handle that owes callbacks of finished requests. It is in r.pending once, from the first of them on.
type debtor interface {
	// startRound takes what is owed now over into r.round, and reports whether there is anything.
	startRound() bool
	// settle runs the next callback of the round, and reports whether there was one.
	settle() bool
}

// round is one pass over the callbacks that were owed when it began. What they cause in turn waits for the next one,
// so that a callback that always writes cannot keep the loop from its other phases.
type round struct {
	left int    // handles of r.pending still to take
	of   debtor // whose requests these are
	reqs requests
}

// StartPending begins a round: RunPending works off what is owed now.
func (r *Reactor) StartPending() { r.round.left = r.pending.len() }

// RunPending runs the next callback of the round and reports whether there was one. The turn must be ended after each.
func (r *Reactor) RunPending() bool {
	for {
		if h := r.round.of; h != nil {
			if h.settle() {
				return true
			}
			r.round.of = nil
		}
		if r.round.left == 0 {
			return false
		}
		r.round.left--
		if h := r.pending.pop(); h.startRound() {
			r.round.of = h
		}
	}
}

// startRound takes over the requests that have finished. A connect comes alone: what was written since waits for the
// next round.
func (c *Conn) startRound() bool {
	c.flags &^= flagPending
	if c.life >= lifeClosing {
		return false // the closing phase completes its requests, in order
	}
	o := c.out
	if o == nil {
		return false // a half-close that a callback of the last round asked for was told in that round
	}
	if !o.ended {
		c.r.round.reqs, o.finished = o.finished, requests{}
	}
	return true
}

// settle runs the next callback of the round: of a connect, of a write, or of the half-close behind them.
func (c *Conn) settle() bool {
	r := c.r
	if r.round.reqs.head != nil {
		r.complete(c, r.round.reqs.pop())
		return true
	}
	if o := c.out; o != nil && o.ended {
		o.ended = false
		if o.finished.head != nil {
			c.owe()
		}
		r.round.of = nil
		r.own(c)
		c.connected(o.connectErr)
		return true
	}
	if o := c.out; o != nil && o.unsent.head != nil && o.unsent.head.file.tell() {
		return true
	}
	return c.completeHalfClose()
}

// ForgetWritten has the callback of the oldest write not be called that the kernel has taken all of, and whose callback
// is due. It reports false if there is none. A layer that tells by itself of what has been sent, as soon as WriteQueueSize
// says so, spares the turn in which the loop would.
func (c *Conn) ForgetWritten() bool {
	r := c.r
	r.guard.check()
	if c.life != lifeOpen {
		return false
	}
	var due *requests
	switch {
	case r.round.of == debtor(c) && r.round.reqs.head != nil:
		due = &r.round.reqs // they are older than what has finished since the round began
	case c.out != nil && c.out.finished.head != nil:
		due = &c.out.finished
	default:
		return false
	}
	if due.head.err != nil {
		return false
	}
	r.refs--
	r.pool.release(due.pop())
	c.tidy()
	return true
}

// complete runs the callback of a finished request.
func (r *Reactor) complete(c *Conn, q *request) {
	if q.left > 0 {
		c.out.size -= q.left // it failed: its bytes count as queued until its owner knows
	}
	done, err := q.done, q.err
	r.refs--
	r.pool.release(q)
	c.tidy()
	r.own(c)
	done(err)
}

// completeHalfClose runs the callback of CloseWrite, if it is owed and the writes before it have been told.
func (c *Conn) completeHalfClose() bool {
	o := c.out
	if o == nil || o.halfClose != halfFinished || o.finished.head != nil || c.life >= lifeClosing {
		return false
	}
	done, err := o.closeWrite, o.halfErr
	o.halfClose, o.closeWrite, o.halfErr = halfNone, nil, nil
	c.r.refs--
	c.tidy()
	if done == nil {
		return false
	}
	c.r.own(c)
	done(err)
	return true
}
