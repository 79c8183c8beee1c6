package loop

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/reactor"
)

// onKernelsTelling is onKernels with a list of the panics that OnPanic was told of.
func onKernelsTelling(t *testing.T, test func(t *testing.T, l *Loop, told *[]*PanicError)) {
	t.Helper()
	make := func(t *testing.T, k reactor.Kernel) {
		var told []*PanicError
		l := newLoop(t, Options{Kernel: k, OnPanic: func(e *PanicError) { told = append(told, e) }})
		test(t, l, &told)
		if got := l.Panics(); got != uint64(len(told)) {
			t.Errorf("Panics: got %d, want the %d that OnPanic was told of", got, len(told))
		}
	}
	t.Run("system", func(t *testing.T) { make(t, nil) })
	t.Run("sim", func(t *testing.T) { make(t, simkernel.New(simkernel.Options{Seed: 1}).Kernel()) })
}

// wantPanics compares what OnPanic was told with the values that were thrown.
func wantPanics(t *testing.T, told []*PanicError, values ...any) {
	t.Helper()
	var got []any
	for _, e := range told {
		got = append(got, e.Value)
		if !bytes.Contains(e.Stack, []byte("panic_test.go")) {
			t.Errorf("the stack of %v does not show the callback:\n%s", e, e.Stack)
		}
	}
	if !slices.Equal(got, values) {
		t.Errorf("OnPanic was told of %v, want %v", got, values)
	}
}

func TestPanicOfAConnectionResetsItAndNobodyElse(t *testing.T) {
	onKernelsTelling(t, func(t *testing.T, l *Loop, told *[]*PanicError) {
		boom := errors.New("boom")
		victim, server := pair(t, l, "tcp")
		other, otherServer := pair(t, l, "tcp")

		var ends []error // how the server's requests and reading end
		if _, err := fill(server); err == nil {
			t.Fatal("the kernel takes everything")
		}
		for range 2 {
			send(t, server, "never sent", func(err error) { ends = append(ends, err) })
		}
		panicked := false
		read(t, server, func(_ []byte, err error) {
			if err != nil {
				ends = append(ends, err)
				return
			}
			if panicked {
				t.Error("read again after the panic")
			}
			panicked = true
			panic(boom)
		})
		var victimEnd error
		send(t, victim, "one", nil)
		var echoed string
		read(t, otherServer, func(p []byte, err error) {
			if err == nil {
				otherServer.WriteBorrowed(p, nil)
			} else {
				otherServer.Close(nil)
			}
		})
		read(t, other, func(p []byte, err error) {
			if err != nil {
				t.Errorf("the other connection: %v", err)
			}
			if echoed += string(p); len(echoed) == 9 {
				other.Close(nil)
				read(t, victim, func(_ []byte, err error) {
					if err != nil {
						victimEnd = err
						victim.Close(nil)
					}
				})
				return
			}
			send(t, other, "two", nil)
		})
		send(t, other, "one", nil)
		run(t, l)

		wantPanics(t, *told, boom)
		if e := (*told)[0]; !e.Owned || e.Peer != server.RemoteAddr() || !errors.Is(e, boom) {
			t.Errorf("got owned %v, peer %v, unwrapped %v; want true, %v, the value", e.Owned, e.Peer, e.Unwrap(), server.RemoteAddr())
		}
		if echoed != "onetwotwo" {
			t.Errorf("the other connection echoed %q, want \"onetwotwo\"", echoed)
		}
		if len(ends) != 3 {
			t.Fatalf("got %d ends %v, want those of two writes and the reading", len(ends), ends)
		}
		for _, err := range ends {
			var p *PanicError
			if !errors.As(err, &p) || p.Value != boom {
				t.Errorf("a request ended with %v, want the PanicError", err)
			}
		}
		if !errors.Is(victimEnd, reactor.ECONNRESET) {
			t.Errorf("the peer read %v, want ECONNRESET", victimEnd)
		}
	})
}

// fill writes until the kernel takes no more.
func fill(c *reactor.Conn) (total int, err error) {
	chunk := bytes.Repeat([]byte("-"), 64<<10)
	for total < 64<<20 {
		n, err := c.TryWrite(chunk)
		if total += n; err != nil {
			return total, err
		}
	}
	return total, nil
}

