package files

import (
	"io"

	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
)

const (
	// minSend is the least that is sent without being read. A system call and a turn of its own cost more than a copy of less.
	minSend = 64 << 10
	// maxSend is the most that is handed over at a time, but for a rest that would be too small: it is how much is counted as
	// waiting at the destination, and how much of the cache it counts on.
	maxSend = 512 << 10
)

// sending is how a ReadStream has its bytes sent without reading them, when they go to one destination that can do so and
// nobody else sees them. One stretch is on its way at a time, and the stream's errand meanwhile: nothing is read, and a
// Destroy waits for its end before the file is closed.
//
//	asked to read → handed over → done → asked to read
//	                    ↕
//	                  stuck: a worker reads some of it, and those bytes are sent instead
//
// What is not in memory when it would be handed over is read by a worker, as ever, and written; by then the system has
// read ahead, as a rule, and the next stretch can be sent. It may leave memory while it waits for a slow peer: then it
// is stuck.
type sending struct {
	r      *ReadStream
	off    bool // it can't be, or is not wanted
	inHook bool // inside the Read hook, which a stretch does not answer

	n      int // bytes of the stretch that is on its way
	sent   int // what became of it
	failed error
	ended  bool

	give  func(p []byte) // a worker reads for it; nil if none does
	at    int64
	block *stream.Block // what it reads, and what was given
	got   int
	err   error

	tick  func() // made once, as are the others
	stuck func(off int64, n int, give func(p []byte))
	done  func(sent int, err error)
	read  func()
	ran   func(error)
}

func (s *sending) begin(r *ReadStream, off bool) { s.r, s.off = r, off }

// size is how much the next stretch has: 0 is too little.
func (s *sending) size() int {
	r := s.r
	rest := r.file.info.Size - r.pos
	if r.left >= 0 {
		rest = min(rest, r.left)
	}
	switch {
	case rest < minSend || !r.file.info.Mode.IsRegular():
		return 0
	case rest < maxSend+minSend:
		return int(rest)
	}
	return maxSend
}

// next hands over the next stretch, or sees to it that it will be. It reports false if the bytes are to be read.
func (s *sending) next() bool {
	r := s.r
	n := 0
	if !s.off {
		n = s.size()
	}
	if n == 0 {
		return false
	}
	switch r.FileRoute() {
	case stream.FileRouteNone:
		return false
	case stream.FileRouteWaits:
		r.wanted = false
		r.Push(nil) // it is asked again when there is room
		return true
	case stream.FileRouteOpen:
	}
	if s.tick == nil {
		s.tick, s.stuck, s.done, s.read, s.ran = r.nextTurn, s.isStuck, s.isDone, s.readSome, s.hasRead
	}
	if s.inHook {
		r.posted = true
		r.file.l.NextTick(s.tick)
		return true
	}
	there, errno := r.file.k.InMemory(r.file.fd, r.pos, n)
	if errno != 0 {
		s.off = true
	}
	if there < minSend {
		return false
	}
	if !r.PushFile(stream.FileRange{FD: r.file.fd, Off: r.pos, N: there, Stuck: s.stuck, Done: s.done}) {
		return false
	}
	s.n = there
	s.account(there)
	r.file.lend()
	return true
}

// account moves on by n bytes, or back.
func (s *sending) account(n int) {
	r := s.r
	r.pos += int64(n)
	r.count += uint64(n)
	if r.left >= 0 {
		r.left -= int64(n)
	}
}

// isStuck has a worker read some of what can't be sent.
func (s *sending) isStuck(off int64, n int, give func(p []byte)) {
	s.block.Release()
	s.block = stream.NewBlock(min(n, maxRead))
	s.at, s.give = off, give
	if _, err := s.r.file.l.QueueSlowWork(s.read, s.ran); err != nil {
		s.hasRead(err) // the loop is closed
	}
}

// readSome runs off the loop.
func (s *sending) readSome() {
	f := &s.r.file
	s.err = repeat(func() (errno reactor.Errno) {
		s.got, errno = f.k.Pread(f.fd, s.block.Bytes(), s.at)
		return errno
	})
}

// hasRead gives what was read, or nothing, which ends the stretch.
func (s *sending) hasRead(err error) {
	give, p := s.give, s.block.Bytes()[:s.got]
	s.give, s.got = nil, 0
	if err != nil {
		s.err = err
	}
	if s.ended {
		s.over() // the destination did not wait for it
		return
	}
	give(p)
}

// isDone is the destination being through with the stretch.
func (s *sending) isDone(sent int, err error) {
	s.sent, s.failed, s.ended = sent, err, true
	if s.give == nil {
		s.over()
	}
}

// over is the end of a stretch: nobody has anything to do with the file any more.
func (s *sending) over() {
	r := s.r
	short, why, failed := s.n-s.sent, s.err, s.failed
	s.block.Release()
	s.block, s.err, s.failed, s.ended = nil, nil, nil, false
	r.file.back()
	if failed == io.ErrUnexpectedEOF || failed == nil {
		s.account(-short)
	}
	switch {
	case r.Destroyed():
	case short == 0 || failed != nil && failed != io.ErrUnexpectedEOF:
		r.wanted = false
		r.Push(nil) // it is asked again, unless the destination is lost and took the flow along
	case why != nil:
		r.Destroy(r.file.failure("read", why))
	case failed != nil || r.left > 0:
		r.Destroy(r.file.cutShort(r.pos))
	default:
		r.wanted = false
		r.PushEOF()
	}
}
