package reactor

import "syscall"

// stretch is what a request of SendFile has in the place of bytes.
//
//	flows → stuck → asked → flows
//
// It is stuck when the file, and not the peer, is in the way; asked, when its owner was told so; and it flows again with the
// bytes that it is given then. Whatever its state, the request may end: sent, given up, failed or cancelled. Then over
// is all there is, and what the owner gives is not looked at.
type stretch struct {
	c     *Conn
	q     *request // nil when it is over
	fd    int
	off   int64 // of the next byte
	count int   // sent
	ready int   // bytes from off on that were found in memory in this call of send, or before it in that of SendFile
	given []byte
	state stretchState
	stuck func(off int64, n int, give func(p []byte))
	done  func(sent int, err error)
}

type stretchState uint8

const (
	stretchFlows stretchState = iota
	stretchStuck              // the callback is owed
	stretchAsked              // it was called, and is to give something
)

// SendFile queues n bytes of the file that fd stands for, from off on, behind what is queued; the kernel sends them without
// their being read. They count as n bytes for WriteQueueSize and leave in their turn. The file is used until done was
// called, and its bytes are sent as they are at that moment, or a little later: whoever changes it meanwhile sends a mixture.
//
// The loop does not wait for a disk, and all n bytes should be in memory when this is called: see Files.InMemory. When bytes
// are not in memory, or this file can't be sent so, or has ended before, stuck is called with where that is and how many
// bytes are left. It gives some of those, once and later: they are sent in the place of the file's, and then the kernel is
// asked to go on. They stay as they are until the next call of stuck or done. nil ends the request there.
//
// done is called when the kernel has taken all of it, or as much as there was, with how much that was; err is as in Write.
// Fewer than n without an error is only for who gives nil. An error of SendFile itself is as in Write, EINVAL without bytes
// or functions.
func (c *Conn) SendFile(fd int, off int64, n int, stuck func(off int64, n int, give func(p []byte)), done func(sent int, err error)) error {
	if err := c.mayWrite(); err != nil {
		return err
	}
	if n <= 0 || off < 0 || stuck == nil || done == nil {
		return c.fail("send file", EINVAL)
	}
	q := c.r.pool.request()
	s := &stretch{c: c, q: q, fd: fd, off: off, ready: n, stuck: stuck, done: done}
	q.file, q.left, q.done = s, n, s.finished
	c.enqueue(q)
	s.ready = 0
	return nil
}

// waits reports whether s is in the way of the queue, and not the peer.
func (s *stretch) waits() bool { return s != nil && s.state != stretchFlows }

// look asks what of s is in memory, and reports whether any is. If not, it is stuck.
func (s *stretch) look() bool {
	switch {
	case s == nil:
		return true
	case s.state != stretchFlows:
		return false
	case len(s.given) > 0, s.ready > 0:
		return true
	}
	n, errno := s.c.r.k.InMemory(s.fd, s.off, min(s.q.left, sendLimit))
	if errno != 0 || n <= 0 {
		s.stick()
		return false
	}
	s.ready = n
	return true
}

// stick has the pending phase tell the owner.
func (s *stretch) stick() {
	s.state, s.ready = stretchStuck, 0
	s.c.owe()
}

// send makes one system call.
func (s *stretch) send() (asked, n int, errno Errno) {
	c := s.c
	if b := s.given; len(b) > 0 {
		n, errno = c.r.k.Write(int(c.fd), b)
		return len(b), n, errno
	}
	asked = min(s.ready, sendLimit)
	n, errno = c.r.k.SendFile(int(c.fd), s.fd, s.off, asked)
	if errno == 0 && n == 0 || ofFile(errno) {
		s.stick()
		return 0, 0, EINTR // the next look sees it
	}
	return asked, n, errno
}

// ofFile reports whether sendfile has failed because of the file, and not of the connection. Reading it will say why.
func ofFile(errno Errno) bool {
	switch errno {
	case EOPNOTSUPP, EINVAL, EIO, EBADF, EISDIR, EACCES, EPERM, ENOMEM, syscall.ESPIPE, syscall.EOVERFLOW, syscall.ESTALE, syscall.ENXIO:
		return true
	}
	return false
}

// took is n bytes having been taken.
func (s *stretch) took(n int) {
	s.off += int64(n)
	s.count += n
	s.ready -= min(n, s.ready)
	s.given = s.given[min(n, len(s.given)):]
}

// forget is the end of a call of send: what is in memory then need not be later.
func (s *stretch) forget() {
	if s != nil {
		s.ready = 0
	}
}

// tell calls the owner, if it is owed that, and reports whether.
func (s *stretch) tell() bool {
	if s == nil || s.state != stretchStuck {
		return false
	}
	s.state = stretchAsked
	s.c.r.own(s.c)
	s.stuck(s.off, s.q.left, s.give)
	return true
}

// give is the owner's answer.
func (s *stretch) give(p []byte) {
	q, c := s.q, s.c
	if q == nil || s.state != stretchAsked {
		return
	}
	c.r.guard.check()
	s.state = stretchFlows
	if len(p) == 0 {
		c.out.size -= q.left
		q.left = 0
	}
	s.given = p[:min(len(p), q.left)]
	c.flushLater()
}

// over is the end of its request, but for the callback.
func (s *stretch) over() {
	if s != nil {
		s.q, s.given = nil, nil
	}
}

// finished is that.
func (s *stretch) finished(err error) { s.done(s.count, err) }
