package simkernel

import (
	"path"
	"syscall"
)

// cold is the stretch of a file that is not in memory, from one byte up to another. A real file has many; one is enough to
// be in the way.
type cold struct{ from, to int64 }

// resident is how many of n bytes from off on are in memory, in a row.
func (c cold) resident(off int64, n int) int {
	switch {
	case c.from >= c.to || off >= c.to || off+int64(n) <= c.from:
		return n
	case off >= c.from:
		return 0
	}
	return int(c.from - off)
}

// read is n bytes from off on having been read from the disk.
func (c *cold) read(off int64, n int) {
	end := off + int64(n)
	switch {
	case off <= c.from && end > c.from:
		c.from = end
	case off > c.from && off < c.to && end >= c.to:
		c.to = off
	case off > c.from && off < c.to:
		c.from = end // what is before has been read ahead, say
	}
}

// evict has some of a file leave memory, if the seed says so: others want the memory, and time has passed.
func (w *World) evict(f *inode) {
	if !w.random.chance(w.faults.Evict) || len(f.data) == 0 {
		return
	}
	from := w.random.below(len(f.data))
	f.cold = cold{int64(from), int64(from + 1 + w.random.below(len(f.data)-from))}
}

// EvictFile has a file's bytes from off on, n of them, leave memory until they are read from the disk; those that have left
// before are back.
func (w *World) EvictFile(name string, off int64, n int) {
	if e := w.disk.find(path.Clean(name)); e != nil {
		e.file.cold = cold{off, off + int64(n)}
	}
}

// InMemory is cachestat(2), which only Linux has.
func (k *Kernel) InMemory(fd int, off int64, n int) (int, Errno) {
	w := k.begin("InMemory")
	w.calls.InMemory++
	there := 0
	o, errno := w.onDisk("InMemory", fd)
	switch {
	case errno != 0:
	case w.bsd():
		errno = syscall.EOPNOTSUPP
	case o.file == nil || off < 0 || off >= int64(len(o.file.data)):
	default:
		w.evict(o.file)
		there = o.file.cold.resident(off, min(n, len(o.file.data)-int(off)))
		if there > 1 && w.random.chance(w.faults.NotCached) {
			there = w.random.below(there)
		}
	}
	w.log.add(record{at: w.now, op: opInMemory, kernel: k.id, id: int32(fd), arg: off, result: int64(there), errno: errno})
	return there, errno
}

// SendFile is sendfile(2). What it would have to wait for is a mistake of the loop's.
func (k *Kernel) SendFile(sock, fd int, off int64, n int) (int, Errno) {
	w := k.begin("SendFile")
	w.calls.SendFile++
	sent, errno := k.sendFile(sock, fd, off, n)
	w.log.add(record{at: w.now, op: opSendFile, kernel: k.id, id: int32(sock), arg: off, result: int64(sent), errno: errno})
	return sent, errno
}

func (k *Kernel) sendFile(sock, fd int, off int64, n int) (int, Errno) {
	w := k.w
	o, errno := w.onDisk("SendFile", fd)
	switch {
	case errno != 0:
		return 0, errno
	case w.bsd(), o.file == nil:
		return 0, syscall.EOPNOTSUPP
	case !o.read:
		return 0, syscall.EBADF
	case n <= 0 || off < 0:
		w.violate("SendFile of %d bytes from %d on", n, off)
		return 0, syscall.EINVAL
	case w.random.chance(w.faults.NoSend):
		return 0, [...]Errno{syscall.EOPNOTSUPP, syscall.EIO, 0}[w.random.below(3)]
	}
	rest := o.file.data[min(off, int64(len(o.file.data))):]
	rest = rest[:min(n, len(rest))]
	if len(rest) == 0 {
		return 0, 0
	}
	if there := o.file.cold.resident(off, len(rest)); there < len(rest) {
		w.violate("SendFile of fd %d on the loop waits for the disk: %d of %d bytes from %d on are in memory", fd, there, len(rest), off)
	}
	k.vector[0] = rest
	sent, errno := k.write("SendFile", sock, k.vector[:1], len(rest))
	k.vector[0] = nil
	return sent, errno
}
