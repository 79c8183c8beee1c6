package load

import (
	"time"
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

// wait blocks for up to timeout, to the nanosecond where the kernel can (Linux 5.11).
func wait(epfd int, events []unix.EpollEvent, timeout time.Duration) (int, unix.Errno) {
	if timeout <= 0 || withoutPwait2 {
		return waitMillis(epfd, events, int((timeout+time.Millisecond-1)/time.Millisecond))
	}
	ts := unix.NsecToTimespec(int64(timeout))
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT2,
		uintptr(epfd), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), uintptr(unsafe.Pointer(&ts)), 0, 0)
	if errno == unix.ENOSYS || errno == unix.EPERM {
		withoutPwait2 = true
		return wait(epfd, events, timeout)
	}
	return int(n), errno
}

// withoutPwait2 is set when the kernel has said so. Only the engine's thread waits.
var withoutPwait2 bool

func waitMillis(epfd int, events []unix.EpollEvent, millis int) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT,
		uintptr(epfd), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), uintptr(millis), 0, 0)
	return int(n), errno
}
