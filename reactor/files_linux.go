package reactor

import (
	"golang.org/x/sys/unix"
)

// PreadNoWait is preadv2(2) with RWF_NOWAIT. A file system that cannot promise says EOPNOTSUPP, a kernel before 4.14
// EINVAL or ENOSYS. Kernels 5.9 and 5.10 may say 0 where they would have to wait, so the contract gives 0 no meaning.
func (files) PreadNoWait(fd int, p []byte, off int64) (int, Errno) {
	bufs := [1][]byte{p}
	n, errno := count(unix.Preadv2(fd, bufs[:], off, unix.RWF_NOWAIT))
	if errno == unix.ENOSYS || errno == unix.EINVAL {
		errno = unix.EOPNOTSUPP
	}
	return n, errno
}

// Pwritev is pwritev(2), or pwrite(2) for one buffer, and their kin without an offset.
func (files) Pwritev(fd int, bufs [][]byte, off int64) (int, Errno) {
	switch {
	case len(bufs) == 1 && off < 0:
		return count(unix.Write(fd, bufs[0]))
	case len(bufs) == 1:
		return count(unix.Pwrite(fd, bufs[0], off))
	case off < 0:
		return count(unix.Writev(fd, bufs))
	}
	return count(unix.Pwritev(fd, bufs, off))
}

func fsync(fd int) error { return unix.Fsync(fd) }
