package loop

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/reactor"
)

// running is a Group whose Run is under way.
type running struct {
	*Group
	t    *testing.T
	ran  chan struct{} // closed when Run has returned
	err  error         // what it returned
	gone bool
}

// newGroup makes a group that the end of the test closes, if it was never run.
func newGroup(t *testing.T, o GroupOptions) *Group {
	t.Helper()
	if o.Loop.OnPanic == nil {
		o.Loop.OnPanic = func(e *PanicError) { t.Errorf("%v\n%s", e, e.Stack) }
	}
	g, err := NewGroup(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			if err := g.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
	})
	return g
}

// startGroup runs g, and has the end of the test shut it down.
func startGroup(t *testing.T, g *Group) *running {
	t.Helper()
	r := &running{Group: g, t: t, ran: make(chan struct{})}
	go func() {
		r.err = g.Run()
		close(r.ran)
	}()
	t.Cleanup(func() { r.shutdown() })
	return r
}

// shutdown is Shutdown with patience, and the end of Run.
func (r *running) shutdown() {
	r.t.Helper()
	if r.gone {
		return
	}
	r.gone = true
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := r.Shutdown(ctx); err != nil {
		r.t.Errorf("Shutdown: %v", err)
	}
	r.wait()
}

// wait waits until Run has returned.
func (r *running) wait() {
	r.t.Helper()
	r.gone = true
	select {
	case <-r.ran:
	case <-time.After(patience):
		r.t.Fatal("Run did not return")
	}
	if r.err != nil {
		r.t.Errorf("Run: %v", r.err)
	}
}

// echoTo sends a connection's bytes back, and ends it when the peer ends.
func echoTo(_ *Loop, c *reactor.Conn) {
	c.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
		switch {
		case err == io.EOF:
			c.CloseWrite(func(error) { c.Close(nil) })
		case err != nil:
			c.Close(nil)
		default:
			c.WriteBorrowed(p, nil)
		}
	}))
}

