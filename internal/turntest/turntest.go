package turntest

import (
	"bytes"
	"errors"
	"runtime"
	"strconv"
	"sync"
)

// Loop is a Scheduler. Its zero value is ready. Everything but Post and OnLoop belongs to one goroutine.
type Loop struct {
	// OnUncaught is told errors that nobody listens for. Without it they are panics.
	OnUncaught func(error)

	ticks []func()
	head  int
	ends  []func()
	kept  any

	mu      sync.Mutex
	posted  []func()
	closed  bool
	arrived *sync.Cond // while Serve runs
	owner   int64      // the goroutine of Serve
}

// NextTick runs fn behind the call or the tick that is running, and behind the ticks that were asked for before.
func (l *Loop) NextTick(fn func()) { l.ticks = append(l.ticks, fn) }

// AtTurnEnd runs fn after the turn's ticks.
func (l *Loop) AtTurnEnd(fn func()) { l.ends = append(l.ends, fn) }

// Kept is stream.Keeper's.
func (l *Loop) Kept() *any { return &l.kept }

// OnLoop reports whether the caller is the goroutine that Serve runs on.
func (l *Loop) OnLoop() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.owner == goroutineID()
}

// Post keeps fn for Run, RunOne or Serve. It may be called from any goroutine, and fails behind Close.
func (l *Loop) Post(fn func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errors.New("turntest: closed")
	}
	l.posted = append(l.posted, fn)
	if l.arrived != nil {
		l.arrived.Signal()
	}
	return nil
}

// Uncaught passes err to OnUncaught.
func (l *Loop) Uncaught(err error) {
	if l.OnUncaught == nil {
		panic(err)
	}
	l.OnUncaught(err)
}

// RunTicks runs the ticks, and those that they add.
func (l *Loop) RunTicks() {
	for l.head < len(l.ticks) {
		fn := l.ticks[l.head]
		l.ticks[l.head] = nil
		l.head++
		if l.head == len(l.ticks) {
			l.ticks, l.head = l.ticks[:0], 0
		} else if l.head >= 256 && 2*l.head > len(l.ticks) {
			n := copy(l.ticks, l.ticks[l.head:])
			l.ticks, l.head = l.ticks[:n], 0
		}
		fn()
	}
}

// EndTurn ends a turn: its ticks, then what was asked for its end.
func (l *Loop) EndTurn() {
	l.RunTicks()
	for i := 0; i < len(l.ends); i++ {
		l.ends[i]()
		l.ends[i] = nil
	}
	l.ends = l.ends[:0]
}

// Turn runs fn as a turn.
func (l *Loop) Turn(fn func()) {
	fn()
	l.EndTurn()
}

// Run runs what was posted, a turn each, until there is nothing more. It returns how many turns there were.
func (l *Loop) Run() int {
	for n := 0; ; n++ {
		if !l.RunOne() {
			return n
		}
	}
}

// RunOne runs the oldest of what was posted as a turn, and reports whether there was any.
func (l *Loop) RunOne() bool {
	l.mu.Lock()
	if len(l.posted) == 0 {
		l.mu.Unlock()
		return false
	}
	fn := l.posted[0]
	l.posted = l.posted[1:]
	l.mu.Unlock()
	l.Turn(fn)
	return true
}

// Close has Post refuse what comes.
func (l *Loop) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.arrived != nil {
		l.arrived.Broadcast()
	}
}

// Serve runs what is posted, on the calling goroutine, until Close.
func (l *Loop) Serve() {
	l.mu.Lock()
	l.arrived = sync.NewCond(&l.mu)
	l.owner = goroutineID()
	for {
		for len(l.posted) == 0 && !l.closed {
			l.arrived.Wait()
		}
		if len(l.posted) == 0 {
			break
		}
		l.mu.Unlock()
		l.RunOne()
		l.mu.Lock()
	}
	l.arrived, l.owner = nil, 0
	l.mu.Unlock()
}

// goroutineID reads the number from the head of a stack trace: there is no other way.
func goroutineID() int64 {
	var buf [64]byte
	head := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	digits, _, _ := bytes.Cut(head, []byte(" "))
	id, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		panic(err)
	}
	return id
}
