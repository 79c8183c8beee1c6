package stream

// Bytes of a file need not be in memory to be written: a kernel can send them by itself. A FileRange goes the way
// of a chunk, from a Readable through a pipe to its destination and into the one queue below, and is counted there like
// the bytes that it stands for.

// FileRange is a part of a file that somebody may send: N bytes, from Off on. Its functions are called on the loop, and not inside
// the call that hands the FileRange over.
type FileRange struct {
	// FD is the file, which stays open and whose bytes stay the source's business until Done.
	FD  int
	Off int64
	N   int
	// Stuck is called when the bytes from off on, n of them, can't be sent: they would have to be waited for, or are not
	// there, or this file can't be sent so. give, called once and later, says how to go on: p are some of them, in memory,
	// which stay as they are until the next call of Stuck or Done; nil ends the FileRange before its time.
	Stuck func(off int64, n int, give func(p []byte))
	// Done is called once, in the place of a write's callback: with how much was sent, and nil or why it was not all. Fewer
	// than N with nil is Stuck having been given nil. io.ErrUnexpectedEOF is that too, where somebody had been promised N.
	Done func(sent int, err error)
}

// FileWriter is the optional part of a WritableStream that a FileRange can be written to. A Socket is one, and so are the
// messages of package httpcore; whether they take one depends on their Transport.
type FileWriter interface {
	// TakesFile reports whether WriteFile might take a FileRange now. as is how the source knows the stream: what is made around
	// a FileWriter, and is not the same, wants to see the bytes, so the answer is no.
	TakesFile(as WritableStream) bool
	// WriteFile is WriteBorrowed of a FileRange: more is whether to go on writing. If it was not taken nothing has happened, and
	// its bytes should be written instead.
	WriteFile(x FileRange) (more, taken bool)
}

// FileSender is the optional part of a Transport that can send files. A *reactor.Conn is one. What is made around a
// Transport, as a filter is, must not have this method unless the bytes may go past it.
type FileSender interface {
	// SendFile is Transport.Write of a FileRange.
	SendFile(fd int, off int64, n int, stuck func(off int64, n int, give func(p []byte)), done func(sent int, err error)) error
}

// FileRoute is where a FileRange would go.
type FileRoute uint8

// The answers of Readable.FileRoute.
const (
	FileRouteNone  FileRoute = iota // nowhere: somebody wants to see the bytes
	FileRouteWaits                  // to the one destination, when it has drained
	FileRouteOpen                   // to the one destination
)

// FileRoute tells a source that could give a file what to do next. While a route waits, the source need not read ahead:
// it answers its Read hook with nothing, and the hook is called again when there is room.
func (r *Readable) FileRoute() FileRoute {
	p := r.direct()
	if p == nil {
		return FileRouteNone
	}
	w, ok := p.dst.(FileWriter)
	switch {
	case !ok || !w.TakesFile(p.dst):
		return FileRouteNone
	case r.flow == FlowOn:
		return FileRouteOpen
	case r.awaits():
		return FileRouteWaits
	}
	return FileRouteNone
}

// PushFile is Push of a FileRange, and reports whether it was taken; if not, nothing has happened. It must not be called
// inside the Read hook, which it does not answer: a Push of nothing does, when the FileRange is done.
func (r *Readable) PushFile(x FileRange) bool {
	if r.call.inside() || r.FileRoute() != FileRouteOpen {
		return false
	}
	p := r.pipes
	more, taken := p.dst.(FileWriter).WriteFile(x)
	if !taken {
		return false
	}
	r.flags |= readDidRead
	r.awaitNobody()
	if !more {
		p.wait()
	}
	return true
}

// TakesFile is FileWriter's.
func (s *Socket) TakesFile(as WritableStream) bool {
	w := &s.Writable
	_, ok := s.t.(FileSender)
	return ok && as == WritableStream(s) && w.IsWritable() && w.WritableCorked() == 0 && !w.queued()
}

// WriteFile is FileWriter's. What a file ends short of is not written, and nobody is told but Done.
func (s *Socket) WriteFile(x FileRange) (more, taken bool) {
	t, ok := s.t.(FileSender)
	if !ok || !s.TakesFile(s) {
		return false, false
	}
	w := &s.Writable
	sent, done := 0, x.Done
	err := t.SendFile(x.FD, x.Off, x.N, x.Stuck, func(n int, err error) {
		sent = n
		if err == nil {
			s.out -= uint64(x.N - n)
		}
		w.sent(err)
		w.life.rest()
	})
	if err != nil {
		return false, false // writing them will say it
	}
	s.out += uint64(x.N)
	k := w.life.busy()
	k.out.due++
	k.out.length += x.N
	k.fly(flight{x.N + 1, func(err error) { done(sent, err) }, nil})
	if k.out.length >= w.hwm {
		w.flags |= writeNeedDrain
		return false, true
	}
	return true, true
}
