package load

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sys/unix"
)

const (
	sleepSlice = 20 * time.Millisecond  // how often a sleeping client looks at the clock
	stallLimit = 3 * time.Second        // without one message: the server has stopped serving
	pulseEvery = 250 * time.Millisecond // how often Pulse is called
	warmMost   = time.Second            // for WarmOperations, beyond the warm-up
	endless    = -1
)

// Options of an Engine.
type Options struct {
	Protocol Protocol
	Sleep    bool // block in epoll_wait; the default polls
	// Churn makes a connection for each message; the server ends it behind its answer, for the request asks for that.
	Churn bool
	// Rate is how many messages a second are due, over all connections; 0 is the closed loop.
	Rate float64
	// WarmOperations are to be done before measuring, however long that takes up to a second more: a runtime that compiles what runs often has
	// not done so before, and a busy machine may give it little of the warm-up's time.
	WarmOperations int64
	// Pulse is called a few times a second, on the engine's thread.
	Pulse func(Pulse)
}

// Pulse is how it goes.
type Pulse struct {
	Elapsed time.Duration // of the measured time; below 0 in the warm-up
	Rate    float64       // operations a second since the last pulse
	Latency *hdrhistogram.Histogram
}

// Engine sends messages over many connections from one thread. It is not for concurrent use.
type Engine struct {
	o       Options
	epfd    int
	to      netip.AddrPort
	conns   []conn
	events  []unix.EpollEvent
	buf     []byte
	counts  Counts
	err     error // of the first connection that broke
	reopen  bool  // connections that break are made again
	latency *hdrhistogram.Histogram
	record  bool

	// The open loop's: when the first message was due, how many were begun, and who may take the next.
	interval time.Duration
	begun    time.Time
	issued   int64
	free     []int

	warmMost time.Duration

	broken []int // connections to be made again, in the next iteration: a server that is gone fails each at once
}

// Counts is what has happened so far.
type Counts struct {
	Operations int64            // whose answers came back whole
	Wrong      int64            // messages among them with wrong bytes
	Broken     int64            // connections that broke
	Sent, Got  int64            // bytes
	Errors     map[string]int64 // by kind, why they broke
}

// Kinds of errors.
const (
	KindReset   = "reset"   // by the server
	KindClosed  = "closed"  // ended by the server within an answer, or before it
	KindConnect = "connect" // refused, or timed out
	KindStatus  = "status"  // another status than 200
	KindAnswer  = "answer"  // no HTTP
	KindOther   = "other"
)

// conn is one connection's place in its exchange. Its descriptor is registered once, edge-triggered for both directions,
// so that the client never changes an interest.
type conn struct {
	fd     int // -1 when broken
	number int // of the message under way
	sent   int64
	answer Answer
	left   int       // messages to begin after this one; endless
	start  time.Time // of the message: when it was begun, or due
	idle   bool      // no message under way
	ending bool      // the answer is there, and the server is to end the connection
	source netip.Addr
}

// NewEngine returns an engine without connections.
func NewEngine(o Options) (*Engine, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("load: epoll: %w", err)
	}
	e := &Engine{
		o:        o,
		warmMost: warmMost,
		epfd:     epfd,
		events:   make([]unix.EpollEvent, 512),
		buf:      make([]byte, readSize),
		latency:  newHistogram(),
		counts:   Counts{Errors: map[string]int64{}},
	}
	if o.Rate > 0 {
		e.interval = time.Duration(float64(time.Second) / o.Rate)
	}
	return e, nil
}

// newHistogram is of nanoseconds, up to a minute, with three digits.
func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(100, int64(time.Minute), 3) }

// Connect opens n more connections, from the source addresses in turn if there are any.
func (e *Engine) Connect(to netip.AddrPort, n int, sources []netip.Addr) error {
	e.to = to
	for range n {
		i := len(e.conns)
		c := conn{idle: true, fd: -1}
		if len(sources) > 0 {
			c.source = sources[i%len(sources)]
		}
		e.conns = append(e.conns, c)
		if e.o.Churn {
			continue // each message makes its own
		}
		fd, err := dial(to, c.source)
		if err != nil {
			return err
		}
		e.conns[i].fd = fd
		if err := e.watch(i); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) watch(index int) error {
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(index)}
	if err := unix.EpollCtl(e.epfd, unix.EPOLL_CTL_ADD, e.conns[index].fd, &event); err != nil {
		return fmt.Errorf("load: epoll_ctl: %w", err)
	}
	return nil
}

// Close ends all connections.
func (e *Engine) Close() {
	for i := range e.conns {
		if e.conns[i].fd >= 0 {
			hangUp(e.conns[i].fd)
		}
	}
	_ = unix.Close(e.epfd)
}

// Counts returns what has happened so far, and the error of the first connection that broke.
func (e *Engine) Counts() (Counts, error) { return e.counts, e.err }

// Errors returns how many connections broke, by kind.
func (e *Engine) Errors() map[string]int64 { return e.counts.Errors }

// Latency is of the messages that were measured, in nanoseconds. It goes on changing while the engine runs.
func (e *Engine) Latency() *hdrhistogram.Histogram { return e.latency }

