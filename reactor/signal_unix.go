//go:build linux || darwin || freebsd || openbsd || netbsd

package reactor

import (
	"runtime"
	"syscall"
)

func reservedSignal(s syscall.Signal) bool {
	switch s {
	case syscall.SIGKILL, syscall.SIGSTOP:
		return true
	case syscall.SIGILL, syscall.SIGTRAP, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGSEGV, syscall.SIGSYS, syscall.SIGPROF:
		return true
	case 32, 33, 34: // SIGCANCEL, SIGSETXID, musl's SIGSYNCCALL
		return runtime.GOOS == "linux"
	}
	return false
}
