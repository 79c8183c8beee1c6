package load

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls of the hot path are raw: the Go scheduler is not told of them. On non-blocking descriptors they cannot
// block, and telling it costs half of the call again. The one that may block, wait with a timeout, holds up nothing but
// the goroutine it is for, as long as GOMAXPROCS is 2 or more.

func recv(fd int, p []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM,
		uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), 0, 0, 0)
	return int(n), errno
}

func send(fd int, p []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO,
		uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), unix.MSG_NOSIGNAL, 0, 0)
	return int(n), errno
}

func wait(epfd int, events []unix.EpollEvent, timeoutMillis int) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT,
		uintptr(epfd), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), uintptr(timeoutMillis), 0, 0)
	return int(n), errno
}
