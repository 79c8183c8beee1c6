package reactor

const (
	// gatherLimit is how much a turn gathers before it goes out at once, instead of at the turn's end.
	gatherLimit = 64 << 10
	// sendLimit is the most bytes of one system call: a raw call keeps its processor, so it must stay short.
	sendLimit = 256 << 10
	// sendCalls is the most system calls of one connection at a time, before the others have their turn.
	sendCalls = 4
)

// Write queues bufs. They are lent: the connection reads them until it calls done, and does not change them; the slice
// that holds them may be used again at once. What a turn has queued leaves together when the turn ends, in one system
// call if the kernel takes it; beyond 64 KiB it begins to leave at once. done is called when the kernel has taken all
// of it, with nil, or with the reason why it did not: the peer's reset, ECANCELED after Close. done may be nil.
//
// An error from Write itself means that nothing was queued and done will not be called: ErrClosed after Close, EPIPE
// after CloseWrite, EINVAL without buffers. Before the connection is made, Write queues.
func (c *Conn) Write(bufs [][]byte, done func(error)) error {
	if err := c.mayWrite(); err != nil {
		return err
	}
	if len(bufs) == 0 {
		return c.fail("write", EINVAL)
	}
	q := c.r.pool.request()
	q.store = append(q.store[:0], bufs...)
	q.bufs = q.store
	for _, b := range bufs {
		q.left += len(b)
	}
	q.done = done
	c.enqueue(q)
	return nil
}

// WriteBorrowed is Write of bytes that are valid only until the turn ends, such as those OnRead was given. What the
// kernel has not taken by then is sealed: copied, once, into blocks that the connection owns until they are sent.
func (c *Conn) WriteBorrowed(p []byte, done func(error)) error {
	if err := c.mayWrite(); err != nil {
		return err
	}
	q := c.r.pool.request()
	q.store = append(q.store[:0], p)
	q.bufs = q.store
	q.left = len(p)
	q.borrowed = true
	q.done = done
	c.enqueue(q)
	return nil
}

// TryWrite writes what the kernel takes now, at most 256 KiB, and returns how much that is. It queues nothing: EAGAIN
// means not now, because the kernel is full, bytes are queued already, or the connection is still being made.
func (c *Conn) TryWrite(p []byte) (int, error) {
	if err := c.mayWrite(); err != nil {
		return 0, err
	}
	if c.life != lifeOpen || c.out != nil && c.out.unsent.head != nil {
		return 0, c.fail("write", EAGAIN)
	}
	if c.sendErr != 0 {
		return 0, c.fail("write", Errno(c.sendErr)) // what was queued is lost: nothing may follow it
	}
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, errno := c.r.k.Write(int(c.fd), p[:min(len(p), sendLimit)])
		c.r.countWrite(n)
		switch errno {
		case 0:
			return n, nil
		case EINTR:
			continue
		case EAGAIN, ENOBUFS:
			return 0, c.fail("write", EAGAIN)
		}
		c.noteSendError(errno)
		return 0, c.fail("write", errno)
	}
}

// WriteQueueSize is the number of bytes accepted by Write that the kernel has not taken, or whose failure has not been
// told to done yet.
func (c *Conn) WriteQueueSize() int {
	if c.out == nil {
		return 0
	}
	return c.out.size
}

// KernelQueueSize is the number of bytes that the kernel has taken from us and still keeps: what netstat calls Send-Q. They
// have not reached the peer's kernel yet, or it has not said so. A kernel that is full asks for more only when a third of a
// buffer that may be megabytes has left it; this tells earlier that the peer reads, though slowly. It is a system call, so
// it is for now and then.
//
// What the peer's kernel holds for a peer that does not read is not counted. On Linux a Unix socket's bytes stay in it until
// they are read, and count as the memory that they lie in, which is more; behind CloseWrite the end counts as a byte until it
// is acknowledged. Of a connection that is broken, or was never made, the number means nothing.
//
// It returns ErrClosed after Close, ENOTCONN when the connect has failed at once, and EOPNOTSUPP where it can't be known: on OpenBSD,
// and of a Unix socket on all systems but Linux, where written bytes lie at the reader's end.
func (c *Conn) KernelQueueSize() (int, error) {
	const op = "kernel queue size"
	c.r.guard.check()
	if c.life >= lifeClosing {
		return 0, c.fail(op, ErrClosed)
	}
	if c.fd < 0 {
		return 0, c.fail(op, ENOTCONN)
	}
	n, errno := c.r.k.SendQueue(int(c.fd))
	if errno != 0 {
		return 0, c.fail(op, errno)
	}
	return n, nil
}

