package faults

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

var errBoom = errors.New("boom")

// rig is the world of one cell.
type rig struct {
	t        *testing.T
	f        fault
	m        moment
	listened bool // for errors

	w    *simkernel.World
	k    *kernel
	l    *loop.Loop
	keep *loop.Async

	log          []string
	struck       bool
	spent        bool      // the cell is over: nothing strikes any more
	target       destroyer // what was struck by a line of ours
	awaited      bool
	ctx          context.Context // what the fault cancels
	cancel       context.CancelFunc
	isFile       bool
	mem          bool // over a pair in memory
	watched      bool // by WithContext
	atConnection bool // a panic before the head is one of OnConnection

	asked, told map[string]int // callbacks
	logged      int            // lines of the Logger
	atEnd       []func()
	peers       []*peer
}

func newRig(t *testing.T, f fault, m moment, listened bool) *rig {
	r := &rig{t: t, f: f, m: m, listened: listened, asked: map[string]int{}, told: map[string]int{}}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// begin makes the world. buffers are the sizes of the kernel's, 0 for the ordinary.
func (r *rig) begin(buffers int) {
	r.w = simkernel.New(simkernel.Options{Seed: 1, CallCost: -1, SendBuffer: buffers, ReceiveBuffer: buffers})
	r.k = &kernel{Kernel: r.w.Kernel(), victim: -1}
	l, err := loop.New(loop.Options{
		Kernel:     r.k,
		OnUncaught: func(err error) { r.note("! " + name(err)) },
		OnPanic: func(e *loop.PanicError) {
			if e.Value != errBoom {
				r.t.Errorf("%v\n%s", e, e.Stack)
			}
			r.note("panic told")
		},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.l, r.keep = l, l.NewAsync(nil)
}

func (r *rig) note(what string) { r.log = append(r.log, what) }

// says is a listener that notes.
func (r *rig) says(what string) func() { return func() { r.note(what) } }

func (r *rig) fails(who string) func(error) {
	return func(err error) { r.note(who + " error " + name(err)) }
}

// callback is one that is called once.
func (r *rig) callback(who string) func(error) {
	r.asked[who]++
	return func(err error) {
		r.told[who]++
		r.note(who + " " + name(err))
	}
}

// run lets everything happen that takes no time.
func (r *rig) run() {
	r.t.Helper()
	defer func() {
		for _, x := range r.peers {
			x.unread = 0
		}
	}()
	rounds := 7
	if r.mem {
		rounds = 30 // each callback is a turn
	}
	for range rounds {
		if _, err := r.l.RunNoWait(); err != nil {
			r.t.Fatal(err)
		}
		if r.mem {
			for _, x := range r.peers {
				x.read()
			}
		}
	}
}

// pass lets d go by.
func (r *rig) pass(d time.Duration) {
	r.t.Helper()
	for step := 125 * time.Millisecond; d > 0; d -= step {
		r.w.Advance(min(d, step))
		for range 2 {
			if _, err := r.l.RunNoWait(); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	r.run()
}

// on calls fn in a turn of its own, and lets happen what that leads to.
func (r *rig) on(fn func()) {
	r.t.Helper()
	if err := r.l.Post(fn); err != nil {
		r.t.Fatal(err)
	}
	r.run()
}

// finished has Finished watch s, which has to tell once, and no error only if all is well: whole is the event that says so.
// Watching is listening for errors.
func (r *rig) finished(who string, s stream.Stream, whole string) {
	if !r.listened {
		return
	}
	told := 0
	var result error
	stream.Finished(s, stream.FinishedOptions{}, func(err error) {
		told++
		result = err
	})
	r.atEnd = append(r.atEnd, func() {
		if told != 1 {
			r.t.Errorf("Finished of %s was told %d times", who, told)
		}
		failed := slices.ContainsFunc(r.log, func(e string) bool { return strings.HasPrefix(e, who+" error ") })
		if ok := slices.Contains(r.log, who+" "+whole) && !failed; ok != (result == nil) {
			r.t.Errorf("Finished of %s was told %v", who, result)
		}
	})
}

const (
	byCall = destroyed | destroyedWith | cancelled // what a line of the user's does
	byUs   = byCall | panics
)

// destroyer is what can be struck by a line of the user's.
type destroyer interface {
	stream.Stream
	Destroy(err error)
}

// here is a callback at a moment: a fault of ours strikes in it.
func (r *rig) here(m moment, s destroyer) {
	if r.m != m || r.f&byUs == 0 || r.struck || r.spent {
		return
	}
	r.struck, r.target = true, s
	switch r.f {
	case destroyed:
		s.Destroy(nil)
	case destroyedWith:
		s.Destroy(errBoom)
	case cancelled: // await does it, when everything else that is due has happened: it arrives in a turn of its own in any case
	case panics:
		panic(errBoom)
	}
}

// await cancels the context, if it is time, and lets that arrive, which comes by another goroutine.
func (r *rig) await() {
	if r.f != cancelled || r.awaited || !r.struck || r.target == nil {
		return
	}
	r.awaited = true
	r.cancel()
	for i := range 5000 {
		if r.target.State().Destroyed {
			break
		}
		if runtime.Gosched(); i > 1000 {
			time.Sleep(100 * time.Microsecond)
		}
		if _, err := r.l.RunNoWait(); err != nil {
			r.t.Fatal(err)
		}
	}
	r.run()
}

// code is what the error of the fault is called.
func (r *rig) code() string {
	switch r.f {
	case destroyed:
		return "ERR_STREAM_DESTROYED"
	case destroyedWith:
		return "boom"
	case rstArrives:
		return "ECONNRESET"
	case panics:
		return "panic"
	case cancelled:
		return "ABORT_ERR"
	case readFails, writeFails:
		return r.errno().code
	}
	return "?"
}

type errno struct {
	errno syscall.Errno
	code  string
}

// errno is what the kernel says, by which it is known afterwards whose fault it was.
func (r *rig) errno() errno {
	switch {
	case r.isFile && r.f == readFails:
		return errno{syscall.EIO, "EIO"}
	case r.isFile:
		return errno{syscall.ENOSPC, "ENOSPC"}
	case r.f == readFails:
		return errno{syscall.EHOSTUNREACH, "EHOSTUNREACH"}
	}
	return errno{syscall.ENETDOWN, "ENETDOWN"}
}

// name is what an error is called in the rules.
func name(err error) string {
	var panicked *loop.PanicError
	var own *httpcore.Error
	var parser *h1.Error
	errors.As(err, &own)
	switch {
	case err == nil:
		return "ok"
	case err == context.Canceled:
		return "done"
	case err == errBoom:
		return "boom"
	case own == nil && isReset(err):
		return "ECONNRESET"
	case own == nil && errors.As(err, &parser):
		return parser.Code.String()
	case own == nil && errors.As(err, &panicked):
		return "panic"
	case own == nil:
		return code(err)
	case errors.Is(own, httpcore.ErrClientEnded):
		return "ended"
	case errors.Is(own, httpcore.ErrHangUp):
		return "hangup"
	case own.Is(httpcore.ErrAborted):
		if cause := errors.Unwrap(own); cause != nil && !errors.Is(cause, httpcore.ErrAborted) {
			return "aborted:" + name(cause)
		}
		return "aborted"
	case own.Is(httpcore.ErrTimeout), own.Is(httpcore.ErrResponseTimeout):
		return "late"
	}
	return code(err)
}

func code(err error) string {
	if c := stream.CodeOf(err); c != "" {
		return c
	}
	return err.Error()
}

// close ends the world, and looks at what is left.
func (r *rig) close() {
	r.t.Helper()
	for _, fn := range r.atEnd {
		fn()
	}
	r.run()
	r.l.Walk(func(h loop.Handle) { h.Close(nil) })
	if err := r.l.Run(); err != nil {
		r.t.Error(err)
	}
	if err := r.l.Close(); err != nil {
		r.t.Error(err)
	}
	for _, complaint := range r.w.Check() {
		r.t.Error(complaint)
	}
}

// check is what holds in every cell.
func (r *rig) check() {
	r.t.Helper()
	closed, failed := map[string]int{}, map[string]int{}
	uncaught, panicked := 0, 0
	for i, e := range r.log {
		who, what, _ := strings.Cut(e, " ")
		switch {
		case who == "!":
			uncaught++
		case who == "panic":
			panicked++
		case what == "close":
			closed[who]++
			if rest := slices.IndexFunc(r.log[i+1:], func(e string) bool { return strings.HasPrefix(e, who+" ") }); rest >= 0 {
				r.t.Errorf("%s told of %q behind its close", who, r.log[i+1+rest])
			}
		case strings.HasPrefix(what, "error "):
			failed[who]++
		}
	}
	for who, n := range closed {
		if n != 1 {
			r.t.Errorf("%s closed %d times", who, n)
		}
	}
	for who, n := range failed {
		if n != 1 {
			r.t.Errorf("%s failed %d times", who, n)
		}
	}
	for who, n := range r.asked {
		if r.told[who] != n {
			r.t.Errorf("callback %s was called %d times, want %d", who, r.told[who], n)
		}
	}
	if r.logged+uncaught+panicked > 1 {
		r.t.Errorf("there were %d lines in the log, %d uncaught errors and %d panics, want one of them at most", r.logged, uncaught, panicked)
	}
	if !r.struck && r.f != timePasses {
		r.t.Errorf("the fault did not strike")
	}
}

// Enabled, Handle, WithAttrs and WithGroup make a rig a log that counts.
func (r *rig) Enabled(context.Context, slog.Level) bool { return true }

// Handle counts a line.
func (r *rig) Handle(context.Context, slog.Record) error { r.logged++; return nil }

// WithAttrs is the same log.
func (r *rig) WithAttrs([]slog.Attr) slog.Handler { return r }

// WithGroup is the same log.
func (r *rig) WithGroup(string) slog.Handler { return r }
