package reactortest

import (
	"io"
	"time"

	"github.com/weir-go/weir/reactor"
)

var shortageBehaviours = []behaviour{
	{"emfile", families, func(e *env) { emfile(e, reactor.EMFILE) }},
	{"enfile", families, func(e *env) { emfile(e, reactor.ENFILE) }},
	{"enobufs", families, enobufs},
	{"emfile_ends_early_when_a_descriptor_is_freed", families, emfileEarly},
	{"emfile_backs_off", one, emfileBacksOff},
	{"emfile_while_another_takes_the_reserve", one, emfileWithoutReserve},
	{"close_while_resting", families, closeWhileResting},
	{"pause_while_resting", families, pauseWhileResting},
	{"accept_errors_of_one_client", families, passingErrors},
	{"a_broken_listener_says_so", families, brokenListener},
	{"a_listener_outlives_enomem", families, listenerNoMemory},
}

// failing makes call fail with errno for as long as on holds.
func (e *env) failing(call Call, errno reactor.Errno, on *bool) {
	e.k.Fail = func(c Call, _ int) reactor.Errno {
		if c == call && *on {
			return errno
		}
		return 0
	}
}

// emfile: at the limit clients connect and are then turned away, the loop rests, those who were here before lose
// nothing, and when there are descriptors again the listener recovers by itself.
func emfile(e *env, errno reactor.Errno) {
	accepted, trouble := 0, 0
	ln, address := e.listen(reactor.ListenOptions{}, func(c *reactor.Conn) {
		accepted++
		e.must(c.ReadStart(e.reader(c)))
	})
	ln.OnError(func(err error) {
		e.callback(func() { trouble++ })
		e.wantErr("OnError", err, errno)
	})
	old := e.Dial(e.network, address)
	e.until("the first", func() bool { return accepted == 1 })

	// The limit is one descriptor above what is open, and the reserve is that one: once it is closed, there is room for
	// one at a time.
	short, spare := true, false
	inner := e.k.Kernel
	e.k.Kernel = &closeWatcher{Kernel: inner, closed: func() { spare = true }}
	e.k.Fail = func(c Call, _ int) reactor.Errno {
		switch {
		case !short:
			return 0
		case c == CallAccept && !spare:
			return errno
		case c == CallAccept, c == CallReserve:
			spare = false
		}
		return 0
	}
	var turned []Peer
	for range 3 {
		turned = append(turned, e.Dial(e.network, address))
	}
	for _, p := range turned {
		if got, _ := e.recvEnd(p); len(got) > 0 {
			e.Error("a client that was turned away got bytes")
		}
	}
	if trouble == 0 {
		e.Error("OnError was not told")
	}
	if n := e.Pass(200 * time.Millisecond); n > 20 {
		e.Errorf("%d iterations in 200 ms at the limit", n)
	}
	if accepted != 1 {
		e.Errorf("accepted %d at the limit", accepted-1)
	}
	old.Send(pattern(10))
	e.settle()

	short = false
	next := e.Dial(e.network, address)
	e.until("recovery", func() bool { return accepted == 2 })
	before := trouble
	e.Dial(e.network, address)
	e.until("one more", func() bool { return accepted == 3 })
	if trouble != before {
		e.Error("trouble after recovery")
	}
	e.k.Kernel = inner
	_ = next
}

// closeWatcher tells of each close.
type closeWatcher struct {
	reactor.Kernel
	closed func()
}

func (k *closeWatcher) Close(fd int) reactor.Errno {
	k.closed()
	return k.Kernel.Close(fd)
}

// enobufs: a shortage of memory turns nobody away; they wait in the queue.
func enobufs(e *env) {
	accepted, trouble := 0, 0
	ln, address := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) { accepted++ })
	ln.OnError(func(error) { trouble++ })
	short := true
	e.failing(CallAccept, reactor.ENOBUFS, &short)
	p := e.Dial(e.network, address)
	e.until("a rest", func() bool { return trouble > 0 })
	if n := e.Pass(50 * time.Millisecond); n > 20 {
		e.Errorf("%d iterations in 50 ms", n)
	}
	if _, err := p.Recv(make([]byte, 1)); err != nil {
		e.Errorf("the client was turned away: %v", err)
	}
	short = false
	e.until("recovery", func() bool { return accepted == 1 })
}

// emfileEarly: closing a connection of ours ends the rest at once.
func emfileEarly(e *env) {
	var conns []*reactor.Conn
	_, address := e.listen(reactor.ListenOptions{}, func(c *reactor.Conn) { conns = append(conns, c) })
	e.Dial(e.network, address)
	e.until("the first", func() bool { return len(conns) == 1 })
	short := true
	e.failing(CallAccept, reactor.ENOBUFS, &short)
	e.Dial(e.network, address)
	clock := e.R.Kernel()
	var at time.Duration
	e.until("a long rest", func() (resting bool) {
		at, resting = e.R.RestEnd()
		return resting && at-clock.Monotonic() > 200*time.Millisecond
	})
	short = false
	conns[0].Close(nil)
	before := clock.Monotonic()
	e.until("the second", func() bool { return len(conns) == 2 })
	if took := clock.Monotonic() - before; took >= at-before {
		e.Errorf("it took %v: the whole rest", took)
	}
}

