package loop

import (
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// patience is how long a test waits for what must happen: so long that only a hang takes it.
const patience = 30 * time.Second

// childEnv names what a process that a test started of its own binary is to do instead of testing.
const childEnv = "WEIR_LOOP_TEST_CHILD"

func TestMain(m *testing.M) {
	if name := os.Getenv(childEnv); name != "" {
		os.Exit(children[name]())
	}
	goleak.VerifyTestMain(m)
}

// children are the programs of TestMain; each returns its exit status.
var children = map[string]func() int{
	"churn":                   churn,
	"signal stopped":          signalStopped,
	"signal closed":           signalClosed,
	"signal replaced":         signalReplaced,
	"signal had its one shot": signalOnce,
	"signal storm":            signalStorm,
}

// onKernels shows a behaviour on the system's kernel and on both temperaments of the fake.
func onKernels(t *testing.T, test func(t *testing.T, l *Loop)) {
	t.Helper()
	t.Run("system", func(t *testing.T) { test(t, newLoop(t, Options{})) })
	for _, temperament := range []simkernel.Temperament{simkernel.Epoll, simkernel.Kqueue} {
		t.Run("sim"+temperament.String(), func(t *testing.T) {
			_, l := newSim(t, simkernel.Options{Seed: 1, Temperament: temperament})
			test(t, l)
		})
	}
}

// newLoop makes a loop that the end of the test empties and closes.
func newLoop(t testing.TB, o Options) *Loop {
	t.Helper()
	if o.OnPanic == nil && !o.Repanic {
		o.OnPanic = func(e *PanicError) { t.Errorf("%v\n%s", e, e.Stack) }
	}
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() || l.closed {
			return // whatever is left would only be in the way of the reason
		}
		l.Walk(func(h Handle) { h.Close(nil) })
		run(t, l)
		if err := l.Close(); err != nil {
			t.Errorf("closing the loop at the end: %v", err)
		}
	})
	return l
}

// newSim makes a loop on a simulated kernel, which at the end has nothing to complain of and no descriptor left.
func newSim(t testing.TB, o simkernel.Options) (*simkernel.World, *Loop) {
	t.Helper()
	w := simkernel.New(o)
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		for _, complaint := range w.Check() {
			t.Error(complaint)
		}
	})
	return w, newLoop(t, Options{Kernel: w.Kernel()})
}

// run is Run, ended by force if it hangs.
func run(t testing.TB, l *Loop) {
	t.Helper()
	limit := time.AfterFunc(patience, l.Stop)
	err := l.Run()
	if !limit.Stop() {
		t.Fatalf("Run did not return within %v", patience)
	}
	if err != nil {
		t.Fatalf("Run: %v", err)
	}
}

// runUntil runs the loop, by iterations, until done.
func runUntil(t testing.TB, l *Loop, what string, done func() bool) {
	t.Helper()
	begin := time.Now()
	for !done() {
		alive, err := l.RunOnce()
		if err != nil {
			t.Fatalf("RunOnce: %v", err)
		}
		if !done() && (!alive || time.Since(begin) > patience) {
			t.Fatalf("alive: %v, and no %s", alive, what)
		}
	}
}

// noWait is RunNoWait without the error.
func noWait(t testing.TB, l *Loop) (alive bool) {
	t.Helper()
	alive, err := l.RunNoWait()
	if err != nil {
		t.Fatalf("RunNoWait: %v", err)
	}
	return alive
}

// once is RunOnce without the error.
func once(t testing.TB, l *Loop) (alive bool) {
	t.Helper()
	alive, err := l.RunOnce()
	if err != nil {
		t.Fatalf("RunOnce: %v", err)
	}
	return alive
}

// pass lets d go by on the loop's clock, whichever it is.
func pass(l *Loop, d time.Duration) {
	if k, ok := l.r.Kernel().(*simkernel.Kernel); ok {
		k.World().Advance(d)
		return
	}
	time.Sleep(d)
}

// pair connects l to itself and returns both ends. network is "tcp" or "unix".
func pair(t testing.TB, l *Loop, network string) (client, server *reactor.Conn) {
	t.Helper()
	ln := listen(t, l, network, func(c *reactor.Conn) { server = c })
	client = dial(t, l, ln, func(err error) {
		if err != nil {
			t.Fatalf("connect: %v", err)
		}
	})
	runUntil(t, l, "connection", func() bool { return server != nil && client.WriteQueueSize() == 0 && !client.Active() })
	ln.Close(nil)
	noWait(t, l)
	return client, server
}

// listen listens at an address of the test's own; dial connects to it.
func listen(t testing.TB, l *Loop, network string, onConn func(*reactor.Conn)) *reactor.Listener {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = unixPath(t, l)
	}
	ln, err := l.Listen(network, address, onConn)
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

func dial(t testing.TB, l *Loop, ln *reactor.Listener, done func(error)) *reactor.Conn {
	t.Helper()
	network, address := "tcp", ln.Addr().String()
	if !ln.Addr().IsValid() {
		network, address = "unix", unixPath(t, l)
	}
	c, err := l.Connect(network, address, done)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// unixPath is the path of the test's Unix socket. It is short: the kernel takes hardly more than a hundred bytes.
func unixPath(t testing.TB, l *Loop) string {
	t.Helper()
	if _, ok := l.r.Kernel().(*simkernel.Kernel); ok {
		return "/socket"
	}
	if dir, ok := unixDirs[l]; ok {
		return dir + "/s"
	}
	dir, err := os.MkdirTemp("", "weir")
	if err != nil {
		t.Fatal(err)
	}
	unixDirs[l] = dir
	t.Cleanup(func() {
		delete(unixDirs, l)
		os.RemoveAll(dir)
	})
	return dir + "/s"
}

var unixDirs = map[*Loop]string{}

// read has c give what it reads to fn.
func read(t testing.TB, c *reactor.Conn, fn func(p []byte, err error)) {
	t.Helper()
	if err := c.ReadStart(reactor.ReadFunc(fn)); err != nil {
		t.Fatal(err)
	}
}

// send writes s; done may be nil.
func send(t testing.TB, c *reactor.Conn, s string, done func(error)) {
	t.Helper()
	if err := c.Write([][]byte{[]byte(s)}, done); err != nil {
		t.Fatal(err)
	}
}

// start starts a timer that is known to take it.
func start(t testing.TB, tm *Timer, cb func(), timeout, repeat time.Duration) {
	t.Helper()
	if err := tm.Start(cb, timeout, repeat); err != nil {
		t.Fatal(err)
	}
}

// begin starts an Idle, Prepare or Check.
func begin(t testing.TB, h interface{ Start(func()) error }, cb func()) {
	t.Helper()
	if err := h.Start(cb); err != nil {
		t.Fatal(err)
	}
}

// newSimWithoutCost is newSim with a clock that moves only when the loop waits or the test says so.
func newSimWithoutCost(t testing.TB) (*simkernel.World, *Loop) {
	t.Helper()
	return newSim(t, simkernel.Options{Seed: 1, CallCost: -1})
}
