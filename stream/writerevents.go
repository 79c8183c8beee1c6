package stream

// WriterEvents are the listeners of a writable stream that is not made of this package's, as the messages of package httpcore are:
// for all its events in one list, in the order in which they came. The zero value is an empty one; telling
// writes nothing to that, so that many may share one to look at. Its methods are a
// WritableStream's, those that listen and those that tell; a tell of all works on the list as it is when it begins. It belongs to
// one goroutine, and must not be copied once it is used.
//
// A stream that has one says so to pipes: see PipeTarget.
type WriterEvents struct {
	life life             // of which nothing is used but the listeners
	room [3]eventListener // where those begin
}

// PipeTarget is what a WritableStream may be besides, if it has WriterEvents: a pipe listens to those itself, and needs no functions
// for that.
type PipeTarget interface {
	// PipeEvents returns the listeners of dst, which is the stream that was piped to; nil if that is not the receiver itself, but
	// made around it.
	PipeEvents(dst WritableStream) *WriterEvents
}

func (x *WriterEvents) listen(on event, fn any) Sub {
	return x.begun().listen(on, fn)
}

// begun has the items lie in room until there are more.
func (x *WriterEvents) begun() *life {
	if x.life.items == nil {
		x.life.items = x.room[:0]
	}
	return &x.life
}

// OnDrain is WritableStream.OnDrain.
func (x *WriterEvents) OnDrain(fn func()) Sub { return x.listen(onDrain, need(fn)) }

// OnFinish is WritableStream.OnFinish.
func (x *WriterEvents) OnFinish(fn func()) Sub { return x.listen(onFinish, need(fn)) }

// OnClose is WritableStream.OnClose.
func (x *WriterEvents) OnClose(fn func()) Sub { return x.listen(onClose, need(fn)) }

// OnError is WritableStream.OnError.
func (x *WriterEvents) OnError(fn func(error)) Sub { return x.listen(onError, need(fn)) }

// WatchError is WritableStream.WatchError.
func (x *WriterEvents) WatchError(fn func(error)) Sub { return x.listen(onWatch, need(fn)) }

// OnPipe is WritableStream.OnPipe.
func (x *WriterEvents) OnPipe(fn func(src ReadableStream)) Sub { return x.listen(onPipe, need(fn)) }

// OnUnpipe is WritableStream.OnUnpipe.
func (x *WriterEvents) OnUnpipe(fn func(src ReadableStream)) Sub { return x.listen(onUnpipe, need(fn)) }

// Drained tells the listeners of OnDrain.
func (x *WriterEvents) Drained() { x.tell(onDrain) }

// Finished tells the listeners of OnFinish.
func (x *WriterEvents) Finished() { x.tell(onFinish) }

// Closed tells the listeners of OnClose.
func (x *WriterEvents) Closed() { x.tell(onClose) }

// tell writes nothing where nobody listens: an empty one may be shared by many.
func (x *WriterEvents) tell(on event) {
	if len(x.life.items) > 0 {
		x.life.emit(on)
	}
}

// Failed tells the listeners of WatchError, the last one first, then those of OnError; if there are none of the latter, s.Uncaught.
func (x *WriterEvents) Failed(err error, s Scheduler) {
	if len(x.life.items) == 0 {
		s.Uncaught(err)
		return
	}
	x.life.s = s
	x.life.tellError(err)
}

// Piped tells the listeners of OnPipe.
func (x *WriterEvents) Piped(src ReadableStream) { x.tellPipe(onPipe, src) }

// Unpiped tells the listeners of OnUnpipe.
func (x *WriterEvents) Unpiped(src ReadableStream) { x.tellPipe(onUnpipe, src) }

func (x *WriterEvents) tellPipe(on event, src ReadableStream) {
	if len(x.life.items) > 0 {
		x.life.emitPipe(on, src)
	}
}

// CloseListened and ErrorListened report whether anybody listens with OnClose, and with OnError.
func (x *WriterEvents) CloseListened() bool { return x.life.hears(onClose) }

// ErrorListened is Node's listenerCount('error') > 0.
func (x *WriterEvents) ErrorListened() bool { return x.life.hears(onError) }
