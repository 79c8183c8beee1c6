package stream

import "math/bits"

// all as a number of bytes to read means what there is.
const all = -1

// maxRead is the most that one read may ask for: the mark is raised to it, and a mark bounds memory.
const maxRead = 1 << 30

// ReadChunk takes n bytes from the buffer, or nil if there are fewer; at the end of input, what is left. A negative n
// takes everything that is buffered (while the stream flows, the first chunk). It has the Read hook called if that
// leaves less than the mark, and raises the mark to the next power of two if n is above it. What it returns was also
// given to OnData's listeners; it is the caller's to keep. n above 1 GiB destroys the stream with ErrOutOfRange. A
// destroyed stream gives nothing.
func (r *Readable) ReadChunk(n int) []byte {
	if n > maxRead {
		r.life.failOrShut(ErrOutOfRange, false)
		return nil
	}
	return r.read(max(n, all), true)
}

// read is where all reading happens. What it returns is the caller's if keep is set, and borrowed if not.
func (r *Readable) read(n int, keep bool) []byte {
	asked := n
	if n > r.hwm {
		r.hwm = 1 << bits.Len(uint(n-1))
	}
	if n != 0 {
		r.flags &^= readReadableQueued
	}
	ended := r.state != readOpen
	if n == 0 && r.flags&readNeedReadable != 0 && (r.full() || ended) {
		if r.ReadableLength() == 0 && ended {
			r.queueEnd()
		} else {
			r.queueReadable()
		}
		return nil
	}
	n = r.available(asked)
	if n == 0 && ended {
		if r.ReadableLength() == 0 {
			r.queueEnd()
		}
		return nil
	}
	if r.wantsRead(n) {
		r.callRead()
		if !r.call.busy() {
			n = r.available(asked)
		}
		n = min(n, r.ReadableLength()) // the hook may have had somebody else read
	}
	if n > 0 && r.life.destroyed() {
		r.discard() // the hook has destroyed it, or somebody before: nothing is given out any more
		return nil
	}
	var p []byte
	if n > 0 {
		p = r.take(n, keep)
		r.awaitNobody()
	} else if r.ReadableLength() <= r.hwm {
		r.flags |= readNeedReadable
	}
	if r.ReadableLength() == 0 {
		ended := r.state != readOpen
		if !ended {
			r.flags |= readNeedReadable
		}
		if ended && asked != n {
			r.queueEnd()
		}
	}
	if p != nil && r.life.flags&lifeErrorEmitted == 0 && r.life.state != lifeGone {
		r.emitData(p)
	}
	return p
}

// full reports whether the buffer is at the mark. A mark of 0 makes it full with anything.
func (r *Readable) full() bool {
	if r.hwm == 0 {
		return r.ReadableLength() > 0
	}
	return r.ReadableLength() >= r.hwm
}

// available is how many bytes a read that asks for n gets.
func (r *Readable) available(n int) int {
	length := r.ReadableLength()
	switch {
	case n == 0 || length == 0 && r.state != readOpen:
		return 0
	case n == all && r.flow == FlowOn && r.waiting() > 0:
		return len(r.inbox().buffer.front().p)
	case n == all:
		return length
	case n <= length:
		return n
	case r.state != readOpen:
		return length
	}
	return 0
}

// wantsRead reports whether the Read hook is called before n bytes are taken.
func (r *Readable) wantsRead(n int) bool {
	if r.call.busy() || r.state != readOpen || r.life.destroyed() || r.life.failed() != nil {
		return false
	}
	length := r.ReadableLength()
	return r.flags&readNeedReadable != 0 || length == 0 || length-n < r.hwm
}

// waiting is how many chunks are buffered.
func (r *Readable) waiting() int {
	if x := r.life.work; x != nil {
		return x.in.buffer.len()
	}
	return 0
}

func (r *Readable) callRead() {
	r.call.move(callEnter)
	if r.ReadableLength() == 0 {
		r.flags |= readNeedReadable
	}
	r.life.own.read(r, r.hwm)
	r.call.move(callReturn)
}

// take removes n bytes from the front of the buffer, which holds that many.
func (r *Readable) take(n int, keep bool) []byte {
	in := r.inbox()
	in.length -= n
	c := in.buffer.front()
	switch {
	case len(c.p) == n && (!keep || c.lasts == lastsOn):
		x := in.shift()
		if !keep {
			r.life.spend(x.b)
		}
		return x.p[:n:n] // its block, if it has one, is the caller's now
	case keep:
		p := make([]byte, n)
		in.gather(p)
		return p
	}
	b := newBlock(n)
	r.life.spend(b)
	in.gather(b.buf)
	return b.buf
}

// gather fills p from the front of the buffer.
func (in *inbox) gather(p []byte) {
	for len(p) > 0 {
		c := in.buffer.front()
		n := copy(p, c.p)
		p = p[n:]
		if c.p = c.p[n:]; len(c.p) == 0 {
			x := in.shift()
			x.b.release()
		}
	}
}

// queueReadable schedules 'readable', once.
func (r *Readable) queueReadable() {
	r.flags &^= readNeedReadable
	if r.flags&readReadableQueued == 0 {
		r.flags |= readReadableQueued
		r.life.tick(tickReadable)
	}
}

func (r *Readable) emitReadable() {
	if !r.life.destroyed() && r.life.failed() == nil && (r.ReadableLength() > 0 || r.state != readOpen) {
		r.life.emit(onReadable)
		r.flags &^= readReadableQueued
	}
	if r.flow != FlowOn && r.state == readOpen && r.ReadableLength() <= r.hwm {
		r.flags |= readNeedReadable
	}
	r.run()
}

// queueReadMore schedules reading ahead, once.
func (r *Readable) queueReadMore() {
	if r.flags&readMoreQueued == 0 {
		r.flags |= readMoreQueued
		r.life.tick(tickReadMore)
	}
}

// readMore reads ahead up to the mark, or keeps the flow going, as long as the Read hook answers at once.
func (r *Readable) readMore() {
	for !r.call.busy() && r.state == readOpen {
		length := r.ReadableLength()
		if length >= r.hwm && (r.flow != FlowOn || length > 0) {
			break
		}
		r.read(0, false)
		if r.ReadableLength() == length {
			break
		}
	}
	r.flags &^= readMoreQueued
}

// queueEnd schedules 'end'. An Unshift before the tick cancels it.
func (r *Readable) queueEnd() {
	if r.state < readDone {
		r.life.tick(tickEnd)
	}
}

func (r *Readable) emitEnd() {
	if r.life.failed() != nil || r.life.state == lifeGone || r.state >= readDone || r.ReadableLength() > 0 || r.flags&readLost != 0 {
		return
	}
	r.state.move(readEnd)
	r.life.emit(onEnd)
	_, w := r.life.own.halves()
	switch {
	case w != nil && w.IsWritable() && r.flags&readHalfClosed != 0:
		r.life.tick(tickHalfOpen)
	case r.life.autoDestroy() && (w == nil || w.state >= writeFinished):
		r.life.shut(nil)
	}
}
