package reactortest

import (
	"bytes"
	"io/fs"
	"os"

	"github.com/weir-go/weir/reactor"
)

// fileBehaviours are of Files. Its calls are made where package loop would make them: off the loop.
var fileBehaviours = []behaviour{
	{"file_that_is_not_there", one, fileNotThere},
	{"file_is_written_and_read", one, fileWrittenAndRead},
	{"file_ends_where_it_ends_now", one, fileEnds},
	{"file_is_made_once_if_asked_so", one, fileExclusive},
	{"file_is_appended_to_wherever_it_was_read", one, fileAppended},
	{"file_is_read_without_waiting_or_not_at_all", one, fileNoWait},
	{"file_opened_for_reading_is_not_written", one, fileReadOnly},
	{"file_takes_over_a_name_in_one_step", one, fileRenamed},
	{"file_without_a_name_can_be_read", one, fileRemoved},
	{"file_gathers_many_buffers", one, fileGathers},
	{"file_has_a_second_descriptor", one, fileDup},
	{"folder_is_synced_and_not_read", one, folderSynced},
}

// off runs fn off the loop, as package loop would, and waits for it.
func (e *env) off(fn func()) {
	e.Helper()
	done := make(chan struct{})
	ended := func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	}
	if e.work(true, func() { fn(); close(done) }) == nil {
		go func() {
			fn()
			close(done)
		}()
	}
	e.until("what happens off the loop", ended)
}

// again repeats a call that was interrupted.
func again(call func() reactor.Errno) reactor.Errno {
	for {
		if errno := call(); errno != reactor.EINTR {
			return errno
		}
	}
}

// open opens a file off the loop, and fails the test if that is not what it should say.
func (e *env) open(path string, flags int, want reactor.Errno) (fd int) {
	e.Helper()
	var errno reactor.Errno
	e.off(func() {
		errno = again(func() (errno reactor.Errno) {
			fd, errno = e.k.OpenFile(path, flags, 0o640)
			return errno
		})
	})
	if errno != want {
		e.Fatalf("open %s with %#x: got %v, want %v", path, flags, errno, want)
	}
	if errno != 0 && fd >= 0 {
		e.Errorf("open failed and returned descriptor %d", fd)
	}
	return fd
}

func (e *env) closeFile(fd int) {
	e.Helper()
	e.off(func() {
		if errno := e.k.CloseFile(fd); errno != 0 {
			e.Errorf("close: %v", errno)
		}
	})
}

// writeFile writes all of p, in as many calls as it takes.
func (e *env) writeFile(fd int, p []byte, off int64) {
	e.Helper()
	e.off(func() {
		for len(p) > 0 {
			n, errno := e.k.Pwritev(fd, [][]byte{p}, off)
			if errno == reactor.EINTR {
				continue
			}
			if errno != 0 || n <= 0 {
				e.Errorf("pwritev: %d, %v", n, errno)
				return
			}
			if p = p[n:]; off >= 0 {
				off += int64(n)
			}
		}
	})
}

// readFile reads at off until the end, or until room is full.
func (e *env) readFile(fd int, room int, off int64) []byte {
	e.Helper()
	p := make([]byte, room)
	total := 0
	e.off(func() {
		for total < room {
			n, errno := e.k.Pread(fd, p[total:], off+int64(total))
			if errno == reactor.EINTR {
				continue
			}
			if errno != 0 {
				e.Errorf("pread: %v", errno)
			}
			if n == 0 || errno != 0 {
				return
			}
			total += n
		}
	})
	return p[:total]
}

func (e *env) wantFile(what string, got, want []byte) {
	e.Helper()
	if !bytes.Equal(got, want) {
		e.Errorf("%s: got %d bytes, want %d, or they differ", what, len(got), len(want))
	}
}

const made = os.O_WRONLY | os.O_CREATE | os.O_TRUNC

