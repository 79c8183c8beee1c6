package httpcore

import (
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// outgoing is a message that is being written, Node's OutgoingMessage: its fields, and its body, which is a writable stream.
type outgoing struct {
	sh  *shared
	c   *wire // nil while, and once, the message has nothing to do with a connection
	msg message

	few  [2]header  // the fields, while there are so few
	many *fieldList // the fields, once there are more

	length  int64 // Content-Length; -1 without
	written int64
	flying  int32 // writes that the transport has and whose completion we wait for
	corked  int32

	known                     knownHeaders
	lines                     uint8 // how many of few there are
	headSent, chunked, noBody bool
	hold                      bool // the body waits: for a 100, say
	inFile                    bool // a stretch of a file is on its way, and nothing goes behind it
	onWire                    bool // the transport has had some of it
	ended                     bool // End was called
	over                      bool // the last byte was handed over
	done                      bool // 'finish' was told
	needDrain, failed         bool
	gone, closed              bool // destroyed; 'close' was told

	more *extras // nil while there are none
}

// extras are what few messages have: bytes that wait, somebody who listens, trailers, a failure.
type extras struct {
	head      []byte // fixed and not handed over
	mark      int    // the high water mark; 0 for that of the loop's messages
	held      []piece
	heldBytes int
	fresh     int  // pieces of held, the last ones but for others between them, that last for the turn only
	lent      bool // something of that lasts for the turn only: seal is called at its end
	dropped   int  // bytes of a body that is not sent, since the writer last waited
	trailers  []header
	err       error

	told   []func(error) // the callbacks of End
	events stream.WriterEvents
}

// noExtras are those of a message that has none. They are only read.
var noExtras extras

// extra are o's extras to look at.
func (o *outgoing) extra() *extras {
	if o.more == nil {
		return &noExtras
	}
	return o.more
}

// extend are o's extras to add to.
func (o *outgoing) extend() *extras {
	if o.more == nil {
		o.more = new(extras)
	}
	return o.more
}

// piece is bytes that a message keeps that does not own the transport yet, or is corked.
type piece struct {
	p     []byte
	cb    func(error)
	lasts lasts
	ours  bool // p is memory of ours, so more may be put behind it
}

// content is what End is given: bytes or a string, and not both.
type content struct {
	p []byte
	s string
}

func (x content) len() int { return len(x.p) + len(x.s) }

func (x content) appendTo(b []byte) []byte {
	if x.s != "" {
		return append(b, x.s...)
	}
	return append(b, x.p...)
}

// message is what an outgoing is part of.
type message interface {
	stream.WritableStream
	// fixHead decides the framing, and returns the head, in memory that the arena has not put, with room for that many bytes more: nil
	// if it has to wait for something else. whole is how long the body is, if all of it is known; -1 if not. It is called once,
	// unless it fails.
	fixHead(whole int64, room int) ([]byte, error)
	// flushed is 'finish' having been told.
	flushed()
	// closing is 'close' being about to be told.
	closing()
}

var _ message = (*ServerResponse)(nil)

func (o *outgoing) init(sh *shared, m message) { o.sh, o.msg, o.length = sh, m, -1 }

// writableMark is what a HighWaterMark of the options means to a message that is written: there is something to wait for from one byte on.
func writableMark(option int) int {
	switch {
	case option == 0:
		return stream.DefaultHighWaterMark
	case option == stream.NoBuffer:
		return 1
	case option < 0:
		panic("httpcore: a high water mark is 0 for the default, stream.NoBuffer, or a number of bytes")
	}
	return option
}

// lasts says how long the bytes of a write stay as they are.
type lasts uint8

const (
	lastsCall lasts = iota
	lastsTurn
	lastsOn
)

// WriteChunk is stream.Writable.WriteChunk: it answers whether to go on, or to wait for OnDrain. cb is called once, when the
// kernel has the bytes, or with why not. That of an empty chunk has its turn too: behind what was written before, and not while
// the body waits for a 100.
func (o *outgoing) WriteChunk(p []byte, cb func(error)) bool {
	more, _ := o.write(p, lastsCall, cb)
	return more
}

// WriteBorrowed is stream.Writable.WriteBorrowed: p lasts until the turn ends.
func (o *outgoing) WriteBorrowed(p []byte, cb func(error)) bool {
	more, _ := o.write(p, lastsTurn, cb)
	return more
}

// WriteOwned is stream.Writable.WriteOwned: p is given away.
func (o *outgoing) WriteOwned(p []byte, cb func(error)) bool {
	more, _ := o.write(p, lastsOn, cb)
	return more
}

// Write accepts p, which may be used again at once, and returns its length; or 0 and why it does not. It never blocks and
// says nothing of backpressure: WritableNeedDrain does.
func (o *outgoing) Write(p []byte) (int, error) {
	if _, err := o.write(p, lastsCall, nil); err != nil {
		return 0, err
	}
	return len(p), nil
}

// WriteString is Write of a string.
func (o *outgoing) WriteString(s string) (int, error) {
	if _, err := o.write([]byte(s), lastsOn, nil); err != nil {
		return 0, err
	}
	return len(s), nil
}

// write is the _write of a message: it frames a chunk and hands it to the transport.
func (o *outgoing) write(p []byte, l lasts, cb func(error)) (more bool, err error) {
	var head []byte
	switch {
	case o.ended:
		err = stream.ErrWriteAfterEnd
	case o.gone:
		o.tick(cb, stream.ErrDestroyed)
		return false, stream.ErrDestroyed
	default:
		head, err = o.takeHead(-1, chunkRoom(len(p)))
	}
	if err == nil && o.length >= 0 && o.written+int64(len(p)) > o.length {
		err = ErrContentLength
	}
	if err != nil {
		o.keepHead(head) // it was fixed now, and does not leave
		o.refuse(err, cb)
		return false, err
	}
	o.written += int64(len(p))
	if o.noBody || len(p) == 0 {
		o.passHead(head)
		o.swallow(len(p))
		switch {
		case cb == nil:
		case o.flying == 0 && !o.holds() && !o.hold:
			o.tick(cb, nil)
		default:
			o.pass(nil, lastsOn, cb) // its turn comes behind the others'
		}
		return o.goOn(), nil
	}
	o.hand(head, p, l, cb)
	return o.goOn(), nil
}

// goOn is what a write answers.
func (o *outgoing) goOn() bool {
	if o.gone {
		return false
	}
	if o.WritableLength() >= o.mark() {
		o.needDrain = true
	}
	return !o.needDrain
}

// refuse tells of a write that can't be: its callback, then the listeners, on a tick. The connection is not to blame.
func (o *outgoing) refuse(err error, cb func(error)) {
	o.loop().NextTick(func() {
		if cb != nil {
			cb(err)
		}
		o.fail(err)
	})
}

// fail tells of an error, once.
func (o *outgoing) fail(err error) {
	if o.failed || o.closed {
		return
	}
	o.failed = true
	o.failedWith(err)
	o.extra().events.Failed(err, o.loop())
}

// failedWith notes what the message has failed with, if err is not nil. The first counts.
func (o *outgoing) failedWith(err error) {
	if err == nil {
		return
	}
	if x := o.extend(); x.err == nil {
		x.err = err
	}
}

func (o *outgoing) tick(cb func(error), err error) {
	if cb != nil {
		o.loop().NextTick(func() { cb(err) })
	}
}

func (o *outgoing) loop() *loop.Loop { return o.sh.l }