func TestPanicWithoutAnOwner(t *testing.T) {
	onKernelsTelling(t, func(t *testing.T, l *Loop, told *[]*PanicError) {
		client, server := pair(t, l, "tcp")
		prepare, closed := l.NewPrepare(), l.NewTimer()
		after := false
		begin(t, prepare, func() {
			prepare.Stop()
			start(t, l.NewTimer(), func() { panic("timer") }, time.Millisecond, 0) // run at the end of the iteration, at the earliest
			start(t, l.NewTimer(), func() { after = true }, time.Millisecond, 0)
			panic("prepare")
		})
		l.Post(func() { panic("post") })
		l.Post(func() { closed.Close(func() { panic("close") }) })
		run(t, l)
		wantPanics(t, *told, "prepare", "post", "close", "timer")
		for _, e := range *told {
			if e.Owned || e.Peer.IsValid() {
				t.Errorf("%v: got owned %v, peer %v; want nobody's", e, e.Owned, e.Peer)
			}
		}
		if !after || client.Closing() || server.Closing() {
			t.Error("a panic without an owner has stopped somebody")
		}
	})
}

func TestPanicInATickBelongsToItsOwner(t *testing.T) {
	onKernelsTelling(t, func(t *testing.T, l *Loop, told *[]*PanicError) {
		client, server := pair(t, l, "tcp")
		bystander, _ := pair(t, l, "tcp")
		later := false
		read(t, server, func(_ []byte, err error) {
			if err != nil {
				return
			}
			l.NextTick(func() { panic("tick") })
			l.NextTick(func() { later = true })
		})
		send(t, client, "x", nil)
		run(t, l)
		wantPanics(t, *told, "tick")
		if !(*told)[0].Owned || !server.Closing() {
			t.Error("the tick's panic did not reset the connection that asked for it")
		}
		if !later {
			t.Error("the tick behind it did not run")
		}
		if client.Closing() || bystander.Closing() {
			t.Error("somebody else was closed")
		}
		l.NextTick(func() { panic("outside") })
		run(t, l)
		if (*told)[1].Owned || bystander.Closing() || client.Closing() {
			t.Error("a tick asked for outside a turn was put down to a connection")
		}
	})
}

func TestPanicInEveryTickOfManyIsTold(t *testing.T) {
	onKernelsTelling(t, func(t *testing.T, l *Loop, told *[]*PanicError) {
		const n = 10_000
		deepest := 0
		for range n {
			l.NextTick(func() {
				if len(*told)%1000 == 999 {
					deepest = max(deepest, runtime.Callers(0, make([]uintptr, 4096)))
				}
				panic("again")
			})
		}
		noWait(t, l)
		run(t, l)
		if len(*told) != n {
			t.Errorf("OnPanic was told %d times, want %d", len(*told), n)
		}
		if deepest > 100 {
			t.Errorf("panics pile up on the stack: it was %d frames deep", deepest)
		}
	})
}

func TestPanicInAnAcceptCallbackResetsTheNewConnection(t *testing.T) {
	onKernelsTelling(t, func(t *testing.T, l *Loop, told *[]*PanicError) {
		accepted := 0
		var ends []error
		ln := listen(t, l, "tcp", func(c *reactor.Conn) {
			if accepted++; accepted == 1 {
				panic("accept")
			}
			send(t, c, "hello", nil)
		})
		connect := func() {
			var c *reactor.Conn
			c = dial(t, l, ln, func(err error) {
				if err != nil { // the reset may be quicker than the news of the connection
					ends = append(ends, err)
					c.Close(nil)
					return
				}
				read(t, c, func(p []byte, err error) {
					if err == nil && string(p) != "hello" {
						t.Errorf("got %q", p)
					}
					ends = append(ends, err)
					c.Close(nil)
				})
			})
		}
		connect()
		runUntil(t, l, "reset", func() bool { return len(ends) == 1 })
		connect()
		runUntil(t, l, "greeting", func() bool { return len(ends) == 2 })
		wantPanics(t, *told, "accept")
		if !errors.Is(ends[0], reactor.ECONNRESET) || ends[1] != nil {
			t.Errorf("the two clients read %v, want a reset and a greeting", ends)
		}
		if !(*told)[0].Owned || !ln.Active() {
			t.Error("the panic was not put down to the new connection alone")
		}
	})
}

