package simkernel_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

// The simulation of a Group: some loops in one world, clients that come, say something, get it back and go, and a
// shutdown in the middle of it. In some of the worlds nothing goes wrong that costs a client its connection; there nobody
// may be reset whom the kernel had accepted.

const (
	groupAddress  = "0.0.0.0:7100"
	clientAddress = "127.0.0.1:7100"
)

type groupSim struct {
	seed     uint64
	r        *rand.Rand
	w        *simkernel.World
	g        *loop.Group
	kind     bool // nothing costs a client its connection
	given    int  // connections the callback was given
	ended    int  // of those, how many have closed
	told     map[*loop.Loop]int
	clients  []*client
	problems []string
}

// client is one of those who come.
type client struct {
	s       *groupSim
	p       *simkernel.Peer
	size    int // what it says
	sent    int
	got     int
	was     bool // it was connected
	done    bool
	failure error
}

func (s *groupSim) fail(format string, args ...any) {
	s.problems = append(s.problems, fmt.Sprintf("at %v: ", s.w.Now())+fmt.Sprintf(format, args...))
}

// runGroupSim runs one seed and returns what was wrong.
func runGroupSim(seed uint64) *groupSim {
	s := &groupSim{seed: seed, r: rand.New(rand.NewPCG(seed, 0x67726f7570)), told: map[*loop.Loop]int{}}
	o := simkernel.SwarmOptions(seed)
	o.TraceLines = 512
	s.kind = seed%2 == 0 && o.Temperament == simkernel.Epoll // kqueue systems cannot stop answering before they close
	if s.kind {
		f := &o.Faults
		f.AcceptFail, f.Abort, f.ChangeFail, f.Reset, f.TimeJump = 0, 0, 0, 0, 0
	}
	s.w = simkernel.New(o)
	var err error
	s.g, err = loop.NewGroup(loop.GroupOptions{
		Loops:  1 + s.r.IntN(4),
		Loop:   loop.Options{OnPanic: func(e *loop.PanicError) { s.fail("%v\n%s", e, e.Stack) }},
		Kernel: func(int) (reactor.Kernel, error) { return s.w.Kernel(), nil },
	})
	if err != nil {
		s.fail("%v", err)
		return s
	}
	s.g.OnShutdown(func(l *loop.Loop) { s.told[l]++ })
	lo := loop.GroupListenOptions{PerLoop: s.r.IntN(3) == 0 && o.Temperament == simkernel.Epoll}
	lo.Backlog = s.r.IntN(3) * 8
	ln, err := s.g.ListenWith("tcp", groupAddress, lo, s.serve)
	if err != nil {
		s.fail("%v", err)
		return s
	}
	for range 1 + s.r.IntN(60) {
		s.w.After(time.Duration(s.r.Int64N(int64(20*time.Millisecond))), s.come)
	}
	s.w.After(time.Duration(s.r.Int64N(int64(30*time.Millisecond))), s.g.BeginShutdown)
	if s.r.IntN(3) == 0 {
		s.w.After(time.Duration(s.r.Int64N(int64(20*time.Millisecond))), func() { ln.Close(nil) })
	}
	s.run()
	s.w.Advance(time.Minute) // what the kernel has taken is still on its way
	s.judge()
	return s
}

// run gives every loop its turns until all have ended.
func (s *groupSim) run() {
	for i := range s.g.Len() {
		tick := s.g.Loop(i).NewTimer() // one loop's wait must not outlast what the others have to do
		tick.Unref()
		tick.Start(func() {}, time.Millisecond, time.Millisecond)
	}
	for alive, rounds := true, 0; alive; rounds++ {
		alive = false
		for i := range s.g.Len() {
			more, err := s.g.Loop(i).RunOnce()
			if err != nil {
				s.fail("loop %d: %v", i, err)
				return
			}
			alive = alive || more
		}
		if rounds > 200000 {
			s.fail("the group does not end")
			return
		}
	}
	if err := s.g.Close(); err != nil {
		s.fail("Close: %v", err)
	}
}

// serve echoes, and ends when the client does.
func (s *groupSim) serve(l *loop.Loop, c *reactor.Conn) {
	s.given++
	if s.told[l] > 0 {
		s.fail("a connection after the layer above was told of the shutdown")
	}
	end := func() { s.ended++ }
	c.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
		switch {
		case err == io.EOF:
			if c.CloseWrite(func(error) { c.Close(end) }) != nil {
				c.Close(end)
			}
		case err != nil:
			c.Close(end)
		default:
			c.WriteBorrowed(p, func(err error) {
				if err != nil {
					c.Close(end)
				}
			})
		}
	}))
}

// come is a client's arrival.
func (s *groupSim) come() {
	c := &client{s: s, size: 1 + s.r.IntN(3000)}
	s.clients = append(s.clients, c)
	c.p = s.w.Dial(clientAddress)
	c.p.Notify(func(*simkernel.Peer) { c.step() })
}

func (c *client) step() {
	if c.done {
		return
	}
	c.was = c.was || c.p.Connected()
	for c.was && c.sent < c.size {
		n := c.p.Send(make([]byte, c.size-c.sent))
		if n == 0 {
			break
		}
		if c.sent += n; c.sent == c.size {
			c.p.CloseWrite()
		}
	}
	for {
		b, err := c.p.Recv(4096)
		c.got += len(b)
		if err != nil {
			c.end(err)
			return
		}
		if len(b) == 0 {
			break
		}
	}
	if err := c.p.Err(); err != nil {
		c.end(err)
	}
}

func (c *client) end(err error) {
	c.done = true
	if !errors.Is(err, io.EOF) {
		c.failure = err
	}
	c.p.Close()
}

func (s *groupSim) judge() {
	if s.given != s.ended {
		s.fail("%d connections were given, %d have closed", s.given, s.ended)
	}
	for i := range s.g.Len() {
		if n := s.told[s.g.Loop(i)]; n != 1 {
			s.fail("loop %d was told %d times of the shutdown", i, n)
		}
	}
	accepted := uint64(0)
	for _, n := range s.g.AcceptedPerLoop() {
		accepted += n
	}
	if accepted != uint64(s.given) {
		s.fail("the loops count %d connections, the callback was given %d", accepted, s.given)
	}
	for i, c := range s.clients {
		if s.kind && c.was && (c.failure != nil || c.got != c.size) {
			s.fail("client %d was connected, and got %d of %d bytes back: %v", i, c.got, c.size, c.failure)
		}
	}
	for _, c := range s.clients {
		c.p.Close()
	}
	for _, complaint := range s.w.Check() {
		s.fail("%s", complaint)
	}
}

func TestSimGroup(t *testing.T) {
	lives := uint64(defaultLives)
	if slowBuild {
		lives /= 5
	}
	worlds := max(1, environment(t, "SIM_LIVES", lives)/20)
	seed := environment(t, "SIM_SEED", 1)
	for n := range worlds {
		if s := runGroupSim(seed + n); len(s.problems) > 0 {
			t.Fatalf("seed %d (again: SIM_SEED=%[1]d SIM_LIVES=20 go test -run TestSimGroup ./internal/simkernel): %q\n%s",
				seed+n, s.problems, s.w.Trace())
		}
	}
}

func TestSimGroupRepeatsASeed(t *testing.T) {
	seeds := uint64(20)
	if slowBuild {
		seeds = 4
	}
	for seed := range seeds {
		a, b := runGroupSim(seed), runGroupSim(seed)
		if a.w.TraceHash() != b.w.TraceHash() {
			t.Errorf("seed %d: two runs differ", seed)
		}
	}
}
