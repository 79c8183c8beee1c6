package loop

import (
	"bytes"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
)

// caught is what a watchdog has told, and lets a callback wait for that.
type caught struct {
	mu   sync.Mutex
	all  []SlowCallback
	told chan struct{} // one for each
}

func newCaught() *caught { return &caught{told: make(chan struct{}, 100)} }

func (c *caught) add(s SlowCallback) {
	c.mu.Lock()
	c.all = append(c.all, s)
	c.mu.Unlock()
	c.told <- struct{}{}
}

// blockTheLoop is the callback that takes too long: it does not end before it was told of, and then not for some time.
func (c *caught) blockTheLoop(t *testing.T, longer time.Duration) {
	t.Helper()
	for limit := time.After(patience); len(c.ofBlockTheLoop()) == 0; {
		select {
		case <-c.told:
		case <-limit:
			t.Error("nobody was told of a callback that blocks the loop")
			return
		}
	}
	time.Sleep(longer)
}

// ofBlockTheLoop are the reports that name blockTheLoop: on a busy machine others may be slow too, for want of a processor.
func (c *caught) ofBlockTheLoop() (found []SlowCallback) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.all {
		if bytes.Contains(s.Stack, []byte("blockTheLoop")) {
			found = append(found, s)
		}
	}
	return found
}

// one is the only report of blockTheLoop.
func (c *caught) one(t *testing.T, by string) SlowCallback {
	t.Helper()
	found := c.ofBlockTheLoop()
	if len(found) != 1 {
		t.Fatalf("got %d reports of blockTheLoop, want 1", len(found))
	}
	s := found[0]
	if !bytes.HasPrefix(s.Stack, []byte("goroutine ")) || bytes.Contains(s.Stack, []byte("\n\ngoroutine")) {
		t.Errorf("not the stack of one goroutine:\n%s", s.Stack)
	}
	if !bytes.Contains(s.Stack, []byte(by)) {
		t.Errorf("the stack does not show %s:\n%s", by, s.Stack)
	}
	return s
}

// watched makes a loop with a watchdog of limit.
func watched(t *testing.T, limit time.Duration) (*Loop, *caught) {
	t.Helper()
	c := newCaught()
	return newLoop(t, Options{SlowCallback: limit, OnSlow: c.add}), c
}

const slowLimit = 20 * time.Millisecond

func TestACallbackThatBlocksTheLoopIsToldOfWhileItDoes(t *testing.T) {
	for name, block := range map[string]func(t *testing.T, l *Loop, fn func()){
		"runTimers": func(t *testing.T, l *Loop, fn func()) { start(t, l.NewTimer(), fn, time.Millisecond, 0) },
		"runMail": func(t *testing.T, l *Loop, fn func()) {
			if err := l.Post(fn); err != nil {
				t.Fatal(err)
			}
		},
		"finish": func(t *testing.T, l *Loop, fn func()) {
			if _, err := l.QueueWork(func() {}, func(error) { fn() }); err != nil {
				t.Fatal(err)
			}
		},
		"RunTicks":    func(_ *testing.T, l *Loop, fn func()) { l.NextTick(fn) },
		"runClosings": func(_ *testing.T, l *Loop, fn func()) { l.NewTimer().Close(fn) },
		"runHooks": func(t *testing.T, l *Loop, fn func()) {
			check := l.NewCheck()
			begin(t, check, func() { fn(); check.Close(nil) })
			start(t, l.NewTimer(), func() {}, time.Millisecond, 0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, c := watched(t, slowLimit)
			block(t, l, func() { c.blockTheLoop(t, 0) })
			run(t, l)
			s := c.one(t, name)
			if s.For < slowLimit || s.Owned || s.Peer.IsValid() {
				t.Errorf("got %v, owned %v, peer %v; want %v at least and no connection", s.For, s.Owned, s.Peer, slowLimit)
			}
			if m := l.Metrics(); m.SlowCallbacks == 0 || m.LongestCallback < s.For {
				t.Errorf("got %d slow callbacks, the longest %v; one was told of that took %v", m.SlowCallbacks, m.LongestCallback, s.For)
			}
		})
	}
}

