package reactor

import (
	"net/netip"
)

// datagramCalls is the most system calls of one socket at a time, before the others have their turn. One that fails moves
// a single datagram, so there are more than for a connection.
const datagramCalls = 16

// Send queues one datagram made of bufs, for to; a connected socket sends to its peer, and to is zero. The bytes are
// lent: the socket reads them until it calls done. What a turn has queued leaves together when the turn ends; while a
// handler is given one batch of datagrams, when the last of those turns ends. Each 32 datagrams, or 256 KiB, leave at
// once.
//
// done is called with nil when the kernel has taken the datagram, which does not mean that it arrives, or with the reason
// why it did not: EMSGSIZE, ENETUNREACH, EPERM, ECANCELED after Close; ECONNREFUSED, the network's answer to an earlier
// one, if nobody receives who could be told. The others are sent nevertheless. done may be nil.
//
// An error from Send itself means that nothing was queued and done will not be called: ErrClosed after Close, EINVAL
// without buffers, EISCONN with an address on a connected socket, EDESTADDRREQ without one on another, EAFNOSUPPORT for
// IPv6 on an IPv4 socket.
func (d *Datagram) Send(bufs [][]byte, to netip.AddrPort, done func(error)) error {
	if err := d.maySend(to); err != nil {
		return err
	}
	if len(bufs) == 0 {
		return d.fail("send", to, EINVAL)
	}
	q := d.r.pool.request()
	q.store = append(q.store[:0], bufs...)
	for _, b := range bufs {
		q.left += len(b)
	}
	d.enqueue(q, to, done)
	return nil
}

// SendBorrowed is Send of bytes that are valid only until the turn ends, such as those OnDatagram was given. What has not
// left by then is sealed: copied, once, into blocks that the socket owns until it is sent. p may be empty.
func (d *Datagram) SendBorrowed(p []byte, to netip.AddrPort, done func(error)) error {
	if err := d.maySend(to); err != nil {
		return err
	}
	q := d.r.pool.request()
	q.store = append(q.store[:0], p)
	q.left = len(p)
	q.borrowed = true
	d.enqueue(q, to, done)
	return nil
}

// TrySend sends one datagram now, or not at all: EAGAIN says that the kernel has no room, or that others are queued.
// Otherwise it returns what Send returns or tells done.
func (d *Datagram) TrySend(p []byte, to netip.AddrPort) error {
	if err := d.maySend(to); err != nil {
		return err
	}
	if d.out != nil && d.out.unsent.head != nil {
		return d.fail("send", to, EAGAIN)
	}
	r := d.r
	r.vectors = append(r.vectors[:0], p)
	r.outgoing = append(r.outgoing[:0], Outgoing{Bufs: r.vectors, To: d.wire(to)})
	_, errno := r.k.Send(int(d.fd), r.outgoing)
	for errno == EINTR {
		_, errno = r.k.Send(int(d.fd), r.outgoing)
	}
	if d.passesOn(errno) {
		_, errno = r.k.Send(int(d.fd), r.outgoing)
	}
	clear(r.vectors)
	clear(r.outgoing)
	switch errno {
	case 0:
		return nil
	case ENOBUFS, EINTR:
		errno = EAGAIN
	}
	return d.fail("send", to, errno)
}

// SendQueueSize is the number of bytes accepted by Send that the kernel has not taken, or whose failure has not been told
// to done yet.
func (d *Datagram) SendQueueSize() int {
	if d.out == nil {
		return 0
	}
	return d.out.size
}

// SendQueueCount is the number of datagrams that SendQueueSize is about.
func (d *Datagram) SendQueueCount() int {
	if d.out == nil {
		return 0
	}
	return d.out.count
}

// maySend returns why nothing can be queued for to, if so.
func (d *Datagram) maySend(to netip.AddrPort) error {
	d.r.guard.check()
	switch {
	case d.life >= lifeClosing:
		return d.fail("send", to, ErrClosed)
	case to.IsValid() && d.peer.IsValid():
		return d.fail("send", to, EISCONN)
	case !to.IsValid() && !d.peer.IsValid():
		return d.fail("send", to, EDESTADDRREQ)
	case !d.fits(to):
		return d.fail("send", to, EAFNOSUPPORT)
	}
	return nil
}

