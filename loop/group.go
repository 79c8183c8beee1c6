package loop

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/weir-go/weir/reactor"
)

// Group is several loops that serve together, each on a goroutine of its own. A connection stays on the loop it was
// given to; what one loop owns no other touches.
//
//	g, err := loop.NewGroup(loop.GroupOptions{})
//	ln, err := g.Listen("tcp", "127.0.0.1:7000", func(l *loop.Loop, c *reactor.Conn) { … })
//	err = g.Run() // until Shutdown
//
// Before Run, whoever made the Group may use it and its loops. While it runs, any goroutine may call Len, Loop, Next,
// AcceptedPerLoop, Metrics, BeginShutdown and Shutdown, and post to its loops.
type Group struct {
	members []*member
	opts    GroupOptions
	turn    atomic.Uint64 // of Next
	forced  atomic.Bool

	mu        sync.Mutex
	state     groupState
	ran       bool // Run was called
	listeners []*GroupListener
	hooks     []func(*Loop)
	done      chan struct{} // closed when the group has ended
}

// GroupOptions say how a Group is made. The zero value is good.
type GroupOptions struct {
	// Loops is how many there are. The default is GOMAXPROCS, which the runtime takes from the number of processors
	// and the limit of the cgroup.
	Loops int
	// Loop are the options of every loop, whose functions several loops may call at the same time; its Kernel must be
	// nil. With Pinned, Run locks each loop's goroutine to a thread.
	Loop Options
	// Kernel makes the kernel of the i-th loop. The default is the system's; tests give simulated ones.
	Kernel func(i int) (reactor.Kernel, error)
}

// groupState is where a Group stands. It only moves forward.
//
//	idle → running → draining → ended
//	idle → draining (BeginShutdown before Run) → ended
type groupState uint8

const (
	groupIdle groupState = iota
	groupRunning
	groupDraining // nobody is accepted any more
	groupEnded
)

// member is one loop of a Group.
type member struct {
	l     *Loop
	stays bool    // it counts as a reference, which keeps the loop while the group serves
	parts []*part // of the group's listeners
	// owed is how many connections were handed over and have not been taken up.
	owed atomic.Int64
	// taken is how many it was given in all.
	taken atomic.Uint64
}

// NewGroup makes the loops. It fails when a descriptor for one of their pollers cannot be had.
func NewGroup(o GroupOptions) (*Group, error) {
	if o.Loops <= 0 {
		o.Loops = runtime.GOMAXPROCS(0)
	}
	if o.Loop.Kernel != nil {
		panic("loop: NewGroup with one kernel for all loops; GroupOptions.Kernel makes one for each")
	}
	g := &Group{opts: o, done: make(chan struct{})}
	for i := range o.Loops {
		l, err := g.newLoop(i)
		if err != nil {
			return nil, errors.Join(err, g.Close())
		}
		l.refs++
		g.members = append(g.members, &member{l: l, stays: true})
	}
	return g, nil
}

func (g *Group) newLoop(i int) (*Loop, error) {
	o := g.opts.Loop
	if g.opts.Kernel != nil {
		k, err := g.opts.Kernel(i)
		if err != nil {
			return nil, err
		}
		o.Kernel = k
	}
	return New(o)
}

// Len is how many loops there are.
func (g *Group) Len() int { return len(g.members) }

// Loop returns the i-th loop, from 0 on.
func (g *Group) Loop(i int) *Loop { return g.members[i].l }

// Next returns the loops in turn: for work that may be anywhere, a client's connection, say. What is done with the loop
// from another goroutine is posted to it.
func (g *Group) Next() *Loop {
	return g.members[(g.turn.Add(1)-1)%uint64(len(g.members))].l
}

// AcceptedPerLoop is how many connections each loop has been given by the group's listeners so far.
func (g *Group) AcceptedPerLoop() []uint64 {
	counts := make([]uint64, len(g.members))
	for i, m := range g.members {
		counts[i] = m.taken.Load()
	}
	return counts
}

