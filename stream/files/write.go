package files

import (
	"io"
	"io/fs"
	"os"
	"sync/atomic"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
)

// WriteStream is a Writable to a file: Node's fs.WriteStream. What is written while a write is off the loop goes in the
// next one, together. OnFinish is told when everything was taken, and OnClose when the file is closed. A Destroy between
// End and OnFinish is an error, ErrDestroyed if it brings none: something that was promised has not been done.
//
// All methods are for the loop's goroutine.
type WriteStream struct {
	*stream.Writable
	file    file
	o       WriteOptions
	replace bool
	pos     int64 // of the next write; negative if the file knows by itself
	count   uint64
	pending bool
	gone    atomic.Bool // destroyed: what is off the loop need not go on

	bufs    [][]byte // of a write that is under way, or waits for the file to be open
	written int
	one     [1][]byte
	done    func(error) // the Write hook's; nil while it waits for nothing
	final   func(error) // the Final hook's; the same

	writeOp  func() error // made once, as is the other
	writeRan func(error)

	events opened
}

// WriteOptions say how a file is written. The zero value makes it, or empties it, and writes from its beginning.
type WriteOptions struct {
	// Flags are those of os.OpenFile; os.O_WRONLY may be left out. os.O_CREATE|os.O_APPEND is Node's "a",
	// os.O_CREATE|os.O_EXCL its "wx", os.O_RDWR its "r+". 0 means os.O_CREATE|os.O_TRUNC, but os.O_CREATE alone with
	// a Start, as what lies before it is wanted. ToFile looks for os.O_APPEND and for nothing else.
	Flags int
	// Mode is what a file that is made gets, less the umask. 0 means DefaultMode.
	Mode fs.FileMode
	// Start is where the first byte goes, counted from 0. With os.O_APPEND it must be 0 and says nothing.
	Start int64
	// Sync has OnFinish wait until everything is on the disk (fsync). Without it, a power cut may take what was finished.
	Sync bool
	// HighWaterMark is how many bytes may wait before WriteChunk answers false. 0 means DefaultHighWaterMark; NoBuffer, and what
	// panics, are as in stream.WritableOptions.
	HighWaterMark int
	// KeepOpen, of ToFile, leaves the file that was given to the caller.
	KeepOpen bool
	// NoAutoClose leaves the file open after the finish or an error, until Destroy.
	NoAutoClose bool
	// NoEmitClose does without 'close'.
	NoEmitClose bool
}

// Create returns a stream that writes the file at path. It does not wait for anything: why the file cannot be written is
// an error of the stream. A stream that fails or is destroyed leaves the file as far as it was written; Replace does not.
func Create(l *loop.Loop, path string, o WriteOptions) *WriteStream {
	if o.Flags == 0 {
		o.Flags = os.O_CREATE
		if o.Start == 0 {
			o.Flags |= os.O_TRUNC
		}
	}
	if o.Flags&os.O_RDWR == 0 {
		o.Flags |= os.O_WRONLY
	}
	if o.Mode == 0 {
		o.Mode = DefaultMode
	}
	w := newWriteStream(l, path, o)
	w.start(func() error { return w.file.openAs(path, o.Flags, o.Mode) })
	return w
}

// ToFile is Create of a file that is open for writing, such as an *os.File. f is the stream's from now on, and is closed
// with it, unless KeepOpen says otherwise. The position of f is not used.
func ToFile(l *loop.Loop, f reactor.File, o WriteOptions) *WriteStream {
	w := newWriteStream(l, nameOf(f), o)
	if err := w.file.adopt(f, o.KeepOpen); err != nil {
		w.Destroy(err)
		return w
	}
	w.start(func() error { return w.file.openAs("", 0, 0) })
	return w
}

func newWriteStream(l *loop.Loop, path string, o WriteOptions) *WriteStream {
	if o.HighWaterMark == 0 {
		o.HighWaterMark = DefaultHighWaterMark
	}
	w := &WriteStream{o: o, pos: o.Start, pending: true}
	w.file.begin(l, path)
	w.writeOp, w.writeRan = w.write, w.wasWritten
	w.Writable = stream.NewWritable(l, stream.WritableOptions{
		HighWaterMark: o.HighWaterMark,
		Write:         func(p []byte, done func(error)) { w.one[0] = p; w.take(w.one[:], done) },
		Writev:        w.take,
		Final:         w.finish,
		Destroy:       w.teardown,
		NoAutoDestroy: o.NoAutoClose,
		NoEmitClose:   o.NoEmitClose,
	})
	if o.Flags&os.O_APPEND != 0 {
		w.pos = -1
	}
	return w
}

// start has the file opened, unless the options are wrong. It is called when a file that came open is the stream's: that is
// closed then too.
func (w *WriteStream) start(open func() error) {
	if w.o.Start < 0 || w.pos < 0 && w.o.Start != 0 {
		w.Destroy(&Error{Op: "open", Path: w.file.path, Err: reactor.EINVAL})
		return
	}
	w.Cork() // what is written before the file is open goes together, as in Node
	w.file.do(open, func(err error) {
		w.pending = false
		switch {
		case w.Destroyed():
			w.giveUp()
		case err != nil:
			w.Destroy(w.file.failure("open", err))
		default:
			w.file.open = true
			w.events.tell(w)
			w.Uncork()
			w.next()
		}
	})
}

