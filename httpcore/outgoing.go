package httpcore

import (
	"strconv"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// outgoing is the body of a response: the half that is a writable stream.
type outgoing struct {
	c   *serverConn // nil once the response has nothing to do with its connection any more
	r   *ServerResponse
	req *IncomingMessage // what it answers; nil if that was no request

	headBytes []byte // the head, fixed and not handed over
	held      []piece
	heldBytes int
	trailers  []header

	length  int64 // Content-Length; -1 without
	written int64
	flying  int // writes that the transport has and whose completion we wait for
	corked  int

	headSent, chunked, noBody bool
	continued                 bool // a 100 was sent
	ended                     bool // End was called
	over                      bool // the last byte was handed over
	done                      bool // 'finish' was told
	needDrain, failed         bool
	gone, closed              bool // destroyed; 'close' was told
	err                       error

	told     []func(error) // the callbacks of End
	onDrain  stream.Listeners[func()]
	onFinish stream.Listeners[func()]
	onClose  stream.Listeners[func()]
	onError  stream.Listeners[func(error)]
	watchers stream.Listeners[func(error)]
	onPipe   stream.Listeners[func(stream.ReadableStream)]
	onUnpipe stream.Listeners[func(stream.ReadableStream)]
}

// piece is bytes that a response keeps that does not own the transport yet, or is corked.
type piece struct {
	p  []byte
	cb func(error)
}

var _ stream.WritableStream = (*ServerResponse)(nil)

func (o *outgoing) init(c *serverConn, r *ServerResponse) {
	o.c, o.r, o.length = c, r, -1
}

// lasts says how long the bytes of a write stay as they are.
type lasts uint8

const (
	lastsCall lasts = iota
	lastsTurn
	lastsOn
)

// WriteChunk is stream.Writable.WriteChunk: it answers whether to go on, or to wait for OnDrain. cb is called once, when the
// kernel has the bytes, or with why not.
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

// write is the _write of a response: it frames a chunk and hands it to the transport.
func (o *outgoing) write(p []byte, l lasts, cb func(error)) (more bool, err error) {
	switch {
	case o.ended:
		err = stream.ErrWriteAfterEnd
	case o.gone:
		o.tick(cb, stream.ErrDestroyed)
		return false, stream.ErrDestroyed
	default:
		err = o.r.fixHead(-1)
	}
	if err == nil && o.length >= 0 && o.written+int64(len(p)) > o.length {
		err = ErrContentLength
	}
	if err != nil {
		o.refuse(err, cb)
		return false, err
	}
	o.written += int64(len(p))
	if o.noBody || len(p) == 0 {
		o.flushHead()
		switch {
		case cb == nil:
		case o.flying == 0 && len(o.held) == 0:
			o.tick(cb, nil)
		default:
			o.pass(nil, lastsOn, cb) // its turn comes behind the others'
		}
		return o.more(), nil
	}
	o.hand(p, l, cb)
	return o.more(), nil
}

// more is what a write answers.
func (o *outgoing) more() bool {
	if o.gone {
		return false
	}
	if o.WritableLength() >= o.c.sl.s.o.HighWaterMark {
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
	if o.err == nil {
		o.err = err
	}
	o.watchers.Each(func(fn func(error)) { fn(err) })
	if o.onError.Len() == 0 {
		o.loop().Uncaught(err)
		return
	}
	o.onError.Each(func(fn func(error)) { fn(err) })
}

func (o *outgoing) tick(cb func(error), err error) {
	if cb != nil {
		o.loop().NextTick(func() { cb(err) })
	}
}

// owns reports whether the response has the transport to itself.
func (o *outgoing) owns() bool { return o.c != nil && o.c.first != nil && &o.c.first.res == o.r }

// hand frames p and passes it on.
func (o *outgoing) hand(p []byte, l lasts, cb func(error)) {
	if !o.chunked {
		o.flushHead()
		o.pass(p, l, cb)
		return
	}
	a := &o.c.sl.arena
	b := a.take(len(o.headBytes) + 20 + len(p))
	b = o.takeHead(b)
	b = strconv.AppendInt(b, int64(len(p)), 16)
	b = append(b, "\r\n"...)
	if l == lastsCall || len(p) <= copiedChunk {
		b = append(b, p...)
		b = append(b, "\r\n"...)
		o.pass(a.put(b), lastsTurn, cb)
		return
	}
	o.pass(a.put(b), lastsTurn, nil)
	o.pass(p, l, nil)
	o.pass(crlf, lastsOn, cb)
}

// copiedChunk is the largest chunk that is copied behind its size: a copy costs less than two more pieces.
const copiedChunk = 2 << 10

var crlf = []byte("\r\n")

// takeHead moves the head, if it was not handed over, to the end of b.
func (o *outgoing) takeHead(b []byte) []byte {
	b = append(b, o.headBytes...)
	o.headBytes = nil
	return b
}

// flushHead hands the head over.
func (o *outgoing) flushHead() {
	if h := o.headBytes; h != nil {
		o.headBytes = nil
		o.pass(h, lastsTurn, nil)
	}
}

// pass hands bytes to the transport, or keeps them.
func (o *outgoing) pass(p []byte, l lasts, cb func(error)) {
	if o.corked > 0 || !o.owns() {
		if l != lastsOn {
			p = append([]byte(nil), p...)
		}
		o.held = append(o.held, piece{p, cb})
		o.heldBytes += len(p)
		return
	}
	o.send(p, l, cb)
}

// send hands bytes to the transport, which is ours.
func (o *outgoing) send(p []byte, l lasts, cb func(error)) {
	c := o.c
	if l == lastsCall {
		a := &c.sl.arena
		p = a.put(append(a.take(len(p)), p...))
	}
	o.flying++
	var err error
	if l == lastsOn {
		err = c.t.Write([][]byte{p}, c.sent)
	} else {
		err = c.t.WriteBorrowed(p, c.sent)
	}
	if err != nil {
		o.flying--
		o.tick(cb, err)
		return
	}
	c.flights.push(flight{o, cb})
	c.settleLater()
	c.writing(len(p))
}

// own is the response getting the transport: what it has kept is moved, once.
func (o *outgoing) own() {
	if o.corked == 0 {
		o.release()
	}
	if o.over && o.owns() && len(o.held) == 0 {
		o.c.answered(o.r)
		return
	}
	if o.needDrain && o.c != nil && o.flying == 0 {
		o.drained()
	}
}

// release passes on what was kept.
func (o *outgoing) release() {
	if !o.owns() {
		return
	}
	held := o.held
	o.held, o.heldBytes = nil, 0
	for _, x := range held {
		if o.c == nil {
			o.tick(x.cb, stream.ErrDestroyed)
			continue
		}
		o.send(x.p, lastsOn, x.cb)
	}
}

// End says that nothing more is written. The head is sent if it was not.
func (o *outgoing) End() { o.EndWith(nil, nil) }

// EndString is EndWith of a string, without a callback.
func (o *outgoing) EndString(s string) {
	if o.c == nil || len(s) > copiedChunk {
		o.end([]byte(s), lastsOn, nil)
		return
	}
	a := &o.c.sl.arena
	o.end(a.put(append(a.take(len(s)), s...)), lastsTurn, nil)
}

// EndWith is End behind a last chunk, which may be nil, with a callback, which may be nil: it is called once, when the
// kernel has everything, or with why not.
func (o *outgoing) EndWith(p []byte, cb func(error)) { o.end(p, lastsCall, cb) }

func (o *outgoing) end(p []byte, l lasts, cb func(error)) {
	switch {
	case o.ended && len(p) > 0:
		o.refuse(stream.ErrWriteAfterEnd, cb)
		return
	case o.done:
		o.tick(cb, stream.ErrAlreadyFinished)
		return
	case o.ended:
		o.tell(cb)
		return
	case o.gone:
		o.tick(cb, stream.ErrDestroyed)
		return
	}
	o.tell(cb)
	if err := o.r.fixHead(int64(len(p))); err != nil {
		o.refuse(err, nil)
		o.Destroy(err)
		return
	}
	o.ended = true
	o.corked = 0
	o.written += int64(len(p))
	if o.length >= 0 && o.written != o.length {
		o.refuse(ErrContentLength, nil)
		o.Destroy(ErrContentLength)
		return
	}
	o.final(p, l)
}

func (o *outgoing) tell(cb func(error)) {
	if cb != nil {
		o.told = append(o.told, cb)
	}
}

// final is the _final of a response: the last chunk and what ends the message leave in one piece if they are small.
func (o *outgoing) final(p []byte, l lasts) {
	if o.owns() {
		o.release()
	}
	if o.noBody {
		p = nil
	}
	a := &o.c.sl.arena
	size := len(o.headBytes) + 32
	for _, t := range o.trailers {
		size += len(t.name) + len(t.value) + len(": \r\n")
	}
	whole := len(p) <= copiedChunk
	if whole {
		size += len(p)
	}
	b := o.takeHead(a.take(size))
	if o.chunked && len(p) > 0 {
		b = strconv.AppendInt(b, int64(len(p)), 16)
		b = append(b, "\r\n"...)
	}
	if whole {
		b = append(b, p...)
	} else {
		if len(b) > 0 {
			o.pass(a.put(b), lastsTurn, nil)
		}
		o.pass(p, l, nil)
		b = a.take(size)
	}
	if o.chunked {
		if len(p) > 0 {
			b = append(b, "\r\n"...)
		}
		b = append(b, "0\r\n"...)
		for _, t := range o.trailers {
			b = append(b, t.name...)
			b = append(b, ": "...)
			b = append(b, t.value...)
			b = append(b, "\r\n"...)
		}
		b = append(b, "\r\n"...)
	}
	if len(b) > 0 {
		o.pass(a.put(b), lastsTurn, nil)
	}
	o.over = true
	if o.flying == 0 && len(o.held) == 0 {
		o.loop().NextTick(o.finish)
	}
	if o.owns() && len(o.held) == 0 {
		o.c.answered(o.r)
	}
}

// completed is what the transport calls for the oldest write that it has not called it for.
func (c *serverConn) completed(err error) {
	if c.settled > 0 {
		c.settled-- // told already
		return
	}
	c.complete(err)
}

// complete is the oldest write being taken, or having failed.
func (c *serverConn) complete(err error) {
	f := c.flights.pop()
	o := f.o
	o.flying--
	if err != nil {
		c.destroy(err)
		if f.cb != nil {
			f.cb(c.reason(err))
		}
		c.lost(o, err)
		return
	}
	if left := c.t.WriteQueueSize(); left == 0 {
		c.d.Stop(loop.DeadlineWrite)
		if o.owns() {
			o.mayDrain()
		}
		c.rest()
	} else if c.d.Active(loop.DeadlineWrite) {
		c.awaitTaking()
	}
	if f.cb != nil {
		f.cb(nil)
	}
	if o.over && o.flying == 0 && len(o.held) == 0 {
		o.finish()
	}
	if x := c.first; x != nil && &x.res.outgoing != o && c.t.WriteQueueSize() == 0 {
		x.res.mayDrain() // it may have waited for what the ones before it had written
	}
	c.checkAnswers()
}

// reason is what a write is told that was not sent: why the connection was closed, if it was.
func (c *serverConn) reason(err error) error {
	switch {
	case c.flags&connGone == 0:
		return err
	case c.why != nil:
		return c.why
	}
	return stream.ErrDestroyed
}

// mayDrain tells that it is time to go on, if somebody waits for that.
func (o *outgoing) mayDrain() {
	if o.needDrain && !o.gone && o.heldBytes < o.c.sl.s.o.HighWaterMark {
		o.drained()
	}
}

// drained tells that it is time to go on.
func (o *outgoing) drained() {
	o.needDrain = false
	if !o.ended {
		o.onDrain.Each(func(fn func()) { fn() })
	}
}

// finish tells that everything has left.
func (o *outgoing) finish() {
	switch {
	case o.done || o.closed:
		return
	case o.gone && o.c != nil:
		o.c.lost(o, stream.ErrDestroyed) // when it was on its way already
		return
	case o.gone:
		return
	}
	o.done = true
	o.onFinish.Each(func(fn func()) { fn() })
	told := o.told
	o.told = nil
	for _, cb := range told {
		cb(nil)
	}
	if m := o.req; m != nil {
		m.dump()
		if m.complete {
			m.c = nil
		}
	}
	if o.onClose.Len() > 0 {
		o.loop().NextTick(o.close)
	} else {
		o.close()
	}
}

// close tells that the response is over, well or not.
func (o *outgoing) close() {
	if o.closed {
		return
	}
	o.closed, o.gone = true, true
	o.onClose.Each(func(fn func()) { fn() })
}

// cutOff is the connection being lost: nothing more is sent.
func (o *outgoing) cutOff(err error) {
	o.c = nil
	held := o.held
	o.held, o.heldBytes = nil, 0
	o.gone = true
	for _, x := range held {
		if x.cb != nil {
			x.cb(err)
		}
	}
	told := o.told
	o.told = nil
	for _, cb := range told {
		cb(err)
	}
	o.close()
}

// Destroy ends the response, and its connection, at once: what was not sent is lost, and its callbacks are told. If err is
// not nil the listeners of OnError are.
func (o *outgoing) Destroy(err error) {
	if o.gone {
		return
	}
	o.gone = true
	if o.err == nil {
		o.err = err
	}
	if err != nil && o.onError.Len() > 0 && !o.failed {
		o.loop().NextTick(func() { o.fail(err) })
	}
	if c := o.c; c != nil {
		c.destroy(err)
	}
}

func (o *outgoing) loop() *loop.Loop { return o.r.l }
