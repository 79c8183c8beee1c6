//go:build darwin || freebsd || openbsd || netbsd

package reactor

import "golang.org/x/sys/unix"

// pipes is the real Pipes: these systems move no bytes from socket to socket.
type pipes struct{}

// OpenPipe says so.
func (pipes) OpenPipe(int) (r, w int, errno Errno) { return -1, -1, unix.ENOSYS }

// Splice is not called.
func (pipes) Splice(int, int, int) (int, Errno) { return 0, unix.ENOSYS }

// ReadPipe is not called.
func (pipes) ReadPipe(int, []byte) (int, Errno) { return 0, unix.ENOSYS }
