package loop

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/weir-go/weir/reactor"
)

// Loop owns time and order for one goroutine: the one that calls Run. Everything a Loop gives out, handles and
// connections alike, belongs to that goroutine. Before Run and after it, whoever holds the Loop may use it; from other
// goroutines there are Post, Async.Send, Stop, Panics and Metrics.
type Loop struct {
	r    *reactor.Reactor
	opts Options

	now     time.Duration // cached; see Now
	running bool
	stopped atomic.Bool
	closed  bool

	handles int // handles whose close callback has not run
	refs    int // of those, the active ones with a ref
	working int // work queued that done has not been told of
	pool    *Pool

	resolver *Resolver

	ticks  ticks
	ends   turnEnds
	mail   mailbox
	timers timers
	wheel  wheel
	idle   hooks
	prep   hooks
	check  hooks
	done   closings
	first  *handle // all handles that are not closing, oldest first
	last   *handle

	home          home
	events, event int // the batch being dispatched, and how far it is
	panics        atomic.Uint64
	kept          any // see Kept

	counts    counts
	published published
	outdated  bool      // a turn, or a wait, has been since now was read
	watchdog  *watchdog // nil without Options.SlowCallback
}

// New returns a Loop on the system's kernel, or on o.Kernel. It fails when a descriptor for the poller cannot be had.
func New(o Options) (*Loop, error) {
	k := o.Kernel
	if k == nil {
		var err error
		if k, err = reactor.System(reactor.SystemOptions{Pinned: o.Pinned}); err != nil {
			return nil, fmt.Errorf("loop: %w", err)
		}
	}
	l := &Loop{r: reactor.New(k, reactor.Options{ReadBuffer: o.ReadBuffer}), opts: o, pool: o.Pool}
	if l.pool == nil {
		l.pool = sharedPool
	}
	if l.resolver = o.Resolver; l.resolver == nil {
		l.resolver = sharedResolver
	}
	l.watchdog = newWatchdog(o, l)
	l.UpdateTime()
	return l, nil
}

// Run runs iterations until nothing keeps the loop alive or Stop is called; both return nil. It returns ErrClosed
// after Close; any other error means that the poller is broken, and the loop with it. Run inside Run panics. Timers
// that are due run before anything else, as in libuv.
func (l *Loop) Run() error {
	if err := l.enter(modeRun); err != nil {
		return err
	}
	defer l.leave()
	if l.Alive() && !l.stopped.Load() {
		l.protect((*Loop).settle) // what whoever used the loop before Run has left
		l.runDue()
	}
	for l.Alive() && !l.stopped.Load() {
		if err := l.iterate(modeRun); err != nil {
			return err
		}
	}
	return nil
}

// RunOnce runs one iteration, in which it waits if there is nothing to do yet, and reports whether the loop is alive.
func (l *Loop) RunOnce() (bool, error) { return l.runOne(modeOnce) }

// RunNoWait runs one iteration without waiting, and reports whether the loop is alive.
func (l *Loop) RunNoWait() (bool, error) { return l.runOne(modeNoWait) }

func (l *Loop) runOne(m mode) (bool, error) {
	if err := l.enter(m); err != nil {
		return false, err
	}
	defer l.leave()
	if !l.Alive() {
		l.UpdateTime()
		return false, nil
	}
	if !l.stopped.Load() {
		l.protect((*Loop).settle) // what whoever used the loop since the last time has left
		if err := l.iterate(m); err != nil {
			return false, err
		}
	}
	return l.Alive(), nil
}

type mode uint8

const (
	modeRun mode = iota
	modeOnce
	modeNoWait
)

// pendingRounds bounds how often callbacks that cause callbacks are followed up before the other phases have their
// turn; the number is libuv's.
const pendingRounds = 8

