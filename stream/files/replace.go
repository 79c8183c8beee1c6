package files

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
)

// ReplaceOptions say how a file is replaced. The zero value is good.
type ReplaceOptions struct {
	// Mode is what the file gets, less the umask, whatever the one before it had. 0 means DefaultMode.
	Mode fs.FileMode
	// Sync has OnFinish wait until the file and its name are on the disk (fsync of both): after a power cut there is the old
	// file or the new one. Without it there may be an empty one.
	Sync bool
	// HighWaterMark and NoEmitClose are as in WriteOptions.
	HighWaterMark int
	NoEmitClose   bool
}

// Replace returns a stream whose file is at path when everything has been written, and not before: what was there stays
// until then, and others see the one or the other, whole. The bytes go to a file beside path, named .weir- and something,
// which gets the name between End and OnFinish. A stream that fails or is destroyed before OnFinish removes it. What nobody
// can help is the end of the process: then the file beside stays.
//
// So an upload wants stream.Pipeline, which destroys this stream when the request is aborted. Pipe does nothing then: the
// file beside would stay open, and there.
//
//	stream.Pipeline(func(err error) { … }, req, files.Replace(l, path, files.ReplaceOptions{}))
//
// A link at path is replaced, not followed. A Destroy that comes while the name is being given does not take it back.
func Replace(l *loop.Loop, path string, o ReplaceOptions) *WriteStream {
	if o.Mode == 0 {
		o.Mode = DefaultMode
	}
	w := newWriteStream(l, path, WriteOptions{Sync: o.Sync, HighWaterMark: o.HighWaterMark, NoEmitClose: o.NoEmitClose})
	w.replace = true
	nanos := l.Reactor().Kernel().Wall().UnixNano()
	w.start(func() error { return w.file.openBeside(nanos, o.Mode) })
	return w
}

// maxNames is how many names are tried. That one is taken means that somebody had it made in the same tick of the clock.
const maxNames = 100

// openBeside makes a file that nobody else has, off the loop.
func (f *file) openBeside(nanos int64, mode fs.FileMode) error {
	for try := range maxNames {
		name := tempName(f.path, nanos, try)
		err := f.openAs(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if f.fd >= 0 {
			f.temp = name
		}
		if err != reactor.EEXIST {
			return err
		}
	}
	return reactor.EEXIST
}

// commit gives the file its name, off the loop. It is closed first, as that may fail too.
func (w *WriteStream) commit() error {
	f := &w.file
	if w.o.Sync {
		if err := f.sync(); err != nil {
			return f.failure("sync", err)
		}
	}
	if err := f.release(); err != nil {
		return f.failure("close", err)
	}
	if w.gone.Load() {
		return stream.ErrDestroyed
	}
	if err := repeat(func() reactor.Errno { return f.k.Rename(f.temp, f.path) }); err != nil {
		return f.failure("rename", err)
	}
	f.temp = ""
	if w.o.Sync {
		return f.failure("sync", f.syncFolder())
	}
	return nil
}

// syncFolder makes the names in f's folder last.
func (f *file) syncFolder() error {
	folder := file{k: f.k, fd: -1}
	if err := folder.openAs(filepath.Dir(f.path), os.O_RDONLY, 0); err != nil {
		return either(err, folder.release())
	}
	return either(folder.sync(), folder.release())
}

func (w *WriteStream) committed(err error) { w.answer(&w.final, err) }
