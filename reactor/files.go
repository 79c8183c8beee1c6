package reactor

import (
	"io/fs"
	"time"
)

// Files is the part of Kernel that opens, reads, writes and ends files.
//
// A disk has no readiness: these calls take as long as it takes, a network's file system included. So all but PreadNoWait,
// InMemory, SendFile and DupFile are called off the loop, from Loop.QueueSlowWork, and any goroutine may call any of them.
// The bytes handed in are the call's until it returns, and a descriptor must stay open that long: its owner closes it when
// no other call has it.
//
// Errors are plain errnos. EINTR may come from any of them and means once more. Counts may be short.
type Files interface {
	// OpenFile opens path. flags are package os's (os.O_WRONLY|os.O_CREATE …), mode is what a file that is made gets, less
	// the umask. The descriptor is closed on exec, and the call does not wait for the other end of a named pipe. It reports
	// ENOENT, EEXIST, EACCES, EISDIR, EMFILE, ENOSPC …
	OpenFile(path string, flags int, mode fs.FileMode) (fd int, errno Errno)

	// DupFile returns a second descriptor of what a foreign one has open, closed on exec like those of OpenFile, and given
	// back like them. It does not wait.
	DupFile(fd int) (own int, errno Errno)

	// Pread reads at off, which need not be where the last read ended: the descriptor has no position that matters. 0
	// bytes without an errno is the end of the file as it is now.
	Pread(fd int, p []byte, off int64) (n int, errno Errno)

	// PreadNoWait is Pread of what is in memory, and may be called on the loop. EAGAIN means that Pread would have to wait
	// for the disk, EOPNOTSUPP that this system or file cannot tell. Fewer bytes than asked for, or 0, say nothing about the
	// file's end: Pread does.
	PreadNoWait(fd int, p []byte, off int64) (n int, errno Errno)

	// InMemory is how many of the n bytes from off on are in memory, in a row, as far as can be told without waiting: SendFile
	// would not have to wait for them now. It may say less than there is; bytes behind the file's end are never there.
	// EOPNOTSUPP means that this system or file cannot tell. It may be called on the loop.
	InMemory(fd int, off int64, n int) (resident int, errno Errno)

	// SendFile has the kernel send n bytes of fd, from off on, through the connection sock: sendfile(2). It is Write of them,
	// for the loop's goroutine, EAGAIN and short counts included, but what is not in memory it waits for: ask InMemory
	// before. 0 bytes without an errno is the file's end. EOPNOTSUPP means that this system or file cannot.
	SendFile(sock, fd int, off int64, n int) (sent int, errno Errno)

	// Pwritev writes bufs, one behind the other, at off; a negative off means where the descriptor stands, which is the end
	// for one opened with os.O_APPEND. It takes at most MaxVectors buffers. It reports ENOSPC, EDQUOT, EFBIG, EIO …
	Pwritev(fd int, bufs [][]byte, off int64) (n int, errno Errno)

	// Fsync returns when what was written is on the disk, as far as the system can tell. A directory's descriptor makes
	// the names in it last.
	Fsync(fd int) Errno

	// Ftruncate gives a file a size.
	Ftruncate(fd int, size int64) Errno

	// Fstat says what is open.
	Fstat(fd int) (FileInfo, Errno)

	// CloseFile gives a descriptor of OpenFile back, whatever it returns: an errno tells of bytes that were lost. EINTR is
	// no such errno and is not reported. It is apart from Sockets.Close, which never blocks.
	CloseFile(fd int) Errno

	// Rename gives a file another name, which replaces what had that name, in one step that others see or do not.
	Rename(from, to string) Errno

	// RemoveFile removes a name. Who has the file open keeps it.
	RemoveFile(path string) Errno
}

// FileInfo is what Files.Fstat tells.
type FileInfo struct {
	Size    int64 // in bytes; of devices and the like it says nothing
	Mode    fs.FileMode
	ModTime time.Time
}
