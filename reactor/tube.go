package reactor

import "syscall"

// Pipes is the part of Kernel that moves bytes from one socket to another without handing them over. A kernel that cannot
// answers ENOSYS to OpenPipe; the rest is not called then.
type Pipes interface {
	// OpenPipe makes a pipe that holds size bytes at least. It reports EMFILE, ENFILE, ENOMEM, and EPERM when the pipes of
	// this user are as large together as they may be. Both ends are closed with Sockets.Close.
	OpenPipe(size int) (r, w int, errno Errno)

	// Splice moves up to n bytes, of which one side is a pipe of OpenPipe and the other a connection. Short counts are
	// normal. EAGAIN means not now, and does not say which side is to blame. It may also be that a byte stands in the way
	// that only Read takes (an urgent one): EAGAIN and 0 from a connection are no news of it. EINVAL means never, for such a
	// connection.
	Splice(from, to, n int) (moved int, errno Errno)

	// ReadPipe reads from a pipe.
	ReadPipe(fd int, p []byte) (n int, errno Errno)
}

const (
	// tubeSize is the most bytes that a tube holds. A page of the kernel's pipe takes the bytes of one packet, often no
	// more, so a pipe that is asked for as much may be full earlier.
	tubeSize = 256 << 10
	// maxTubes is the most tubes of one reactor, for as many destinations that have not taken everything: 256 descriptors.
	// A user's pipes may have 64 MiB together, unless the system is told otherwise, and these have half of that.
	maxTubes = 128
	// maxIdleTubes is how many empty tubes are kept. A destination that keeps up empties its tube in the turn in which it
	// was filled, so one would do, but for those that are a little late.
	maxIdleTubes = 8
)

// tube is a kernel's pipe between a connection that is read and one that is written to. It belongs to the outbox of the
// latter from when bytes are put in until it is empty; the requests there say in which order what is in it is sent.
//
//	idle      in the pool: empty
//	loaded    of an outbox: held > 0, the sum of what its requests have left
//	closed    what was in it will not be sent, or the pool is full
//
//	idle → loaded    bytes come from a source
//	loaded → idle    the last of them was sent, or was read back
//	loaded → closed  its destination was closed or has failed
//	idle → closed    the pool is full, descriptors are short, no connection is open, or the reactor ends
type tube struct {
	r, w int
	held int
}

// tubes are the tubes of a reactor.
type tubes struct {
	idle []*tube
	open int  // those that are not closed
	off  bool // this kernel has none
}

// takeTube returns an empty tube, or nil if none can be had now.
func (r *Reactor) takeTube() *tube {
	p := &r.tubes
	if n := len(p.idle); n > 0 {
		t := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		return t
	}
	if p.off || p.open >= maxTubes {
		return nil
	}
	from, to, errno := r.k.OpenPipe(tubeSize)
	if errno != 0 {
		p.off = errno == syscall.ENOSYS
		return nil
	}
	p.open++
	return &tube{r: from, w: to}
}

// giveTube takes a tube back. One that still holds bytes is of no use to anybody else.
func (r *Reactor) giveTube(t *tube) {
	if p := &r.tubes; t.held == 0 && len(p.idle) < maxIdleTubes {
		p.idle = append(p.idle, t)
		return
	}
	r.closeTube(t)
}

func (r *Reactor) closeTube(t *tube) {
	r.tubes.open--
	r.k.Close(t.r)
	r.k.Close(t.w)
	t.r, t.w = -1, -1
	r.descriptorFreed()
}

// closeIdleTubes gives back the descriptors that nobody needs right now, and reports whether there were any.
func (r *Reactor) closeIdleTubes() bool {
	p := &r.tubes
	n := len(p.idle)
	for i, t := range p.idle {
		p.idle[i] = nil
		r.closeTube(t)
	}
	p.idle = nil
	return n > 0
}