// client connects one.
func client(t testing.TB, addr netip.AddrPort) *net.TCPConn {
	t.Helper()
	c, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(addr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// ask sends a byte and waits for its echo.
func ask(c net.Conn) error {
	c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write([]byte("x")); err != nil {
		return err
	}
	_, err := io.ReadFull(c, make([]byte, 1))
	return err
}

// listeners are the ways of dividing connections.
var dividing = map[string]GroupListenOptions{"hand-over": {}, "per loop": {PerLoop: true}}

func onDividings(t *testing.T, test func(t *testing.T, o GroupListenOptions)) {
	for name, o := range dividing {
		t.Run(name, func(t *testing.T) { test(t, o) })
	}
}

func TestExclusiveBusyPortIsRefused(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	onDividings(t, func(t *testing.T, o GroupListenOptions) {
		g := newGroup(t, GroupOptions{Loops: 4})
		if _, err := g.ListenWith("tcp", busy.Addr().String(), o, echoTo); !errors.Is(err, reactor.EADDRINUSE) {
			t.Errorf("got %v, want EADDRINUSE", err)
		}
		// And one of ours, whichever way it divides, keeps its port to itself.
		ln, err := g.ListenWith("tcp", "127.0.0.1:0", o, echoTo)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := net.Listen("tcp", ln.Addr().String()); err == nil {
			second.Close()
			t.Errorf("somebody else listens on %v too", ln.Addr())
		}
	})
}

// TestTCPReuseport: tcp_reuseport of libuv, and port 0 of a group is one port.
func TestTCPReuseport(t *testing.T) {
	onDividings(t, func(t *testing.T, o GroupListenOptions) {
		g := newGroup(t, GroupOptions{Loops: 4})
		ln, err := g.ListenWith("tcp", "127.0.0.1:0", o, echoTo)
		if err != nil {
			t.Fatal(err)
		}
		if ln.Addr().Port() == 0 {
			t.Fatal("no port was chosen")
		}
		ports := map[uint16]bool{}
		for _, p := range ln.parts {
			ports[p.ln.Addr().Port()] = true
		}
		if len(ports) != 1 {
			t.Errorf("%d loops listen on %d ports", g.Len(), len(ports))
		}
		r := startGroup(t, g)
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				c, err := net.Dial("tcp", ln.Addr().String())
				if err == nil {
					err = ask(c)
					c.Close()
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		r.shutdown()
		counts := g.AcceptedPerLoop()
		if m := g.Metrics(); m.BytesRead != 64 || m.BytesWritten != 64 || m.Connections != 0 {
			t.Errorf("metrics of 64 connections of a byte each: %v", m)
		}
		if total(counts) != 64 || slices.Min(counts) == 0 {
			t.Errorf("the loops were given %v of 64", counts)
		}
	})
}

func total(counts []uint64) (sum uint64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

func TestHandOverDividesEvenly(t *testing.T) {
	const clients = 1000
	g := newGroup(t, GroupOptions{Loops: 4})
	ln, err := g.Listen("tcp", "127.0.0.1:0", echoTo)
	if err != nil {
		t.Fatal(err)
	}
	r := startGroup(t, g)
	conns := make(chan net.Conn, clients)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range clients / 8 {
				c, err := net.Dial("tcp", ln.Addr().String())
				if err == nil {
					err = ask(c)
					conns <- c
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	close(conns)
	for c := range conns {
		c.Close()
	}
	r.shutdown()
	if counts := g.AcceptedPerLoop(); total(counts) != clients || slices.Max(counts) > clients/4*12/10 {
		t.Errorf("the loops were given %v of %d", counts, clients)
	}
}

func TestConnectionStaysOnTheLoopItWasGivenTo(t *testing.T) {
	onDividings(t, func(t *testing.T, o GroupListenOptions) {
		g := newGroup(t, GroupOptions{Loops: 3})
		var wrong atomic.Int64
		ln, err := g.ListenWith("tcp", "127.0.0.1:0", o, func(l *Loop, c *reactor.Conn) {
			if !l.running {
				wrong.Add(1)
			}
			c.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
				if l.Reactor().Owner() != c { // under weirdebug any call from another goroutine panics besides
					wrong.Add(1)
				}
				if err != nil {
					c.Close(nil)
					return
				}
				c.WriteBorrowed(p, nil)
			}))
		})
		if err != nil {
			t.Fatal(err)
		}
		startGroup(t, g)
		for range 30 {
			c := client(t, ln.Addr())
			for range 3 {
				if err := ask(c); err != nil {
					t.Fatal(err)
				}
			}
			c.Close()
		}
		if n := wrong.Load(); n > 0 {
			t.Errorf("%d callbacks on a loop that is not theirs", n)
		}
	})
}

// storm is clients that connect as fast as they can, ask once, and come again.
type storm struct {
	wg     sync.WaitGroup
	stop   atomic.Bool
	served atomic.Int64
	reset  atomic.Int64 // connected, and then not answered
}

func newStorm(network, address string) *storm {
	s := &storm{}
	for range 8 {
		s.wg.Go(func() {
			d := net.Dialer{Timeout: 300 * time.Millisecond} // who is not answered asks again after a second
			for !s.stop.Load() {
				c, err := d.Dial(network, address)
				if err != nil {
					continue // nobody has accepted it
				}
				if ask(c) != nil {
					s.reset.Add(1)
				} else {
					s.served.Add(1)
				}
				c.Close()
			}
		})
	}
	return s
}

// untilServed waits until n were served.
func (s *storm) untilServed(t *testing.T, n int64) {
	t.Helper()
	for begin := time.Now(); s.served.Load() < n; time.Sleep(time.Millisecond) {
		if time.Since(begin) > patience {
			t.Fatalf("served %d of %d clients", s.served.Load(), n)
		}
	}
}

func (s *storm) end() {
	s.stop.Store(true)
	s.wg.Wait()
}

func TestClosingAListenerInAStormResetsNobody(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			for range 20 {
				g := newGroup(t, GroupOptions{Loops: 2})
				address := "127.0.0.1:0"
				if network == "unix" {
					address = filepath.Join(t.TempDir(), "s")
				}
				ln, err := g.Listen(network, address, echoTo)
				if err != nil {
					t.Fatal(err)
				}
				if network == "tcp" {
					address = ln.Addr().String()
				}
				r := startGroup(t, g)
				s := newStorm(network, address)
				s.untilServed(t, 200)
				closed := make(chan struct{})
				ln.Close(func() { close(closed) })
				<-closed
				s.end()
				r.shutdown()
				if n := s.reset.Load(); n > 0 {
					t.Fatalf("%d clients whom the kernel had accepted were reset, %d served", n, s.served.Load())
				}
			}
		})
	}
}