// emfileBacksOff: rests grow from 10 ms on, and start anew after a success.
func emfileBacksOff(e *env) {
	accepted := 0
	var rests []time.Duration
	ln, address := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) { accepted++ })
	clock := e.R.Kernel()
	ln.OnError(func(error) {
		at, ok := e.R.RestEnd()
		if !ok {
			e.Error("no rest")
		}
		rests = append(rests, at-clock.Monotonic())
	})
	short := true
	e.failing(CallAccept, reactor.ENOMEM, &short)
	e.Dial(e.network, address)
	e.until("five rests", func() bool { return len(rests) == 5 })
	for i, got := range rests {
		if most := 10 * time.Millisecond << i; got > most { // some of it may have passed when it is looked at
			e.Errorf("rest %d is %v, want %v", i, got, most)
		}
	}
	short = false
	e.until("recovery", func() bool { return accepted == 1 })
	if _, resting := e.R.RestEnd(); resting {
		e.Error("still resting")
	}
	short = true
	e.Dial(e.network, address)
	e.until("another rest", func() bool { return len(rests) == 6 })
	if rests[5] > 10*time.Millisecond {
		e.Errorf("the rest after a success is %v", rests[5])
	}
}

// emfileWithoutReserve: another thread has taken the reserve's place. Then there is only the rest, and the reserve comes
// back with better times.
func emfileWithoutReserve(e *env) {
	accepted, trouble := 0, 0
	short := true
	e.k.Fail = func(c Call, _ int) reactor.Errno {
		if short && (c == CallAccept || c == CallReserve) {
			return reactor.EMFILE
		}
		return 0
	}
	ln, address := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) { accepted++ }) // it gets no reserve at all
	ln.OnError(func(error) { trouble++ })
	e.Dial(e.network, address)
	e.until("rests", func() bool { return trouble == 3 })
	short = false
	e.until("recovery", func() bool { return accepted == 1 })
	reserved := 0
	e.k.Fail = func(c Call, _ int) reactor.Errno {
		if c == CallReserve {
			reserved++
		}
		return 0
	}
	e.Dial(e.network, address)
	e.until("one more", func() bool { return accepted == 2 })
	e.settle()
	if reserved > 1 {
		e.Errorf("the reserve was taken %d times", reserved)
	}
}

func closeWhileResting(e *env) {
	ln, address := e.listen(reactor.ListenOptions{}, func(c *reactor.Conn) { e.log = append(e.log, "accept") })
	trouble := 0
	ln.OnError(func(error) { trouble++ })
	short := true
	e.failing(CallAccept, reactor.ENOMEM, &short)
	e.Dial(e.network, address)
	e.until("a rest", func() bool { return trouble == 1 })
	short = false
	ln.Close(e.noteClose("close"))
	if _, resting := e.R.RestEnd(); resting {
		e.Error("a closed listener rests")
	}
	e.untilLogged(2)
	e.wantLog("accept", "close")
}

// pauseWhileResting: the end of the rest does not end the pause, nor the other way round.
func pauseWhileResting(e *env) {
	accepted, trouble := 0, 0
	ln, address := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) { accepted++ })
	ln.OnError(func(error) { trouble++ })
	short := true
	e.failing(CallAccept, reactor.ENOMEM, &short)
	e.Dial(e.network, address)
	e.until("a rest", func() bool { return trouble == 1 })
	ln.Pause()
	ln.Resume()
	if n := e.count(func() { e.Iterate(0) }).Accepts; n != 0 {
		e.Errorf("%d accepts while resting", n)
	}
	ln.Pause()
	short = false
	e.Pass(50 * time.Millisecond)
	if accepted != 0 {
		e.Error("accepted while paused")
	}
	ln.Resume()
	e.until("the client", func() bool { return accepted == 1 })
}

// passingErrors: errors that concern one client, or the moment, pass.
func passingErrors(e *env) {
	accepted := 0
	ln, address := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) { accepted++ })
	ln.OnError(func(err error) { e.Errorf("OnError: %v", err) })
	errnos := []reactor.Errno{reactor.ECONNABORTED, reactor.EINTR, reactor.ETIMEDOUT, reactor.EAGAIN}
	i := 0
	e.k.Fail = func(c Call, _ int) reactor.Errno {
		if c != CallAccept {
			return 0
		}
		if i++; i%5 == 0 {
			return 0
		}
		return errnos[i%5-1]
	}
	for range 5 {
		e.Dial(e.network, address)
	}
	e.until("all of them", func() bool { return accepted == 5 })
}

// brokenListener: an error that nothing mends ends the listener's work, is told once, and the listener can be closed.
func brokenListener(e *env) {
	trouble := 0
	ln, address := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) { e.Error("accepted") })
	ln.OnError(func(err error) {
		trouble++
		e.wantErr("OnError", err, reactor.EBADF)
	})
	bad := true
	e.failing(CallAccept, reactor.EBADF, &bad)
	p := e.Dial(e.network, address)
	e.until("the error", func() bool { return trouble == 1 })
	if n := e.Pass(50 * time.Millisecond); n > 5 || trouble != 1 {
		e.Errorf("%d iterations, told %d times", n, trouble)
	}
	ln.Close(e.noteClose("close"))
	e.untilLogged(1)
	_ = p
}

// listenerNoMemory: a change of interest that fails for want of memory makes the listener rest, not end.
func listenerNoMemory(e *env) {
	accepted, trouble := 0, 0
	short := true
	e.failing(CallChange, reactor.ENOMEM, &short)
	ln, address := e.listen(reactor.ListenOptions{}, func(c *reactor.Conn) {
		accepted++
		r := e.reader(c)
		r.start()
	})
	ln.OnError(func(err error) {
		trouble++
		e.wantErr("OnError", err, reactor.ENOMEM)
	})
	p := e.Dial(e.network, address)
	e.until("a rest", func() bool { return trouble > 0 })
	short = false
	e.until("recovery", func() bool { return accepted == 1 })
	p.Close()
	if _, err := p.Recv(make([]byte, 1)); err == nil || err == io.EOF {
		e.Errorf("a closed peer reads %v", err)
	}
}