func fileNotThere(e *env) {
	dir := e.Folder()
	e.open(dir+"/nobody", os.O_RDONLY, reactor.ENOENT)
	e.open(dir+"/no/folder", made, reactor.ENOENT)
	e.open(dir, os.O_WRONLY, reactor.EISDIR)
	e.off(func() {
		if errno := again(func() reactor.Errno { return e.k.RemoveFile(dir + "/nobody") }); errno != reactor.ENOENT {
			e.Errorf("removing it: got %v", errno)
		}
		if errno := again(func() reactor.Errno { return e.k.Rename(dir+"/nobody", dir+"/else") }); errno != reactor.ENOENT {
			e.Errorf("renaming it: got %v", errno)
		}
	})
}

func fileWrittenAndRead(e *env) {
	path := e.Folder() + "/a"
	want := pattern(100_000)
	fd := e.open(path, made, 0)
	e.writeFile(fd, want[50_000:], 50_000)
	e.writeFile(fd, want[:50_000], 0)
	e.off(func() {
		info, errno := e.k.Fstat(fd)
		if errno != 0 || info.Size != int64(len(want)) || !info.Mode.IsRegular() || info.ModTime.IsZero() {
			e.Errorf("fstat: %+v, %v", info, errno)
		}
		if errno := again(func() reactor.Errno { return e.k.Fsync(fd) }); errno != 0 {
			e.Errorf("fsync: %v", errno)
		}
	})
	e.closeFile(fd)
	fd = e.open(path, os.O_RDONLY, 0)
	e.wantFile("all", e.readFile(fd, len(want)+1, 0), want)
	e.wantFile("the middle", e.readFile(fd, 1000, 60_000), want[60_000:61_000])
	e.closeFile(fd)
}

func fileEnds(e *env) {
	fd := e.open(e.Folder()+"/a", os.O_RDWR|os.O_CREATE, 0)
	e.writeFile(fd, pattern(10), 0)
	e.wantFile("behind the end", e.readFile(fd, 10, 10), nil)
	e.wantFile("far behind it", e.readFile(fd, 10, 1<<40), nil)
	e.off(func() {
		if errno := again(func() reactor.Errno { return e.k.Ftruncate(fd, 4) }); errno != 0 {
			e.Errorf("ftruncate: %v", errno)
		}
	})
	e.wantFile("what is left", e.readFile(fd, 10, 0), pattern(10)[:4])
	e.off(func() { again(func() reactor.Errno { return e.k.Ftruncate(fd, 6) }) })
	e.wantFile("what is new", e.readFile(fd, 10, 4), []byte{0, 0})
	e.writeFile(fd, []byte{7}, 8)
	e.wantFile("a hole", e.readFile(fd, 10, 4), []byte{0, 0, 0, 0, 7})
	e.closeFile(fd)
}

func fileExclusive(e *env) {
	path := e.Folder() + "/a"
	e.closeFile(e.open(path, made|os.O_EXCL, 0))
	e.open(path, made|os.O_EXCL, reactor.EEXIST)
}

func fileAppended(e *env) {
	path := e.Folder() + "/a"
	fd := e.open(path, made, 0)
	e.writeFile(fd, []byte("one "), 0)
	more := e.open(path, os.O_RDWR|os.O_APPEND, 0)
	e.writeFile(more, []byte("two "), -1)
	e.writeFile(fd, []byte("three "), 8)
	e.wantFile("so far", e.readFile(more, 4, 0), []byte("one "))
	e.writeFile(more, []byte("four"), -1)
	e.wantFile("all", e.readFile(more, 100, 0), []byte("one two three four"))
	e.closeFile(fd)
	e.closeFile(more)
}

func fileNoWait(e *env) {
	path := e.Folder() + "/a"
	want := pattern(5000)
	fd := e.open(path, os.O_RDWR|os.O_CREATE, 0)
	e.writeFile(fd, want, 0)
	p := make([]byte, 1000)
	n, errno := e.k.PreadNoWait(fd, p, 2000)
	switch errno {
	case reactor.EOPNOTSUPP, reactor.EAGAIN, reactor.EINTR:
		if n != 0 {
			e.Errorf("%v, and %d bytes", errno, n)
		}
	case 0:
		e.wantFile("what is in memory", p[:n], want[2000:2000+n])
	default:
		e.Errorf("got %v", errno)
	}
	e.closeFile(fd)
}

