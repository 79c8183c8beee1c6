//go:build linux || darwin || freebsd || openbsd || netbsd

package reactor

import (
	"io/fs"
	"time"

	"golang.org/x/sys/unix"
)

// files is the real Files. It keeps nothing: any goroutine may use it. The calls may block, so they go through the
// ordinary wrappers, which tell the scheduler and the race detector.
type files struct{}

// OpenFile is open(2). O_NONBLOCK makes no difference to a file; it keeps a pipe without another end from holding a
// goroutine for ever.
func (files) OpenFile(path string, flags int, mode fs.FileMode) (int, Errno) {
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC|unix.O_NONBLOCK, unixMode(mode))
	if err != nil {
		return -1, errnoOf(err)
	}
	return fd, 0
}

// DupFile is fcntl(F_DUPFD_CLOEXEC).
func (files) DupFile(fd int) (int, Errno) {
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1, errnoOf(err)
	}
	return own, 0
}

// Pread is pread(2).
func (files) Pread(fd int, p []byte, off int64) (int, Errno) {
	return count(unix.Pread(fd, p, off))
}

// Fsync is fsync(2), or what goes further where there is such a thing.
func (files) Fsync(fd int) Errno { return errnoOf(fsync(fd)) }

// Ftruncate is ftruncate(2).
func (files) Ftruncate(fd int, size int64) Errno { return errnoOf(unix.Ftruncate(fd, size)) }

// Fstat is fstat(2).
func (files) Fstat(fd int) (FileInfo, Errno) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return FileInfo{}, errnoOf(err)
	}
	return FileInfo{Size: st.Size, Mode: fileMode(uint32(st.Mode)), ModTime: time.Unix(st.Mtim.Unix())}, 0
}

// CloseFile is close(2). Linux and the BSDs have given the descriptor back when they say EINTR, so it is over then too.
func (files) CloseFile(fd int) Errno {
	errno := errnoOf(unix.Close(fd))
	if errno == unix.EINTR {
		return 0
	}
	return errno
}

// Rename is rename(2).
func (files) Rename(from, to string) Errno { return errnoOf(unix.Rename(from, to)) }

// RemoveFile is unlink(2).
func (files) RemoveFile(path string) Errno { return errnoOf(unix.Unlink(path)) }

// count is the result of a call that returns -1 with an error.
func count(n int, err error) (int, Errno) {
	if err != nil {
		return 0, errnoOf(err)
	}
	return n, 0
}

// fileTypes are the types of S_IFMT in package fs's words.
var fileTypes = map[uint32]fs.FileMode{
	unix.S_IFBLK:  fs.ModeDevice,
	unix.S_IFCHR:  fs.ModeDevice | fs.ModeCharDevice,
	unix.S_IFDIR:  fs.ModeDir,
	unix.S_IFIFO:  fs.ModeNamedPipe,
	unix.S_IFLNK:  fs.ModeSymlink,
	unix.S_IFSOCK: fs.ModeSocket,
}

// modeBits are the bits beside the permissions.
var modeBits = [...]struct {
	unix uint32
	fs   fs.FileMode
}{
	{unix.S_ISUID, fs.ModeSetuid},
	{unix.S_ISGID, fs.ModeSetgid},
	{unix.S_ISVTX, fs.ModeSticky},
}

func fileMode(st uint32) fs.FileMode {
	m := fs.FileMode(st)&fs.ModePerm | fileTypes[st&unix.S_IFMT]
	for _, bit := range modeBits {
		if st&bit.unix != 0 {
			m |= bit.fs
		}
	}
	return m
}

func unixMode(m fs.FileMode) uint32 {
	st := uint32(m & fs.ModePerm)
	for _, bit := range modeBits {
		if m&bit.fs != 0 {
			st |= bit.unix
		}
	}
	return st
}