// iterate is one pass through the phases, in the order of libuv since 1.45. Each phase is made of turns: one callback
// and all it causes. doc.go has the picture. A phase in which there is nothing to do is left out: most iterations of a busy
// server only have the poll phase and the pending one.
func (l *Loop) iterate(m mode) error {
	maySleep := m == modeRun || m == modeOnce && !l.r.Busy() && l.idle.active == 0
	if l.r.Pending() {
		l.protect((*Loop).runPending)
	}
	if l.idle.any() {
		l.protect((*Loop).runIdle)
	}
	if l.prep.any() {
		l.protect((*Loop).runPrepare)
	}
	timeout := time.Duration(0)
	if maySleep {
		timeout = l.timeout()
	}
	if err := l.poll(timeout); err != nil {
		return err
	}
	for round := 0; round < pendingRounds && l.r.Pending(); round++ {
		l.protect((*Loop).runPending)
	}
	if l.check.any() {
		l.protect((*Loop).runCheck)
	}
	if l.r.Closing() || l.done.pending() {
		l.protect((*Loop).runClosing)
	}
	l.runDue()
	return nil
}

// runDue is the timers' phase.
func (l *Loop) runDue() {
	l.UpdateTime()
	l.r.EndRests(l.now)
	if l.timers.any() {
		l.protect((*Loop).runTimers)
	}
	if l.wheel.due(l.now) {
		l.protect((*Loop).runDeadlines)
	}
}

// poll waits, dispatches what is ready and then what other goroutines have posted.
func (l *Loop) poll(timeout time.Duration) error {
	l.counts.iterations++
	l.beforeWait(timeout)
	n, err := l.wait(timeout)
	if err != nil {
		return fmt.Errorf("loop: %w", err)
	}
	if timeout != 0 {
		l.published.woke(l.r.Kernel().Idle())
	}
	l.UpdateTime()
	if l.watchdog != nil {
		l.watchdog.turn(l.now)
	}
	l.event, l.events = 0, n
	if n > 0 {
		l.protect((*Loop).dispatch)
	}
	if l.mail.waiting() {
		l.mail.collect()
		l.protect((*Loop).runMail)
	}
	return nil
}

// beforeWait is the end of what the loop does before it waits.
func (l *Loop) beforeWait(timeout time.Duration) {
	at := l.now
	if timeout != 0 {
		at = l.clock()
	}
	l.publish(at)
	if l.watchdog != nil {
		l.watchdog.wait()
	}
}

// wait returns when there is something to do or timeout is over. The kernel may return earlier, for nothing; a RunOnce
// that did so too would not keep its promise.
func (l *Loop) wait(timeout time.Duration) (events int, err error) {
	for {
		if timeout != 0 && !l.mail.beginWait(&l.stopped) {
			timeout = 0
		}
		n, err := l.r.Wait(timeout)
		l.mail.endWait()
		l.outdated = true
		if n > 0 || err != nil || timeout == 0 {
			return n, err
		}
		if timeout = l.timeout(); timeout == 0 {
			return 0, nil
		}
	}
}

func (l *Loop) dispatch() {
	for ; l.event < l.events; l.event++ {
		for l.r.Dispatch(l.event) {
			l.EndTurn()
		}
	}
}

func (l *Loop) runPending() {
	l.r.StartPending()
	for l.r.RunPending() {
		l.EndTurn()
	}
}

func (l *Loop) runClosing() {
	l.r.StartClosing()
	for l.r.RunClosing() {
		l.EndTurn()
	}
	l.runClosings()
}

// unwind is an iteration that only runs what is owed: what was posted, requests that have ended, handles that are
// closing. It does not ask the poller, which may be broken.
func (l *Loop) unwind() error {
	if err := l.enter(modeNoWait); err != nil {
		return err
	}
	defer l.leave()
	l.protect((*Loop).settle)
	l.mail.collect()
	l.protect((*Loop).runMail)
	l.protect((*Loop).runPending)
	l.protect((*Loop).runClosing)
	return nil
}

