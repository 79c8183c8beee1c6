package stream

// SetReadableHighWaterMark changes the mark: 0, NoBuffer and what panics are as in ReadableOptions. It counts from the next Push on. A
// stream that had stopped reading ahead at the mark goes on if the new one is higher; what is buffered above a lower one stays. It is for the
// goroutine of the stream.
func (r *Readable) SetReadableHighWaterMark(n int) {
	full := r.full()
	r.hwm = mark(n)
	if full && !r.full() && r.ReadableLength() > 0 && r.state == readOpen {
		r.queueReadMore()
	}
}

// SetWritableHighWaterMark changes the mark: 0, NoBuffer and what panics are as in WritableOptions. It counts from the next write on: who was
// told to wait still waits for OnDrain. It is for the goroutine of the stream.
func (w *Writable) SetWritableHighWaterMark(n int) { w.hwm = mark(n) }