// openFDs are the descriptors of this process.
func openFDs(t *testing.T) int {
	t.Helper()
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		if entries, err := os.ReadDir(dir); err == nil {
			return len(entries)
		}
	}
	return 0
}

// TestShutdownUnderLoadResetsNobody: clients that ask again and again are served to the end of their conversation.
func TestShutdownUnderLoadResetsNobody(t *testing.T) {
	before := openFDs(t)
	onDividings(t, func(t *testing.T, o GroupListenOptions) {
		g := newGroup(t, GroupOptions{Loops: 3})
		ln, err := g.ListenWith("tcp", "127.0.0.1:0", o, echoTo)
		if err != nil {
			t.Fatal(err)
		}
		r := startGroup(t, g)
		coming := newStorm("tcp", ln.Addr().String())
		var talking sync.WaitGroup
		var told atomic.Bool
		g.mu.Lock()
		g.hooks = append(g.hooks, func(*Loop) { told.Store(true) })
		g.mu.Unlock()
		for range 32 {
			c := client(t, ln.Addr())
			if err := ask(c); err != nil {
				t.Fatal(err)
			}
			talking.Go(func() { // goes on until the shutdown is known, and some more
				for n := 0; n < 20; n++ {
					if !told.Load() {
						n = 0
					}
					if err := ask(c); err != nil {
						t.Errorf("reset while talking: %v", err)
						return
					}
				}
				c.CloseWrite()
				if _, err := c.Read(make([]byte, 1)); err != io.EOF {
					t.Errorf("at the end: %v, want EOF", err)
				}
				c.Close()
			})
		}
		coming.untilServed(t, 200)
		r.shutdown()
		talking.Wait()
		coming.end()
		if n := coming.reset.Load(); n > 0 {
			t.Errorf("%d clients whom the kernel had accepted were reset", n)
		}
	})
	for begin := time.Now(); openFDs(t) > before; time.Sleep(time.Millisecond) {
		if time.Since(begin) > patience {
			t.Fatalf("%d descriptors are open, %d before", openFDs(t), before)
		}
	}
}

func TestShutdownForcesWhenItsTimeIsOver(t *testing.T) {
	before := openFDs(t)
	g := newGroup(t, GroupOptions{Loops: 2})
	var told atomic.Int64
	ln, err := g.Listen("tcp", "127.0.0.1:0", func(_ *Loop, c *reactor.Conn) {
		c.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
			if errors.Is(err, reactor.ECANCELED) {
				c.Close(func() { told.Add(1) })
				return
			}
			c.WriteBorrowed(p, nil)
		}))
	})
	if err != nil {
		t.Fatal(err)
	}
	timer := g.Loop(1).NewTimer()
	timer.Start(func() {}, time.Hour, 0)
	idle := make(chan struct{})
	g.Loop(1).QueueWork(func() { <-idle }, nil) // cannot be ended by anybody
	defer close(idle)
	r := startGroup(t, g)
	c := client(t, ln.Addr())
	if err := ask(c); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("enough")
	go cancel(why)
	if err := r.Shutdown(ctx); !errors.Is(err, why) {
		t.Errorf("Shutdown: got %v, want the cause", err)
	}
	r.wait()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, reactor.ECONNRESET) {
		t.Errorf("the client reads %v, want ECONNRESET: what was cut off must not look complete", err)
	}
	if told.Load() != 1 {
		t.Errorf("the handler was told %d times, want once", told.Load())
	}
	c.Close()
	if after := openFDs(t); after > before {
		t.Errorf("%d descriptors are open, %d before", after, before)
	}
	if err := r.Shutdown(context.Background()); err != nil {
		t.Errorf("Shutdown of what has ended: %v", err)
	}
}

