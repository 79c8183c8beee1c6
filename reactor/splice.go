package reactor

import "syscall"

// SpliceHandler is the optional part of a ReadHandler that passes what it reads on, as it is, to another connection of
// the same reactor. When much comes at a time such bytes need not be handed over: the kernel moves them, and only their
// number is told. It is an alias of the literal, as ReadHandler is.
//
// SpliceTo is asked before each read that might be one of many bytes. It returns the *Conn that the next bytes go to, all of
// them and nobody else gets any; how many at most, if what comes behind them may be for somebody else, or math.MaxInt; and
// what is called when they have been sent or have failed, as the done of a write is, or nil. With no *Conn, or a most of 0,
// they are given to OnRead as usual. SpliceTo may call ReadStop, and nothing is read then. It changes nothing else.
//
// OnSplice is told that n bytes were read, and queued at that connection, behind what had been: they count in its
// WriteQueueSize, as if OnRead had been given them and had called Write. It is OnRead of bytes that are not shown, at most
// 256 KiB, in a turn of its own; end of input and errors are always OnRead's.
//
// Nothing is promised: few bytes at a time are cheaper to copy, a system may have no splice(2), and its pipes are
// limited. Then everything comes to OnRead.
type SpliceHandler = interface {
	OnRead(p []byte, err error)
	SpliceTo() (to any, most int, done func(error))
	OnSplice(n int)
}

// spliceLeast is how many bytes a splice must move for the next read to be one too. It is two system calls instead of
// one copy each way, and they pass a pipe.
const spliceLeast = 32 << 10

// expect is told whether an ordinary read has filled the buffer. Then the next one may as well be large.
func (c *Conn) expect(more bool) {
	c.flags &^= flagBulk
	if !more || c.r.tubes.off {
		return
	}
	if _, ok := c.handler.(SpliceHandler); ok {
		c.flags |= flagBulk
	}
}

// splice reads into the tube of the connection that the bytes go to, if there is one. It reports whether a callback ran;
// if not, whoever still wants to read does so in the ordinary way.
//
// Only bytes that moved, and an errno that the socket tells once, are believed. A full pipe is EAGAIN too, and a byte
// that was sent as urgent is an EAGAIN or even a 0, for ever: Read passes it.
func (c *Conn) splice(ev *Event) bool {
	r := c.r
	h, ok := c.handler.(SpliceHandler)
	if !ok {
		return false // it is another one since
	}
	to, most, done := h.SpliceTo()
	d, ok := to.(*Conn)
	if !ok || most <= 0 || c.want&WantRead == 0 || !d.takesSplice(r) {
		return false
	}
	t := d.tube()
	if t == nil {
		return false
	}
	room := min(tubeSize-t.held, most)
	n, errno := r.k.Splice(int(c.fd), t.w, room)
	r.stats.Reads++
	if errno == 0 && n > 0 {
		c.spliced(ev, n, n < room)
		d.load(t, n, done)
		h.OnSplice(n)
		return true
	}
	if t.held == 0 {
		r.giveTube(t)
	}
	if errno == 0 || errno == EAGAIN || errno == EINTR || noSplice(errno) {
		return false
	}
	ev.Ready &^= CanRead | Ended | HungUp
	c.endReading(errno)
	return true
}

// noSplice reports whether errno says no more than that these bytes have to be copied.
func noSplice(errno Errno) bool {
	switch errno {
	case EINVAL, EPERM, ENOMEM, EOPNOTSUPP, syscall.ENOSYS:
		return true
	}
	return false
}

// spliced counts n bytes that were read.
func (c *Conn) spliced(ev *Event, n int, short bool) {
	r := c.r
	r.reads += n
	r.stats.BytesRead += uint64(n)
	r.stats.BytesSpliced += uint64(n)
	if n < spliceLeast {
		c.flags &^= flagBulk
	}
	if short && ev.Ready&(Ended|HungUp) == 0 {
		ev.Ready &^= CanRead // the socket is empty, or the pipe is full of small packets; what is left is reported again
	}
}

// takesSplice reports whether bytes that r has read may be put into c's queue.
func (c *Conn) takesSplice(r *Reactor) bool {
	return c.r == r && c.life == lifeOpen && c.flags&flagWriteClosed == 0 && c.sendErr == 0
}

// tube returns the tube that c's queue has, or an empty one that is not its own yet; nil if there is none with room.
func (c *Conn) tube() *tube {
	if c.out == nil || c.out.tube == nil {
		return c.r.takeTube()
	}
	if t := c.out.tube; t.held < tubeSize {
		return t
	}
	return nil
}

// load queues the n bytes that t has been given.
func (c *Conn) load(t *tube, n int, done func(error)) {
	c.box().tube = t
	t.held += n
	q := c.r.pool.request()
	q.tube, q.left, q.done = t, n, done
	c.enqueue(q)
}

// sendTube is sendOnce when what stands at the head of the queue lies in the tube.
func (c *Conn) sendTube() (asked, n int, errno Errno) {
	first := c.out.unsent.head
	for q := first; q != nil && q.tube != nil && asked < sendLimit; q = q.next {
		asked += q.left
	}
	asked = min(asked, sendLimit)
	n, errno = c.r.k.Splice(first.tube.r, int(c.fd), asked)
	switch {
	case errno == 0 && n == 0:
		return asked, 0, syscall.EIO // it has asked bytes at least
	case noSplice(errno) && c.unload():
		return asked, 0, EINTR // what was in it is sent like everything else
	}
	return asked, n, errno
}

// unload reads back what the tube holds, into blocks of the requests that it is for, and reports whether that went well.
func (c *Conn) unload() bool {
	r, o := c.r, c.out
	for q := o.unsent.head; q != nil; q = q.next {
		if q.tube == nil {
			continue
		}
		block := r.pool.block(q.left)
		if !r.readTube(q.tube, block) {
			r.pool.releaseBlock(block)
			return false
		}
		q.tube, q.block = nil, block
		q.store = append(q.store[:0], block)
		q.bufs = q.store
	}
	c.emptied()
	return true
}

// readTube fills p from t.
func (r *Reactor) readTube(t *tube, p []byte) bool {
	for len(p) > 0 {
		n, errno := r.k.ReadPipe(t.r, p)
		if errno != 0 && errno != EINTR || errno == 0 && n == 0 {
			return false
		}
		t.held -= n
		p = p[n:]
	}
	return true
}

// emptied gives the tube back if there is nothing in it any more.
func (c *Conn) emptied() {
	if t := c.out.tube; t != nil && t.held == 0 {
		c.out.tube = nil
		c.r.giveTube(t)
	}
}
