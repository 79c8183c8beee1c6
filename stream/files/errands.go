package files

import (
	"github.com/weir-go/weir/loop"
)

// errands are what one stream has done off the loop, one at a time: between do and its then, what the errand works with is
// the errand's. It must not be copied.
type errands struct {
	l    *loop.Loop
	work *loop.Work // the errand under way
	away bool       // there is one
	op   func() error
	then func(error)
	err  error
	last func() // waits for the errand under way

	run func() // made once
	ran func(error)
}

// do has op run off the loop, and then called with what it returned, or with why it was not run or did not return. Nothing
// may be under way.
func (e *errands) do(op func() error, then func(error)) {
	if e.run == nil {
		e.run, e.ran = e.runOp, e.opRan
	}
	e.op, e.then, e.away = op, then, true
	w, err := e.l.QueueSlowWork(e.run, e.ran)
	if err != nil {
		e.opRan(err) // the loop is closed: there is no later
		return
	}
	e.work = w
}

func (e *errands) runOp() { e.err = e.op() }

func (e *errands) opRan(err error) {
	if err == nil {
		err = e.err
	}
	then := e.then
	e.work, e.op, e.then, e.err, e.away = nil, nil, nil, nil, false
	then(err)
	if last := e.last; last != nil && !e.away {
		e.last = nil
		last()
	}
}

// lend makes an errand of what somebody else does with the file, until back.
func (e *errands) lend() { e.away = true }

// back is the end of that.
func (e *errands) back() {
	e.away = false
	if last := e.last; last != nil {
		e.last = nil
		last()
	}
}

// finally runs last when nothing is under way any more: at once, or after the then of what is, which need not run if it
// has not begun.
func (e *errands) finally(last func()) {
	if !e.away {
		last()
		return
	}
	e.last = last
	if e.work != nil {
		_ = e.work.Cancel() // EBUSY: it has begun, and is waited for
	}
}
