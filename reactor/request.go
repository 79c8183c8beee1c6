package reactor

import "net/netip"

// request is one Write in a connection's queue, or one Send in that of a datagram socket.
type request struct {
	next *request
	// bufs is what is left to send. The headers are ours, in store; the bytes are lent, borrowed or in block.
	bufs  [][]byte
	store [][]byte
	left  int // bytes in bufs
	done  func(error)
	err   error
	to    netip.AddrPort // of a datagram; zero for the socket's peer
	// borrowed: the bytes are valid until the end of the turn, then they must have been sent or sealed.
	borrowed bool
	block    []byte   // what sealed bytes were copied into; goes back to the pool with the request
	file     *stretch // where the bytes are, if they are in a file, or
	tube     *tube    // in a pipe: bufs is empty then
}

// elsewhere reports whether the bytes are not in memory: they are sent by a call of their own.
func (q *request) elsewhere() bool { return q.file != nil || q.tube != nil }

// consume drops the first n bytes. The slices the caller gave are not changed, only our headers of them.
func (q *request) consume(n int) {
	q.left -= n
	switch {
	case q.file != nil:
		q.file.took(n)
		return
	case q.tube != nil:
		q.tube.held -= n
		return
	case q.left == 0:
		q.bufs = nil
		return
	}
	for n > 0 {
		first := q.bufs[0]
		if n < len(first) {
			q.bufs[0] = first[n:]
			return
		}
		n -= len(first)
		q.bufs[0] = nil
		q.bufs = q.bufs[1:]
	}
}

// seal copies what is left of borrowed bytes into a block of the pool.
func (q *request) seal(p *pool) {
	if !q.borrowed {
		return
	}
	block := p.block(q.left)[:0]
	for _, b := range q.bufs {
		block = append(block, b...)
	}
	q.block, q.borrowed = block, false
	q.store = append(q.store[:0], block)
	q.bufs = q.store
}

// sealBehind is seal into the rest of the block of before, which was sealed and is in front of q in the queue: writes of a
// few bytes would cost a block each. The block is q's then, because who is in front is done with its bytes earlier. It
// reports false if there is not room enough.
func (q *request) sealBehind(before *request) bool {
	block, start := before.block, len(before.block)
	if cap(block)-start < q.left {
		return false
	}
	for _, b := range q.bufs {
		block = append(block, b...)
	}
	before.block = nil
	q.block = block
	q.borrowed = false
	q.store = append(q.store[:0], block[start:])
	q.bufs = q.store
	return true
}

// requests is a queue of requests.
type requests struct{ head, tail *request }

func (l *requests) push(q *request) {
	if l.head == nil {
		l.head = q
	} else {
		l.tail.next = q
	}
	l.tail = q
}

func (l *requests) pop() *request {
	q := l.head
	l.head, q.next = q.next, nil
	if l.head == nil {
		l.tail = nil
	}
	return q
}

// address gives the datagrams without a destination one: their socket is connected to it no longer.
func (l *requests) address(to netip.AddrPort) {
	for q := l.head; q != nil && to.IsValid(); q = q.next {
		if !q.to.IsValid() {
			q.to = to
		}
	}
}

// outbox is what a connection, or a datagram socket, has only while something of it is under way: bytes to send,
// callbacks owed. An idle connection has none.
type outbox struct {
	nextFree *outbox
	unsent   requests // in the order of the calls
	fresh    *request // the first of them that was queued in this turn: from here on bytes may be borrowed
	sealed   *request // one of unsent, whose block the next that is sealed may use the rest of; nil if there is none
	finished requests // sent or failed; callbacks owed
	size     int      // what WriteQueueSize, or SendQueueSize, returns
	count    int      // what SendQueueCount returns
	tube     *tube    // what some of unsent has its bytes in; nil when it has none

	connect    func(error) // owed until the connect has ended
	connectErr error       // how it ended, if it ended in the call itself
	ended      bool        // connectErr is set
	closeWrite func(error) // owed until the half-close has been sent
	halfClose  halfClose
	halfErr    error
	closed     func() // owed at the end of Close
	closeErr   error  // what outstanding requests complete with
}

// halfClose is how far CloseWrite has come.
type halfClose uint8

const (
	halfNone     halfClose = iota
	halfAsked              // waits for the queue to empty
	halfFinished           // sent or failed; the callback is owed
)

// popUnsent takes the head of the queue.
func (o *outbox) popUnsent() *request {
	q := o.unsent.head
	if o.fresh == q {
		o.fresh = q.next
	}
	if o.sealed == q {
		o.sealed = nil
	}
	return o.unsent.pop()
}

// seal copies what this turn has borrowed and not sent.
func (o *outbox) seal(p *pool) {
	for q := o.fresh; q != nil; q = q.next {
		if !q.borrowed {
			continue
		}
		if o.sealed == nil || !q.sealBehind(o.sealed) {
			q.seal(p)
		}
		o.sealed = q
	}
	o.fresh = nil
}

// empty reports whether nothing keeps the outbox.
func (o *outbox) empty() bool {
	return o.unsent.head == nil && o.finished.head == nil && o.size == 0 && o.connect == nil &&
		o.halfClose == halfNone
}
