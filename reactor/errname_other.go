//go:build !(linux || darwin || freebsd || openbsd || netbsd)

package reactor

import "syscall"

func errnoName(syscall.Errno) string { return "" }