// Metrics is the sum of what the loops have done: see Loop.Metrics. Connections that are being handed over are in none
// of them yet.
func (g *Group) Metrics() Metrics {
	var sum Metrics
	for _, m := range g.members {
		sum = sum.Add(m.l.Metrics())
	}
	return sum
}

// Run runs the loops until Shutdown: the first on this goroutine, the others each on one of their own. They go on while
// there is nothing to do. When it returns all of them have been closed, with whatever was still open. A loop whose poller
// breaks, or that somebody Stops, ends the group; Run returns the reasons. A group runs once: then EBUSY, or ErrClosed.
func (g *Group) Run() error {
	if err := g.begin(); err != nil {
		return err
	}
	errs := make([]error, len(g.members)+1)
	var wg sync.WaitGroup
	for i, m := range g.members[1:] {
		wg.Go(func() { errs[i+1] = g.serve(m) })
	}
	errs[0] = g.serve(g.members[0])
	wg.Wait()
	// Only now does nobody hand over any more, so what lies in the mailboxes is all there is.
	errs[len(g.members)] = g.end()
	return errors.Join(errs...)
}

func (g *Group) begin() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.state == groupEnded:
		return fmt.Errorf("loop: run group: %w", reactor.ErrClosed)
	case g.ran:
		return fmt.Errorf("loop: run group: %w", reactor.EBUSY)
	case g.state == groupIdle:
		g.state = groupRunning
	}
	g.ran = true
	return nil
}

// serve runs one loop to its end.
func (g *Group) serve(m *member) (err error) {
	if g.opts.Loop.Pinned {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
	}
	defer func() {
		if err != nil || m.stays { // it is broken, or was stopped or left: the others would hand over to nobody
			g.force()
		}
	}()
	return m.l.Run()
}

// Close closes the loops of a group that never ran, with whatever is open on them. Run does so itself; then Close does
// nothing. It returns an error that is EBUSY while the group runs.
func (g *Group) Close() error {
	g.mu.Lock()
	ended, ran := g.state == groupEnded, g.ran
	g.mu.Unlock()
	switch {
	case ended:
		return nil
	case ran:
		return fmt.Errorf("loop: close group: %w", reactor.EBUSY)
	}
	return g.end()
}

// end closes all that is left. No loop is running.
func (g *Group) end() error {
	g.forced.Store(true)
	var errs []error
	for _, m := range g.members {
		errs = append(errs, m.close())
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state != groupEnded {
		g.state = groupEnded
		close(g.done)
	}
	return errors.Join(errs...)
}

// closeRounds bounds how often the handles of a loop are closed at its end: close callbacks may make new ones.
const closeRounds = 16

// close closes what is open on a loop that is not running, and the loop.
func (m *member) close() error {
	if m.l.closed {
		return nil
	}
	for range closeRounds {
		m.closeAll()
		// Work under way is not waited for, so it gets no say any more: nobody would close what its done opens.
		if err := m.l.unwind(); err != nil || m.l.handles == 0 && m.l.r.Live() == 0 && !m.l.mail.waiting() {
			break
		}
	}
	m.l.working = 0 // what still runs is left to itself
	return m.l.Close()
}

// closeAll closes every handle of the loop, and lets it end. Listeners tell who waits for them.
func (m *member) closeAll() {
	m.release()
	for _, p := range m.parts {
		p.shut()
	}
	m.l.closeAll()
}

// release lets the loop end when nothing else keeps it.
func (m *member) release() {
	if m.stays {
		m.stays = false
		m.l.refs--
	}
}

// errForced is what a connection's handler and requests are told when a group is forced to end.
var errForced = fmt.Errorf("the group was forced to end: %w", reactor.ECANCELED)

// closeAll closes every handle of the loop. Connections are reset, since what is cut off must not look complete, and
// their handlers told.
func (l *Loop) closeAll() {
	l.Walk(func(h Handle) {
		if c, ok := h.(*reactor.Conn); ok {
			l.r.Abort(c, errForced)
		} else {
			h.Close(nil)
		}
	})
}
