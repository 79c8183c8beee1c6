package loop

import (
	"bytes"
	"runtime"
	"sync/atomic"
)

// OnLoop reports whether the loop is being run, and by the calling goroutine: by one that must not wait for the loop
// then. Any goroutine may ask; it takes a microsecond, so it is for what is about to wait. A loop that is run by
// iterations (RunOnce, RunNoWait) knows from the first iteration on that begins after somebody has asked.
func (l *Loop) OnLoop() bool {
	l.home.asked.Store(true)
	id := l.home.id.Load()
	return id != nil && *id == goroutineID()
}

// home is the goroutine that the loop runs on.
type home struct {
	id    atomic.Pointer[string] // nil while it does not run, and while nobody wants to know
	asked atomic.Bool
}

// enter notes the calling goroutine: for a whole Run at once, for a single iteration only if somebody has asked.
func (h *home) enter(wholeRun bool) {
	if wholeRun || h.asked.Load() {
		id := goroutineID()
		h.id.Store(&id)
	}
}

func (h *home) leave() {
	if h.id.Load() != nil {
		h.id.Store(nil)
	}
}

// goroutineID is the number of the calling goroutine. A stack trace is the only place that has it.
func goroutineID() string {
	var buf [64]byte
	head := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	id, _, _ := bytes.Cut(head, []byte(" "))
	return string(id)
}
