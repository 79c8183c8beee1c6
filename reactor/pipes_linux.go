package reactor

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// pipes is the real Pipes.
type pipes struct{}

// OpenPipe is pipe2(2). A user over the limit gets pipes of a page or two, which the kernel then does not let grow.
func (pipes) OpenPipe(size int) (r, w int, errno Errno) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		return -1, -1, errnoOf(err)
	}
	if _, err := unix.FcntlInt(uintptr(p[1]), unix.F_SETPIPE_SZ, size); err != nil {
		unix.Close(p[0])
		unix.Close(p[1])
		return -1, -1, errnoOf(err)
	}
	return p[0], p[1], 0
}

// Splice is splice(2), raw: the pipe is told not to wait here, the socket never does.
func (pipes) Splice(from, to, n int) (int, Errno) {
	moved, _, errno := unix.RawSyscall6(unix.SYS_SPLICE, uintptr(from), 0, uintptr(to), 0, uintptr(n),
		unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MOVE)
	if errno != 0 {
		return 0, errno
	}
	return int(moved), 0
}

// ReadPipe is read(2), raw.
func (pipes) ReadPipe(fd int, p []byte) (int, Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return 0, errno
	}
	raceWrite(p[:n])
	return int(n), 0
}
