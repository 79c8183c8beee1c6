package reactortest

import (
	"errors"
	"time"

	"github.com/weir-go/weir/reactor"
)

var pollingBehaviours = []behaviour{
	{"poll_tells_again_and_again_until_it_is_read", one, pollLevel},
	{"poll_tells_only_what_was_asked_for", one, pollAsked},
	{"poll_close", one, pollClose},
	{"poll_stop", one, pollStop}, // closed_fd_events
	{"poll_stopped_by_another_in_its_batch", one, pollBatch},
	{"poll_started_again_in_its_batch", one, pollBatchAgain},
	{"poll_stopped_costs_nothing_whatever_the_peer_does", one, pollStoppedQuiet},
	{"poll_disconnect", one, pollDisconnect},
	{"poll_of_a_reset", one, pollReset},
	{"poll_refs", one, pollRefs},
	{"poll_costs", one, pollCosts},
}

func pollLevel(e *env) {
	v := e.poll()
	v.start(reactor.WantRead, nil)
	e.settle()
	if len(v.got) != 0 {
		e.Errorf("told %v before there was anything", v.got)
	}
	e.send(v.p, pattern(10))
	v.untilTold(3)
	if n := v.read(); n != 10 {
		e.Errorf("the owner read %d bytes, want 10: the Poll must not read", n)
	}
	told := len(v.got)
	e.settle()
	if len(v.got) != told {
		e.Errorf("told %v with nothing left to read", v.got[told:])
	}
	v.end()
}

func pollAsked(e *env) {
	v := e.poll()
	e.send(v.p, pattern(10))
	for _, x := range []struct {
		want reactor.Interest
		told reactor.Readiness
	}{
		{reactor.WantWrite, reactor.CanWrite},
		{reactor.WantRead, reactor.CanRead},
		{reactor.WantRead | reactor.WantPriority, reactor.CanRead},
	} {
		v.start(x.want, nil)
		v.got = nil
		v.untilTold(3)
		for _, ready := range v.got {
			if ready != x.told {
				e.Errorf("asked for %v: told %v, want %v", x.want, ready, x.told)
			}
		}
	}
	v.got = nil
	v.start(reactor.WantRead|reactor.WantWrite, nil)
	v.untilTold(4)
	var both reactor.Readiness // on kqueue systems they come apart
	for _, ready := range v.got {
		both |= ready
	}
	if both != reactor.CanRead|reactor.CanWrite {
		e.Errorf("asked for both: told %v", both)
	}
	v.end()
}

func pollClose(e *env) {
	never, v := e.poll(), e.poll()
	v.start(reactor.WantWrite, func() { e.Error("called after Close") })
	v.Close(e.noteClose("close"))
	v.Close(e.noteClose("again"))
	never.Close(e.noteClose("never started"))
	if v.Active() || !v.Closing() || v.FD() != -1 {
		e.Errorf("after Close: active %v, closing %v, descriptor %d", v.Active(), v.Closing(), v.FD())
	}
	e.wantLog()
	e.untilLogged(2)
	e.wantLog("close", "never started")
	e.wantErr("start after Close", v.Start(reactor.WantRead, func(reactor.Readiness, error) {}), reactor.ErrClosed)
	v.Stop()
	v.end()
	never.end()
}

func pollStop(e *env) {
	v := e.poll()
	v.start(reactor.WantRead, nil)
	e.send(v.p, pattern(10))
	v.untilTold(1)
	v.Stop()
	told := len(v.got)
	e.send(v.p, pattern(10))
	e.settle()
	if len(v.got) != told {
		e.Errorf("told %v after Stop", v.got[told:])
	}
	v.start(reactor.WantRead, v.Stop)
	v.untilTold(1)
	if n := v.read(); n != 20 {
		e.Errorf("read %d bytes, want all 20", n)
	}
	v.end()
}

// pollBatch has two Polls ready at once, and each ends the other.
func pollBatch(e *env) {
	for _, end := range []func(*foreign){
		func(v *foreign) { v.Stop() },
		func(v *foreign) { v.Close(nil) },
	} {
		a, b := e.poll(), e.poll()
		calls := 0
		a.start(reactor.WantWrite, func() { calls++; end(b); a.Stop() })
		b.start(reactor.WantWrite, func() { calls++; end(a); b.Stop() })
		e.until("one of two", func() bool { return calls > 0 })
		e.settle()
		if calls != 1 {
			e.Errorf("%d callbacks, want 1: the other had been ended", calls)
		}
		a.end()
		b.end()
	}
}

