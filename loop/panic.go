package loop

import (
	"errors"
	"fmt"
	"log"
	"net/netip"
	"runtime/debug"
)

// PanicError is a panic in a callback, or in work. The connection that the callback belonged to has been reset; its
// requests complete with this error, and so does its read handler. Work belongs to nobody: its done is told.
type PanicError struct {
	Value any            // what panic was called with
	Stack []byte         // of the goroutine, at the panic
	Peer  netip.AddrPort // of the connection the callback belonged to; zero if there was none
	Owned bool           // the callback belonged to a connection
	work  bool
}

// Error returns the value, without the stack.
func (e *PanicError) Error() string {
	if e.work {
		return fmt.Sprintf("panic in work: %v", e.Value)
	}
	return fmt.Sprintf("panic in a callback: %v", e.Value)
}

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Panics is how many callbacks have panicked. Any goroutine may ask.
func (l *Loop) Panics() uint64 { return l.panics.Load() }

// Uncaught hands an error that nobody listens for to OnUncaught. It is for the floors above; Run goes on. A panic that is handed
// through streams as their error is not told again: OnPanic was told of it, with its stack.
func (l *Loop) Uncaught(err error) {
	var panicked *PanicError
	if errors.As(err, &panicked) && !panicked.work {
		return
	}
	if l.opts.OnUncaught != nil {
		l.opts.OnUncaught(err)
		return
	}
	log.Printf("weir: uncaught: %v", err)
}

// protect runs a phase to its end, whatever its callbacks do: after a panic it takes the phase up where it was. So one
// deferred call serves a whole batch of callbacks. A phase keeps its place in the Loop, not in local variables.
func (l *Loop) protect(phase func(*Loop)) {
	for !l.try(phase) {
		for !l.try((*Loop).EndTurn) { // of the turn that panicked; its ticks may do so too
		}
	}
}

func (l *Loop) try(phase func(*Loop)) (finished bool) {
	if l.opts.Repanic {
		phase(l)
		return true
	}
	defer func() {
		if finished {
			return
		}
		if v := recover(); v != nil { // nil is runtime.Goexit, which a test's FailNow calls: it goes on
			l.panicked(v)
		}
	}()
	phase(l)
	return true
}

// panicked ends what the panicking callback belonged to, and tells.
func (l *Loop) panicked(v any) {
	e := &PanicError{Value: v, Stack: debug.Stack()}
	l.panics.Add(1)
	if owner := l.r.Owner(); owner != nil {
		e.Owned, e.Peer = true, owner.RemoteAddr()
		l.r.Abort(owner, e)
		l.r.SetOwner(nil)
	}
	if l.opts.OnPanic != nil {
		l.opts.OnPanic(e)
		return
	}
	log.Printf("weir: %v\n%s", e, e.Stack)
}
