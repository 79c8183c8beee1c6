package files

import (
	"os"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
)

// DefaultHighWaterMark is the mark of a stream whose options say 0, in bytes: what Node has for reading files. A larger one
// for writing makes fewer and larger writes: 256 KiB is worth a sixth of the time of a copy in memory.
const DefaultHighWaterMark = 64 << 10

// maxRead is the most that one read asks for: the largest block that is pooled.
const maxRead = 64 << 10

// readBudget is the most that is read on the loop in one turn, of one file: some 30 microseconds of copying.
const readBudget = 256 << 10

// ReadStream is a Readable of a file's bytes: Node's fs.ReadStream. Nothing is read before somebody reads it.
//
// All methods are for the loop's goroutine.
type ReadStream struct {
	*stream.Readable
	file    file
	pos     int64 // of the next read
	left    int64 // of the range; negative without one
	count   uint64
	pending bool
	wanted  bool // the Read hook waits for an answer
	noWait  bool // the kernel can say what is in memory
	posted  bool // next runs in a turn to come
	turn    int  // read on the loop in this turn

	block *stream.Block // what a read under way fills
	n     int
	sends sending

	readOp  func() error // made once, as are the others
	readRan func(error)
	again   func()
	endTurn func()

	events opened
}

// opened are the listeners of a file being open.
type opened struct{ open, ready stream.Listeners[func()] }

// tell tells them, until one of them destroys the stream.
func (o *opened) tell(s interface{ Destroyed() bool }) {
	call := func(fn func()) {
		if !s.Destroyed() {
			fn()
		}
	}
	o.open.Each(call)
	o.ready.Each(call)
}

var (
	_ stream.ReadableStream = (*ReadStream)(nil)
	_ stream.WritableStream = (*WriteStream)(nil)
	_ stream.Scheduler      = (*loop.Loop)(nil)
	_ stream.Keeper         = (*loop.Loop)(nil)
	_ stream.FileSender     = (*reactor.Conn)(nil)
	_ stream.FileWriter     = (*stream.Socket)(nil)
)

// ReadOptions say what is read, and how. The zero value is the whole file.
type ReadOptions struct {
	// Start is the first byte to read, counted from 0. Behind the file's end there is nothing to read.
	Start int64
	// Length is how many bytes to read; 0 means to the file's end, wherever that is when it is reached. (Node has the last
	// byte's place instead.) A file that ends before a Length is read is an error that is io.ErrUnexpectedEOF, because
	// somebody has promised so many bytes; without one it is the end.
	Length int64
	// HighWaterMark is how many bytes may wait to be read; one read of as many, and at most 64 KiB, comes on top. 0 means
	// DefaultHighWaterMark; NoBuffer, and what panics, are as in stream.ReadableOptions.
	HighWaterMark int
	// NoSendFile has every byte be read, also where the kernel could send the file by itself: see "Without reading" in the
	// package comment. It is for files that are changed in their place while they are sent.
	NoSendFile bool
	// KeepOpen, of FromFile, leaves the file that was given to the caller, who may read it by other streams too.
	KeepOpen bool
	// NoAutoClose leaves the file open after the end or an error, until Destroy.
	NoAutoClose bool
	// NoEmitClose does without 'close'.
	NoEmitClose bool
}

// Open returns a stream of the file at path. It does not wait for anything: that there is no such file is an error of the
// stream, and OnOpen tells of the opposite. What is at path should be a file, or a device that can be read at a place: of
// a pipe, reading fails (ESPIPE), and From is for that; of a folder, too (EISDIR).
func Open(l *loop.Loop, path string, o ReadOptions) *ReadStream {
	r := newReadStream(l, path, o)
	r.start(o, func() error { return r.file.openAs(path, os.O_RDONLY, 0) })
	return r
}

// FromFile is Open of a file that is open, such as an *os.File. f is the stream's from now on, and is closed with it,
// unless KeepOpen says otherwise. The position of f is neither used nor moved.
func FromFile(l *loop.Loop, f reactor.File, o ReadOptions) *ReadStream {
	r := newReadStream(l, nameOf(f), o)
	if err := r.file.adopt(f, o.KeepOpen); err != nil {
		r.Destroy(err)
		return r
	}
	r.start(o, func() error { return r.file.openAs("", 0, 0) })
	return r
}

// nameOf is what f calls itself, as an *os.File does.
func nameOf(f reactor.File) string {
	if named, ok := f.(interface{ Name() string }); ok {
		return named.Name()
	}
	return ""
}

func newReadStream(l *loop.Loop, path string, o ReadOptions) *ReadStream {
	if o.HighWaterMark == 0 {
		o.HighWaterMark = DefaultHighWaterMark
	}
	r := &ReadStream{pos: o.Start, left: o.Length, pending: true, noWait: true}
	if o.Length == 0 {
		r.left = -1
	}
	r.file.begin(l, path)
	r.readOp, r.readRan, r.again, r.endTurn = r.read, r.wasRead, r.nextTurn, r.turnEnded
	r.Readable = stream.NewReadable(l, stream.ReadableOptions{
		HighWaterMark: o.HighWaterMark,
		Read:          r.asked,
		Destroy:       r.teardown,
		NoAutoDestroy: o.NoAutoClose,
		NoEmitClose:   o.NoEmitClose,
	})
	r.As(r)
	r.sends.begin(r, o.NoSendFile)
	return r
}