// mayWrite returns why nothing can be queued, if so.
func (c *Conn) mayWrite() error {
	c.r.guard.check()
	switch c.life {
	case lifeConnecting, lifeOpen:
		if c.flags&flagWriteClosed != 0 {
			return c.fail("write", EPIPE)
		}
		return nil
	case lifeFailed:
		return c.fail("write", ENOTCONN)
	case lifeClosing, lifeClosed:
	}
	return c.fail("write", c.gone())
}

// enqueue puts q behind what is already there. It leaves with the turn, or at once if much has been gathered.
func (c *Conn) enqueue(q *request) {
	o := c.box()
	o.size += q.left
	o.unsent.push(q)
	if o.fresh == nil {
		o.fresh = q
	}
	c.r.refs++
	if c.sendErr != 0 {
		c.failWrites(Errno(c.sendErr))
		c.tidy()
		return
	}
	c.flushLater()
	if o.size > gatherLimit && c.life == lifeOpen && c.want&WantWrite == 0 {
		c.send()
	}
}

// flushLater has the turn's end look at this connection.
func (c *Conn) flushLater() {
	if c.flags&flagFlushing == 0 {
		c.flags |= flagFlushing
		c.r.flushing = append(c.r.flushing, c)
	}
}

// flusher is a handle that has queued something in this turn.
type flusher interface {
	// flush sends what is queued, if the kernel takes it. It calls no callbacks.
	flush()
	// seal copies what is still borrowed.
	seal()
}

// Flush sends what the turn has queued so far. The loop calls it when a turn ends, before and after the ticks, until
// neither adds anything; it calls no callbacks. It reports whether there was anything to do.
func (r *Reactor) Flush() bool {
	if len(r.flushing) == r.flushed {
		return false
	}
	for ; r.flushed < len(r.flushing); r.flushed++ {
		r.flushing[r.flushed].flush()
	}
	return true
}

// flush sends what the turn has queued: see flusher.
func (c *Conn) flush() {
	if c.life == lifeOpen && c.want&WantWrite == 0 {
		c.send()
	}
	c.flags &^= flagFlushing
}

// seal copies what the turn has borrowed and not sent: see flusher.
func (c *Conn) seal() {
	if c.out != nil {
		c.out.seal(&c.r.pool)
	}
}

// Seal copies what is still borrowed when a turn ends. Nothing queued then depends on the shared read buffer any more.
func (r *Reactor) Seal() {
	if debug || len(r.flushing) > 0 || r.inbox.shown() {
		r.seal()
	}
}

func (r *Reactor) seal() {
	for i, h := range r.flushing {
		r.flushing[i] = nil
		h.seal()
	}
	r.flushing, r.flushed = r.flushing[:0], 0
	if r.inbox.shown() {
		r.inbox.endTurn(&r.pool)
	}
	if debug {
		poison(r.buf[:r.filled])
		r.filled = 0
	}
}

// send gives the kernel what is queued, as much as it takes, and asks to be told when it takes more. Callbacks become
// pending. It ends with the half-close, if one waits for the queue.
func (c *Conn) send() {
	o := c.out
	if o == nil {
		c.setWant(c.want &^ WantWrite)
		return
	}
	full := false
	for calls := 0; calls < sendCalls && !full; {
		for o.unsent.head != nil && o.unsent.head.left == 0 {
			c.finish(o.popUnsent(), nil)
		}
		if o.unsent.head == nil {
			break
		}
		if !o.unsent.head.file.look() {
			break
		}
		asked, n, errno := c.sendOnce()
		c.r.countWrite(n)
		switch errno {
		case 0:
			full = n < asked // the kernel's buffer is full, or a signal came: either way it will say when to go on
			c.consume(n)
			calls++
		case EINTR:
		case EAGAIN, ENOBUFS: // macOS reports a full interface queue as ENOBUFS
			full = true
		default:
			c.noteSendError(errno)
			c.failWrites(errno)
		}
	}
	if q := o.unsent.head; q != nil {
		q.file.forget()
		if q.file.waits() {
			c.setWant(c.want &^ WantWrite) // not the peer is in the way
		} else {
			c.setWant(c.want | WantWrite)
		}
		return
	}
	c.setWant(c.want &^ WantWrite)
	if o.halfClose == halfAsked {
		c.sendHalfClose()
	}
	c.tidy()
}

