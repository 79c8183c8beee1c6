//go:build freebsd || openbsd || netbsd

package reactor

import "golang.org/x/sys/unix"

func fsync(fd int) error { return unix.Fsync(fd) }