func TestOnShutdownRunsOnEveryLoopInOrder(t *testing.T) {
	g := newGroup(t, GroupOptions{Loops: 3})
	var mu sync.Mutex
	said := map[*Loop]string{}
	for _, word := range []string{"a", "b"} {
		g.OnShutdown(func(l *Loop) {
			l.NextTick(func() {}) // under weirdebug it panics on another goroutine
			mu.Lock()
			defer mu.Unlock()
			said[l] += word
		})
	}
	r := startGroup(t, g)
	r.shutdown()
	for i := range g.Len() {
		if got := said[g.Loop(i)]; got != "ab" {
			t.Errorf("loop %d: %q, want ab", i, got)
		}
	}
}

func TestPanicInOnShutdownDoesNotKeepTheGroup(t *testing.T) {
	var panics atomic.Int64
	g := newGroup(t, GroupOptions{Loops: 2, Loop: Options{OnPanic: func(*PanicError) { panics.Add(1) }}})
	g.OnShutdown(func(*Loop) { panic("planned") })
	startGroup(t, g).shutdown()
	if n := panics.Load(); n != 2 {
		t.Errorf("%d panics, want 2", n)
	}
}

func TestShutdownBeforeRun(t *testing.T) {
	g := newGroup(t, GroupOptions{Loops: 2})
	if _, err := g.Listen("tcp", "127.0.0.1:0", echoTo); err != nil {
		t.Fatal(err)
	}
	g.BeginShutdown()
	g.BeginShutdown()
	if _, err := g.Listen("tcp", "127.0.0.1:0", echoTo); !errors.Is(err, reactor.EBUSY) {
		t.Errorf("Listen: got %v, want EBUSY", err)
	}
	r := startGroup(t, g)
	r.wait()
	if err := g.Run(); !errors.Is(err, reactor.ErrClosed) {
		t.Errorf("Run again: got %v, want ErrClosed", err)
	}
	if _, err := g.Listen("tcp", "127.0.0.1:0", echoTo); !errors.Is(err, reactor.ErrClosed) {
		t.Errorf("Listen: got %v, want ErrClosed", err)
	}
}

func TestShutdownFromACallbackAndManyAtOnce(t *testing.T) {
	g := newGroup(t, GroupOptions{Loops: 2})
	g.Loop(1).Post(g.BeginShutdown)
	r := startGroup(t, g)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := g.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	r.wait()
}

func TestGroupGoesOnWhileThereIsNothingToDo(t *testing.T) {
	g := newGroup(t, GroupOptions{Loops: 2})
	r := startGroup(t, g)
	answered := make(chan struct{})
	for range g.Len() {
		l := g.Next()
		l.Post(func() {
			l.Post(func() { answered <- struct{}{} })
		})
		<-answered
	}
	if err := g.Run(); !errors.Is(err, reactor.EBUSY) {
		t.Errorf("Run while it runs: got %v, want EBUSY", err)
	}
	if err := g.Close(); !errors.Is(err, reactor.EBUSY) {
		t.Errorf("Close while it runs: got %v, want EBUSY", err)
	}
	r.shutdown()
}

func TestStoppedLoopEndsTheGroup(t *testing.T) {
	g := newGroup(t, GroupOptions{Loops: 3})
	ln, err := g.Listen("tcp", "127.0.0.1:0", echoTo)
	if err != nil {
		t.Fatal(err)
	}
	r := startGroup(t, g)
	c := client(t, ln.Addr())
	if err := ask(c); err != nil {
		t.Fatal(err)
	}
	g.Loop(2).Stop()
	r.wait()
}

// broken is a kernel whose poller fails once it is told to.
type broken struct {
	reactor.Kernel
	now atomic.Bool
}

var errBroken = errors.New("broken")

func (k *broken) Wait(changes []reactor.Change, events []reactor.Event, timeout time.Duration) (int, error) {
	if k.now.Load() {
		return 0, errBroken
	}
	return k.Kernel.Wait(changes, events, timeout)
}