// WritableCorked is how many calls of Cork are not undone. The stream's own, while its file is being opened, is none of them.
func (w *WriteStream) WritableCorked() int {
	n := w.Writable.WritableCorked()
	if w.pending && n > 0 && !w.Destroyed() {
		n--
	}
	return n
}

// OnOpen listens for the file being open, in a turn after the one that made the stream. It is told of a ToFile too.
func (w *WriteStream) OnOpen(fn func()) stream.Sub { return w.events.open.Add(need(fn)) }

// OnReady listens for the same, right behind OnOpen.
func (w *WriteStream) OnReady(fn func()) stream.Sub { return w.events.ready.Add(need(fn)) }

// Path is what was given to Create or Replace, and what ToFile's file calls itself.
func (w *WriteStream) Path() string { return w.file.path }

// Pending reports whether the file is still being opened.
func (w *WriteStream) Pending() bool { return w.pending }

// BytesWritten is how many bytes the system has taken. Those that wait are not among them.
func (w *WriteStream) BytesWritten() uint64 { return w.count }

// take is the Write hook. The stream lends the bytes until done.
func (w *WriteStream) take(bufs [][]byte, done func(error)) {
	w.bufs, w.done = bufs, done
	w.next()
}

// finish is the Final hook.
func (w *WriteStream) finish(done func(error)) {
	w.final = done
	w.next()
}

// next does what is to be done, if the file is open and nothing is under way. Of a write and the end there is one at a
// time.
func (w *WriteStream) next() {
	switch {
	case !w.file.open || w.file.away || w.Destroyed():
	case w.done != nil:
		w.file.do(w.writeOp, w.writeRan)
	case w.final == nil:
	case w.replace:
		w.file.do(w.commit, w.committed)
	case w.o.Sync:
		w.file.do(w.file.sync, func(err error) { w.answer(&w.final, w.file.failure("sync", err)) })
	default:
		w.answer(&w.final, nil)
	}
}

// write runs off the loop, until everything is written or that fails.
func (w *WriteStream) write() error {
	for {
		for len(w.bufs) > 0 && len(w.bufs[0]) == 0 {
			w.bufs = w.bufs[1:]
		}
		if len(w.bufs) == 0 {
			return nil
		}
		if w.gone.Load() {
			return stream.ErrDestroyed
		}
		n := 0
		err := repeat(func() (errno reactor.Errno) {
			n, errno = w.file.k.Pwritev(w.file.fd, w.bufs[:min(len(w.bufs), reactor.MaxVectors)], w.pos)
			return errno
		})
		switch {
		case err != nil:
			return err
		case n <= 0:
			return io.ErrShortWrite
		}
		w.written += n
		if w.pos >= 0 {
			w.pos += int64(n)
		}
		w.bufs = drop(w.bufs, n)
	}
}

// drop takes n bytes from the front of bufs, in their place.
func drop(bufs [][]byte, n int) [][]byte {
	for n > 0 && n >= len(bufs[0]) {
		n -= len(bufs[0])
		bufs = bufs[1:]
	}
	if n > 0 {
		bufs[0] = bufs[0][n:]
	}
	return bufs
}

// wasWritten is the end of a write, on the loop.
func (w *WriteStream) wasWritten(err error) {
	w.count += uint64(w.written)
	w.written = 0
	w.answer(&w.done, w.file.failure("write", err))
}

// answer tells a hook's done, which is then waiting for nothing.
func (w *WriteStream) answer(hook *func(error), err error) {
	done := *hook
	*hook = nil
	if err != nil && w.Destroyed() {
		err = w.why() // this is a consequence of that
	}
	if hook == &w.done {
		w.bufs, w.one[0] = nil, nil
	}
	done(err)
}

// why is what became of a stream that was destroyed.
func (w *WriteStream) why() error { return either(w.Errored(), stream.ErrDestroyed) }

// giveUp tells hooks that wait for a file that does not open any more.
func (w *WriteStream) giveUp() {
	for _, hook := range [...]*func(error){&w.done, &w.final} {
		if *hook != nil {
			w.answer(hook, stream.ErrDestroyed)
		}
	}
}

// teardown is the Destroy hook. Like Node's, Pipeline takes a stream for a good one that has closed after End with nothing
// queued, even if that is because it was thrown away; so one that has not finished then gets a reason.
func (w *WriteStream) teardown(err error, done func(error)) {
	w.gone.Store(true)
	w.file.close(err, func(err error) {
		if err == nil && w.WritableEnded() && !w.WritableFinished() {
			err = stream.ErrDestroyed
		}
		w.giveUp()
		done(err)
	})
}

// need refuses a nil function where it is given, not where it would be called.
func need(fn func()) func() {
	if fn == nil {
		panic("files: a nil function to call")
	}
	return fn
}
