package reactortest

import (
	"fmt"
	"testing"
	"time"

	"github.com/weir-go/weir/reactor"
)

var reentrancyBehaviours = []behaviour{
	{"callback_stack", families, everyCallInEveryCallback},
	{"reentrancy_in_pairs", one, everyPairInEveryCallback},
	{"a_listener_in_its_own_callbacks", families, listenerReentrancy},
}

// call is something a user may do in a callback.
type call struct {
	name string
	do   func(a *account)
}

// calls are all of them. None may run a callback, and none may break the account.
var calls = []call{
	{"nothing", func(*account) {}},
	{"ReadStart", (*account).readStart},
	{"ReadStop", func(a *account) { a.c.ReadStop() }},
	{"ReadStop and ReadStart", func(a *account) { a.c.ReadStop(); a.readStart() }},
	{"Write", func(a *account) { a.write(10) }},
	{"Write of nothing", func(a *account) { a.write(0) }},
	{"Write of much", func(a *account) { a.write(300_000) }},
	{"WriteBorrowed", func(a *account) { a.writeBorrowed(10) }},
	{"TryWrite", func(a *account) { a.tryWrite(10) }},
	{"CloseWrite", (*account).closeWrite},
	{"Close", (*account).close},
	{"CloseReset", (*account).closeReset},
	{"Abort", (*account).abort},
	{"Unref and Ref", func(a *account) { a.c.Unref(); a.c.Ref() }},
	{"options", func(a *account) { a.c.SetNoDelay(true); a.c.SetKeepAlive(10 * time.Second) }},
	{"questions", func(a *account) {
		_, _, _, _ = a.c.LocalAddr(), a.c.RemoteAddr(), a.c.FD(), a.c.WriteQueueSize()
		_, _, _, _ = a.c.Active(), a.c.Closing(), a.c.Reading(), a.c.HasRef()
		a.e.R.Walk(func(any) {})
		_, _, _, _ = a.e.R.Live(), a.e.R.Refs(), a.e.R.Busy(), a.e.R.Owner()
	}},
}

// moment is a callback to call from. It brings a to the callback, in which it calls then, once.
type moment struct {
	name string
	up   func(e *env, then func(a *account))
}

var moments = []moment{
	{"accept", func(e *env, then func(*account)) {
		ran := false
		ln, address := e.listen(reactor.ListenOptions{}, func(c *reactor.Conn) {
			ran = true
			then(&account{e: e, c: c})
		})
		e.Dial(e.network, address)
		e.until("accept", func() bool { return ran })
		e.closeListener(ln)
	}},
	{"connect", func(e *env, then func(*account)) {
		server := e.Listen(e.network)
		defer server.Close()
		e.connectTo(server.Addr(), then)
	}},
	{"failed connect", func(e *env, then func(*account)) { e.connectTo(e.Refusing(e.network), then) }},
	{"data", func(e *env, then func(*account)) {
		a := e.account(then)
		a.readStart()
		a.feed(1000)
		e.until("data", func() bool { return a.onCallback == nil })
	}},
	{"end", func(e *env, then func(*account)) {
		a := e.account(then)
		a.readStart()
		a.p.CloseWrite()
		e.until("end", func() bool { return a.onCallback == nil })
	}},
	{"read error", func(e *env, then func(*account)) {
		a := e.account(then)
		a.readStart()
		a.p.Reset()
		e.until("error", func() bool { return a.onCallback == nil })
	}},
	{"hang-up", func(e *env, then func(*account)) {
		a := e.account(nil)
		a.readStart()
		e.Iterate(0)
		a.onCallback = once(then)
		a.c.ReadStop()
		a.p.Reset()
		e.until("hang-up", func() bool { return a.onCallback == nil })
	}},
	{"write", func(e *env, then func(*account)) {
		a := e.account(then)
		a.write(10)
		a.write(10)
		e.until("write", func() bool { return a.onCallback == nil })
	}},
	{"failed write", func(e *env, then func(*account)) {
		a := e.account(then)
		e.k.Fail = func(c Call, _ int) reactor.Errno {
			if c == CallWrite {
				return reactor.EPIPE
			}
			return 0
		}
		a.write(10)
		a.write(10)
		e.until("failed write", func() bool { return a.onCallback == nil })
		e.k.Fail = nil
	}},
	{"close write", func(e *env, then func(*account)) {
		a := e.account(then)
		a.closeWrite()
		e.until("close write", func() bool { return a.onCallback == nil })
	}},
	{"cancelled write", func(e *env, then func(*account)) {
		a := e.account(then)
		a.write(10)
		a.closeWrite()
		a.close()
		e.until("cancelled write", func() bool { return a.onCallback == nil })
	}},
	{"close", func(e *env, then func(*account)) {
		a := e.account(then)
		a.close()
		e.until("close", func() bool { return a.onCallback == nil })
	}},
	{"abort", func(e *env, then func(*account)) {
		a := e.account(nil)
		a.readStart()
		a.onCallback = once(then)
		a.abort()
		e.until("abort", func() bool { return a.onCallback == nil })
	}},
}

