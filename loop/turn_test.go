package loop

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/reactor"
)

// writing connects a loop on a counting kernel to itself, and returns what has been written since.
func writing(t *testing.T) (k *counting, l *Loop, client, server *reactor.Conn) {
	t.Helper()
	k, l = newCounting(t)
	client, server = pair(t, l, "tcp")
	k.writes = nil
	return k, l, client, server
}

func TestEndTurnFlushesThenTicksThenFlushes(t *testing.T) {
	k, l, client, _ := writing(t)
	var ticks []string
	tick := func(name string) {
		ticks = append(ticks, name+" after "+strings.Join(k.writes, ","))
	}
	l.Post(func() {
		l.NextTick(func() {
			tick("first")
			send(t, client, "c", nil)
			l.NextTick(func() {
				tick("third")
				send(t, client, "d", nil)
			})
		})
		send(t, client, "a", nil)
		l.NextTick(func() { tick("second") })
		send(t, client, "b", nil)
		if len(k.writes) != 0 {
			t.Errorf("%q was sent before the turn ended", k.writes)
		}
	})
	l.Post(func() {
		if len(ticks) != 3 {
			t.Errorf("the next turn began after the ticks %q", ticks)
		}
	})
	noWait(t, l)
	if want := []string{"first after ab", "second after ab", "third after ab"}; !slices.Equal(ticks, want) {
		t.Errorf("got the ticks %q, want %q", ticks, want)
	}
	if want := []string{"ab", "cd"}; !slices.Equal(k.writes, want) {
		t.Errorf("got the writes %q, want %q", k.writes, want)
	}
}

func TestRunTicksOnlyRunsTicks(t *testing.T) {
	k, l, client, _ := writing(t)
	l.Post(func() {
		ticked := 0
		send(t, client, "a", nil)
		l.NextTick(func() {
			ticked++
			l.NextTick(func() { ticked++ })
		})
		l.RunTicks()
		if ticked != 2 || len(k.writes) != 0 {
			t.Errorf("after RunTicks: got %d ticks and the writes %q, want 2 and none", ticked, k.writes)
		}
		send(t, client, "b", nil)
	})
	noWait(t, l)
	if want := []string{"ab"}; !slices.Equal(k.writes, want) {
		t.Errorf("got the writes %q, want %q", k.writes, want)
	}
}

func TestTicksRunBeforeTheNextCallbackOfTheSameBatch(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		var order string
		for _, name := range []string{"a", "b"} {
			client, server := pair(t, l, "tcp")
			read(t, server, func([]byte, error) {
				order += name
				server.ReadStop()
				l.NextTick(func() { order += strings.ToUpper(name) })
			})
			send(t, client, "x", nil)
		}
		for _, name := range []string{"t", "u"} {
			start(t, l.NewTimer(), func() {
				order += name
				l.NextTick(func() { order += strings.ToUpper(name) })
			}, time.Millisecond, 0)
		}
		run(t, l)
		// A busy kernel may bring what was sent late, and apart: then the timers come in between.
		turns := order
		for _, turn := range []string{"aA", "bB", "tT", "uU"} {
			turns = strings.Replace(turns, turn, ".", 1)
		}
		if turns != "...." || strings.Index(order, "t") > strings.Index(order, "u") {
			t.Errorf("got %q, want each tick right after the callback that asked for it", order)
		}
	})
}

// Each tick belongs to whom the callback that asked for it belonged to, and so do the ticks it asks for itself.
func TestTicksInheritTheOwner(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		client, server := pair(t, l, "tcp")
		owner := func(when string, want *reactor.Conn) {
			t.Helper()
			if got := l.r.Owner(); got != want {
				t.Errorf("%s: got the owner %p, want %p", when, got, want)
			}
		}
		read(t, server, func([]byte, error) {
			owner("read callback", server)
			server.ReadStop()
			l.NextTick(func() {
				owner("tick", server)
				l.NextTick(func() { owner("tick of a tick", server) })
			})
		})
		send(t, client, "x", func(error) {
			owner("write callback", client)
			l.NextTick(func() { owner("tick of the write callback", client) })
		})
		run(t, l)
		l.NextTick(func() { owner("tick asked for outside a turn", nil) })
		l.Post(func() {
			owner("posted function", nil)
			l.NextTick(func() { owner("tick of a posted function", nil) })
		})
		start(t, l.NewTimer(), func() { owner("timer", nil) }, 0, 0)
		client.Close(func() { owner("close callback", client) })
		run(t, l)
	})
}

// A tick asked for before Run comes before all else that Run does.
func TestTicksAskedForBeforeRunComeFirst(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		var order string
		start(t, l.NewTimer(), func() { order += "timer " }, 0, 0)
		l.NextTick(func() { order += "tick " })
		run(t, l)
		start(t, l.NewTimer(), func() { order += "timer " }, 0, 0)
		l.NextTick(func() { order += "tick " })
		once(t, l)
		if order != "tick timer tick timer " {
			t.Errorf("got %q, want the tick first", order)
		}
	})
}