// sendOnce makes one system call of what stands at the head of the queue, across requests.
func (c *Conn) sendOnce() (asked, n int, errno Errno) {
	r, first := c.r, c.out.unsent.head
	switch {
	case first.file != nil:
		return first.file.send()
	case first.tube != nil:
		return c.sendTube()
	}
	for len(first.bufs[0]) == 0 {
		first.bufs = first.bufs[1:]
	}
	if next := first.next; (next == nil || next.elsewhere()) && len(first.bufs) == 1 {
		b := first.bufs[0]
		b = b[:min(len(b), sendLimit)]
		if c.endsWith(first, b) || next != nil && next.file != nil && next.file.ready > 0 {
			n, errno = r.k.WriteMore(int(c.fd), b)
		} else {
			n, errno = r.k.Write(int(c.fd), b)
		}
		return len(b), n, errno
	}
	vec := r.vectors[:0]
gather:
	for q := first; q != nil && !q.elsewhere(); q = q.next {
		for _, b := range q.bufs {
			if len(b) == 0 {
				continue
			}
			if len(vec) == MaxVectors || asked == sendLimit {
				break gather
			}
			b = b[:min(len(b), sendLimit-asked)]
			vec = append(vec, b)
			asked += len(b)
		}
	}
	n, errno = r.k.Writev(int(c.fd), vec)
	clear(vec) // do not keep what was lent
	r.vectors = vec[:0]
	return asked, n, errno
}

// endsWith reports whether our end follows b, of q, at once: then both go in one segment, and the peer is told once.
func (c *Conn) endsWith(q *request, b []byte) bool {
	return c.out.halfClose == halfAsked && q.next == nil && q.left == len(b)
}

// consume takes n sent bytes off the queue.
func (c *Conn) consume(n int) {
	o := c.out
	o.size -= n
	for n > 0 {
		q := o.unsent.head
		took := min(n, q.left)
		q.consume(took)
		n -= took
		if q.left == 0 {
			c.finish(o.popUnsent(), nil)
		}
	}
	c.emptied()
}

// finish is the end of a request: its callback, if it has one, becomes pending.
func (c *Conn) finish(q *request, err error) {
	q.file.over()
	if q.done == nil {
		c.out.size -= q.left
		c.r.refs--
		c.r.pool.release(q)
		return
	}
	q.err = err
	c.out.finished.push(q)
	c.owe()
}

// owe has the pending phase look at this connection.
func (c *Conn) owe() {
	if c.flags&flagPending == 0 {
		c.flags |= flagPending
		c.r.pending.push(c)
	}
}

// dropUnsent ends all that is queued with err.
func (c *Conn) dropUnsent(err error) {
	for o := c.out; o.unsent.head != nil; {
		c.finish(o.popUnsent(), err)
	}
	if t := c.out.tube; t != nil { // with bytes in it that nobody wants
		c.out.tube = nil
		c.r.giveTube(t)
	}
}

// failWrites ends all that is queued with errno, and a half-close that waited for it.
func (c *Conn) failWrites(errno Errno) {
	o := c.out
	c.dropUnsent(c.fail("write", errno))
	c.setWant(c.want &^ WantWrite)
	if o.halfClose == halfAsked {
		c.sendHalfClose()
	}
}

// noteSendError remembers why writing ended. A reset or a time-out that a write was told of is not told to reads any
// more: they would see a clean end. EPIPE is not of that kind: it says that our output has ended, or that the peer has
// gone after an orderly end of its own.
func (c *Conn) noteSendError(errno Errno) {
	if c.sendErr == 0 {
		c.sendErr = uint8(errno)
	}
	if errno != EPIPE && c.readErr == 0 {
		c.readErr = uint8(errno)
	}
}

// CloseWrite ends our output once all that is queued has been sent, and then calls done, which may be nil: nil, or the
// errno of shutdown(2). Input goes on. It returns ENOTCONN before the connection is made and the second time, ErrClosed
// after Close; done is not called then. Close before it is sent completes it with ECANCELED.
func (c *Conn) CloseWrite(done func(error)) error {
	c.r.guard.check()
	if c.life >= lifeClosing {
		return c.fail("close write", c.gone())
	}
	if c.life != lifeOpen || c.flags&flagWriteClosed != 0 {
		return c.fail("close write", ENOTCONN)
	}
	c.flags |= flagWriteClosed
	o := c.box()
	o.halfClose, o.closeWrite = halfAsked, done
	c.r.refs++
	c.flushLater()
	return nil
}

func (c *Conn) sendHalfClose() {
	o := c.out
	o.halfClose = halfFinished
	if errno := c.r.k.CloseWrite(int(c.fd)); errno != 0 {
		o.halfErr = c.fail("close write", errno)
	}
	c.owe()
}