// once makes then the callback of the account's next callback only.
func once(then func(*account)) func(*account) {
	if then == nil {
		return nil
	}
	return func(a *account) {
		a.onCallback = nil
		then(a)
	}
}

// account is that of an accepted connection.
func (e *env) account(then func(*account)) *account {
	c, p := e.pair()
	return &account{e: e, c: c, p: p, onCallback: once(then)}
}

func (e *env) connectTo(address string, then func(*account)) {
	a := &account{e: e, onCallback: once(then)}
	var err error
	a.c, err = e.R.Connect(kindOf(e.network), address, a.request("connect"))
	e.must(err)
	a.issued++
	e.until("connect", func() bool { return a.onCallback == nil })
}

// inEvery runs what, in every callback, and settles the account.
func inEvery(e *env, what string, do func(a *account)) {
	for _, m := range moments {
		var a *account
		m.up(e, func(at *account) {
			a = at
			a.name = m.name + ": " + what
			do(a)
		})
		for range 3 {
			e.Iterate(0)
		}
		a.close()
		for e.R.Live() > 0 {
			e.Iterate(0)
		}
		a.settleUp()
		if a.p != nil {
			a.drain()
			a.p.Close()
		}
		if e.R.Refs() != 0 {
			e.Fatalf("%s: %d references are left", a.name, e.R.Refs())
		}
		if e.Failed() {
			e.FailNow()
		}
	}
}

func everyCallInEveryCallback(e *env) {
	for _, one := range calls {
		inEvery(e, one.name, one.do)
	}
}

func everyPairInEveryCallback(e *env) {
	if testing.Short() {
		return
	}
	for _, one := range calls[1:] {
		for _, two := range calls[1:] {
			inEvery(e, one.name+", "+two.name, func(a *account) {
				one.do(a)
				two.do(a)
			})
		}
	}
}

// listenerReentrancy calls everything of a Listener in its own callbacks: that of a connection and OnError.
func listenerReentrancy(e *env) {
	for _, c := range []struct {
		name string
		do   func(ln *reactor.Listener)
	}{
		{"Pause", (*reactor.Listener).Pause},
		{"Resume", (*reactor.Listener).Resume},
		{"Pause and Resume", func(ln *reactor.Listener) { ln.Pause(); ln.Resume() }},
		{"SetBacklog", func(ln *reactor.Listener) { ln.SetBacklog(7) }},
		{"Unref", (*reactor.Listener).Unref},
		{"OnError", func(ln *reactor.Listener) { ln.OnError(nil) }},
		{"Close", func(ln *reactor.Listener) { ln.Close(e.noteClose("close")) }},
		{"Close twice", func(ln *reactor.Listener) { ln.Close(e.noteClose("close")); ln.Close(nil) }},
		{"Listen", func(*reactor.Listener) {
			other, _ := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) {})
			other.Close(nil)
		}},
	} {
		for _, inError := range []bool{false, true} {
			e.log = nil
			ran, accepted := 0, 0
			var ln *reactor.Listener
			do := func() {
				if ran++; ran == 1 {
					c.do(ln)
				}
			}
			ln, address := e.listen(reactor.ListenOptions{}, func(conn *reactor.Conn) {
				accepted++
				conn.Close(nil)
				if !inError {
					do()
				}
			})
			short := inError
			if inError {
				ln.OnError(func(error) { e.callback(do) })
				e.failing(CallAccept, reactor.ENOMEM, &short)
			}
			for range 3 {
				e.Dial(e.network, address)
			}
			e.until(fmt.Sprintf("%s, in an error: %v", c.name, inError), func() bool { return ran > 0 })
			short = false
			ln.Resume()
			want := 3
			if inError && ln.Closing() {
				want = accepted // there was no memory to accept them with
			}
			e.until("the clients", func() bool { return accepted >= want })
			ln.Close(e.noteClose("close"))
			e.until("the end", func() bool { return e.R.Live() == 0 })
			if accepted != want || len(e.log) != 1 {
				e.Errorf("%s, in an error: %v: accepted %d, log %q", c.name, inError, accepted, e.log)
			}
		}
	}
}
