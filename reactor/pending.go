package reactor

// round is one pass over the callbacks that were owed when it began. What they cause in turn waits for the next one,
// so that a callback that always writes cannot keep the loop from its other phases.
type round struct {
	left int   // connections of r.pending still to take
	conn *Conn // whose requests these are
	reqs requests
}

// StartPending begins a round: RunPending works off what is owed now.
func (r *Reactor) StartPending() { r.round.left = r.pending.len() }

// RunPending runs the next callback of the round and reports whether there was one. The turn must be ended after each.
func (r *Reactor) RunPending() bool {
	for {
		if c := r.round.conn; c != nil {
			if r.round.reqs.head != nil {
				r.complete(c, r.round.reqs.pop())
				return true
			}
			r.round.conn = nil
			if c.completeHalfClose() {
				return true
			}
		}
		if r.round.left == 0 {
			return false
		}
		r.round.left--
		c := r.pending.pop()
		c.flags &^= flagPending
		if c.life >= lifeClosing {
			continue // the closing phase completes its requests, in order
		}
		if c.out == nil {
			continue // a half-close that a callback of the last round asked for was told in that round
		}
		if o := c.out; o.ended {
			o.ended = false
			if o.finished.head != nil {
				c.owe()
			}
			r.owner = c
			c.connected(o.connectErr)
			return true
		}
		r.round.conn = c
		r.round.reqs, c.out.finished = c.out.finished, requests{}
	}
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
	r.owner = c
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
	c.r.owner = c
	done(err)
	return true
}
