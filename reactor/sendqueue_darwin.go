package reactor

import "golang.org/x/sys/unix"

// sendQueue is getsockopt(SO_NWRITE).
func sendQueue(fd int) (int, error) { return unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_NWRITE) }
