package faults

import (
	"io/fs"
	"strings"
	"syscall"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// kernel is a simulated one that fails on demand.
type kernel struct {
	*simkernel.Kernel
	victim    int // a descriptor; -1 for none
	failRead  syscall.Errno
	readable  int // bytes that come before that
	failWrite syscall.Errno
	failOpen  syscall.Errno
	file      bool // the victim is the file that is open
}

func (k *kernel) Read(fd int, p []byte) (int, reactor.Errno) {
	switch {
	case fd != k.victim || k.failRead == 0:
	case k.readable == 0:
		k.victim = -1 // once: the descriptor is soon another's
		return 0, k.failRead
	default:
		n, errno := k.Kernel.Read(fd, p[:min(len(p), k.readable)])
		k.readable -= n
		return n, errno
	}
	return k.Kernel.Read(fd, p)
}

func (k *kernel) Write(fd int, p []byte) (int, reactor.Errno) {
	if fd == k.victim && k.failWrite != 0 {
		k.victim = -1
		return 0, k.failWrite
	}
	return k.Kernel.Write(fd, p)
}

func (k *kernel) Writev(fd int, bufs [][]byte) (int, reactor.Errno) {
	if fd == k.victim && k.failWrite != 0 {
		k.victim = -1
		return 0, k.failWrite
	}
	return k.Kernel.Writev(fd, bufs)
}

func (k *kernel) fileFails(err syscall.Errno) bool { return k.file && err != 0 }

// OpenFile fails with failOpen.
func (k *kernel) OpenFile(name string, flags int, mode fs.FileMode) (int, reactor.Errno) {
	if k.failOpen != 0 && strings.HasSuffix(name, "struck") {
		return -1, k.failOpen
	}
	return k.Kernel.OpenFile(name, flags, mode)
}

// PreadNoWait says that nothing is in memory, so that reads take their time.
func (k *kernel) PreadNoWait(int, []byte, int64) (int, reactor.Errno) { return 0, syscall.EAGAIN }

// Pread fails with failRead.
func (k *kernel) Pread(fd int, p []byte, off int64) (int, reactor.Errno) {
	if k.fileFails(k.failRead) {
		return 0, k.failRead
	}
	return k.Kernel.Pread(fd, p, off)
}

// Pwritev fails with failWrite.
func (k *kernel) Pwritev(fd int, bufs [][]byte, off int64) (int, reactor.Errno) {
	if k.fileFails(k.failWrite) {
		return 0, k.failWrite
	}
	return k.Kernel.Pwritev(fd, bufs, off)
}