// enqueue puts q behind what is already there. It leaves with the turn, or at once if much has been gathered.
func (d *Datagram) enqueue(q *request, to netip.AddrPort, done func(error)) {
	q.bufs, q.to, q.done = q.store, to, done
	o := d.box()
	o.size += q.left
	o.count++
	o.unsent.push(q)
	if o.fresh == nil {
		o.fresh = q
	}
	d.r.refs++
	d.flushLater()
	if (o.count >= MaxDatagrams || o.size > sendLimit) && d.want&WantWrite == 0 {
		d.send()
	}
}

// flushLater has the turn's end look at this socket.
func (d *Datagram) flushLater() {
	if d.flags&dgramFlushing == 0 {
		d.flags |= dgramFlushing
		d.r.flushing = append(d.r.flushing, d)
	}
}

// flush sends what the turn has queued, unless more turns of a batch follow: see flusher.
func (d *Datagram) flush() {
	d.flags &^= dgramFlushing
	switch {
	case d.life >= lifeClosing, d.want&WantWrite != 0:
	case d.r.inbox.delivering():
		if d.flags&dgramHeld == 0 {
			d.flags |= dgramHeld
			d.r.held = append(d.r.held, d)
		}
	default:
		d.send()
	}
}

// seal copies what the turn has borrowed and not sent: see flusher.
func (d *Datagram) seal() {
	if d.out != nil {
		d.out.seal(&d.r.pool)
	}
}

// release has the sockets that were held back send at the end of this turn: it is the last of the batch.
func (r *Reactor) release() {
	for i, d := range r.held {
		r.held[i] = nil
		d.flags &^= dgramHeld
		d.flushLater()
	}
	r.held = r.held[:0]
}

// send gives the kernel what is queued, as much as it takes, and asks to be told when it takes more. Callbacks become
// pending.
func (d *Datagram) send() {
	o := d.out
	if o == nil {
		d.setWant(d.want &^ WantWrite)
		return
	}
	for calls := 0; calls < datagramCalls && o.unsent.head != nil; calls++ {
		if full := d.sendOnce(); full {
			break
		}
	}
	if o.unsent.head != nil {
		d.setWant(d.want | WantWrite)
		return
	}
	d.setWant(d.want &^ WantWrite)
	d.tidy()
}

// sendOnce makes one system call of what stands at the head of the queue, and reports whether the kernel is full.
func (d *Datagram) sendOnce() (full bool) {
	r, o := d.r, d.out
	batch, size := r.outgoing[:0], 0
	for q := o.unsent.head; q != nil && len(batch) < MaxDatagrams; q = q.next {
		if size += q.left; size > sendLimit && len(batch) > 0 {
			break
		}
		batch = append(batch, Outgoing{Bufs: q.bufs, To: d.wire(q.to)})
	}
	n, errno := r.k.Send(int(d.fd), batch)
	clear(batch) // do not keep what was lent
	r.outgoing = batch[:0]
	for range n {
		d.finish(o.popUnsent(), nil)
	}
	if n > 0 {
		d.flags &^= dgramRetried
	}
	switch {
	case errno == 0, errno == EINTR:
		return false
	case errno == EAGAIN, errno == ENOBUFS: // the BSDs report a full interface queue as ENOBUFS
		return true
	case d.flags&dgramRetried == 0 && d.passesOn(errno):
		d.flags |= dgramRetried
		return false
	}
	d.flags &^= dgramRetried
	q := o.popUnsent()
	d.finish(q, d.fail("send", q.to, errno))
	return false
}