func TestASlowCallbackOfAConnectionIsToldWithItsPeer(t *testing.T) {
	l, c := watched(t, slowLimit)
	client, server := pair(t, l, "tcp")
	read(t, server, func([]byte, error) {
		c.blockTheLoop(t, 0)
		server.Close(nil)
		client.Close(nil)
	})
	send(t, client, "x", nil)
	run(t, l)
	if s := c.one(t, "OnRead"); !s.Owned || s.Peer != client.LocalAddr() && s.Peer != server.RemoteAddr() || s.Peer == (netip.AddrPort{}) {
		t.Errorf("got owned %v, peer %v; want %v", s.Owned, s.Peer, server.RemoteAddr())
	}
	done := make(chan struct{}) // the next callback that is slow belongs to nobody
	start(t, l.NewTimer(), func() { c.blockTheLoop(t, 0); close(done) }, 0, 0)
	c.mu.Lock()
	c.all = nil
	c.mu.Unlock()
	run(t, l)
	<-done
	if s := c.one(t, "runTimers"); s.Owned || s.Peer.IsValid() {
		t.Errorf("got owned %v, peer %v for a timer", s.Owned, s.Peer)
	}
}

// It is told once, however long it goes on, even if it never ended.
func TestASlowCallbackIsToldOnce(t *testing.T) {
	l, c := watched(t, 5*time.Millisecond)
	l.Post(func() { c.blockTheLoop(t, 50*time.Millisecond) }) // many limits more
	run(t, l)
	c.one(t, "runMail")
}

func TestOnSlowHasReturnedWhenRunDoes(t *testing.T) {
	told := make(chan struct{}, 100)
	var inside atomic.Int32
	l := newLoop(t, Options{SlowCallback: 5 * time.Millisecond, OnSlow: func(SlowCallback) {
		inside.Add(1)
		told <- struct{}{}
		time.Sleep(20 * time.Millisecond)
		inside.Add(-1)
	}})
	l.Post(func() { <-told })
	run(t, l)
	if inside.Load() != 0 {
		t.Error("Run has returned and OnSlow has not")
	}
}

// Waiting is no callback, and neither is what is between two runs.
func TestAWaitIsNotTakenForACallback(t *testing.T) {
	k := &counting{Kernel: system(t, false)}
	c := newCaught()
	l := newLoop(t, Options{Kernel: k, SlowCallback: time.Hour, OnSlow: c.add})
	waits := 0
	k.waiting = func(time.Duration) {
		waits++
		if since := l.watchdog.since.Load(); since != 0 {
			t.Errorf("the loop goes to wait, and a turn is noted as under way, since %d", since)
		}
	}
	start(t, l.NewTimer(), func() {
		if l.watchdog.since.Load() == 0 {
			t.Error("in a callback, and no turn is noted as under way")
		}
	}, time.Millisecond, 0)
	run(t, l)
	if since := l.watchdog.since.Load(); since != 0 || waits == 0 {
		t.Errorf("after Run a turn is noted as under way, since %d; %d waits", since, waits)
	}
	l.EndTurn() // by a layer, while the loop does not run
	if since := l.watchdog.since.Load(); since != 0 {
		t.Errorf("a turn is noted as under way outside Run, since %d", since)
	}
	if len(c.all) != 0 {
		t.Errorf("got %d reports with a limit of an hour", len(c.all))
	}
}

