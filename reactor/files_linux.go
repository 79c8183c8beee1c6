package reactor

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// PreadNoWait is preadv2(2) with RWF_NOWAIT. A file system that cannot promise says EOPNOTSUPP, a kernel before 4.14
// EINVAL or ENOSYS. Kernels 5.9 and 5.10 may say 0 where they would have to wait, so the contract gives 0 no meaning.
func (files) PreadNoWait(fd int, p []byte, off int64) (int, Errno) {
	bufs := [1][]byte{p}
	n, errno := count(unix.Preadv2(fd, bufs[:], off, unix.RWF_NOWAIT))
	if errno == unix.ENOSYS || errno == unix.EINVAL {
		errno = unix.EOPNOTSUPP
	}
	return n, errno
}

// Pwritev is pwritev(2), or pwrite(2) for one buffer, and their kin without an offset.
func (files) Pwritev(fd int, bufs [][]byte, off int64) (int, Errno) {
	switch {
	case len(bufs) == 1 && off < 0:
		return count(unix.Write(fd, bufs[0]))
	case len(bufs) == 1:
		return count(unix.Pwrite(fd, bufs[0], off))
	case off < 0:
		return count(unix.Writev(fd, bufs))
	}
	return count(unix.Pwritev(fd, bufs, off))
}

// InMemory asks cachestat(2), which counts the pages that are there, and then reads the last byte: a page may be there and not
// be filled yet, and they are filled in order. Kernels before 6.5 do not have the first, and later ones say EPERM to who may not
// write the file: then a byte is read here and there. A file system that cannot read without waiting says EOPNOTSUPP, whatever
// is in memory: those of networks ask their server before they send it.
func (files) InMemory(fd int, off int64, n int) (int, Errno) {
	if n <= 0 || off < 0 {
		return 0, 0
	}
	told, pages := residentPages(fd, off, n)
	if told && pages < pagesOf(off, n) {
		n = min(n, residentLeast)
		if _, pages = residentPages(fd, off, n); pages < pagesOf(off, n) {
			return 0, 0
		}
	}
	if !told {
		return probe(fd, off, n)
	}
	switch there, errno := readable(fd, off+int64(n)-1); {
	case errno == EOPNOTSUPP:
		return 0, errno
	case !there:
		return 0, 0
	}
	return n, 0
}

// probe is InMemory where nobody can count pages.
func probe(fd int, off int64, n int) (resident int, errno Errno) {
	for at := 0; resident < n; at = min(at+probeApart, n-1) {
		there, errno := readable(fd, off+int64(at))
		switch {
		case errno == EOPNOTSUPP:
			return 0, errno
		case !there:
			return resident, 0
		}
		resident = at + 1
	}
	return n, 0
}

// readable reports whether a byte can be read without waiting, and if not, why.
func readable(fd int, at int64) (bool, Errno) {
	var p [1]byte
	n, errno := files{}.PreadNoWait(fd, p[:], at)
	return n == 1, errno
}

// probeApart is how far apart bytes are looked at when nobody can count pages. They come and go in runs: a page that has gone
// between two that are there is rare, and one page of waiting.
const probeApart = 32 << 10

// residentLeast is what is looked at once more if not all of a stretch is there.
const residentLeast = 64 << 10

var pageSize = int64(unix.Getpagesize())

// pagesOf is how many pages n bytes from off on lie in.
func pagesOf(off int64, n int) int64 { return (off+int64(n)-1)/pageSize - off/pageSize + 1 }

// residentPages counts those of them that are in memory; ok is false if the kernel does not tell.
func residentPages(fd int, off int64, n int) (ok bool, pages int64) {
	var st unix.Cachestat_t
	if unix.Cachestat(uint(fd), &unix.CachestatRange{Off: uint64(off), Len: uint64(n)}, &st, 0) != nil {
		return false, 0
	}
	return true, int64(st.Cache)
}

// SendFile is sendfile(2), raw like the other calls of a socket that do not wait: the ordinary wrapper has the scheduler watch
// it, which costs a tenth of what it does. Where a word is 32 bits there are two calls, and the wrapper knows the right one.
func (files) SendFile(sock, fd int, off int64, n int) (int, Errno) {
	var sent int
	var errno Errno
	if unsafe.Sizeof(uintptr(0)) == 8 {
		var r uintptr
		r, _, errno = unix.RawSyscall6(unix.SYS_SENDFILE, uintptr(sock), uintptr(fd), uintptr(unsafe.Pointer(&off)), uintptr(n), 0, 0)
		if errno == 0 {
			sent = int(r)
		}
	} else {
		sent, errno = count(unix.Sendfile(sock, fd, &off, n))
	}
	if errno == unix.EINVAL || errno == unix.ENOSYS {
		errno = unix.EOPNOTSUPP
	}
	return sent, errno
}

func fsync(fd int) error { return unix.Fsync(fd) }
