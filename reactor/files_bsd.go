//go:build darwin || freebsd || openbsd || netbsd

package reactor

import "golang.org/x/sys/unix"

// PreadNoWait is not to be had: these systems do not say what is in memory.
func (files) PreadNoWait(int, []byte, int64) (int, Errno) { return 0, unix.EOPNOTSUPP }

// InMemory is not to be had for the same reason.
func (files) InMemory(int, int64, int) (int, Errno) { return 0, unix.EOPNOTSUPP }

// SendFile is not used here: who cannot tell what is in memory would wait for the disk.
func (files) SendFile(int, int, int64, int) (int, Errno) { return 0, unix.EOPNOTSUPP }

// Pwritev is a pwrite(2) a buffer, or a write(2): not all of these systems have the gathering call.
func (files) Pwritev(fd int, bufs [][]byte, off int64) (int, Errno) {
	total := 0
	for _, b := range bufs {
		var n int
		var errno Errno
		if off < 0 {
			n, errno = count(unix.Write(fd, b))
		} else {
			n, errno = count(unix.Pwrite(fd, b, off+int64(total)))
		}
		total += n
		switch {
		case errno != 0 && total == 0:
			return 0, errno
		case errno != 0 || n < len(b):
			return total, 0 // the next call will say why
		}
	}
	return total, 0
}
