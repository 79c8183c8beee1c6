package reactor

import "io"

// ReadStart asks for what arrives to be given to h, from a later turn on. Called again while reading it only changes
// the handler. After the end of input or an error it reports that again (the end may have become an error since), so
// nothing is ever mistaken for a clean end. It returns ErrClosed after Close, after Abort its reason until that
// has been told, and ENOTCONN before the connection is made.
//
// Starting and stopping are edits of the interest set: a pair inside one iteration makes no system call, nor does any
// number of them while the peer is silent.
func (c *Conn) ReadStart(h ReadHandler) error {
	c.r.guard.check()
	if h == nil {
		panic("reactor: ReadStart with a nil handler")
	}
	switch c.life {
	case lifeOpen:
		c.handler = h
		_, tell := h.(HangUpHandler)
		c.mark(markTell, tell)
		c.setReading(true)
		return nil
	case lifeConnecting, lifeFailed:
		return c.fail("read", ENOTCONN)
	case lifeClosing, lifeClosed:
	}
	return c.fail("read", c.gone())
}

// ReadStop stops reading at once: not even bytes that lie in the kernel are delivered until ReadStart. The socket's
// own window then stops the peer. It may be called at any time, as often as one likes.
func (c *Conn) ReadStop() {
	c.r.guard.check()
	if c.life < lifeClosing {
		c.setReading(false)
	}
}

// Reading reports whether ReadStart was called, and neither ReadStop nor the end of input since.
func (c *Conn) Reading() bool { return c.want&WantRead != 0 }

// step does the next thing an event asks for: see source.
func (c *Conn) step(ev *Event) bool {
	c.r.own(c)
	if ev.Err != 0 {
		return c.changeFailed(ev)
	}
	if c.life == lifeConnecting {
		ev.Ready = 0 // what else is ready will be reported again
		return c.finishConnect()
	}
	// Hang-ups and ends are hints to go on reading, to the last byte and then to the 0 or the errno.
	for ev.Ready&(CanRead|Ended|HungUp) != 0 && c.want&WantRead != 0 && c.r.reads < readBudget {
		if c.read(ev) {
			return true
		}
	}
	if ev.Ready&(CanWrite|HungUp) != 0 && c.want&WantWrite != 0 {
		ev.Ready &^= CanWrite
		c.send()
	}
	if c.want&WantRead == 0 && ev.Ready&(CanRead|Ended|HungUp) != 0 {
		return c.unwanted(ev)
	}
	return false
}

// read reads once and delivers it. It reports whether a callback ran, and clears in ev what need not be tried again.
func (c *Conn) read(ev *Event) bool {
	const hints = CanRead | Ended | HungUp
	r := c.r
	if c.flags&flagBulk != 0 {
		if c.splice(ev) {
			return true
		}
		if c.want&WantRead == 0 {
			return false
		}
	}
	buf := r.buf
	n, errno := r.k.Read(int(c.fd), buf)
	r.stats.Reads++
	switch {
	case errno == 0 && n > 0:
		r.reads += n
		r.stats.BytesRead += uint64(n)
		r.filled = max(r.filled, n)
		if n < len(buf) && ev.Ready&(Ended|HungUp) == 0 {
			ev.Ready &^= hints // a short read has emptied the socket; if not, it is reported again
		}
		c.expect(n == len(buf))
		c.handler.OnRead(buf[:n:n], nil)
		return true
	case errno == 0:
		ev.Ready &^= hints
		c.endReading(0)
		return true
	case errno == EINTR:
		return false // at once again
	case errno == EAGAIN:
		ev.Ready &^= hints
		return false
	}
	ev.Ready &^= hints
	c.endReading(errno)
	return true
}

// unwanted handles readiness that nobody reads. The kernel is told to be silent, and a handler that wishes to know is
// told that the peer is gone.
func (c *Conn) unwanted(ev *Event) bool {
	hungUp := ev.Ready&HungUp != 0
	ev.Ready = 0
	c.squelch()
	if !hungUp || c.flags&flagHangUpTold != 0 || c.life != lifeOpen {
		return false
	}
	c.flags |= flagHangUpTold
	h, ok := c.handler.(HangUpHandler)
	if ok {
		h.OnHangUp()
	}
	return ok
}

// endReading delivers how reading ended: errno, or the end of input if it is 0. An error is kept: the kernel tells it
// once and then says end of input, or a write took it, and what was cut off must never look complete.
func (c *Conn) endReading(errno Errno) {
	if c.readErr == 0 {
		c.readErr = uint8(errno)
	}
	err := io.EOF
	if c.readErr != 0 {
		err = c.fail("read", Errno(c.readErr))
		c.flags |= flagHangUpTold // in other words
	}
	c.setReading(false)
	c.handler.OnRead(nil, err)
}

// changeFailed ends what was wanted: the kernel will not watch this descriptor, for want of memory as a rule. Reading may
// be started again, so the error is not kept.
func (c *Conn) changeFailed(ev *Event) bool {
	errno := ev.Err
	*ev = Event{}
	c.remove() // of several changes some may have succeeded
	if c.life == lifeConnecting {
		c.connected(c.fail("connect", errno))
		return true
	}
	if c.want&WantWrite != 0 {
		c.sendErr = uint8(errno) // some of what was queued is lost: nothing may follow it
		c.failWrites(errno)
		c.tidy()
	}
	if c.want&WantRead == 0 {
		return false
	}
	c.setReading(false)
	c.handler.OnRead(nil, c.fail("read", errno))
	return true
}