// Many short turns are not one long one, though they leave the loop no time to wait.
func TestManyQuickCallbacksAreNotOneSlowOne(t *testing.T) {
	w := simkernel.New(simkernel.Options{Seed: 1, CallCost: -1})
	l := newLoop(t, Options{Kernel: w.Kernel(), SlowCallback: time.Second, OnSlow: func(SlowCallback) {}})
	for range 100 {
		l.Post(func() { w.Advance(900 * time.Millisecond) })
	}
	l.Post(func() { w.Advance(3 * time.Second) })
	start(t, l.NewTimer(), func() {}, 100*time.Hour, 0) // it sleeps longer than that
	run(t, l)
	if m := l.Metrics(); m.SlowCallbacks != 1 || m.LongestCallback != 3*time.Second {
		t.Errorf("got %d slow callbacks, the longest %v; want 1, 3s", m.SlowCallbacks, m.LongestCallback)
	}
}

func TestASlowCallbackThatPanicsIsCounted(t *testing.T) {
	w := simkernel.New(simkernel.Options{Seed: 1, CallCost: -1})
	l := newLoop(t, Options{Kernel: w.Kernel(), SlowCallback: time.Second, OnPanic: func(*PanicError) {}})
	l.Post(func() {
		w.Advance(2 * time.Second)
		panic("slow and bad")
	})
	run(t, l)
	if m := l.Metrics(); m.SlowCallbacks != 1 || m.Panics != 1 {
		t.Errorf("got %d slow callbacks and %d panics, want one each", m.SlowCallbacks, m.Panics)
	}
}

// watching is the stacks of all goroutines, if one of them is a watchdog's. Their number would tell less: one that a test
// before has left may end at any time.
func watching() string {
	buf := make([]byte, 1<<20)
	if all := string(buf[:runtime.Stack(buf, true)]); strings.Contains(all, "created by github.com/weir-go/weir/loop.(*watchdog)") {
		return all
	}
	return ""
}

func TestAWatchdogIsGoneWhenRunHasReturned(t *testing.T) {
	l, _ := watched(t, time.Hour)
	for range 3 {
		l.Post(func() {
			if watching() == "" {
				t.Error("nobody watches a loop that runs")
			}
		})
		noWait(t, l)
	}
	run(t, l)
	all := watching()
	for begin := time.Now(); all != "" && time.Since(begin) < 10*time.Second; all = watching() {
		time.Sleep(time.Millisecond) // it has said that it is done, and has yet to end
	}
	if all != "" {
		t.Errorf("somebody watches a loop that does not run:\n%s", all)
	}
}

func TestWithoutTheOptionNobodyWatches(t *testing.T) {
	l := newLoop(t, Options{OnSlow: func(SlowCallback) {}})
	if l.watchdog != nil {
		t.Error("there is a watchdog without a limit")
	}
	l.Post(func() { time.Sleep(time.Millisecond) })
	run(t, l)
	if m := l.Metrics(); m.SlowCallbacks != 0 || m.LongestCallback != 0 {
		t.Errorf("got %d slow callbacks, the longest %v, without the option", m.SlowCallbacks, m.LongestCallback)
	}
}

func TestCutStackFindsOneGoroutine(t *testing.T) {
	const all = "goroutine 12 [running]:\nmain.a()\n\ngoroutine 1 [select]:\nmain.b()\n\ngoroutine 123 [sleep]:\nmain.c()\n"
	for _, x := range []struct {
		id, want string
		whole    bool
	}{
		{"1", "goroutine 1 [select]:\nmain.b()", true},
		{"12", "goroutine 12 [running]:\nmain.a()", true},
		{"123", "goroutine 123 [sleep]:\nmain.c()\n", false},
		{"2", "", false},
	} {
		if got, whole := cutStack([]byte(all), x.id); string(got) != x.want || whole != x.whole {
			t.Errorf("%s: got %q, %v; want %q, %v", x.id, got, whole, x.want, x.whole)
		}
	}
	if got := string(stackOf(goroutineID())); !strings.Contains(got, "TestCutStackFindsOneGoroutine") {
		t.Errorf("got %s", got)
	}
}