// passesOn says that errno, from a send, is about an earlier datagram and that somebody else will hear of it: the
// datagram that met it has done nothing wrong, and may try once more. UDP refuses nothing itself, so ECONNREFUSED is
// always that. Of a socket with a queue of errors any errno may be; one that is not is met again.
func (d *Datagram) passesOn(errno Errno) bool {
	receiving, queue := d.want&WantRead != 0, d.flags&dgramErrors != 0
	switch {
	case errno == 0, errno == EAGAIN, errno == EINTR:
		return false
	case queue && receiving:
		return true // and the queue tells
	case errno != ECONNREFUSED:
		return false
	case queue:
		d.r.k.TakeError(int(d.fd)) // the queue has it too, and would tell it again
	case receiving:
		d.oweError(errno)
	}
	return receiving
}

// finish is the end of a request: its callback, if it has one, becomes pending. Unless it has failed it counts as queued
// no more.
func (d *Datagram) finish(q *request, err error) {
	if err == nil || q.done == nil {
		d.out.size -= q.left
		d.out.count--
		q.left = 0
	}
	if q.done == nil {
		d.r.refs--
		d.r.pool.release(q)
		return
	}
	q.err = err
	d.out.finished.push(q)
	d.owe()
}

// dropUnsent ends all that is queued with why.
func (d *Datagram) dropUnsent(why error) {
	for o := d.out; o.unsent.head != nil; {
		q := o.popUnsent()
		d.finish(q, d.fail("send", q.to, why))
	}
}

// owe has the pending phase look at this socket.
func (d *Datagram) owe() {
	if d.flags&dgramPending == 0 {
		d.flags |= dgramPending
		d.r.pending.push(d)
	}
}

// startRound takes over the requests that have finished: see debtor.
func (d *Datagram) startRound() bool {
	d.flags &^= dgramPending
	if d.life >= lifeClosing {
		return false // the closing phase completes its requests, in order
	}
	if d.out != nil {
		d.r.round.reqs, d.out.finished = d.out.finished, requests{}
	}
	return true
}

// settle runs the next callback of the round: of a request, then of what the receiver is owed. See debtor.
func (d *Datagram) settle() bool {
	r := d.r
	if r.round.reqs.head != nil {
		d.complete(r.round.reqs.pop())
		return true
	}
	if d.want&WantRead == 0 {
		return false // ReceiveStart owes it again
	}
	r.own(nil)
	if d.recvErr != 0 {
		errno := Errno(d.recvErr)
		d.recvErr = 0
		d.handler.OnDatagram(nil, netip.AddrPort{}, d.fail("receive", netip.AddrPort{}, errno))
		return true
	}
	return d.kept.len() > 0 && d.deliver()
}

// complete runs the callback of a finished request.
func (d *Datagram) complete(q *request) {
	if q.err != nil { // until now it counted as queued
		d.out.size -= q.left
		d.out.count--
	}
	done, err := q.done, q.err
	d.r.refs--
	d.r.pool.release(q)
	d.tidy()
	d.r.own(nil)
	done(err)
}

// Close gives the descriptor back at once. What is queued is not sent, what was received and not delivered is dropped. In
// the closing phase every outstanding request completes, with ECANCELED if it was not sent, in order, and then done is
// called, which may be nil; after that nothing is. Only the first call counts.
func (d *Datagram) Close(done func()) {
	r := d.r
	r.guard.check()
	if d.life >= lifeClosing {
		return
	}
	d.setReading(false)
	o := d.box()
	o.closed = done
	d.dropUnsent(ECANCELED)
	if r.inbox.of == d {
		r.inbox.of = nil
		r.release()
	}
	for d.kept.len() > 0 {
		r.pool.releaseBlock(d.kept.pop().block)
	}
	d.kept = fifo[kept]{}
	fd := int(d.fd)
	d.forget()
	r.k.Close(fd)
	r.descriptorFreed()
	d.life = lifeClosing
	r.enterClosing(d)
}

func (d *Datagram) closeStep() bool {
	r, o := d.r, d.out
	r.own(nil)
	if o.finished.head != nil {
		d.complete(o.finished.pop())
		return true
	}
	done := o.closed
	d.life = lifeClosed
	d.out, d.handler = nil, nil
	r.pool.releaseOutbox(o)
	r.leaveClosing()
	if done == nil {
		return false
	}
	done()
	return true
}
