package httpcore

import (
	"errors"
	"time"

	"github.com/weir-go/weir/loop"
)

// A peer that is slow to take what it is sent. The kernel takes bytes from us in lumps, a third of its buffer at a time, which
// may be megabytes: at 5 KB a second that is minutes without a sign. So the kernel is asked how much of what it has taken
// the peer has: a few times in a WriteTimeout, while bytes wait, and never for a write.

// stall is what is known of bytes that have waited for longer than firstLook.
type stall struct {
	began time.Duration // when bytes began to wait
	acked uint32        // of the bytes handed to the transport, those that the peer had at the last look
	moved time.Duration // when it was last seen to have taken something, or could have begun to
	from  time.Duration // when the time began that its rate is measured over
	taken int64         // what it was seen to take since
}

// transportQueue is what a Transport has that can tell what the layer below it has taken and the peer has not.
type transportQueue interface {
	KernelQueueSize() (int, error)
}

const (
	// looks is how often in a WriteTimeout the peer is looked at: it is ended a tenth of that too late at most.
	looks = 10
	// firstLook is how long bytes wait before anybody looks: a peer that is not slow has them by then, and costs nothing. Then
	// looks are half as far apart as bytes have waited. A peer that does not read is still sent what its kernel has room for,
	// the last of it by the probes of a closed window, a fifth of a second later, and that is not to count as reading for long.
	firstLook = 100 * time.Millisecond
)

var errSlowReader = errors.New("the client reads slower than MinWriteRate")

// stalled is bytes waiting for the peer when a turn has ended.
func (w *wire) stalled() {
	if w.d.Active(loop.DeadlineWrite) {
		return
	}
	w.stall = nil
	if limit, rate := w.side.takeLimits(); limit > 0 || rate > 0 {
		w.d.Start(loop.DeadlineWrite, min(firstLook, every(limit)))
	}
}

// every is the time between two looks.
func every(limit time.Duration) time.Duration {
	if limit <= 0 {
		limit = rateWindow
	}
	return max(limit/looks, time.Millisecond)
}

// flowing is nothing waiting for the peer any more.
func (w *wire) flowing() {
	w.d.Stop(loop.DeadlineWrite)
	w.stall = nil
}

// has is how many of the bytes handed over the peer has; where that can't be known exactly, how many the layer below has.
func (w *wire) has() (n uint32, exact bool) {
	left := w.queued()
	if t, ok := w.t.(transportQueue); ok {
		if kept, err := t.KernelQueueSize(); err == nil {
			left, exact = left+kept, true
		}
	}
	return w.handed - uint32(left), exact
}

// taking looks whether the peer takes what it is sent, and returns why it should not be waited for any more.
func (w *wire) taking() error {
	limit, rate := w.side.takeLimits()
	now := w.sh.l.Now()
	has, exact := w.has()
	s := w.stall
	switch {
	case s == nil:
		began := now - min(firstLook, every(limit))
		s = &stall{began: began, acked: has, moved: began, from: now}
		w.stall = s
	case w.waitsForFile:
		s.acked, s.moved, s.from, s.taken = has, now, now, 0 // the peer is not to blame
	case has != s.acked:
		// A Unix socket's number is of memory: it may fall when the kernel takes more, which it does of a peer that reads.
		s.taken += max(0, int64(int32(has-s.acked)))
		s.acked, s.moved = has, now
	}
	if limit > 0 && now-s.moved >= limit {
		return ErrTimeout
	}
	if passed := now - s.from; rate > 0 && passed >= max(rateWindow, 2*limit) {
		if exact && s.taken < int64(passed.Seconds()*float64(rate)) {
			return ErrTimeout.because(errSlowReader)
		}
		s.from, s.taken = now, 0
	}
	next := min(every(limit), max(firstLook, (now-s.began)/2))
	if limit > 0 {
		next = min(next, s.moved+limit-now)
	}
	w.d.Start(loop.DeadlineWrite, next)
	return nil
}
