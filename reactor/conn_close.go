package reactor

// closer is a handle whose closing phase is under way.
type closer interface {
	// closeStep does the next thing and reports whether it ran a callback. The last step calls leaveClosing, before
	// the last callback.
	closeStep() bool
}

// StartClosing begins a closing phase: RunClosing works off the handles that are closing now.
func (r *Reactor) StartClosing() { r.nClosing = r.closing.len() }

// RunClosing runs the next callback of the handles that are closing and reports whether there was one. The turn must
// be ended after each.
func (r *Reactor) RunClosing() bool {
	for r.nClosing > 0 {
		if r.closing.front().closeStep() {
			return true
		}
	}
	r.own(nil) // nobody's callback has run
	return false
}

// enterClosing counts a handle that is closing: it keeps the loop until its callback has run.
func (r *Reactor) enterClosing(h closer) {
	r.closing.push(h)
	r.refs++
}

// leaveClosing is said by the handle at the front when all it owed has been told but the close itself.
func (r *Reactor) leaveClosing() {
	r.closing.pop()
	r.nClosing--
	r.refs--
}

// Close ends the connection and gives its descriptor back at once. What is queued is not sent: whoever wants that calls
// CloseWrite and closes when it is done. In the closing phase every outstanding request completes with ECANCELED, in the
// order connect, writes, half-close, and then done is called, which may be nil; after that nothing is. Only the first call
// counts. It does so on a connection that Abort has closed too: then done is all that is left to do.
//
// Closing while bytes lie unread in the kernel makes TCP send a reset, which may destroy at the peer what we sent last.
func (c *Conn) Close(done func()) {
	c.r.guard.check()
	switch {
	case c.life < lifeClosing:
		c.shut(done, nil)
	case c.flags&flagForced != 0 && !c.r.closed:
		c.flags &^= flagForced
		if c.life == lifeClosed && done != nil {
			c.reopen()
		}
		if c.out != nil {
			c.out.closed = done
		}
	}
}

// reopen has the closing phase deal once more with a connection that is closed: its owner waits to be told.
func (c *Conn) reopen() {
	c.life = lifeClosing
	c.box()
	c.r.stats.Connections++
	c.r.enterClosing(c)
}

// CloseReset is Close with a reset instead of an orderly end: the peer reads ECONNRESET. It returns EINVAL once
// CloseWrite was called and ErrClosed after Close; done is not called then.
func (c *Conn) CloseReset(done func()) error {
	c.r.guard.check()
	if c.life >= lifeClosing {
		return c.fail("close reset", ErrClosed)
	}
	if c.flags&flagWriteClosed != 0 {
		return c.fail("close reset", EINVAL)
	}
	c.flags |= flagReset
	c.shut(done, nil)
	return nil
}

// Abort resets c without its owner: because a callback that belonged to it panicked, or because everything is to end now.
// Its requests complete with why, and so does its handler, if it ever had one, whether it was reading or not; what that
// asks of Close is still done.
func (r *Reactor) Abort(c *Conn, why error) {
	if c.life < lifeClosing {
		c.flags |= flagReset | flagAborted | flagForced
		c.shut(nil, why)
	}
}

// gone is why nothing more can be asked of a connection that is closed. If it was aborted, and its owner does not know yet, that
// is the reason that outstanding requests complete with.
func (c *Conn) gone() error {
	if c.flags&flagForced != 0 && c.out != nil {
		return c.out.closeErr
	}
	return ErrClosed
}

// shut is the step all ways of closing share. why is what outstanding requests complete with; nil means ECANCELED.
func (c *Conn) shut(done func(), why error) {
	r, o := c.r, c.box()
	c.setReading(false)
	if why == nil {
		why = ECANCELED
	}
	o.closed, o.closeErr = done, why
	if o.unsent.head != nil {
		c.dropUnsent(c.fail("write", why))
	}
	fd := int(c.fd)
	if c.flags&flagShared == 0 {
		c.armed = Unarmed // nobody else has the socket, so closing it takes it out of the poller
	}
	c.forget()
	if fd >= 0 { // a connect that failed at once never had one
		if c.flags&flagReset != 0 && !c.unix() {
			r.k.SetOption(fd, OptReset, 1) // if it fails the end is merely orderly
		}
		r.k.Close(fd)
		r.descriptorFreed()
	}
	c.life = lifeClosing
	r.enterClosing(c)
}

func (c *Conn) closeStep() bool {
	r, o := c.r, c.out
	r.own(c)
	switch {
	case o.connect != nil:
		done := o.connect
		o.connect = nil
		r.refs--
		done(c.fail("connect", o.closeErr))
		return true
	case o.finished.head != nil:
		r.complete(c, o.finished.pop())
		return true
	case o.halfClose != halfNone:
		done, err := o.closeWrite, o.halfErr
		if o.halfClose == halfAsked {
			err = c.fail("close write", o.closeErr)
		}
		o.halfClose, o.closeWrite = halfNone, nil
		r.refs--
		if done == nil {
			return false
		}
		done(err)
		return true
	case c.flags&flagAborted != 0:
		c.flags &^= flagAborted
		if c.handler == nil {
			return false
		}
		c.handler.OnRead(nil, c.fail("read", o.closeErr))
		return true
	}
	done := o.closed
	c.life = lifeClosed
	c.out, c.handler = nil, nil
	if r.stats.Connections--; r.stats.Connections == 0 {
		r.closeIdleTubes() // whoever comes next makes one again
	}
	r.pool.releaseOutbox(o)
	r.leaveClosing()
	if done == nil {
		return false
	}
	done()
	return true
}
