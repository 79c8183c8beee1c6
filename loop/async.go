package loop

import "sync/atomic"

// Async lets other goroutines have a function called on the loop's. It is active from the start, so it keeps Run going
// until it is closed or unref'd.
type Async struct {
	handle
	cb   func()
	sent atomic.Bool
}

// NewAsync returns an Async that calls cb for Send. cb may be nil: Send then only ends the loop's wait. It
// panics after Loop.Close.
func (l *Loop) NewAsync(cb func()) *Async {
	a := &Async{cb: cb}
	a.init(l, a)
	a.setActive(true)
	return a
}

// Send has the callback called, in a turn of its own at the end of the poll phase. Calls that come before it has run
// count as one: at least one call of the callback begins after the last Send. Any goroutine may call it, even while the
// handle is being closed; after that nothing is called.
func (a *Async) Send() {
	if a.sent.CompareAndSwap(false, true) {
		_ = a.l.mail.post(letter{async: a}, a.l.r) // of a closed loop: nobody is there to be called
	}
}

func (a *Async) run() {
	a.sent.Store(false) // before the callback: a Send during it counts anew
	if !a.closing && a.cb != nil {
		a.cb()
	}
}

// Close ends it: see Handle. Sends that are under way do nothing.
func (a *Async) Close(done func()) { a.beginClose(done) }
