package httpcore

import "github.com/weir-go/weir/stream"

// What a message that is written is as a stream, to Pipe, Pipeline and Finished, and to those who listen.

// Scheduler is the loop that the message belongs to.
func (o *outgoing) Scheduler() stream.Scheduler { return o.loop() }

// State is where the message stands.
func (o *outgoing) State() stream.State {
	return stream.State{
		HasWritable: true,
		Writable:    o.IsWritable(),
		NeedDrain:   o.needDrain,
		EndCalled:   o.ended,
		Flushed:     o.done || o.over && !o.gone && o.WritableLength() == 0,
		Finished:    o.done,
		Pending:     o.flying > 0 || o.holds(),
		WillClose:   !o.closed,
		Destroyed:   o.gone,
		Closed:      o.closed,
		Failed:      o.failed,
		Err:         o.extra().err,
	}
}

// IsWritable reports whether writes are accepted: End was not called, and the message was neither destroyed nor has it failed.
func (o *outgoing) IsWritable() bool { return !o.ended && !o.gone && o.extra().err == nil }

// WritableAborted reports whether the message was destroyed, lost its connection or failed before it finished.
func (o *outgoing) WritableAborted() bool { return !o.done && (o.gone || o.extra().err != nil) }

// WritableLength is how many bytes wait: here, or in the transport if the message owns it.
func (o *outgoing) WritableLength() int {
	n := o.extra().heldBytes
	if o.owns() {
		n += o.c.queued()
	}
	return n
}

// WritableHighWaterMark is the mark: that of the options, or what SetWritableHighWaterMark was given.
func (o *outgoing) WritableHighWaterMark() int { return o.mark() }

func (o *outgoing) mark() int {
	if x := o.more; x != nil && x.mark > 0 {
		return x.mark
	}
	return o.sh.mark
}

// SetWritableHighWaterMark changes the mark of this message, in bytes: 0 is the default of 16 KiB, stream.NoBuffer a single byte; other
// negative values panic. It counts from the next write on: who was told to wait still waits for OnDrain.
func (o *outgoing) SetWritableHighWaterMark(n int) { o.extend().mark = writableMark(n) }

// WritableNeedDrain reports whether a write was answered with false and OnDrain will tell when to go on.
func (o *outgoing) WritableNeedDrain() bool { return o.needDrain && !o.ended && !o.gone }

// WritableEnded reports whether End was called.
func (o *outgoing) WritableEnded() bool { return o.ended }

// WritableFinished reports whether OnFinish was told: the kernel has everything.
func (o *outgoing) WritableFinished() bool { return o.done }

// WritableCorked is how many calls of Cork are not undone.
func (o *outgoing) WritableCorked() int { return int(o.corked) }

// Destroyed reports whether the message was destroyed, or its connection lost, or it is over.
func (o *outgoing) Destroyed() bool { return o.gone }

// Closed reports whether OnClose was told.
func (o *outgoing) Closed() bool { return o.closed }

// Errored is what the message has failed with, or nil.
func (o *outgoing) Errored() error { return o.extra().err }

// Cork keeps what is written until Uncork was called as often, or End: then it leaves together.
func (o *outgoing) Cork() { o.corked++ }

// Uncork undoes one Cork.
func (o *outgoing) Uncork() {
	if o.corked == 0 {
		return
	}
	if o.corked--; o.corked == 0 {
		o.release()
	}
}

// OnDrain listens for there being room again after a write was answered with false.
func (o *outgoing) OnDrain(fn func()) stream.Sub { return o.extend().events.OnDrain(fn) }

// OnFinish listens for the kernel having taken the whole message.
func (o *outgoing) OnFinish(fn func()) stream.Sub { return o.extend().events.OnFinish(fn) }

// OnClose listens for the last event: the message is over, well or not.
func (o *outgoing) OnClose(fn func()) stream.Sub { return o.extend().events.OnClose(fn) }

// OnPipe listens for a source being piped to the message, and OnUnpipe for the end of that.
func (o *outgoing) OnPipe(fn func(src stream.ReadableStream)) stream.Sub {
	return o.extend().events.OnPipe(fn)
}

// OnUnpipe listens for the end of a pipe.
func (o *outgoing) OnUnpipe(fn func(src stream.ReadableStream)) stream.Sub {
	return o.extend().events.OnUnpipe(fn)
}

// WatchError is stream.Writable.WatchError.
func (o *outgoing) WatchError(fn func(error)) stream.Sub { return o.extend().events.WatchError(fn) }

// Piped tells the listeners of OnPipe. It is for Pipe.
func (o *outgoing) Piped(src stream.ReadableStream) { o.extra().events.Piped(src) }

// Unpiped tells the listeners of OnUnpipe. It is for Unpipe.
func (o *outgoing) Unpiped(src stream.ReadableStream) { o.extra().events.Unpiped(src) }

// PipeEvents is stream.PipeTarget's. It is for Pipe.
func (o *outgoing) PipeEvents(dst stream.WritableStream) *stream.WriterEvents {
	if dst != stream.WritableStream(o.msg) {
		return nil
	}
	return &o.extend().events
}

// begun reports whether the client may have seen anything of the message.
func (o *outgoing) begun() bool {
	return o.over || o.onWire && o.extra().head == nil
}

// finished reports whether 'finish' was told.
func (o *outgoing) finished() bool { return o.done }

// endsWithConnection reports whether an end of the connection now would make the client take the message for whole.
func (o *outgoing) endsWithConnection() bool {
	return o.headSent && !o.over && !o.noBody && !o.chunked && o.length < 0 && o.begun()
}
