package loop

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"github.com/weir-go/weir/reactor"
)

// Work is something that runs off the loop: see Loop.QueueWork. It is no Handle: it ends by itself.
type Work struct {
	l     *Loop
	state atomic.Uint32 // workQueued …
	work  func()
	done  func(error)
	err   error
	job   job    // its place in the pool
	drop  func() // gives back its place in the kernel, if that runs it
}

const (
	workQueued    uint32 = iota
	workRunning          // or done: it cannot be cancelled any more
	workCancelled        // done is told so in a later turn
)

// QueueWork has work run on another goroutine, of Options.Pool, and then done on the loop's, in a turn of its own: with
// nil, with an error that is ECANCELED after Cancel, with a *PanicError if work panicked, or with another error if it
// called runtime.Goexit. done may be nil. Work that has not ended keeps Run going and Close from closing. It is for what
// takes long and computes; what mostly waits goes to QueueSlowWork.
//
// Work begins in the order it was queued, as goroutines get free, and ends in any. It must not touch the loop or what
// belongs to it; what it leaves in memory done may read. A panic in work goes to done and nowhere else: it is not
// counted by Panics, nor told to OnPanic, even if done is nil.
//
// It is for the loop's goroutine. It returns EINVAL without work and ErrClosed after Close; neither function is called
// then. Behaviour follows libuv's uv_queue_work.
func (l *Loop) QueueWork(work func(), done func(error)) (*Work, error) {
	return l.queueWork(false, work, done)
}

// QueueSlowWork is QueueWork for what mostly waits, for a disk, say: slow work never has more than half of the pool, so
// quick work does not wait behind it.
func (l *Loop) QueueSlowWork(work func(), done func(error)) (*Work, error) {
	return l.queueWork(true, work, done)
}

func (l *Loop) queueWork(slow bool, work func(), done func(error)) (*Work, error) {
	l.r.CheckGoroutine()
	if work == nil {
		return nil, fmt.Errorf("loop: queue work: %w", reactor.EINVAL)
	}
	if l.closed {
		return nil, fmt.Errorf("loop: queue work: %w", reactor.ErrClosed)
	}
	w := &Work{l: l, work: work, done: done}
	w.job.run, w.job.slow = w.run, slow
	l.working++
	if w.drop = l.r.Kernel().Work(slow, w.job.run); w.drop == nil {
		l.pool.add(&w.job)
	}
	return w, nil
}

// Cancel keeps work that has not begun from running; done is then told ECANCELED in a later turn. It returns EBUSY if
// it has begun or has ended, by an earlier Cancel, say: then done is told how that ended, or was. It is for the loop's
// goroutine.
func (w *Work) Cancel() error {
	w.l.r.CheckGoroutine()
	if !w.state.CompareAndSwap(workQueued, workCancelled) {
		return fmt.Errorf("loop: cancel work: %w", reactor.EBUSY)
	}
	if w.drop != nil {
		w.drop()
	} else {
		w.l.pool.remove(&w.job)
	}
	w.err = fmt.Errorf("loop: work: %w", reactor.ECANCELED)
	w.post()
	return nil
}

// errGoexit is the end of work that has called runtime.Goexit.
var errGoexit = errors.New("loop: work called runtime.Goexit")

// run is called off the loop.
func (w *Work) run() {
	if !w.state.CompareAndSwap(workQueued, workRunning) {
		return // cancelled after the pool had taken it
	}
	w.err = errGoexit
	defer w.post()
	defer func() {
		if v := recover(); v != nil {
			w.err = &PanicError{Value: v, Stack: debug.Stack(), work: true}
		}
	}()
	w.work()
	w.err = nil
}

// post has the loop finish. Only a loop whose Group was forced to end may be closed by now.
func (w *Work) post() { _ = w.l.mail.post(letter{work: w}, w.l.r) }

// finish runs on the loop.
func (w *Work) finish() {
	w.l.working--
	done := w.done
	w.work, w.done = nil, nil // a Work that somebody keeps shall not keep what they hold on to
	if done != nil {
		done(w.err)
	}
}
