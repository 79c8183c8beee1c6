package files

import (
	"io/fs"
	"path/filepath"
	"strconv"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

// DefaultMode is what files are made with, less the process's umask: Node's 0o666.
const DefaultMode fs.FileMode = 0o666

// file is an open file, or one on its way. Its methods run off the loop, but for begin, adopt and close.
type file struct {
	errands
	k    reactor.Files
	path string // for people, and of what it is opened by
	fd   int    // -1 while it is not open
	own  reactor.File
	info reactor.FileInfo
	open bool // the loop's: it was opened and is not being closed

	temp string // what it is called until it is complete; "" if it has its name
}

func (f *file) begin(l *loop.Loop, path string) {
	f.l, f.k, f.path, f.fd = l, l.Reactor().Kernel(), path, -1
}

// adopt makes f a second descriptor of x's, on the loop: that does not wait. The first one is closed with it, and if there is no
// second, unless it is to stay the caller's.
func (f *file) adopt(x reactor.File, keep bool) error {
	if !keep {
		f.own = x
	}
	raw, err := x.SyscallConn()
	if err != nil {
		return &Error{Op: "open", Path: f.path, Err: err}
	}
	errno := reactor.Errno(0)
	err = raw.Control(func(fd uintptr) { f.fd, errno = f.k.DupFile(int(fd)) })
	if err == nil && errno != 0 {
		err = errno
	}
	if err != nil {
		f.fd = -1
		return &Error{Op: "open", Path: f.path, Err: err}
	}
	return nil
}

// repeat calls call until it is not interrupted.
func repeat(call func() reactor.Errno) error {
	for {
		switch errno := call(); errno {
		case 0:
			return nil
		case reactor.EINTR:
		default:
			return errno
		}
	}
}

// openAs opens path, if f did not come open, and looks what it is.
func (f *file) openAs(path string, flags int, mode fs.FileMode) error {
	if f.fd < 0 {
		err := repeat(func() (errno reactor.Errno) {
			f.fd, errno = f.k.OpenFile(path, flags, mode)
			return errno
		})
		if err != nil {
			f.fd = -1
			return err
		}
	}
	return repeat(func() (errno reactor.Errno) {
		f.info, errno = f.k.Fstat(f.fd)
		return errno
	})
}

func (f *file) sync() error { return repeat(func() reactor.Errno { return f.k.Fsync(f.fd) }) }

// release closes what is open. The first error counts; everything is released anyway.
func (f *file) release() error {
	var err error
	if f.fd >= 0 {
		if errno := f.k.CloseFile(f.fd); errno != 0 {
			err = errno
		}
		f.fd = -1
	}
	if f.own != nil {
		f.own.Close() // what it says does not matter: its file is ours, and has said it
		f.own = nil
	}
	return err
}

// discard is release of a file that will not be complete.
func (f *file) discard() error {
	err := f.release()
	if f.temp != "" {
		_ = repeat(func() reactor.Errno { return f.k.RemoveFile(f.temp) }) // if it cannot be removed, nobody can help it
		f.temp = ""
	}
	return err
}

// close closes f when nothing is under way, off the loop, and then calls done with err, or with why closing failed.
func (f *file) close(err error, done func(error)) {
	f.open = false
	f.finally(func() {
		if !f.left() {
			done(err)
			return
		}
		f.do(f.discard, func(closed error) {
			if f.left() {
				closed = f.discard() // the loop is closed: there is nowhere else, and nobody to be kept waiting
			}
			done(either(err, f.failure("close", closed)))
		})
	})
}

// left reports whether there is anything to discard.
func (f *file) left() bool { return f.fd >= 0 || f.own != nil || f.temp != "" }

// either is the first error.
func either(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// tempPrefix begins the names of files that are not complete. internal/simkernel knows it too.
const tempPrefix = ".weir-"

// tempName is a name beside path that nobody else has, as a rule: the time, and how often there was somebody. It does not
// hold path's, which may be too long for more.
func tempName(path string, nanos int64, try int) string {
	name := tempPrefix + strconv.FormatInt(nanos, 36) + "-" + strconv.Itoa(try)
	return filepath.Join(filepath.Dir(path), name)
}
