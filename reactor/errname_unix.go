//go:build linux || darwin || freebsd || openbsd || netbsd

package reactor

import (
	"syscall"

	"golang.org/x/sys/unix"
)

func errnoName(e syscall.Errno) string { return unix.ErrnoName(e) }