func TestBrokenLoopEndsTheGroup(t *testing.T) {
	before := openFDs(t)
	var kernels [3]*broken
	g := newGroup(t, GroupOptions{Loops: 3, Kernel: func(i int) (reactor.Kernel, error) {
		kernels[i] = &broken{Kernel: system(t, false)}
		return kernels[i], nil
	}})
	ln, err := g.Listen("tcp", "127.0.0.1:0", echoTo)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{Group: g, t: t, ran: make(chan struct{})}
	go func() {
		r.err = g.Run()
		close(r.ran)
	}()
	c := client(t, ln.Addr())
	if err := ask(c); err != nil {
		t.Fatal(err)
	}
	kernels[1].now.Store(true)
	g.Loop(1).Post(func() {})
	select {
	case <-r.ran:
	case <-time.After(patience):
		t.Fatal("the others go on")
	}
	if !errors.Is(r.err, errBroken) || errors.Is(r.err, reactor.EBUSY) {
		t.Errorf("Run: got %v, want the reason alone", r.err)
	}
	c.Close()
	if after := openFDs(t); after > before {
		t.Errorf("%d descriptors are open, %d before", after, before)
	}
}

func TestKernelThatCannotBeMadeEndsNewGroup(t *testing.T) {
	before := openFDs(t)
	_, err := NewGroup(GroupOptions{Loops: 3, Kernel: func(i int) (reactor.Kernel, error) {
		if i == 2 {
			return nil, errBroken
		}
		return reactor.System(reactor.SystemOptions{})
	}})
	if !errors.Is(err, errBroken) {
		t.Errorf("got %v, want the reason", err)
	}
	if after := openFDs(t); after > before {
		t.Errorf("%d descriptors are open, %d before", after, before)
	}
}

func TestPinnedGroupServes(t *testing.T) {
	g := newGroup(t, GroupOptions{Loops: 2, Loop: Options{Pinned: true}})
	ln, err := g.Listen("tcp", "127.0.0.1:0", echoTo)
	if err != nil {
		t.Fatal(err)
	}
	startGroup(t, g)
	for range 4 {
		if err := ask(client(t, ln.Addr())); err != nil {
			t.Error(err)
		}
	}
}

// A panic when a connection comes resets that one, whichever loop it was handed to.
func TestPanicOnAHandedOverConnectionResetsIt(t *testing.T) {
	var panics atomic.Int64
	g := newGroup(t, GroupOptions{Loops: 2, Loop: Options{OnPanic: func(e *PanicError) {
		if e.Owned {
			panics.Add(1)
		}
	}}})
	ln, err := g.Listen("tcp", "127.0.0.1:0", func(*Loop, *reactor.Conn) { panic("planned") })
	if err != nil {
		t.Fatal(err)
	}
	r := startGroup(t, g)
	for range 4 {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			continue // it was reset at once
		}
		if ask(c) == nil {
			t.Error("the connection lives on")
		}
		c.Close()
	}
	r.shutdown()
	if n := panics.Load(); n != 4 {
		t.Errorf("%d panics of connections, want 4", n)
	}
}

func TestGroupListenerPauses(t *testing.T) {
	onDividings(t, func(t *testing.T, o GroupListenOptions) {
		g := newGroup(t, GroupOptions{Loops: 2})
		ln, err := g.ListenWith("tcp", "127.0.0.1:0", o, echoTo)
		if err != nil {
			t.Fatal(err)
		}
		ln.Pause()
		startGroup(t, g)
		for i := range g.Len() { // what was posted before has run
			ran := make(chan struct{})
			g.Loop(i).Post(func() { close(ran) })
			<-ran
		}
		c := client(t, ln.Addr()) // waits in the kernel's queue
		if n := total(g.AcceptedPerLoop()); n != 0 {
			t.Errorf("accepted %d while paused", n)
		}
		ln.Resume()
		if err := ask(c); err != nil {
			t.Error(err)
		}
	})
}

func TestGroupAdoptsAListener(t *testing.T) {
	inherited, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := newGroup(t, GroupOptions{Loops: 3})
	ln, err := g.AdoptListener(inherited.(*net.TCPListener), echoTo)
	if err != nil {
		t.Fatal(err)
	}
	startGroup(t, g)
	for range 6 {
		if err := ask(client(t, ln.Addr())); err != nil {
			t.Error(err)
		}
	}
	if counts := g.AcceptedPerLoop(); !slices.Equal(counts, []uint64{2, 2, 2}) {
		t.Errorf("the loops were given %v of 6", counts)
	}
}

