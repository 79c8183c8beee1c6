package loop

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/weir-go/weir/reactor"
)

// Post has the loop run fn, in a turn of its own at the end of the poll phase. Any goroutine may call it; what one
// goroutine posts runs in the order of its calls. A system call is made only if the loop is waiting and nobody has
// woken it yet. What is posted to a loop that is not running waits for it. After Close an error is returned that is
// ErrClosed, and fn will not run. A nil fn panics.
func (l *Loop) Post(fn func()) error {
	if fn == nil {
		panic("loop: Post with a nil function")
	}
	return l.mail.post(letter{fn: fn}, l.r)
}

// mailbox takes what other goroutines send to the loop.
type mailbox struct {
	state  atomic.Uint32 // mailRunning …
	filled atomic.Bool   // in is not empty; changes with mu held

	mu     sync.Mutex
	in     []letter // filled by any goroutine
	closed bool
	posts  uint64 // letters so far
	wakes  uint64 // calls of Reactor.Wake so far

	// The loop writes next for every letter it runs, while others send: on one cache line they would hinder one another.
	_    [64]byte
	out  []letter // the loop's: what this phase runs
	next int
}

// maxKept is the longest queue, in items, whose memory is kept for the next burst: a megabyte or two.
const maxKept = 64 << 10

// letter is a posted function, an Async that was sent, work that has ended, or a signal that has come.
type letter struct {
	fn    func()
	async *Async
	work  *Work
	watch *watch
}

// What the loop is doing, for whoever might have to wake it. The loop says that it will wait before it looks into the
// mailbox for the last time, and a sender fills the mailbox before it looks at the state: one of the two sees the other.
// Stop works the same way, with its flag in the place of a letter.
const (
	mailRunning uint32 = iota // it will look by itself
	mailWaiting               // it is waiting, or about to: the next sender wakes it
	mailWoken                 // somebody has
)

func (m *mailbox) post(x letter, r *reactor.Reactor) error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return fmt.Errorf("loop: post: %w", reactor.ErrClosed)
	}
	m.in = append(m.in, x)
	if len(m.in) == 1 {
		m.filled.Store(true)
	}
	m.posts++
	if m.state.Load() == mailWaiting && m.state.CompareAndSwap(mailWaiting, mailWoken) {
		m.wakes++
		r.Wake() // under the lock: close must not take the poller away meanwhile
	}
	m.mu.Unlock()
	return nil
}

// wake ends a wait without a letter.
func (m *mailbox) wake(r *reactor.Reactor) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed && m.state.CompareAndSwap(mailWaiting, mailWoken) {
		m.wakes++
		r.Wake()
	}
}

// counts are how many letters there were, and how many wakes.
func (m *mailbox) counts() (posts, wakes uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.posts, m.wakes
}

// waiting reports whether there are letters that have not run. It is for the loop.
func (m *mailbox) waiting() bool { return m.next < len(m.out) || m.filled.Load() }

// beginWait says that the loop is about to wait, and reports whether it may: not with letters, nor once stopped is set.
func (m *mailbox) beginWait(stopped *atomic.Bool) bool {
	m.state.Store(mailWaiting)
	if !m.filled.Load() && !stopped.Load() {
		return true
	}
	m.endWait()
	return false
}

func (m *mailbox) endWait() { m.state.Store(mailRunning) }

// collect takes what has been sent so far. What is sent while it runs waits for the next iteration, so that a sender
// cannot keep the loop from its other phases.
func (m *mailbox) collect() {
	if !m.filled.Load() || m.next < len(m.out) {
		return
	}
	spent := m.out[:0]
	if cap(spent) > maxKept {
		spent = nil
	}
	m.mu.Lock()
	m.in, m.out, m.next = spent, m.in, 0
	m.filled.Store(false)
	m.mu.Unlock()
}

func (m *mailbox) close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
}

func (l *Loop) runMail() {
	m := &l.mail
	for m.next < len(m.out) {
		x := m.out[m.next]
		m.out[m.next] = letter{}
		m.next++
		switch {
		case x.async != nil:
			x.async.run()
		case x.work != nil:
			x.work.finish()
		case x.watch != nil:
			x.watch.run()
		default:
			x.fn()
		}
		l.EndTurn()
	}
}
