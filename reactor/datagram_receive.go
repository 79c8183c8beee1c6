package reactor

import (
	"errors"
	"net/netip"
)

// DatagramHandler receives what a Datagram receives. p is one datagram, of any length, 0 included, and from its sender. p
// is borrowed: it is valid until the turn ends, and whoever keeps it for longer copies it or hands it to SendBorrowed.
//
// err is nil with a whole datagram. With ErrTruncated p is the beginning of one that was longer than
// DatagramOptions.MaxSize. Any other error comes without bytes: what the network has said of an earlier datagram of ours
// (ECONNREFUSED: its port is closed), each once, with from the destination if the kernel tells it. Receiving goes on.
// Only if the descriptor itself is broken, or the kernel has no memory to watch it, does an error end it: see Receiving.
//
// The name is an alias of the literal, so that packages which may not import one another can share it.
type DatagramHandler = interface {
	OnDatagram(p []byte, from netip.AddrPort, err error)
}

// DatagramFunc is a function that serves as a DatagramHandler.
type DatagramFunc func(p []byte, from netip.AddrPort, err error)

// OnDatagram calls f.
func (f DatagramFunc) OnDatagram(p []byte, from netip.AddrPort, err error) { f(p, from, err) }

// ErrTruncated says that a datagram was longer than the room for it, and that its end is lost.
var ErrTruncated = errors.New("datagram truncated")

// receiveBudget is the most datagrams delivered for one event before the others have their turn. Level triggering reports
// the rest again.
const receiveBudget = 2 * MaxDatagrams

// ReceiveStart asks for what arrives to be given to h, from a later turn on. Called again while receiving it only changes
// the handler. A socket that is not bound is bound to all addresses and a port of the kernel's choice. It returns
// ErrClosed after Close, or the errno of bind(2). A nil h panics.
//
// Starting and stopping are edits of the interest set: a pair inside one iteration makes no system call.
func (d *Datagram) ReceiveStart(h DatagramHandler) error {
	r := d.r
	r.guard.check()
	if h == nil {
		panic("reactor: ReceiveStart with a nil handler")
	}
	if d.life >= lifeClosing {
		return d.fail("receive", netip.AddrPort{}, ErrClosed)
	}
	if d.handler == nil { // it may have been bound by a send since
		if errno := r.k.Bind(int(d.fd), netip.AddrPort{}); errno != 0 {
			return d.fail("receive", netip.AddrPort{}, errno)
		}
	}
	d.handler = h
	d.setReading(true)
	if d.kept.len() > 0 || d.recvErr != 0 {
		d.owe()
	}
	return nil
}

// ReceiveStop stops receiving at once: nothing is delivered until ReceiveStart. Datagrams wait in the kernel, and beyond
// its buffer are dropped there; up to one batch that was taken from it already waits here.
func (d *Datagram) ReceiveStop() {
	d.r.guard.check()
	if d.life < lifeClosing {
		d.setReading(false)
		if d.r.inbox.of == d {
			d.r.release()
		}
	}
}

// Receiving reports whether ReceiveStart was called, and neither ReceiveStop nor an error that ends it since.
func (d *Datagram) Receiving() bool { return d.want&WantRead != 0 }

// step does the next thing an event asks for: see source. A datagram's callback has no owner, so a panic in it is logged
// and counted, and the socket, which serves many, goes on.
func (d *Datagram) step(ev *Event) bool {
	const hints = CanRead | Ended | HungUp
	d.r.own(nil)
	if ev.Err != 0 {
		return d.changeFailed(ev)
	}
	for d.want&WantRead != 0 {
		if d.deliver() {
			return true
		}
		if ev.Ready&hints == 0 || d.r.reads >= receiveBudget {
			break
		}
		if d.receive(ev) {
			return true
		}
	}
	if d.r.inbox.of == d {
		d.r.keep() // it was stopped in the middle of a batch
	}
	if ev.Ready&(CanWrite|HungUp) != 0 && d.want&WantWrite != 0 {
		if ev.Ready&HungUp != 0 && d.flags&dgramErrors != 0 && d.want&WantRead == 0 {
			d.dropErrors()
		}
		ev.Ready &^= CanWrite
		d.send()
	}
	if d.want&WantRead == 0 && ev.Ready&hints != 0 {
		// Nobody receives: the kernel is told to be silent. An error stays there for the next send to meet.
		ev.Ready = 0
		d.squelch()
	}
	return false
}

