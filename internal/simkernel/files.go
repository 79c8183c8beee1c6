package simkernel

import (
	"io/fs"
	"os"
	"path"
	"syscall"

	"github.com/weir-go/weir/reactor"
)

// beginFile is what every call on files does first. It is made by work, which has taken its time, and never by the loop: a
// real one would stop there until the disk has turned.
func (k *Kernel) beginFile(call string) *World {
	if k.released {
		k.w.violate("%s after Release", call)
	}
	if !k.w.elsewhere.working {
		k.w.violate("%s on the loop, which it may block", call)
	}
	k.w.calls.File++
	return k.w
}

// fault draws what may go wrong with any call on a file.
func (w *World) fault() Errno {
	switch {
	case w.random.chance(w.faults.Interrupt):
		return syscall.EINTR
	case w.random.chance(w.faults.FileError):
		return syscall.EIO
	}
	return 0
}

// OpenFile is open(2).
func (k *Kernel) OpenFile(name string, flags int, _ fs.FileMode) (int, Errno) {
	w := k.beginFile("OpenFile")
	fd, errno := w.openFile(path.Clean(name), flags)
	w.log.add(record{at: w.now, op: opOpenFile, kernel: k.id, id: -1, arg: int64(flags), result: int64(fd), errno: errno, sample: sampleName(name)})
	return fd, errno
}

func (w *World) openFile(name string, flags int) (int, Errno) {
	d, f := &w.disk, &w.faults
	access := flags & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR)
	o := &openFile{path: name, read: access != os.O_WRONLY, write: access != os.O_RDONLY, appended: flags&os.O_APPEND != 0}
	e := d.find(name)
	switch {
	case w.random.chance(f.Interrupt):
		return -1, syscall.EINTR
	case w.random.chance(f.OpenFail):
		return -1, [...]Errno{syscall.EMFILE, syscall.ENFILE, syscall.EACCES, syscall.EIO}[w.random.below(4)]
	case w.full():
		return -1, syscall.EMFILE
	case d.isFolder(name) && o.write:
		return -1, syscall.EISDIR
	case d.isFolder(name):
		o.folder = name
	case !d.isFolder(path.Dir(name)):
		return -1, syscall.ENOENT
	case e == nil && flags&os.O_CREATE == 0:
		return -1, syscall.ENOENT
	case e != nil && flags&(os.O_CREATE|os.O_EXCL) == os.O_CREATE|os.O_EXCL:
		return -1, syscall.EEXIST
	case e == nil:
		o.file = &inode{mtime: w.now}
		d.link(name, o.file)
	default:
		o.file = e.file
		if flags&os.O_TRUNC != 0 {
			d.resize(o.file, 0)
			o.file.synced = false
		}
	}
	if o.file != nil {
		o.file.open++
	}
	s := w.newSocket(kindOpenFile)
	s.file = o
	w.install(s)
	return s.fd, 0
}

// DupFile is fcntl(F_DUPFD_CLOEXEC). It does not wait.
func (k *Kernel) DupFile(fd int) (int, Errno) {
	w := k.begin("DupFile")
	own, errno := w.dupFile(fd)
	if w.opts.FileOf != nil {
		fd = -1
	}
	w.log.add(record{at: w.now, op: opDupFile, kernel: k.id, id: int32(fd), result: int64(own), errno: errno})
	return own, errno
}

func (w *World) dupFile(fd int) (int, Errno) {
	if w.opts.FileOf != nil {
		if name := w.opts.FileOf(fd); name != "" {
			return w.dupForeign(path.Clean(name))
		}
	}
	if fd < 0 || fd >= len(w.fds) || w.fds[fd] == nil || w.fds[fd].file == nil {
		return -1, syscall.EBADF // not a mistake of ours: a user may hand in anything
	}
	o := w.fds[fd].file
	s := w.newSocket(kindOpenFile)
	s.file = o
	if !w.install(s) {
		return -1, syscall.EMFILE
	}
	if o.file != nil {
		o.file.open++
	}
	return s.fd, 0
}

// dupForeign opens the file of that name, as it is on our disk, in the place of one that is open in the test's process.
func (w *World) dupForeign(name string) (int, Errno) {
	e := w.disk.find(name)
	if e == nil {
		return -1, syscall.EBADF
	}
	s := w.newSocket(kindOpenFile)
	s.file = &openFile{path: name, file: e.file, read: true}
	if !w.install(s) {
		return -1, syscall.EMFILE
	}
	e.file.open++
	return s.fd, 0
}