func TestPanicInACloseCallback(t *testing.T) {
	onKernelsTelling(t, func(t *testing.T, l *Loop, told *[]*PanicError) {
		client, server := pair(t, l, "tcp")
		var seen []string
		if _, err := fill(client); err == nil {
			t.Fatal("the kernel takes everything")
		}
		for _, name := range []string{"first", "second"} {
			send(t, client, "x", func(err error) {
				if !errors.Is(err, reactor.ECANCELED) {
					t.Errorf("write: got %v, want ECANCELED", err)
				}
				seen = append(seen, name)
				panic(name)
			})
		}
		client.Close(func() {
			seen = append(seen, "client")
			panic("close")
		})
		server.Close(func() { seen = append(seen, "server") })
		run(t, l)
		wantPanics(t, *told, "first", "second", "close")
		if want := []string{"first", "second", "client", "server"}; !slices.Equal(seen, want) {
			t.Errorf("got the callbacks %q, want %q", seen, want)
		}
	})
}

// The panic comes back as the end of the handler's reading even if it was not reading at the time.
func TestPanicIsToldToAHandlerThatHadStopped(t *testing.T) {
	onKernelsTelling(t, func(t *testing.T, l *Loop, told *[]*PanicError) {
		client, server := pair(t, l, "tcp")
		var end error
		read(t, server, func(_ []byte, err error) { end = err })
		server.ReadStop()
		send(t, server, "x", func(error) { panic("in a write callback") })
		run(t, l)
		var p *PanicError
		if !errors.As(end, &p) {
			t.Errorf("the handler was told %v, want the PanicError", end)
		}
		wantPanics(t, *told, "in a write callback")
		client.Close(nil)
	})
}

// A callback that always restarts its timer with 0 and then panics must not keep the loop in the timers' phase.
func TestPanicInATimerDoesNotBeginAnotherPass(t *testing.T) {
	onKernelsTelling(t, func(t *testing.T, l *Loop, told *[]*PanicError) {
		timer := l.NewTimer()
		calls := 0
		var again func()
		again = func() {
			if calls++; calls < 100 {
				start(t, timer, again, 0, 0)
			}
			panic(calls)
		}
		start(t, timer, again, 0, 0)
		noWait(t, l)
		if calls != 1 {
			t.Errorf("got %d calls in one iteration, want 1", calls)
		}
		run(t, l)
	})
}

func TestPanicIsLoggedByDefault(t *testing.T) {
	var out bytes.Buffer
	before := log.Writer()
	log.SetOutput(&out)
	defer log.SetOutput(before)
	l, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	l.Post(func() { panic("said aloud") })
	run(t, l)
	l.Uncaught(io.ErrUnexpectedEOF)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"weir: panic in a callback: said aloud", "panic_test.go", "weir: uncaught: unexpected EOF"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the log has no %q:\n%s", want, out.String())
		}
	}
}

func TestUncaughtGoesToOnUncaught(t *testing.T) {
	var got error
	l := newLoop(t, Options{OnUncaught: func(err error) { got = err }})
	l.Uncaught(io.ErrNoProgress)
	if got != io.ErrNoProgress {
		t.Errorf("got %v, want %v", got, io.ErrNoProgress)
	}
}

// With Repanic a panic leaves Run, as it would without a loop. Whoever recovers it may run the loop again: nothing that
// was due is lost.
func TestRepanic(t *testing.T) {
	for _, phase := range []string{"timer", "idle", "prepare", "check", "post", "tick", "close"} {
		l := newLoop(t, Options{Repanic: true})
		after := 0
		inPhase(t, l, phase, func() { panic(phase) })
		inPhase(t, l, phase, func() { after++ })
		func() {
			defer func() {
				if v := recover(); v != phase {
					t.Errorf("%s: recovered %v, want the panic's value", phase, v)
				}
			}()
			l.Run()
			t.Errorf("%s: Run returned", phase)
		}()
		if l.Panics() != 0 {
			t.Errorf("%s: the panic was counted as one that was dealt with", phase)
		}
		noWait(t, l)
		run(t, l)
		if after != 1 {
			t.Errorf("%s: the callback behind the one that panicked ran %d times, want once", phase, after)
		}
	}
}