// receive takes a batch from the kernel, or an error, which it delivers: it reports whether a callback ran. It clears in
// ev what need not be tried again.
func (d *Datagram) receive(ev *Event) bool {
	const hints = CanRead | Ended | HungUp
	r := d.r
	if ev.Ready&HungUp != 0 && d.flags&dgramErrors != 0 {
		// The queue of errors comes first: reading it also takes back the socket's own error, which says the same.
		if about, why, errno := r.k.TakeError(int(d.fd)); errno == 0 {
			r.reads++
			d.handler.OnDatagram(nil, about, d.fail("receive", about, why))
			return true
		}
	}
	room := r.inbox.room(int(d.maxSize))
	n, errno := r.k.Receive(int(d.fd), room)
	r.inbox.fill(d, n)
	r.reads += n
	switch {
	case errno == EINTR: // at once again
	case errno == EAGAIN, errno == 0 && n < len(room) && ev.Ready&HungUp == 0:
		ev.Ready &^= hints // the queue is empty; what comes now is reported again
	case errno == 0:
	case n > 0:
		d.oweError(errno)
	default:
		ev.Ready &^= hints
		return d.failReceiving(errno)
	}
	return false
}

// failReceiving delivers the errno of a call. Those that the call has not used up would come for ever.
func (d *Datagram) failReceiving(errno Errno) bool {
	switch errno {
	case EBADF, ENOTSOCK, EINVAL:
		d.setReading(false)
	}
	d.r.reads++
	d.handler.OnDatagram(nil, netip.AddrPort{}, d.fail("receive", netip.AddrPort{}, errno))
	return true
}

// changeFailed ends what was wanted: the kernel will not watch this descriptor, for want of memory as a rule.
func (d *Datagram) changeFailed(ev *Event) bool {
	errno := ev.Err
	*ev = Event{}
	d.remove() // of several changes some may have succeeded
	if d.want&WantWrite != 0 {
		d.dropUnsent(errno)
		d.setWant(d.want &^ WantWrite)
		d.tidy()
	}
	if d.want&WantRead == 0 {
		return false
	}
	d.setReading(false)
	d.handler.OnDatagram(nil, netip.AddrPort{}, d.fail("receive", netip.AddrPort{}, errno))
	return true
}

// deliver gives the handler the next datagram that has been taken from the kernel, and reports whether there was one.
func (d *Datagram) deliver() bool {
	r := d.r
	var p []byte
	var from netip.AddrPort
	var truncated bool
	switch {
	case d.kept.len() > 0:
		k := d.kept.pop()
		if d.kept.len() == 0 {
			d.kept = fifo[kept]{}
		}
		p, from, truncated = k.block, k.from, k.truncated
		r.inbox.block = k.block
	case r.inbox.of == d:
		m := r.inbox.take()
		if r.inbox.of == nil {
			r.release()
		}
		p, from, truncated = m.Buf[:m.N:m.N], m.From, m.Truncated
		r.inbox.seen = p
	default:
		return false
	}
	var err error
	if truncated {
		err = d.fail("receive", from, ErrTruncated)
	}
	d.handler.OnDatagram(p, from, err)
	return true
}

// dropErrors empties the queue of errors, which would be reported for ever while we wait for room to send: nobody
// receives who could be told.
func (d *Datagram) dropErrors() {
	for range receiveBudget {
		if _, _, errno := d.r.k.TakeError(int(d.fd)); errno == EAGAIN {
			return
		}
	}
}

// oweError has the receiver told of errno in the pending phase.
func (d *Datagram) oweError(errno Errno) {
	d.recvErr = uint16(errno)
	d.owe()
}