// onDisk returns the file that fd stands for.
func (w *World) onDisk(call string, fd int) (*openFile, Errno) {
	s := w.lookup(call, fd)
	switch {
	case s == nil:
		return nil, syscall.EBADF
	case s.file == nil:
		w.violate("%s of fd %d, which is no file", call, fd)
		return nil, syscall.EBADF
	}
	return s.file, 0
}

// Pread is pread(2).
func (k *Kernel) Pread(fd int, p []byte, off int64) (int, Errno) {
	w := k.beginFile("Pread")
	w.calls.Pread++
	n, errno := w.pread("Pread", fd, p, off)
	if errno == 0 && n > 0 {
		w.fds[fd].file.file.cold.read(off, n)
	}
	w.log.add(record{at: w.now, op: opPread, kernel: k.id, id: int32(fd), arg: off, result: int64(n), errno: errno, sample: sample(p[:n])})
	return n, errno
}

func (w *World) pread(call string, fd int, p []byte, off int64) (int, Errno) {
	o, errno := w.onDisk(call, fd)
	switch {
	case errno != 0:
		return 0, errno
	case o.file == nil:
		return 0, syscall.EISDIR
	case !o.read:
		return 0, syscall.EBADF
	case off < 0:
		return 0, syscall.EINVAL
	}
	if errno := w.fault(); errno != 0 {
		return 0, errno
	}
	if off >= int64(len(o.file.data)) {
		return 0, 0
	}
	rest := o.file.data[off:]
	n := min(len(p), len(rest))
	if n > 1 && w.random.chance(w.faults.ShortRead) {
		n = 1 + w.random.below(n)
	}
	return copy(p[:n], rest), 0
}

// PreadNoWait is preadv2(2) with RWF_NOWAIT, which only Linux has.
func (k *Kernel) PreadNoWait(fd int, p []byte, off int64) (int, Errno) {
	w := k.begin("PreadNoWait")
	w.calls.PreadNoWait++
	var n int
	var errno Errno
	switch {
	case w.bsd():
		errno = syscall.EOPNOTSUPP
	case w.random.chance(w.faults.NotCached):
		if w.random.coin() {
			errno = syscall.EAGAIN // or nothing at all, which some kernels say
		}
	default:
		n, errno = w.preadNoWait(fd, p, off)
	}
	w.log.add(record{at: w.now, op: opPread, kernel: k.id, id: int32(fd), arg: off, result: int64(n), errno: errno, sample: sample(p[:n])})
	return n, errno
}

// preadNoWait is pread of what is in memory.
func (w *World) preadNoWait(fd int, p []byte, off int64) (int, Errno) {
	o, errno := w.onDisk("PreadNoWait", fd)
	if errno == 0 && o.file != nil && len(p) > 0 && off >= 0 {
		w.evict(o.file)
		if p = p[:o.file.cold.resident(off, len(p))]; len(p) == 0 {
			return 0, syscall.EAGAIN
		}
	}
	return w.pread("PreadNoWait", fd, p, off)
}

// Pwritev is pwritev(2).
func (k *Kernel) Pwritev(fd int, bufs [][]byte, off int64) (int, Errno) {
	w := k.beginFile("Pwritev")
	w.calls.Pwritev++
	n, errno := w.pwritev(fd, bufs, off)
	w.log.add(record{at: w.now, op: opPwritev, kernel: k.id, id: int32(fd), arg: off, result: int64(n), errno: errno})
	return n, errno
}

func (w *World) pwritev(fd int, bufs [][]byte, off int64) (int, Errno) {
	if len(bufs) > reactor.MaxVectors {
		w.violate("Pwritev of %d buffers", len(bufs))
		return 0, syscall.EINVAL
	}
	o, errno := w.onDisk("Pwritev", fd)
	if errno != 0 {
		return 0, errno
	}
	if o.file == nil || !o.write {
		return 0, syscall.EBADF
	}
	if errno := w.fault(); errno != 0 {
		return 0, errno
	}
	total := 0
	for _, b := range bufs {
		total += len(b)
	}
	at := off
	switch {
	case o.appended && (off < 0 || !w.bsd()): // Linux does so whatever the offset; not all others do
		at = int64(len(o.file.data))
	case off < 0:
		at = o.off
	}
	n := total
	if n > 1 && w.random.chance(w.faults.ShortWrite) {
		n = 1 + w.random.below(n)
	}
	if at+int64(n) > maxFile {
		return 0, syscall.EFBIG
	}
	if space := w.opts.DiskSpace; space > 0 {
		grows := int(at) + n - len(o.file.data)
		if over := w.disk.used + grows - space; grows > 0 && over > 0 {
			n -= over
		}
		if n <= 0 && total > 0 {
			return 0, syscall.ENOSPC
		}
	}
	if end := int(at) + n; end > len(o.file.data) {
		w.disk.resize(o.file, end)
	}
	left := o.file.data[at : int(at)+n]
	for _, b := range bufs {
		left = left[copy(left, b):]
	}
	o.file.mtime, o.file.synced = w.now, false
	if off < 0 {
		o.off = at + int64(n)
	}
	return n, 0
}

