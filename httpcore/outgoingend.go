package httpcore

import (
	"strconv"

	"github.com/weir-go/weir/stream"
)

// The end of a message: asked for, handed over, told.

// End says that nothing more is written. The head is sent if it was not.
func (o *outgoing) End() { o.EndWith(nil, nil) }

// EndString is EndWith of a string, without a callback.
func (o *outgoing) EndString(s string) {
	if len(s) > copiedChunk {
		o.end([]byte(s), lastsOn, nil)
		return
	}
	a := &o.sh.arena
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
	if err := o.msg.fixHead(int64(len(p))); err != nil {
		o.refuse(err, nil)
		o.msg.Destroy(err)
		return
	}
	o.msg.ending(p)
	o.ended = true
	o.corked = 0
	o.written += int64(len(p))
	if o.length >= 0 && o.written != o.length {
		o.refuse(ErrContentLength, nil)
		o.msg.Destroy(ErrContentLength)
		return
	}
	o.final(p, l)
}

func (o *outgoing) tell(cb func(error)) {
	if cb != nil {
		o.told = append(o.told, cb)
	}
}

// final is the _final of a message: the last chunk and what ends the message leave in one piece if they are small.
func (o *outgoing) final(p []byte, l lasts) {
	if o.owns() {
		o.release()
	}
	if o.noBody {
		p = nil
	}
	a := &o.sh.arena
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
		o.loop().NextTick(o.finishLater)
	}
	if o.owns() && len(o.held) == 0 {
		o.c.side.answered(o)
	}
}

// finishLater is finish on a tick.
func (o *outgoing) finishLater() {
	if o.c != nil {
		o.c.claim()
	}
	o.finish()
}

// finish tells that everything has left.
func (o *outgoing) finish() {
	switch {
	case o.closed:
		return
	case o.done: // and this was for the second time
		o.msg.flushed()
		return
	case o.gone && o.c != nil:
		o.c.side.lost(o, stream.ErrDestroyed) // when it was on its way already
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
	o.msg.flushed()
}

// close tells that the message is over, well or not.
func (o *outgoing) close() {
	if o.closed {
		return
	}
	o.closed, o.gone = true, true
	o.msg.closing()
	o.onClose.Each(func(fn func()) { fn() })
}

// cutOff is the connection being lost: nothing more is sent.
func (o *outgoing) cutOff(err error) {
	defer o.close() // whoever panics
	o.unsent(err)
}

// unsent tells those whose bytes are not sent.
func (o *outgoing) unsent(err error) {
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
}
