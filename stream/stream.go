package stream

// DefaultHighWaterMark is the mark of a stream whose options say 0, in bytes.
const DefaultHighWaterMark = 16 << 10

// NoBuffer as a HighWaterMark means a mark of 0: nothing is read ahead, and a Writable is full with a single byte.
const NoBuffer = -1

// mark is what a HighWaterMark of the options means.
func mark(option int) int {
	switch {
	case option == 0:
		return DefaultHighWaterMark
	case option == NoBuffer:
		return 0
	case option < 0:
		panic("stream: a high water mark is 0 for the default, NoBuffer, or a number of bytes")
	}
	return option
}

// Stream is what every stream is: something that ends, well or not. Pipe, Pipeline, Finished and WithContext take streams
// by these interfaces, so that what is not made of this package's types can be one as well.
type Stream interface {
	// Scheduler is what the stream was made with.
	Scheduler() Scheduler
	// State is where the stream stands.
	State() State
	// Destroy ends the stream at once: see Readable.Destroy.
	Destroy(err error)
	// OnError and OnClose listen for the two events that every stream has.
	OnError(fn func(error)) Sub
	OnClose(fn func()) Sub
}

// ReadableStream is a stream that can be read: a *Readable, *Duplex, *Transform, *PassThrough or *Socket, or what has
// one.
type ReadableStream interface {
	Stream
	// OnEnd listens for the end of input.
	OnEnd(fn func()) Sub
	// Pipe writes what it reads to dst, with backpressure, and returns dst.
	Pipe(dst WritableStream) WritableStream
	// PipeWith is Pipe with options.
	PipeWith(dst WritableStream, o PipeOptions) WritableStream
}

// WritableStream is a stream that can be written, and so the destination of a Pipe: a *Writable, *Duplex, *Transform,
// *PassThrough or *Socket, or another type with these methods.
type WritableStream interface {
	Stream
	// WriteBorrowed is Writable.WriteBorrowed: it takes what lasts for a turn, and answers whether to go on writing.
	WriteBorrowed(p []byte, done func(error)) bool
	// End says that no more is written.
	End()
	// WritableNeedDrain reports whether a write was answered with false, and OnDrain has not been told since.
	WritableNeedDrain() bool
	// OnDrain, OnFinish and OnUnpipe listen for the events of a Writable.
	OnDrain(fn func()) Sub
	OnFinish(fn func()) Sub
	OnUnpipe(fn func(src ReadableStream)) Sub
	// WatchError listens for errors before all listeners of OnError, and does not count as one: see Writable.WatchError.
	WatchError(fn func(error)) Sub
	// Piped and Unpiped tell the listeners of OnPipe and OnUnpipe.
	Piped(src ReadableStream)
	Unpiped(src ReadableStream)
}

// State is where a stream stands: what Pipe, Pipeline and Finished ask of it.
type State struct {
	HasReadable bool // it has a readable half
	HasWritable bool // it has a writable half

	Readable  bool // it may still give bytes: not ended, not destroyed, no error was told
	EOF       bool // the end of input was pushed
	Exhausted bool // EOF, and nothing is buffered any more
	Ended     bool // OnEnd was told

	Writable  bool // it accepts bytes: not ended, not destroyed, no error
	NeedDrain bool // a write was answered with false, and the queue has not been empty since
	EndCalled bool // End was called
	Flushed   bool // EndCalled, and nothing is queued any more
	Finished  bool // OnFinish was told
	Pending   bool // callbacks of writes are due

	WillClose bool  // OnClose will be told: the stream destroys itself when it is done, and it is not closed yet
	Destroyed bool  // Destroy was called
	Closed    bool  // and its hook is done
	Failed    bool  // OnError was told
	Err       error // what it failed with
}

// describe is what both halves have.
func (l *life) describe() State {
	return State{
		WillClose: l.autoDestroy() && l.flags&lifeNoEmitClose == 0 && !l.closed(),
		Destroyed: l.destroyed(),
		Closed:    l.closed(),
		Failed:    l.flags&lifeErrorEmitted != 0,
		Err:       l.failed(),
	}
}
