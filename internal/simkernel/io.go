package simkernel

import (
	"syscall"

	"github.com/weir-go/weir/reactor"
)

// Read is recv(2).
func (k *Kernel) Read(fd int, p []byte) (int, Errno) {
	w := k.begin("Read")
	w.calls.Read++
	n, errno := k.read(fd, p)
	w.calls.BytesRead += n
	w.log.add(record{at: w.now, op: opRead, kernel: k.id, id: int32(fd), arg: int64(len(p)), result: int64(n), sample: sample(p[:n]), errno: errno})
	return n, errno
}

func (k *Kernel) read(fd int, p []byte) (int, Errno) {
	w, f := k.w, &k.w.faults
	s := w.lookup("Read", fd)
	if s == nil {
		return 0, syscall.EBADF
	}
	if len(p) == 0 {
		w.violate("Read of fd %d into no room: its 0 would look like the end of input", fd)
		return 0, 0
	}
	if w.random.chance(f.Interrupt) {
		return 0, syscall.EINTR
	}
	if w.random.chance(f.WouldBlock) && !s.listener() {
		return 0, syscall.EAGAIN
	}
	if w.random.chance(f.ShortRead) {
		p = p[:w.shorten(len(p), s.unread())]
	}
	return s.read(p)
}

// shorten returns a length between 1 and what would have been moved, often a small one.
func (w *World) shorten(asked, there int) int {
	n := max(1, min(asked, there))
	if w.random.coin() {
		n = min(n, 64)
	}
	return 1 + w.random.below(n)
}

// Write is send(2).
func (k *Kernel) Write(fd int, p []byte) (int, Errno) {
	w := k.begin("Write")
	w.calls.Write++
	k.vector[0] = p
	n, errno := k.write("Write", fd, k.vector[:1], len(p))
	k.vector[0] = nil
	w.log.add(record{at: w.now, op: opWrite, kernel: k.id, id: int32(fd), arg: int64(len(p)), result: int64(n), sample: sample(p[:n]), errno: errno})
	return n, errno
}

// WriteMore is send(2) with MSG_MORE; here nothing waits for more.
func (k *Kernel) WriteMore(fd int, p []byte) (int, Errno) { return k.Write(fd, p) }

// Writev is sendmsg(2).
func (k *Kernel) Writev(fd int, bufs [][]byte) (int, Errno) {
	w := k.begin("Writev")
	w.calls.Writev++
	total := 0
	for _, b := range bufs {
		total += len(b)
	}
	n, errno := 0, Errno(syscall.EMSGSIZE)
	if len(bufs) > reactor.MaxVectors {
		w.violate("Writev of fd %d with %d buffers", fd, len(bufs))
	} else {
		n, errno = k.write("Writev", fd, bufs, total)
	}
	w.log.add(record{at: w.now, op: opWritev, kernel: k.id, id: int32(fd), arg: int64(total), result: int64(n), errno: errno})
	return n, errno
}

func (k *Kernel) write(call string, fd int, bufs [][]byte, total int) (int, Errno) {
	w, f := k.w, &k.w.faults
	s := w.lookup(call, fd)
	if s == nil {
		return 0, syscall.EBADF
	}
	if w.random.chance(f.Interrupt) {
		return 0, syscall.EINTR
	}
	if w.random.chance(f.WouldBlock) {
		return 0, syscall.EAGAIN
	}
	if errno := s.mayWrite(); errno != 0 {
		return 0, errno
	}
	n := min(total, s.room())
	if n > 1 && w.random.chance(f.ShortWrite) {
		n = w.shorten(total, n)
	}
	s.take(bufs, n)
	w.calls.BytesWritten += n
	return n, 0
}

// take moves n bytes of bufs into the sender's buffer, and on their way.
func (s *socket) take(bufs [][]byte, n int) {
	left := n
	for _, b := range bufs {
		b = b[:min(left, len(b))]
		if len(b) > 0 {
			s.out.append(s.w, b)
			left -= len(b)
		}
	}
	if n == 0 {
		return
	}
	if s.kind == kindUnix {
		s.deliverUnix()
	} else {
		s.pump()
	}
}