// pollBatchAgain is told nothing by an event of before its Stop: its owner may have read meanwhile.
func pollBatchAgain(e *env) {
	a, b := e.poll(), e.poll()
	calls := 0
	again := func(me, other *foreign) func() {
		return func() {
			if calls++; calls > 1 {
				return
			}
			me.Stop()
			other.read()
			other.Stop()
			other.start(reactor.WantRead, func() { e.Error("an old event was told to a Poll that was started again") })
		}
	}
	e.send(a.p, pattern(1))
	e.send(b.p, pattern(1))
	e.settle()
	a.start(reactor.WantRead, again(a, b))
	b.start(reactor.WantRead, again(b, a))
	e.until("one of two", func() bool { return calls > 0 })
	e.settle()
	a.end()
	b.end()
}

func pollStoppedQuiet(e *env) {
	for _, act := range []func(Peer){Peer.CloseWrite, Peer.Close, Peer.Reset} {
		v := e.poll()
		v.start(reactor.WantRead|reactor.WantWrite|reactor.WantEnd, nil)
		v.untilTold(1)
		v.Stop()
		v.got = nil
		e.send(v.p, pattern(10))
		act(v.p)
		e.settle()
		if n := e.Pass(50 * time.Millisecond); n > 5 {
			e.Errorf("%d iterations in 50 ms beside a stopped Poll", n)
		}
		if len(v.got)+len(v.errs) != 0 {
			e.Errorf("told %v, %v after Stop", v.got, v.errs)
		}
		v.end()
	}
}

func pollDisconnect(e *env) {
	v := e.poll()
	v.start(reactor.WantEnd, nil)
	e.send(v.p, pattern(10))
	e.settle()
	if len(v.got) != 0 {
		e.Errorf("told %v of bytes, asked for the end", v.got)
	}
	v.p.CloseWrite()
	v.untilTold(1)
	if v.got[0] != reactor.Ended {
		e.Errorf("told %v, want Ended", v.got[0])
	}
	v.got = nil
	v.start(reactor.WantRead|reactor.WantEnd, v.Stop)
	v.untilTold(1)
	if v.got[0] != reactor.CanRead|reactor.Ended {
		e.Errorf("told %v, want CanRead|Ended", v.got[0])
	}
	v.end()
}

func pollReset(e *env) {
	v := e.poll()
	v.start(reactor.WantRead, nil)
	e.settle()
	v.p.Reset()
	v.untilTold(1)
	if len(v.errs) == 0 { // kqueue
		if v.got[0] != reactor.CanRead {
			e.Errorf("told %v, want CanRead", v.got[0])
		}
	} else {
		e.settle()
		if !errors.Is(v.errs[0], reactor.EBADF) || len(v.errs) != 1 || v.Active() {
			e.Errorf("told %v, active %v; want one EBADF and a stopped Poll", v.errs, v.Active())
		}
		if _, errno := e.k.Kernel.Read(v.fd, make([]byte, 1)); errno != reactor.ECONNRESET {
			e.Errorf("the owner reads %v, want the reset", errno)
		}
	}
	v.end()
}

func pollRefs(e *env) {
	v := e.poll()
	if n := e.R.Refs(); n != 0 {
		e.Errorf("%d references before Start", n)
	}
	for _, want := range []int{1, 1} {
		v.start(reactor.WantRead, nil)
		if n := e.R.Refs(); n != want || !v.Active() {
			e.Errorf("%d references after Start, want %d", n, want)
		}
	}
	v.Unref()
	v.Unref()
	if n := e.R.Refs(); n != 0 || v.HasRef() {
		e.Errorf("%d references after Unref", n)
	}
	v.Stop()
	v.Ref()
	if n := e.R.Refs(); n != 0 {
		e.Errorf("%d references of a stopped one", n)
	}
	v.start(reactor.WantRead, nil)
	if n := e.R.Refs(); n != 1 {
		e.Errorf("%d references after Ref and Start", n)
	}
	v.Close(nil)
	if n := e.R.Refs(); n != 1 {
		e.Errorf("%d references while it closes", n)
	}
	v.end()
}

func pollCosts(e *env) {
	v := e.poll()
	v.start(reactor.WantRead, nil)
	e.settle()
	if n := e.count(func() {
		for range 3 {
			v.start(reactor.WantRead, nil)
			e.Iterate(0)
		}
	}).Interest(); n != 0 {
		e.Errorf("%d calls to ask for the same again, want none", n)
	}
	if n := e.count(func() {
		v.start(reactor.WantRead|reactor.WantEnd, nil)
		v.start(reactor.WantEnd, nil)
		e.Iterate(0)
	}); n.Mods != 1 || n.Interest() != 1 {
		e.Errorf("%+v for two changes in one turn, want one call", n)
	}
	if n := e.count(v.Stop); n.Removes != 1 || n.Interest() != 1 {
		e.Errorf("%+v for Stop, want one call at once", n)
	}
	if n := e.count(func() {
		v.start(reactor.WantRead, nil)
		v.Stop()
		e.Iterate(0)
	}).Interest(); n != 0 {
		e.Errorf("%d calls for a pair that nobody has seen, want none", n)
	}
	v.end()
}