// duplicate lets a loop adopt a duplicate of a descriptor that stays open.
type duplicate int

func (f duplicate) SyscallConn() (syscall.RawConn, error) { return f, nil }
func (duplicate) Close() error                            { return nil }
func (f duplicate) Control(fn func(uintptr)) error        { fn(uintptr(f)); return nil }
func (duplicate) Read(func(uintptr) bool) error           { return errors.ErrUnsupported }
func (duplicate) Write(func(uintptr) bool) error          { return errors.ErrUnsupported }

// A socket that another process goes on accepting from answers its clients after one of the two has closed it.
func TestClosingASharedListenerLeavesTheOther(t *testing.T) {
	g := newGroup(t, GroupOptions{Loops: 1})
	ln, err := g.Listen("tcp", "127.0.0.1:0", echoTo)
	if err != nil {
		t.Fatal(err)
	}
	other := newLoop(t, Options{})
	shared, err := other.AdoptListener(duplicate(ln.parts[0].ln.FD()), func(c *reactor.Conn) { echoTo(other, c) })
	if err != nil {
		t.Fatal(err)
	}
	startGroup(t, g).shutdown()
	answer := make(chan error, 1)
	go func() {
		c, err := net.Dial("tcp", shared.Addr().String())
		if err == nil {
			err = ask(c)
			c.Close()
		}
		answer <- err
		other.Post(func() { shared.Close(nil) })
	}()
	run(t, other)
	if err := <-answer; err != nil {
		t.Error(err)
	}
}

func TestGroupEchoesAMegabyteOnEveryLoop(t *testing.T) {
	onDividings(t, func(t *testing.T, o GroupListenOptions) {
		g := newGroup(t, GroupOptions{Loops: 4})
		ln, err := g.ListenWith("tcp", "127.0.0.1:0", o, echoTo)
		if err != nil {
			t.Fatal(err)
		}
		startGroup(t, g)
		payload := bytes.Repeat([]byte("weir"), 1<<18)
		var wg sync.WaitGroup
		for range 8 {
			c := client(t, ln.Addr())
			wg.Go(func() {
				go func() {
					c.Write(payload)
					c.CloseWrite()
				}()
				if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, payload) {
					t.Errorf("%d bytes of %d, %v", len(got), len(payload), err)
				}
			})
		}
		wg.Wait()
	})
}

// halfListening is a kernel that, asked to listen, lets a client in at the listener that there is, and then fails.
type halfListening struct {
	reactor.Kernel
	client *net.TCPConn
}

func (k *halfListening) Listen(_, address string, _ reactor.ListenOptions) (int, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return -1, err
	}
	k.client = c.(*net.TCPConn)
	return -1, reactor.EMFILE
}

// When the second loop cannot listen, nobody gets a listener, and whoever has come to that of the first is turned away.
func TestListenPerLoopThatFailsHalfWayGivesNobodyAConnection(t *testing.T) {
	half := &halfListening{Kernel: system(t, false)}
	g := newGroup(t, GroupOptions{Loops: 2, Kernel: func(i int) (reactor.Kernel, error) {
		if i == 1 {
			return half, nil
		}
		return reactor.System(reactor.SystemOptions{})
	}})
	given := false
	_, err := g.ListenWith("tcp", "127.0.0.1:0", GroupListenOptions{PerLoop: true}, func(*Loop, *reactor.Conn) { given = true })
	if !errors.Is(err, reactor.EMFILE) {
		t.Fatalf("got %v, want EMFILE", err)
	}
	startGroup(t, g).shutdown()
	if given {
		t.Error("a connection of a listener that nobody has was given to the callback")
	}
	half.client.SetDeadline(time.Now().Add(patience))
	if _, err := half.client.Read(make([]byte, 1)); !errors.Is(err, reactor.ECONNRESET) {
		t.Errorf("the client reads %v, want ECONNRESET", err)
	}
	half.client.Close()
}