// Exchange sends n messages on each connection from the first-th on, all at once, and returns when every one is back,
// or with the number of operations that are missing when none has come for a while.
func (e *Engine) Exchange(ctx context.Context, first, n int) (missing int64, err error) {
	want := e.counts.Operations + int64(n)*int64(len(e.conns)-first)*int64(e.o.Protocol.Operations())
	for i := first; i < len(e.conns); i++ {
		e.conns[i].left = n
		if e.conns[i].idle {
			e.next(i, time.Now())
		}
	}
	err = e.run(ctx, func(time.Time) bool { return e.counts.Operations == want })
	return want - e.counts.Operations, err
}

// Measure keeps every connection busy for a while, or keeps to the rate, and calls sample at the two ends of the part
// that counts. Connections that break are made again, and counted.
func (e *Engine) Measure(ctx context.Context, warmUp, length time.Duration, sample func() error) error {
	e.reopen = true
	e.begin(time.Now())
	var failed error
	next := time.Now().Add(warmUp)
	measuredFrom := next
	cold, coldMost := e.counts.Operations+e.o.WarmOperations, next.Add(e.warmMost)
	beat, operations := time.Now(), e.counts.Operations
	err := e.run(ctx, func(now time.Time) bool {
		if since := now.Sub(beat); e.o.Pulse != nil && since > pulseEvery {
			rate := float64(e.counts.Operations-operations) / since.Seconds()
			e.o.Pulse(Pulse{Elapsed: now.Sub(measuredFrom), Rate: rate, Latency: e.latency})
			beat, operations = now, e.counts.Operations
		}
		if now.Before(next) || !e.record && e.counts.Operations < cold && now.Before(coldMost) {
			return false
		}
		failed = sample()
		done := e.record || failed != nil
		if done {
			e.recordUnanswered(now)
		}
		next, e.record = time.Now().Add(length), true
		return done
	})
	e.record = false
	return errors.Join(err, failed)
}

// begin starts a message on each connection, or the schedule.
func (e *Engine) begin(now time.Time) {
	for i := range e.conns {
		e.conns[i].left = endless
		switch {
		case !e.conns[i].idle:
		case e.interval > 0:
			e.free = append(e.free, i)
		default:
			e.next(i, now)
		}
	}
	e.begun, e.issued = now, 0
}

// due is when the next message of the schedule is to be sent.
func (e *Engine) due() time.Time { return e.begun.Add(time.Duration(e.issued) * e.interval) }

// issue begins what is due, as far as there are connections without a message. What has to wait for one keeps the time it
// was due at.
func (e *Engine) issue(now time.Time) {
	for e.interval > 0 && len(e.free) > 0 {
		due := e.due()
		if due.After(now) {
			return
		}
		index := e.free[len(e.free)-1]
		e.free = e.free[:len(e.free)-1]
		e.issued++
		e.next(index, due)
	}
}

// recordUnanswered counts what the server still owes: it has waited at least until now. In a closed loop that is nearly nothing; in an
// open one, what a server that stands still at the end would otherwise get away with.
func (e *Engine) recordUnanswered(now time.Time) {
	if e.interval == 0 {
		return
	}
	for i := range e.conns {
		if c := &e.conns[i]; !c.idle && !c.ending {
			e.observe(now.Sub(c.start))
		}
	}
	for ; e.due().Before(now); e.issued++ {
		e.observe(now.Sub(e.due()))
	}
}

func (e *Engine) observe(d time.Duration) {
	_ = e.latency.RecordValue(min(int64(d), e.latency.HighestTrackableValue()))
}

// run serves the connections until done says so. It has the thread for itself.
func (e *Engine) run(ctx context.Context, done func(now time.Time) bool) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	seen, moved := e.counts.Operations, time.Now()
	for {
		n, errno := wait(e.epfd, e.events, e.patience())
		if errno != 0 && errno != unix.EINTR {
			return fmt.Errorf("load: epoll_wait: %w", errno)
		}
		if errno == 0 {
			e.dispatch(e.events[:n])
		}
		now := time.Now()
		e.mend(now)
		e.issue(now)
		if done(now) {
			return nil
		}
		if seen != e.counts.Operations {
			seen, moved = e.counts.Operations, now
		}
		if now.Sub(moved) > stallLimit {
			return errors.Join(fmt.Errorf("load: no answer came back for %v", stallLimit), e.err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if e.counts.Broken > 1000 && e.counts.Broken > e.counts.Operations {
			return fmt.Errorf("load: %d connections broken, the first: %w", e.counts.Broken, e.err)
		}
	}
}

// mend lets connections that broke take the next message, on a new one.
func (e *Engine) mend(now time.Time) {
	for n := len(e.broken); n > 0; n-- {
		index := e.broken[0]
		e.broken = e.broken[1:]
		e.rest(index, now)
	}
}

// patience is how long epoll may wait.
func (e *Engine) patience() time.Duration {
	if !e.o.Sleep || len(e.broken) > 0 {
		return 0
	}
	if e.interval > 0 && len(e.free) > 0 {
		return max(0, min(sleepSlice, time.Until(e.due())))
	}
	return sleepSlice
}
