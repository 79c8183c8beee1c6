package loop

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/reactor"
)

// onLoop has fn called on l, and waits until it has returned.
func onLoop(t *testing.T, l *Loop, fn func()) {
	t.Helper()
	ran := make(chan struct{})
	if err := l.Post(func() { fn(); close(ran) }); err != nil {
		t.Fatal(err)
	}
	await(t, ran, "the loop does not run what is posted")
}

// await waits for done to be closed.
func await(t *testing.T, done <-chan struct{}, otherwise string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal(otherwise)
	}
}

// TestWalkHandles: what a group needs for itself is nobody else's handle (walk_handles of libuv).
func TestClosingAllHandlesLeavesTheGroupServing(t *testing.T) {
	g := newGroup(t, GroupOptions{Loops: 3})
	ln, err := g.Listen("tcp", "127.0.0.1:0", echoTo)
	if err != nil {
		t.Fatal(err)
	}
	startGroup(t, g)
	onLoop(t, g.Loop(1), func() {
		g.Loop(1).Walk(func(h Handle) {
			t.Errorf("a loop on which nothing was made has a %T", h)
			h.Close(nil)
		})
	})
	for range 6 {
		if err := ask(client(t, ln.Addr())); err != nil {
			t.Fatal(err)
		}
	}
}

// The user has no name for the listener of a group, but a Walk comes upon it.
func TestShutdownAfterAListenerWasClosedByAWalk(t *testing.T) {
	onDividings(t, func(t *testing.T, o GroupListenOptions) {
		g := newGroup(t, GroupOptions{Loops: 2})
		if _, err := g.ListenWith("tcp", "127.0.0.1:0", o, echoTo); err != nil {
			t.Fatal(err)
		}
		r := startGroup(t, g)
		onLoop(t, g.Loop(0), func() { g.Loop(0).Walk(func(h Handle) { h.Close(nil) }) })
		r.shutdown()
	})
}

func TestPanicWhenAListenerHasClosedDoesNotKeepTheGroup(t *testing.T) {
	var panics atomic.Int64
	g := newGroup(t, GroupOptions{Loops: 2, Loop: Options{OnPanic: func(*PanicError) { panics.Add(1) }}})
	ln, err := g.Listen("tcp", "127.0.0.1:0", echoTo)
	if err != nil {
		t.Fatal(err)
	}
	r := startGroup(t, g)
	onLoop(t, g.Loop(0), func() { // so that both wait for the same end
		ln.Close(func() { panic("planned") })
		g.BeginShutdown()
	})
	r.shutdown()
	if n := panics.Load(); n != 1 {
		t.Errorf("%d panics, want 1", n)
	}
}

// Whoever waits for the end of a listener is told, however it came about.
func TestListenerThatIsForcedToEndTellsWhoWaits(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "0.0.0.0:0"} { // the latter waits for handshakes
		onDividings(t, func(t *testing.T, o GroupListenOptions) {
			g := newGroup(t, GroupOptions{Loops: 2})
			ln, err := g.ListenWith("tcp", address, o, echoTo)
			if err != nil {
				t.Fatal(err)
			}
			told := make(chan struct{})
			r := startGroup(t, g)
			onLoop(t, g.Loop(0), func() {
				ln.Close(func() { close(told) })
				g.force()
			})
			r.wait()
			await(t, told, "nobody was told that the listener has closed")
		})
	}
}

func TestListenerOfAGroupThatNeverRanTellsWhoWaits(t *testing.T) {
	g := newGroup(t, GroupOptions{Loops: 2})
	ln, err := g.Listen("tcp", "0.0.0.0:0", echoTo)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	ln.Close(func() { told++ })
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}

// What the last callbacks leave behind is closed too, though nothing of it keeps the loop.
func TestHandlesMadeAtTheEndAreClosed(t *testing.T) {
	g := newGroup(t, GroupOptions{Loops: 2})
	l := g.Loop(1)
	l.Post(func() {
		tm := l.NewTimer()
		tm.Unref()
		start(t, tm, func() {}, time.Hour, 0)
	})
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}

// hesitant is a kernel that does work in one of its waits.
type hesitant struct {
	reactor.Kernel
	in   int // how many waits until then
	work func()
}

func (k *hesitant) Work(_ bool, fn func()) (drop func()) {
	k.work = fn
	return func() { k.work = nil }
}

func (k *hesitant) Wait(changes []reactor.Change, events []reactor.Event, timeout time.Duration) (int, error) {
	if k.in--; k.in == 0 {
		k.work()
	}
	return k.Kernel.Wait(changes, events, timeout)
}

// Work that is under way is not waited for when a group is forced to end. What it would still open must not come
// between.
func TestLookupThatEndsWhileTheGroupIsClosed(t *testing.T) {
	answer := func(context.Context, string, string) ([]netip.Addr, error) { return addresses("127.0.0.1"), nil }
	for in := range closeRounds + 1 {
		g := newGroup(t, GroupOptions{
			Loops:  1,
			Loop:   Options{Resolver: NewResolver(ResolverOptions{Lookup: answer})},
			Kernel: func(int) (reactor.Kernel, error) { return &hesitant{Kernel: system(t, false), in: in}, nil },
		})
		if _, err := g.Loop(0).Dial("tcp4", "host:1", DialOptions{}, func(*reactor.Conn, error) {}); err != nil {
			t.Fatal(err)
		}
		if err := g.Close(); err != nil {
			t.Errorf("a look-up that ends in round %d: %v", in, err)
		}
	}
}

func TestShutdownOfWhatHasEndedNeedsNoTime(t *testing.T) {
	g := newGroup(t, GroupOptions{Loops: 1})
	startGroup(t, g).shutdown()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 64 {
		if err := g.Shutdown(ctx); err != nil {
			t.Fatalf("got %v, though it has ended", err)
		}
	}
}

// A test that fails on a loop's goroutine leaves it by runtime.Goexit.
func TestLoopLeftByGoexitEndsTheGroup(t *testing.T) {
	g := newGroup(t, GroupOptions{Loops: 3})
	path := filepath.Join(t.TempDir(), "s")
	if _, err := g.Listen("unix", path, echoTo); err != nil {
		t.Fatal(err)
	}
	r := startGroup(t, g)
	g.Loop(1).Post(runtime.Goexit)
	r.wait()
	if _, err := net.Dial("unix", path); err == nil {
		t.Error("somebody still listens")
	}
	if _, err := g.Listen("unix", path, echoTo); !errors.Is(err, reactor.ErrClosed) {
		t.Errorf("Listen: got %v, want ErrClosed", err)
	}
}
