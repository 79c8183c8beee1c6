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
		r.own().failOrShut(ErrOutOfRange, false)
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
		if r.length == 0 && ended {
			r.queueEnd()
		} else {
			r.queueReadable()
		}
		return nil
	}
	n = r.available(asked)
	if n == 0 && ended {
		if r.length == 0 {
			r.queueEnd()
		}
		return nil
	}
	if r.wantsRead(n) {
		r.callRead()
		if !r.call.busy() {
			n = r.available(asked)
		}
		n = min(n, r.length) // the hook may have had somebody else read
	}
	if n > 0 && r.life.destroyed() {
		r.discard() // the hook has destroyed it, or somebody before: nothing is given out any more
		return nil
	}
	var p []byte
	if n > 0 {
		p = r.take(n, keep)
		r.awaitNobody()
	} else if r.length <= r.hwm {
		r.flags |= readNeedReadable
	}
	if r.length == 0 {
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
		return r.length > 0
	}
	return r.length >= r.hwm
}

// available is how many bytes a read that asks for n gets.
func (r *Readable) available(n int) int {
	switch {
	case n == 0 || r.length == 0 && r.state != readOpen:
		return 0
	case n == all && r.flow == FlowOn && r.buffer.len() > 0:
		return len(r.buffer.front().p)
	case n == all:
		return r.length
	case n <= r.length:
		return n
	case r.state != readOpen:
		return r.length
	}
	return 0
}

// wantsRead reports whether the Read hook is called before n bytes are taken.
func (r *Readable) wantsRead(n int) bool {
	if r.call.busy() || r.state != readOpen || r.life.destroyed() || r.life.err != nil {
		return false
	}
	return r.flags&readNeedReadable != 0 || r.length == 0 || r.length-n < r.hwm
}

func (r *Readable) callRead() {
	r.call.move(callEnter)
	if r.length == 0 {
		r.flags |= readNeedReadable
	}
	if r.source != nil {
		r.source.read(r, r.hwm)
	}
	r.call.move(callReturn)
}

// take removes n bytes from the front of the buffer, which holds that many.
func (r *Readable) take(n int, keep bool) []byte {
	r.length -= n
	c := r.buffer.front()
	switch {
	case len(c.p) == n && (!keep || c.lasts == lastsOn):
		x := r.shift()
		if !keep {
			r.life.spend(x.b)
		}
		return x.p[:n:n] // its block, if it has one, is the caller's now
	case keep:
		p := make([]byte, n)
		r.gather(p)
		return p
	}
	b := newBlock(n)
	r.life.spend(b)
	r.gather(b.buf)
	return b.buf
}

// gather fills p from the front of the buffer.
func (r *Readable) gather(p []byte) {
	for len(p) > 0 {
		c := r.buffer.front()
		n := copy(p, c.p)
		p = p[n:]
		if c.p = c.p[n:]; len(c.p) == 0 {
			x := r.shift()
			x.b.release()
		}
	}
}

// queueReadable schedules 'readable', once.
func (r *Readable) queueReadable() {
	r.flags &^= readNeedReadable
	if r.flags&readReadableQueued == 0 {
		r.flags |= readReadableQueued
		r.own().tick(tickReadable)
	}
}

func (r *Readable) emitReadable() {
	if !r.life.destroyed() && r.life.err == nil && (r.length > 0 || r.state != readOpen) {
		r.life.events.emit(onReadable)
		r.flags &^= readReadableQueued
	}
	if r.flow != FlowOn && r.state == readOpen && r.length <= r.hwm {
		r.flags |= readNeedReadable
	}
	r.run()
}

// queueReadMore schedules reading ahead, once.
func (r *Readable) queueReadMore() {
	if r.flags&readMoreQueued == 0 {
		r.flags |= readMoreQueued
		r.own().tick(tickReadMore)
	}
}

// readMore reads ahead up to the mark, or keeps the flow going, as long as the Read hook answers at once.
func (r *Readable) readMore() {
	for !r.call.busy() && r.state == readOpen && (r.length < r.hwm || r.flow == FlowOn && r.length == 0) {
		length := r.length
		r.read(0, false)
		if r.length == length {
			break
		}
	}
	r.flags &^= readMoreQueued
}

// queueEnd schedules 'end'. An Unshift before the tick cancels it.
func (r *Readable) queueEnd() {
	if r.state < readDone {
		r.own().tick(tickEnd)
	}
}

func (r *Readable) emitEnd() {
	if r.life.err != nil || r.life.state == lifeGone || r.state >= readDone || r.length > 0 || r.flags&readLost != 0 {
		return
	}
	r.state.move(readEnd)
	r.life.events.emit(onEnd)
	w := r.life.w
	switch {
	case w != nil && w.IsWritable() && r.flags&readHalfClosed != 0:
		r.life.tick(tickHalfOpen)
	case r.life.autoDestroy() && (w == nil || w.state >= writeFinished):
		r.life.shut(nil)
	}
}