// timeout is how long the poll phase may wait: not at all while there is something to do, else until the next timer
// or deadline; negative without one.
func (l *Loop) timeout() time.Duration {
	if l.stopped.Load() || !l.Alive() || l.r.Busy() || l.idle.active > 0 || l.done.pending() || l.mail.waiting() ||
		l.ticks.len() > 0 {
		return 0
	}
	next, ok := l.timers.earliest()
	if at, resting := l.r.RestEnd(); resting && (!ok || at < next) {
		next, ok = at, true
	}
	if at, running := l.nextDeadline(); running && (!ok || at < next) {
		next, ok = at, true
	}
	if !ok {
		return -1
	}
	return max(0, next-l.clock())
}

// clock is the time that it is: what Now returns is older by as long as a callback since then took, or a wait.
func (l *Loop) clock() time.Duration {
	if !l.running || l.outdated {
		return l.r.Kernel().Monotonic()
	}
	return l.now
}

// PollTimeout is how long the loop would wait now, if it ran: 0 if it has something to do, negative if it would wait until something
// comes from outside. It is libuv's uv_backend_timeout, for whoever steps a loop from inside another one, or in virtual time; it
// knows nothing of what the kernel has ready. It is for the loop's goroutine.
func (l *Loop) PollTimeout() time.Duration {
	l.outdated = true // a callback may ask, after long work
	return l.timeout()
}

// Alive reports whether anything keeps Run going: an active handle or connection with a ref, a request that has not
// completed, a handle that is closing, something posted, a tick.
func (l *Loop) Alive() bool {
	return l.refs > 0 || l.working > 0 || l.r.Refs() > 0 || l.done.pending() || l.mail.waiting() || l.ticks.len() > 0
}

// Stop makes Run return after the iteration under way, which no longer waits. If the loop is not running the next Run,
// RunOnce or RunNoWait returns at once. Any goroutine may call it.
func (l *Loop) Stop() {
	l.stopped.Store(true)
	l.mail.wake(l.r)
}

// Close releases the poller. It returns an error that is EBUSY while there are handles, connections or work, and does
// nothing then; the loop must not be running. What was posted and has not run never will. A second call does nothing.
func (l *Loop) Close() error {
	if l.closed {
		return nil
	}
	if l.running || l.handles > 0 || l.working > 0 || l.r.Live() > 0 {
		return fmt.Errorf("loop: close: %w", reactor.EBUSY)
	}
	l.closed = true
	l.mail.close()
	if err := l.r.Close(); err != nil {
		return fmt.Errorf("loop: %w", err)
	}
	return nil
}

// Now is the loop's time: monotonic, from some fixed moment on, read from the clock when the wait ends and before the
// timers run.
// It stands still during a turn, but for UpdateTime. It is not the wall clock.
func (l *Loop) Now() time.Duration { return l.now }

// UpdateTime reads the clock. Only a callback that takes long and then starts timers needs it.
func (l *Loop) UpdateTime() { l.now, l.outdated = l.r.Kernel().Monotonic(), false }

// Reactor is the floor below, for layers that own descriptors.
func (l *Loop) Reactor() *reactor.Reactor { return l.r }

func (l *Loop) enter(m mode) error {
	if l.closed {
		return fmt.Errorf("loop: run: %w", reactor.ErrClosed)
	}
	if l.running {
		panic("loop: Run was called while the loop runs")
	}
	l.running = true
	l.r.Enter()
	l.home.enter(m == modeRun)
	l.outdated = true
	l.published.start(l.r)
	if l.watchdog != nil {
		l.watchdog.run()
	}
	return nil
}

func (l *Loop) leave() {
	l.running = false
	l.stopped.Store(false)
	l.r.SetOwner(nil) // a callback may have left by a panic or Goexit
	l.publish(l.now)
	if l.watchdog != nil {
		l.watchdog.leave()
	}
	l.home.leave()
	l.r.Leave()
}