// inPhase has fn called once in a phase.
func inPhase(t *testing.T, l *Loop, phase string, fn func()) {
	t.Helper()
	hook := func(h interface {
		Start(func()) error
		Stop()
	},
	) {
		begin(t, h, func() {
			h.Stop()
			fn()
		})
	}
	switch phase {
	case "timer":
		start(t, l.NewTimer(), fn, 0, 0)
	case "idle":
		hook(l.NewIdle())
	case "prepare":
		hook(l.NewPrepare())
	case "check":
		hook(l.NewCheck())
		l.Post(func() {}) // or it would wait first
	case "post":
		l.Post(fn)
	case "tick":
		l.NextTick(fn)
	case "close":
		l.NewIdle().Close(fn)
	}
}

// FailNow ends its goroutine (runtime.Goexit): a loop in a test lets it pass, and does not call it a panic.
func TestGoexitPassesThrough(t *testing.T) {
	for _, phase := range []string{"timer", "idle", "post", "tick", "close"} {
		l := newLoop(t, Options{})
		after := 0
		inPhase(t, l, phase, runtime.Goexit)
		inPhase(t, l, phase, func() { after++ })
		ended := make(chan bool)
		go func() {
			returned := false
			defer func() { ended <- !returned }()
			l.Run()
			returned = true
		}()
		if !<-ended {
			t.Errorf("%s: Run returned", phase)
		}
		noWait(t, l)
		run(t, l)
		if after != 1 {
			t.Errorf("%s: the callback behind the one that left ran %d times, want once", phase, after)
		}
	}
}

func TestRunInsideRunIsAMisuse(t *testing.T) {
	var told []*PanicError
	l := newLoop(t, Options{OnPanic: func(e *PanicError) { told = append(told, e) }})
	l.Post(func() { l.Run() })
	run(t, l)
	if len(told) != 1 || !strings.Contains(told[0].Error(), "Run was called while the loop runs") {
		t.Errorf("got %v, want a sentence about it", told)
	}
}

// A stream fails with the panic of a callback of its connection. OnPanic has told that already.
func TestAPanicIsNotToldAgainAsAnErrorThatNobodyListensTo(t *testing.T) {
	var got []error
	l := newLoop(t, Options{OnUncaught: func(err error) { got = append(got, err) }})
	l.Uncaught(fmt.Errorf("a stream: %w", &PanicError{Value: "boom"}))
	if len(got) != 0 {
		t.Errorf("got %v", got)
	}
	work := &PanicError{Value: "boom", work: true} // nobody but the work's done was told of this
	if l.Uncaught(work); len(got) != 1 || got[0] != work {
		t.Errorf("got %v, want the panic of work", got)
	}
}

// A tick that was due runs behind the panic of its turn, before anybody was told. What it asks of the connection fails with the
// reason, not with a word about a handle that nobody has closed.
func TestWhatIsAskedOfAConnectionBehindAPanicFailsWithThePanic(t *testing.T) {
	onKernelsTelling(t, func(t *testing.T, l *Loop, told *[]*PanicError) {
		boom := errors.New("boom")
		client, server := pair(t, l, "tcp")
		var errs []error
		read(t, server, func(_ []byte, err error) {
			if err != nil {
				return
			}
			l.NextTick(func() {
				errs = append(errs, server.ReadStart(server.Handler()), server.WriteBorrowed([]byte("x"), nil), server.CloseWrite(nil))
			})
			panic(boom)
		})
		send(t, client, "x", nil)
		run(t, l)
		for i, err := range errs {
			if !errors.Is(err, boom) {
				t.Errorf("call %d: got %v, want the panic", i, err)
			}
		}
		if len(errs) != 3 {
			t.Errorf("got %d answers", len(errs))
		}
		server.Close(nil)
		if err := server.WriteBorrowed([]byte("x"), nil); !errors.Is(err, reactor.ErrClosed) {
			t.Errorf("when it is over: got %v, want ErrClosed", err)
		}
		wantPanics(t, *told, boom)
		client.Close(nil)
	})
}
