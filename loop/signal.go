package loop

import (
	"fmt"
	"os"
	"sync/atomic"

	"github.com/weir-go/weir/reactor"
)

// Signal calls a function when the process gets a signal. While one is watched, by a Signal of any loop, it does not
// have its default action, which os/signal describes; when the last of them stops, it has it again. Every Signal that
// watches a signal is told of it, on whatever loop, and so is whoever uses os/signal.
//
// Signals that come before the callback has begun count as one, as they do for the kernel: at least one call of the
// callback begins after the last of them. After Stop or Close nothing is called, even if a signal came before.
//
// Like any handle a Signal that is active keeps Run going, unless it is unref'd. A signal that has come is like something
// posted: Run does not return before its callback has run, unref'd or not.
//
// What cannot be caught is refused: see reactor.Catchable. Behaviour follows libuv's uv_signal_t.
type Signal struct {
	handle
	sig   os.Signal
	cb    func(os.Signal)
	watch *watch // of the Start that holds; nil while stopped
}

// watch is one Start of a Signal, so that what came for an earlier one can be told apart.
type watch struct {
	s       *Signal
	sig     os.Signal
	oneShot bool
	stop    func()      // of the kernel; nil if the forwarder has it
	arrived atomic.Bool // a letter is on its way
}

// NewSignal returns a Signal that has not been started. It panics after Loop.Close.
func (l *Loop) NewSignal() *Signal {
	s := &Signal{}
	s.init(l, s)
	return s
}

// Start calls cb, with sig, for every sig that comes from now on, in a turn of its own at the end of the poll phase. A
// Signal that was started before watches sig instead, with cb instead; if it watched sig already none is lost on the way,
// and one that has come is cb's. It is for the loop's goroutine.
//
// It returns EINVAL without a callback, after Close, and for what can't be caught; nothing changes then.
func (s *Signal) Start(sig os.Signal, cb func(os.Signal)) error { return s.start(sig, cb, false) }

// StartOneShot is Start for one signal: the next one has its default action, from the moment that this one comes. The
// handle is stopped when cb is called, which may start it again.
func (s *Signal) StartOneShot(sig os.Signal, cb func(os.Signal)) error { return s.start(sig, cb, true) }

func (s *Signal) start(sig os.Signal, cb func(os.Signal), oneShot bool) error {
	s.l.r.CheckGoroutine()
	if s.closing {
		return closedError("signal start")
	}
	if cb == nil {
		return fmt.Errorf("loop: signal start without a callback: %w", reactor.EINVAL)
	}
	if !reactor.Catchable(sig) {
		return fmt.Errorf("loop: signal start: %v can't be caught: %w", sig, reactor.EINVAL)
	}
	old := s.watch
	w := &watch{s: s, sig: sig, oneShot: oneShot}
	s.sig, s.cb, s.watch = sig, cb, w
	if w.stop = s.l.r.Kernel().Notify(sig, w.arrive); w.stop == nil {
		forward(w)
	}
	if old != nil { // only now: between the two sig would have had its default action
		old.end()
		if old.sig == sig && old.arrived.Load() {
			w.arrive()
		}
	}
	s.setActive(true)
	return nil
}

// Stop stops it: nothing will be called until it is started again.
func (s *Signal) Stop() {
	s.setActive(false)
	if s.watch != nil {
		s.watch.end()
		s.watch = nil
	}
}

// Close ends it: see Handle.
func (s *Signal) Close(done func()) {
	if !s.closing {
		s.Stop()
	}
	s.beginClose(done)
}

// end keeps the watch from hearing of more.
func (w *watch) end() {
	if w.stop != nil {
		w.stop()
	} else {
		unforward(w)
	}
}

// arrive is called off the loop, when the signal has come.
func (w *watch) arrive() {
	if w.arrived.CompareAndSwap(false, true) {
		_ = w.s.l.mail.post(letter{watch: w}, w.s.l.r) // of a closed loop: it was stopped before
	}
}

// run is called on the loop.
func (w *watch) run() {
	w.arrived.Store(false) // before the callback: what comes during it counts anew
	s := w.s
	if s.watch != w {
		return
	}
	if w.oneShot {
		s.Stop()
	}
	s.cb(s.sig)
}
