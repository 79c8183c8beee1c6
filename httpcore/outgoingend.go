package httpcore

import (
	"github.com/weir-go/weir/stream"
)

// The end of a message: asked for, handed over, told.

// End says that nothing more is written. The head is sent if it was not.
func (o *outgoing) End() { o.end(content{}, lastsOn, nil) }

// EndString is EndWith of a string, without a callback.
func (o *outgoing) EndString(s string) {
	if len(s) > copiedChunk {
		o.end(content{p: []byte(s)}, lastsOn, nil)
		return
	}
	o.end(content{s: s}, lastsCall, nil)
}

// EndWith is End behind a last chunk, which may be nil, with a callback, which may be nil: it is called once, when the
// kernel has everything, or with why not.
func (o *outgoing) EndWith(p []byte, cb func(error)) { o.end(content{p: p}, lastsCall, cb) }

func (o *outgoing) end(x content, l lasts, cb func(error)) {
	n := int64(x.len())
	switch {
	case o.ended && n > 0:
		o.refuse(stream.ErrWriteAfterEnd, cb)
		return
	case o.done:
		o.tick(cb, stream.ErrAlreadyFinished)
		return
	case o.gone:
		o.tick(cb, stream.ErrDestroyed)
		return
	case o.ended:
		o.tell(cb)
		return
	}
	o.tell(cb)
	head, err := o.takeHead(n, o.endRoom(x))
	if err != nil {
		o.refuse(err, nil)
		o.msg.Destroy(err)
		return
	}
	if r, ok := o.msg.(*ClientRequest); ok { // an answer is never sent twice
		r.ending(x)
	}
	o.ended = true
	o.corked = 0
	o.written += n
	if o.length >= 0 && o.written != o.length {
		o.refuse(ErrContentLength, nil)
		o.msg.Destroy(ErrContentLength)
		return
	}
	o.final(head, x, l)
}

func (o *outgoing) tell(cb func(error)) {
	if cb != nil {
		x := o.extend()
		x.told = append(x.told, cb)
	}
}

// takeTold takes the callbacks of End.
func (o *outgoing) takeTold() (told []func(error)) {
	if o.more != nil {
		told, o.more.told = o.more.told, nil
	}
	return told
}

// endRoom is how much memory the end of a message takes, with x in it if that is small.
func (o *outgoing) endRoom(x content) int {
	size := 32
	if n := x.len(); n <= copiedChunk {
		size += n
	}
	if o.more != nil {
		for _, t := range o.more.trailers {
			size += len(t.name) + len(t.value) + len(": \r\n")
		}
	}
	return size
}

// final is the _final of a message, of which b is the head, if that was not handed over: the last chunk and what ends the message leave in one piece if they are small.
func (o *outgoing) final(b []byte, x content, l lasts) {
	if o.holds() && o.owns() {
		o.release()
	}
	if o.noBody {
		x = content{}
	}
	a := &o.sh.arena
	n := x.len()
	if b == nil {
		b = a.take(o.endRoom(x))
	}
	whole := n <= copiedChunk
	if o.chunked && n > 0 {
		b = appendChunkSize(b, n)
	}
	if whole {
		b = x.appendTo(b)
	} else {
		if len(b) > 0 {
			o.pass(a.put(b), lastsTurn, nil)
		}
		o.pass(x.p, l, nil)
		b = a.take(o.endRoom(content{}))
	}
	if o.chunked {
		if n > 0 {
			b = append(b, "\r\n"...)
		}
		b = append(b, "0\r\n"...)
		for _, t := range o.extra().trailers {
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
	if o.flying == 0 && !o.holds() {
		o.loop().NextTick(o.finishLater)
	}
	if o.owns() && !o.holds() && !o.inFile {
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
	if o.more != nil {
		o.tellFinished()
	}
	o.msg.flushed()
}

// tellFinished tells those who listen for it.
func (o *outgoing) tellFinished() {
	whole := false
	defer func() {
		if !whole {
			o.cutInFinish()
		}
	}()
	o.more.events.Finished()
	o.tellEnded(nil)
	whole = true
}

// tellEnded calls the callbacks of End. When one panics those behind it have their turn on a tick.
func (o *outgoing) tellEnded(err error) {
	told := o.takeTold()
	defer func() {
		for _, cb := range told {
			o.tick(cb, err)
		}
	}()
	for len(told) > 0 {
		cb := told[0]
		told = told[1:]
		cb(err)
	}
}

// cutInFinish is a listener of 'finish' having panicked. A request is over with its connection, but nobody knows of this
// response any more.
func (o *outgoing) cutInFinish() {
	told := o.takeTold()
	for _, cb := range told {
		o.tick(cb, nil) // its bytes were sent
	}
	if r, ok := o.msg.(*ServerResponse); ok {
		r.flushed()
	}
}

// close tells that the message is over, well or not.
func (o *outgoing) close() {
	if o.closed {
		return
	}
	o.closed, o.gone = true, true
	o.msg.closing()
	if x := o.more; x != nil {
		x.events.Closed()
	}
}

// cutOff is the connection being lost: nothing more is sent.
func (o *outgoing) cutOff(err error) {
	whole := false
	defer o.closeBehind(&whole)
	o.unsent(err)
	whole = true
}

// closeBehind closes behind all that was told; behind what is left for ticks if somebody has panicked.
func (o *outgoing) closeBehind(whole *bool) {
	if *whole {
		o.close()
	} else {
		o.loop().NextTick(o.close)
	}
}

// unsent tells those whose bytes are not sent.
func (o *outgoing) unsent(err error) {
	o.c = nil
	held := o.takeHeld()
	o.gone = true
	defer o.tellEnded(err) // whoever panics
	defer func() {
		for _, x := range held {
			o.tick(x.cb, err)
		}
	}()
	for len(held) > 0 {
		cb := held[0].cb
		held = held[1:]
		if cb != nil {
			cb(err)
		}
	}
}
