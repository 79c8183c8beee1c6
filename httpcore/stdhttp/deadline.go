package stdhttp

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/weir-go/weir/loop"
)

// deadline is the read or the write deadline of an exchange: a context that a timer of the loop's cancels. Once it has
// passed it stays so, as net/http says of its own.
type deadline struct {
	mu     sync.Mutex // guards what follows
	ctx    context.Context
	cancel context.CancelCauseFunc
	using  func(context.Context) // who is to be told of ctx when it is made

	timer *loop.Timer // the loop's
}

// set moves the deadline to t, or takes it away if t is zero. It waits for the loop, whose clock decides, so that a time in
// the past counts at once.
func (d *deadline) set(x *exchange, t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ctx == nil {
		d.ctx, d.cancel = context.WithCancelCause(context.Background())
		if d.using != nil {
			d.using(d.ctx)
		}
	}
	var err error
	done := make(chan struct{})
	post := x.l.Post(func() {
		defer close(done)
		if x.over {
			err = errReturned
			return
		}
		d.start(x.l, t)
	})
	if post != nil {
		return post
	}
	<-done
	return err
}

// start is for the loop.
func (d *deadline) start(l *loop.Loop, t time.Time) {
	if d.timer != nil {
		d.timer.Stop()
	}
	if t.IsZero() {
		return
	}
	left := t.Sub(l.Reactor().Kernel().Wall())
	if left <= 0 {
		d.cancel(os.ErrDeadlineExceeded)
		return
	}
	if d.timer == nil {
		d.timer = l.NewTimer()
		d.timer.Unref()
	}
	l.UpdateTime()
	_ = d.timer.Start(func() { d.cancel(os.ErrDeadlineExceeded) }, left, 0) // it has a callback, and is not closed
}

// stop is the exchange being over, on the loop.
func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Close(nil)
	}
}

// watch has fn told of the context, now or when there is one.
func (d *deadline) watch(fn func(context.Context)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.using = fn
	if d.ctx != nil {
		fn(d.ctx)
	}
}

func (d *deadline) passed() bool { return d.cause() != nil }

// cause is os.ErrDeadlineExceeded once the deadline has passed.
func (d *deadline) cause() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ctx == nil {
		return nil
	}
	return context.Cause(d.ctx)
}
