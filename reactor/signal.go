package reactor

import (
	"os"
	"syscall"
)

// Catchable reports whether a program can be told of sig instead of suffering it. It can't be for what is no
// syscall.Signal, for SIGKILL and SIGSTOP, which the kernel keeps to itself, and for those that Go's runtime does:
// SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV and SIGSYS, which are panics or crashes, SIGPROF, which is its profiler's, and
// 32 to 34 on Linux, which are the C library's. Any goroutine may call it.
func Catchable(sig os.Signal) bool {
	s, ok := sig.(syscall.Signal)
	return ok && s > 0 && s <= lastSignal && !reservedSignal(s)
}

// lastSignal is the greatest signal number that os/signal knows, on any system.
const lastSignal = 64
