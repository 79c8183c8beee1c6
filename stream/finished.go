package stream

import (
	"context"
	"errors"
)

// FinishedOptions say what Finished waits for. The zero value waits for all there is.
type FinishedOptions struct {
	NoReadable bool // not for the end of the readable half
	NoWritable bool // not for the finish of the writable half
	NoError    bool // not for 'error': an error is told when the stream closes
	// Context, if it is cancelled first, has Finished call back with ErrAborted. The stream is left alone. nil never is.
	Context context.Context
}

// Finished calls done once, when s is done: with nil when it has ended and finished as far as it has those halves, or
// with its error, or ErrPrematureClose if it closed before. It waits for 'close' where there will be one. done is never
// called inside this call, and is for a stream that is done already as well.
//
// The result ends the watch; done is not called then. Otherwise the listeners stay, also after done was called, so that a
// late error is not one that nobody listens for.
func Finished(s Stream, o FinishedOptions, done func(error)) (cleanup func()) {
	w := watchEnd(s, o, done)
	return w.cleanup
}

// endWatch is one Finished.
type endWatch struct {
	s                  Stream
	readable, writable bool // what is waited for
	ended, finished    bool // and has come
	willClose          bool // 'close' will come, and tells
	done               func(error)
	subs               [4]Sub
	stop               func() bool // ends the watch of the context
}

func watchEnd(s Stream, o FinishedOptions, done func(error)) *endWatch {
	need(done)
	st := s.State()
	w := &endWatch{s: s, done: done}
	w.readable, w.writable = st.HasReadable && !o.NoReadable, st.HasWritable && !o.NoWritable
	w.willClose = st.WillClose && w.readable == st.HasReadable && w.writable == st.HasWritable
	w.ended = st.Err == nil && st.Exhausted || st.Ended && st.Err == nil
	w.finished = st.Finished || st.Err == nil && st.Flushed
	if r, ok := s.(interface{ OnEnd(func()) Sub }); ok {
		w.subs[0] = r.OnEnd(w.onEnd)
	}
	if x, ok := s.(interface{ OnFinish(func()) Sub }); ok {
		w.subs[1] = x.OnFinish(w.onFinish)
	}
	if !o.NoError {
		w.subs[2] = s.OnError(w.tell)
	}
	w.subs[3] = s.OnClose(w.onClose)
	tick := s.Scheduler().NextTick
	switch {
	case st.Closed:
		tick(w.onClose)
	case st.Failed:
		if !w.willClose {
			tick(w.onClosed)
		}
	case !w.readable && (!w.willClose || st.Readable) && (w.finished || st.HasWritable && !st.Writable) && !st.Pending,
		!w.writable && (!w.willClose || st.Writable) && (w.ended || st.HasReadable && !st.Readable):
		tick(w.onClosed)
	}
	if o.Context != nil && !st.Closed {
		w.watch(o.Context)
	}
	return w
}

func (w *endWatch) tell(err error) {
	done := w.done
	if done == nil {
		return
	}
	w.done = nil
	if w.stop != nil {
		w.stop()
	}
	done(err)
}

func (w *endWatch) onEnd() {
	w.ended = true
	st := w.s.State()
	if st.Destroyed {
		w.willClose = false
	}
	if w.willClose && (!st.Writable || w.writable) {
		return
	}
	if !w.writable || w.finished {
		w.tell(nil)
	}
}

func (w *endWatch) onFinish() {
	w.finished = true
	st := w.s.State()
	if st.Destroyed {
		w.willClose = false
	}
	if w.willClose && (!st.Readable || w.readable) {
		return
	}
	if !w.readable || w.ended {
		w.tell(nil)
	}
}

func (w *endWatch) onClose() {
	st := w.s.State()
	switch {
	case st.Err != nil:
		w.tell(st.Err)
	case w.readable && !w.ended && !st.Exhausted && !st.Ended, w.writable && !w.finished && !st.Finished && !st.Flushed:
		w.tell(ErrPrematureClose)
	default:
		w.tell(nil)
	}
}

// onClosed is for a stream that had done everything when the watch began.
func (w *endWatch) onClosed() { w.tell(w.s.State().Err) }

func (w *endWatch) cleanup() {
	w.done = nil
	if w.stop != nil {
		w.stop()
	}
	for _, s := range w.subs {
		s.Off()
	}
}

// watch has a cancelled context end the watch, in a turn of its own: contexts are cancelled on any goroutine.
func (w *endWatch) watch(ctx context.Context) {
	abort := func() {
		done := w.done
		w.cleanup()
		if done != nil {
			done(aborted(context.Cause(ctx)))
		}
	}
	if ctx.Err() != nil {
		w.s.Scheduler().NextTick(abort)
		return
	}
	w.stop = onCancel(ctx, w.s.Scheduler(), abort)
}

// onCancel runs fn in a turn of s when ctx is cancelled, unless the result is called before.
func onCancel(ctx context.Context, s Scheduler, fn func()) (stop func() bool) {
	off := false
	stopped := context.AfterFunc(ctx, func() {
		// An error means that the loop is closed: nothing of it is called any more.
		_ = s.Post(func() {
			if !off {
				fn()
			}
		})
	})
	return func() bool {
		off = true // it may have been posted already
		return stopped()
	}
}

// WithContext destroys s with ErrAborted, wrapping the cause, when ctx is cancelled; at once if it is already. It
// forgets the context when the stream is done.
func WithContext(ctx context.Context, s Stream) {
	abort := func() { s.Destroy(aborted(context.Cause(ctx))) }
	if ctx.Err() != nil {
		abort()
		return
	}
	stop := onCancel(ctx, s.Scheduler(), abort)
	watchEnd(s, FinishedOptions{}, func(error) { stop() })
}

// premature reports whether err is a close that came too early, whose reason may be told yet.
func premature(err error) bool { return errors.Is(err, ErrPrematureClose) }