func fileReadOnly(e *env) {
	path := e.Folder() + "/a"
	e.closeFile(e.open(path, made, 0))
	fd := e.open(path, os.O_RDONLY, 0)
	e.off(func() {
		if _, errno := e.k.Pwritev(fd, [][]byte{{1}}, 0); errno != reactor.EBADF && errno != reactor.EINTR {
			e.Errorf("writing: got %v", errno)
		}
	})
	e.closeFile(fd)
}

func fileRenamed(e *env) {
	dir := e.Folder()
	e.closeFile(e.open(dir+"/old", made, 0))
	kept := e.open(dir+"/old", os.O_RDONLY, 0)
	fd := e.open(dir+"/new", made, 0)
	e.writeFile(fd, []byte("new"), 0)
	e.off(func() {
		if errno := again(func() reactor.Errno { return e.k.Rename(dir+"/new", dir+"/old") }); errno != 0 {
			e.Errorf("rename: %v", errno)
		}
	})
	e.closeFile(fd)
	e.wantFile("who has the old one open keeps it", e.readFile(kept, 10, 0), nil)
	e.closeFile(kept)
	fd = e.open(dir+"/old", os.O_RDONLY, 0)
	e.wantFile("who opens it finds the new one", e.readFile(fd, 10, 0), []byte("new"))
	e.closeFile(fd)
	e.open(dir+"/new", os.O_RDONLY, reactor.ENOENT)
}

func fileRemoved(e *env) {
	path := e.Folder() + "/a"
	fd := e.open(path, os.O_RDWR|os.O_CREATE, 0)
	e.writeFile(fd, []byte("still here"), 0)
	e.off(func() {
		if errno := again(func() reactor.Errno { return e.k.RemoveFile(path) }); errno != 0 {
			e.Errorf("remove: %v", errno)
		}
	})
	e.wantFile("its bytes", e.readFile(fd, 100, 0), []byte("still here"))
	e.closeFile(fd)
	e.open(path, os.O_RDONLY, reactor.ENOENT)
}

func fileGathers(e *env) {
	want := pattern(3 * reactor.MaxVectors)
	var bufs [][]byte
	for p := want; len(p) > 0; p = p[3:] {
		bufs = append(bufs, p[:3])
	}
	fd := e.open(e.Folder()+"/a", os.O_RDWR|os.O_CREATE, 0)
	n := 0
	e.off(func() {
		errno := again(func() (errno reactor.Errno) {
			n, errno = e.k.Pwritev(fd, bufs, 0)
			return errno
		})
		if errno != 0 {
			e.Errorf("pwritev of %d: %v", len(bufs), errno)
		}
	})
	if n <= 0 || n > len(want) {
		e.Errorf("it took %d of %d bytes", n, len(want))
	}
	e.wantFile("what it took", e.readFile(fd, len(want), 0), want[:n])
	e.closeFile(fd)
}

func fileDup(e *env) {
	fd := e.open(e.Folder()+"/a", os.O_RDWR|os.O_CREATE, 0)
	e.writeFile(fd, []byte("both"), 0)
	own, errno := e.k.DupFile(fd)
	if errno != 0 || own == fd {
		e.Fatalf("got %d, %v", own, errno)
	}
	e.closeFile(fd)
	e.wantFile("through the second one", e.readFile(own, 10, 0), []byte("both"))
	e.closeFile(own)
	if own, errno = e.k.DupFile(own); errno != reactor.EBADF {
		e.Errorf("of nothing: got %d, %v, want EBADF", own, errno)
	}
}

func folderSynced(e *env) {
	dir := e.Folder()
	e.closeFile(e.open(dir+"/a", made, 0))
	fd := e.open(dir, os.O_RDONLY, 0)
	e.off(func() {
		if errno := again(func() reactor.Errno { return e.k.Fsync(fd) }); errno != 0 {
			e.Errorf("fsync: %v", errno)
		}
		if info, errno := e.k.Fstat(fd); errno != 0 || info.Mode&fs.ModeDir == 0 {
			e.Errorf("fstat: %+v, %v", info, errno)
		}
		if n, errno := e.k.Pread(fd, make([]byte, 10), 0); errno != reactor.EISDIR && errno != reactor.EINTR {
			e.Errorf("pread: %d, %v", n, errno)
		}
	})
	e.closeFile(fd)
}
