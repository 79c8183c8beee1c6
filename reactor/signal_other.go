//go:build !(linux || darwin || freebsd || openbsd || netbsd)

package reactor

import "syscall"

func reservedSignal(s syscall.Signal) bool { return s == syscall.SIGKILL }
