package loop

import (
	"bytes"
	"log"
	"net/netip"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/weir-go/weir/reactor"
)

// SlowCallback is a callback that keeps the loop from everything else: see Options.SlowCallback.
type SlowCallback struct {
	// For is how long it has been running, at least.
	For time.Duration
	// Stack is the stack of the loop's goroutine, as in a panic, while the callback runs.
	Stack []byte
	// Peer is the address of the connection that the callback belongs to; zero for a Unix socket, and without one.
	Peer netip.AddrPort
	// Owned says that the callback belongs to a connection.
	Owned bool
}

// watchdog finds the callbacks that block a loop. The loop notes when each turn begins; a goroutine, which there is only
// while the loop runs, looks at that note a few times in every limit. A note that stays the same for so long is a turn
// that takes so long. While the loop waits there is no note.
type watchdog struct {
	limit  time.Duration
	onSlow func(SlowCallback)
	r      *reactor.Reactor

	// since is when the turn under way began, on the kernel's clock, plus 1; 0 while the loop waits or does not run. It
	// tells turns apart, too. The loop writes it, the goroutine reads it.
	since atomic.Int64

	// The loop's own.
	began  time.Duration
	counts *counts
	stop   chan struct{}
	ended  chan struct{}
}

func newWatchdog(o Options, l *Loop) *watchdog {
	if o.SlowCallback <= 0 {
		return nil
	}
	d := &watchdog{limit: o.SlowCallback, onSlow: o.OnSlow, r: l.r, counts: &l.counts}
	if d.onSlow == nil {
		d.onSlow = logSlow
	}
	l.r.ShareOwner()
	return d
}

func logSlow(s SlowCallback) {
	of := ""
	if s.Peer.IsValid() {
		of = " of " + s.Peer.String()
	}
	log.Printf("weir: a callback%s has blocked the loop for %v\n%s", of, s.For.Round(time.Millisecond), s.Stack)
}

// run begins to watch the goroutine it is called on.
func (d *watchdog) run() {
	d.stop, d.ended = make(chan struct{}), make(chan struct{})
	d.turn(d.r.Kernel().Monotonic())
	go d.watch(goroutineID(), d.stop, d.ended)
}

// leave ends what run began.
func (d *watchdog) leave() {
	d.wait()
	close(d.stop)
	<-d.ended // OnSlow is not called after Run has returned
}

// turn notes that a turn begins.
func (d *watchdog) turn(now time.Duration) {
	d.began = now
	d.since.Store(int64(now) + 1)
}

// turned notes that a turn has ended, and that what comes next is another.
func (d *watchdog) turned(now time.Duration) {
	took := now - d.began
	d.counts.longest = max(d.counts.longest, took)
	if took >= d.limit {
		d.counts.slow++
	}
	d.turn(now)
}

// wait notes that the loop waits: that is no callback.
func (d *watchdog) wait() { d.since.Store(0) }

// looks is how often the goroutine looks within one limit: a callback is found at most a quarter late.
const looks = 4

// watch reports each turn that takes too long, once. It trusts its own clock only: the kernel's may be simulated.
func (d *watchdog) watch(id string, stop <-chan struct{}, ended chan<- struct{}) {
	defer close(ended)
	tick := time.NewTicker(max(d.limit/looks, time.Millisecond))
	defer tick.Stop()
	var turn int64      // the one seen last
	var first time.Time // when it was seen first
	told := false
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		now := time.Now()
		if since := d.since.Load(); since == 0 || since != turn {
			turn, first, told = since, now, false
		} else if lasts := now.Sub(first); lasts >= d.limit && !told {
			told = true
			d.report(id, turn, lasts)
		}
	}
}

// report takes the stack and tells, unless the turn has ended meanwhile: it would be another one's.
func (d *watchdog) report(id string, turn int64, lasts time.Duration) {
	s := SlowCallback{For: lasts}
	if c := d.r.SharedOwner(); c != nil {
		s.Owned, s.Peer = true, c.RemoteAddr()
	}
	s.Stack = stackOf(id)
	if d.since.Load() == turn {
		d.onSlow(s)
	}
}

// maxStacks is the most bytes of stack traces that are gone through: some fifty thousand goroutines.
const maxStacks = 64 << 20

// stackOf is the stack of goroutine id, nil if it can't be found. The runtime writes those of all goroutines and stops
// them for as long as that takes, some microseconds each.
func stackOf(id string) []byte {
	for size := 256 << 10; size <= maxStacks; size *= 4 {
		buf := make([]byte, size)
		n := runtime.Stack(buf, true)
		if stack, whole := cutStack(buf[:n], id); whole || n < size {
			return bytes.Clone(stack)
		}
	}
	return nil
}

// cutStack finds the stack of goroutine id among all; whole says that its end is there too.
func cutStack(all []byte, id string) (stack []byte, whole bool) {
	head := []byte("goroutine " + id + " ")
	for len(all) > 0 {
		one, rest, more := bytes.Cut(all, []byte("\n\n"))
		if bytes.HasPrefix(one, head) {
			return one, more
		}
		all = rest
	}
	return nil, false
}
