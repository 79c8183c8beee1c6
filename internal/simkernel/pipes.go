package simkernel

import "syscall"

// pipe is what the two descriptors of OpenPipe share.
type pipe struct {
	buf  []byte
	size int
}

// OpenPipe is pipe2(2) and F_SETPIPE_SZ, which only Linux makes anything of.
func (k *Kernel) OpenPipe(size int) (int, int, Errno) {
	w := k.begin("OpenPipe")
	w.calls.OpenPipe++
	r, to, errno := w.openPipe(size)
	w.log.add(record{at: w.now, op: opOpenPipe, kernel: k.id, id: int32(to), arg: int64(size), result: int64(r), errno: errno})
	return r, to, errno
}

func (w *World) openPipe(size int) (int, int, Errno) {
	switch {
	case w.bsd():
		return -1, -1, syscall.ENOSYS
	case w.random.chance(w.faults.PipeFail):
		return -1, -1, [...]Errno{syscall.EMFILE, syscall.ENFILE, syscall.EPERM, syscall.ENOMEM}[w.random.below(4)]
	}
	ends := [2]*socket{w.newSocket(kindPipe), w.newSocket(kindPipe)}
	p := &pipe{size: size}
	ends[0].pipe, ends[1].pipe, ends[1].pipeIn = p, p, true
	for i, s := range ends {
		if w.install(s) {
			continue
		}
		if i == 1 {
			w.uninstall(ends[0].fd)
		}
		return -1, -1, syscall.EMFILE
	}
	return ends[0].fd, ends[1].fd, 0
}

// Splice is splice(2) between a pipe and a connection.
func (k *Kernel) Splice(from, to, n int) (int, Errno) {
	w := k.begin("Splice")
	w.calls.Splice++
	moved, errno := w.splice(from, to, n)
	w.calls.BytesSpliced += moved
	w.log.add(record{at: w.now, op: opSplice, kernel: k.id, id: int32(from), arg: int64(to)<<32 | int64(n), result: int64(moved), errno: errno})
	return moved, errno
}

func (w *World) splice(from, to, n int) (int, Errno) {
	src, dst := w.lookup("Splice", from), w.lookup("Splice", to)
	f := &w.faults
	switch {
	case src == nil || dst == nil:
		return 0, syscall.EBADF
	case n <= 0:
		w.violate("Splice of %d bytes from fd %d: its 0 would look like the end of input", n, from)
		return 0, 0
	case w.random.chance(f.Interrupt):
		return 0, syscall.EINTR
	case w.random.chance(f.NoSplice):
		return 0, syscall.EINVAL
	case src.connection() && dst.pipe != nil && dst.pipeIn:
		return w.spliceIn(src, dst.pipe, n)
	case src.pipe != nil && !src.pipeIn && dst.connection():
		return w.spliceOut(src.pipe, dst, n)
	}
	w.violate("Splice from fd %d, a %s, to fd %d, a %s", from, src.describe(), to, dst.describe())
	return 0, syscall.EINVAL
}

func (w *World) spliceIn(s *socket, p *pipe, n int) (int, Errno) {
	f := &w.faults
	room := p.size - len(p.buf)
	switch {
	case room == 0 || w.random.chance(f.WouldBlock):
		return 0, syscall.EAGAIN
	case s.unread() > 0 && w.random.chance(f.SpliceBlind): // an urgent byte is in the way
		if s.rcvShut {
			return 0, 0
		}
		return 0, syscall.EAGAIN
	}
	n = min(n, room)
	if u := s.unread(); u > 0 {
		n = min(n, u)
		if w.random.chance(f.ShortRead) {
			n = w.shorten(n, u)
		}
	}
	at := len(p.buf)
	p.buf = append(p.buf, make([]byte, n)...)
	got, errno := s.read(p.buf[at:])
	p.buf = p.buf[:at+got]
	return got, errno
}

func (w *World) spliceOut(p *pipe, s *socket, n int) (int, Errno) {
	f := &w.faults
	if w.random.chance(f.WouldBlock) || len(p.buf) == 0 {
		return 0, syscall.EAGAIN
	}
	if errno := s.mayWrite(); errno != 0 {
		return 0, errno
	}
	n = min(n, len(p.buf), s.room())
	if n > 1 && w.random.chance(f.ShortWrite) {
		n = w.shorten(n, n)
	}
	s.take([][]byte{p.buf[:n]}, n)
	p.buf = p.buf[:copy(p.buf, p.buf[n:])]
	return n, 0
}

// ReadPipe is read(2).
func (k *Kernel) ReadPipe(fd int, b []byte) (int, Errno) {
	w := k.begin("ReadPipe")
	w.calls.ReadPipe++
	n, errno := w.readPipe(fd, b)
	w.log.add(record{at: w.now, op: opReadPipe, kernel: k.id, id: int32(fd), arg: int64(len(b)), result: int64(n), sample: sample(b[:n]), errno: errno})
	return n, errno
}

func (w *World) readPipe(fd int, b []byte) (int, Errno) {
	s := w.lookup("ReadPipe", fd)
	switch {
	case s == nil:
		return 0, syscall.EBADF
	case s.pipe == nil || s.pipeIn:
		w.violate("ReadPipe of fd %d, a %s", fd, s.describe())
		return 0, syscall.EBADF
	case w.random.chance(w.faults.Interrupt):
		return 0, syscall.EINTR
	case len(s.pipe.buf) == 0:
		return 0, syscall.EAGAIN
	}
	n := min(len(b), len(s.pipe.buf))
	if n > 1 && w.random.chance(w.faults.ShortRead) {
		n = w.shorten(n, n)
	}
	copy(b, s.pipe.buf[:n])
	s.pipe.buf = s.pipe.buf[:copy(s.pipe.buf, s.pipe.buf[n:])]
	return n, 0
}
