package reactor

import "golang.org/x/sys/unix"

// fsync asks the drive too: on macOS fsync(2) alone does not. File systems that cannot do that still have the plain call.
func fsync(fd int) error {
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_FULLFSYNC, 0); err == nil {
		return nil
	}
	return unix.Fsync(fd)
}