// start has the file opened, unless the options are wrong. It is called when a file that came open is the stream's: that is
// closed then too.
func (r *ReadStream) start(o ReadOptions, open func() error) {
	if o.Start < 0 || o.Length < 0 {
		r.Destroy(&Error{Op: "open", Path: r.file.path, Err: reactor.EINVAL})
		return
	}
	r.file.do(open, func(err error) {
		r.pending = false
		switch {
		case r.Destroyed():
		case err != nil:
			r.Destroy(r.file.failure("open", err))
		default:
			r.file.open = true
			r.events.tell(r)
			r.next()
		}
	})
}

// OnOpen listens for the file being open, in a turn after the one that made the stream. From then on Info says what it is.
// It is told of a FromFile too.
func (r *ReadStream) OnOpen(fn func()) stream.Sub { return r.events.open.Add(need(fn)) }

// OnReady listens for the same, right behind OnOpen.
func (r *ReadStream) OnReady(fn func()) stream.Sub { return r.events.ready.Add(need(fn)) }

// Info is what was opened, as it was then: its size, say, for a Content-Length. It is zero before OnOpen.
func (r *ReadStream) Info() reactor.FileInfo {
	if r.pending {
		return reactor.FileInfo{}
	}
	return r.file.info
}

// Path is what was given to Open, and what FromFile's file calls itself.
func (r *ReadStream) Path() string { return r.file.path }

// Pending reports whether the file is still being opened.
func (r *ReadStream) Pending() bool { return r.pending }

// BytesRead is how many bytes have been read from the file.
func (r *ReadStream) BytesRead() uint64 { return r.count }

// asked is the Read hook.
func (r *ReadStream) asked(*stream.Readable, int) {
	r.wanted = true
	r.sends.inHook = true
	r.next()
	r.sends.inHook = false
}

// next does the next step towards an answer to the Read hook, if one is due and nothing is under way.
func (r *ReadStream) next() {
	if !r.wanted || !r.file.open || r.file.away || r.posted || r.Destroyed() {
		return
	}
	if r.left == 0 {
		r.wanted = false
		r.PushEOF()
		return
	}
	if r.sends.next() {
		return
	}
	if r.noWait && r.turn >= readBudget {
		// The others have their turn first. An error means that the loop is closed: nothing of it is called any more.
		r.posted = r.file.l.Post(r.again) == nil
		return
	}
	r.block = stream.NewBlock(r.size())
	if r.noWait && r.readNow() {
		return
	}
	r.file.do(r.readOp, r.readRan)
}

func (r *ReadStream) nextTurn() {
	r.posted = false
	r.next()
}

// size is how many bytes the next read asks for.
func (r *ReadStream) size() int {
	n := r.ReadableHighWaterMark()
	if n == 0 || n > maxRead {
		n = maxRead
	}
	if r.left >= 0 && r.left < int64(n) {
		n = int(r.left)
	}
	return n
}

// readNow reads what is in memory, on the loop, and reports whether there was any.
func (r *ReadStream) readNow() bool {
	n, errno := r.file.k.PreadNoWait(r.file.fd, r.block.Bytes(), r.pos)
	if errno != 0 || n <= 0 {
		r.noWait = errno != reactor.EOPNOTSUPP
		return false
	}
	if r.turn == 0 {
		r.file.l.AtTurnEnd(r.endTurn)
	}
	r.turn += n
	r.n = n
	r.wasRead(nil)
	return true
}

func (r *ReadStream) turnEnded() { r.turn = 0 }

// read runs off the loop.
func (r *ReadStream) read() error {
	return repeat(func() (errno reactor.Errno) {
		r.n, errno = r.file.k.Pread(r.file.fd, r.block.Bytes(), r.pos)
		return errno
	})
}

// wasRead is the end of a read, on the loop.
func (r *ReadStream) wasRead(err error) {
	b, n := r.block, r.n
	r.block, r.n = nil, 0
	switch {
	case err == nil && n > 0 && !r.Destroyed():
		r.wanted = false
		r.pos += int64(n)
		r.count += uint64(n)
		if r.left > 0 {
			r.left -= int64(n)
		}
		r.PushBlock(fit(b, n))
		return
	case r.Destroyed():
	case err != nil:
		r.Destroy(r.file.failure("read", err))
	case r.left > 0:
		r.Destroy(r.file.cutShort(r.pos))
	default:
		r.wanted = false
		r.PushEOF()
	}
	b.Release()
}

// fit is a block of the first n bytes of b. A few bytes in a large block would have a full stream hold many times its
// mark, so they move to a small one.
func fit(b *stream.Block, n int) *stream.Block {
	if n >= len(b.Bytes())/4 {
		b.Truncate(n)
		return b
	}
	small := stream.NewBlock(n)
	copy(small.Bytes(), b.Bytes())
	b.Release()
	return small
}

func (r *ReadStream) teardown(err error, done func(error)) { r.file.close(err, done) }