func TestWritesMadeBeforeRunAreSent(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		client, server := pair(t, l, "tcp")
		var got []byte
		send(t, client, "early", nil) // nobody asks to be told: the request keeps the loop all the same
		run(t, l)
		read(t, server, func(p []byte, _ error) {
			got = append(got, p...)
			server.ReadStop()
		})
		run(t, l)
		if string(got) != "early" {
			t.Errorf("got %q, want \"early\"", got)
		}
	})
}

// What is borrowed is copied when the turn ends, not earlier and not later: after that its owner may change it.
func TestBorrowedBytesAreSealedAtTheEndOfTheTurn(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		client, server := pair(t, l, "tcp")
		fill := bytes.Repeat([]byte("-"), 64<<10)
		for { // until the kernel takes no more
			if _, err := client.TryWrite(fill); err != nil {
				break
			}
		}
		buf := []byte("none")
		l.Post(func() {
			if err := client.WriteBorrowed(buf, nil); err != nil {
				t.Error(err)
			}
			l.NextTick(func() { copy(buf, "last") }) // still the same turn: this is what must arrive
		})
		l.Post(func() { copy(buf, "late") })
		noWait(t, l)
		client.CloseWrite(nil)
		var tail []byte
		read(t, server, func(p []byte, err error) {
			if err != nil {
				server.Close(nil)
				return
			}
			tail = append(tail, p...)
			tail = tail[max(0, len(tail)-4):]
		})
		run(t, l)
		if string(tail) != "last" {
			t.Errorf("got %q, want \"last\"", tail)
		}
	})
}

// The phases of an iteration, in order, each seen by a callback of its own.
func TestPhasesComeInOrder(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		client, server := pair(t, l, "tcp")
		var order []string
		seen := func(name string) { order = append(order, name) }
		send(t, client, "x", nil)
		l.EndTurn()
		send(t, client, "", func(error) { seen("pending") }) // nothing to send: it ends with the turn
		begin(t, l.NewIdle(), func() { seen("idle") })
		begin(t, l.NewPrepare(), func() { seen("prepare") })
		pass(l, 5*time.Millisecond)
		read(t, server, func([]byte, error) {
			seen("read")
			send(t, server, "y", func(error) { seen("pending after poll") })
		})
		l.Post(func() { seen("posted") })
		check := l.NewCheck()
		begin(t, check, func() {
			seen("check")
			check.Close(func() { seen("close") })
		})
		start(t, l.NewTimer(), func() { seen("timer") }, 0, 0)
		noWait(t, l)
		want := []string{"pending", "idle", "prepare", "read", "posted", "pending after poll", "check", "close", "timer"}
		if !slices.Equal(order, want) {
			t.Errorf("got  %q\nwant %q", order, want)
		}
	})
}

func TestHooksStoppedInTheirPhaseAreSkipped(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		var order string
		a, b, c, d := l.NewPrepare(), l.NewPrepare(), l.NewPrepare(), l.NewPrepare()
		begin(t, a, func() {
			order += "a"
			b.Stop()
			c.Close(nil)
			begin(t, d, func() { order += "d" })
			begin(t, b, func() { order += "b" }) // anew: it waits for the next iteration
		})
		begin(t, b, func() { t.Error("it was stopped before its turn") })
		begin(t, c, func() { t.Error("it was closed before its turn") })
		noWait(t, l)
		if order != "a" {
			t.Errorf("in the first iteration: got %q, want \"a\"", order)
		}
		a.Stop()
		noWait(t, l)
		if order != "adb" {
			t.Errorf("got %q, want \"adb\"", order)
		}
	})
}

func TestHooksStoppedAndStartedOftenCostNoMemory(t *testing.T) {
	l := newLoop(t, Options{})
	h := l.NewIdle()
	for range 100_000 {
		begin(t, h, func() {})
		h.Stop()
	}
	if got := cap(l.idle.items); got > 16 {
		t.Errorf("the list of started hooks has room for %d after 100,000 starts and stops of one", got)
	}
}

func TestCloseIsBusyWhileSomethingLives(t *testing.T) {
	onKernels(t, func(t *testing.T, l *Loop) {
		for _, h := range []Handle{l.NewTimer(), l.NewAsync(nil), listen(t, l, "tcp", func(*reactor.Conn) {})} {
			if err := l.Close(); err == nil {
				t.Fatalf("closed beside a %T", h)
			}
			h.Close(nil)
			if err := l.Close(); err == nil {
				t.Fatalf("closed before the close callback of a %T", h)
			}
			noWait(t, l)
		}
		l.Post(func() {
			if err := l.Close(); err == nil {
				t.Error("closed while it was running")
			}
		})
		run(t, l)
		if err := l.Close(); err != nil {
			t.Errorf("got %v with nothing left, want nil", err)
		}
	})
}