// Fsync is fsync(2).
func (k *Kernel) Fsync(fd int) Errno {
	w := k.beginFile("Fsync")
	w.calls.Fsync++
	o, errno := w.onDisk("Fsync", fd)
	if errno == 0 {
		errno = w.fault()
	}
	switch {
	case errno != 0:
	case o.file != nil:
		o.file.synced = true
	default:
		for _, e := range w.disk.entries {
			e.lasts = e.lasts || path.Dir(e.path) == o.folder
		}
	}
	return k.done(opFsync, fd, errno)
}

// Ftruncate is ftruncate(2).
func (k *Kernel) Ftruncate(fd int, size int64) Errno {
	w := k.beginFile("Ftruncate")
	o, errno := w.onDisk("Ftruncate", fd)
	if errno == 0 {
		errno = w.fault()
	}
	switch {
	case errno != 0:
	case o.file == nil || !o.write || size < 0:
		errno = syscall.EINVAL
	case size > maxFile:
		errno = syscall.EFBIG
	default:
		w.disk.resize(o.file, int(size))
		o.file.synced = false
	}
	return k.done(opFtruncate, fd, errno)
}

// Fstat is fstat(2).
func (k *Kernel) Fstat(fd int) (reactor.FileInfo, Errno) {
	w := k.beginFile("Fstat")
	o, errno := w.onDisk("Fstat", fd)
	k.done(opFstat, fd, errno)
	switch {
	case errno != 0:
		return reactor.FileInfo{}, errno
	case o.file == nil:
		return reactor.FileInfo{Mode: fs.ModeDir | 0o755, ModTime: epoch}, 0
	}
	return reactor.FileInfo{Size: int64(len(o.file.data)), Mode: 0o644, ModTime: epoch.Add(o.file.mtime)}, 0
}

// CloseFile is close(2): the descriptor is given back, whatever it says.
func (k *Kernel) CloseFile(fd int) Errno {
	w := k.beginFile("CloseFile")
	o, errno := w.onDisk("CloseFile", fd)
	if errno != 0 {
		return k.done(opCloseFile, fd, errno)
	}
	w.uninstall(fd)
	if o.file != nil {
		o.file.open--
		w.disk.settle(o.file)
	}
	if o.write && w.random.chance(w.faults.FileError) {
		errno = syscall.EIO
	}
	return k.done(opCloseFile, fd, errno)
}

// Rename is rename(2).
func (k *Kernel) Rename(from, to string) Errno {
	w := k.beginFile("Rename")
	errno := w.rename(path.Clean(from), path.Clean(to))
	w.log.add(record{at: w.now, op: opRename, kernel: k.id, id: -1, errno: errno, sample: sampleName(to)})
	return errno
}

func (w *World) rename(from, to string) Errno {
	d := &w.disk
	e := d.find(from)
	switch errno := w.fault(); {
	case errno != 0:
		return errno
	case e == nil, !d.isFolder(path.Dir(to)):
		return syscall.ENOENT
	case d.isFolder(to):
		return syscall.EISDIR
	case from == to:
		return 0
	}
	d.link(to, e.file)
	d.unlink(from)
	return 0
}

// RemoveFile is unlink(2). It does not fail by chance, or else nobody could promise that nothing stays.
func (k *Kernel) RemoveFile(name string) Errno {
	w := k.beginFile("RemoveFile")
	errno := Errno(0)
	switch name = path.Clean(name); {
	case w.disk.isFolder(name):
		errno = syscall.EISDIR
	case w.random.chance(w.faults.Interrupt):
		errno = syscall.EINTR
	case !w.disk.unlink(name):
		errno = syscall.ENOENT
	}
	w.log.add(record{at: w.now, op: opRemoveFile, kernel: k.id, id: -1, errno: errno, sample: sampleName(name)})
	return errno
}
