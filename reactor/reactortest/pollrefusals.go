package reactortest

import (
	"github.com/weir-go/weir/reactor"
)

// pollRefusalBehaviours are of descriptors that cannot be watched, or not any more.
var pollRefusalBehaviours = []behaviour{
	{"poll_multiple_handles", one, pollMultiple},
	{"poll_of_what_the_reactor_owns", one, pollOwn},
	{"poll_bad_fdtype", one, pollBadType},
	{"poll_that_the_kernel_refuses", one, pollRefused},
	{"poll_of_what_the_kernel_watches_for_another", one, pollTaken},
	{"poll_whose_descriptor_was_closed_and_given_to_a_connection", one, pollLost},
	{"poll_misuse", one, pollMisuse},
}

func pollMultiple(e *env) {
	v := e.poll()
	second, err := e.R.NewPoll(v.fd)
	e.must(err)
	v.start(reactor.WantRead, nil)
	e.wantErr("start of a second one", second.Start(reactor.WantRead, func(reactor.Readiness, error) {}), reactor.EEXIST)
	_, err = e.R.NewPoll(v.fd)
	e.wantErr("new beside a started one", err, reactor.EEXIST)
	v.Stop()
	calls := 0
	e.must(second.Start(reactor.WantWrite, func(reactor.Readiness, error) { calls++ }))
	v.Close(nil)
	e.until("the second", func() bool { return calls > 1 })
	second.Close(nil)
	v.end()
}

func pollOwn(e *env) {
	ln, address := e.listen(reactor.ListenOptions{}, func(*reactor.Conn) {})
	_, err := e.R.NewPoll(ln.FD())
	e.wantErr("a listener's", err, reactor.EEXIST)
	p := e.Dial(e.network, address)
	e.settle()
	var c *reactor.Conn
	e.R.Walk(func(h any) {
		if h, ok := h.(*reactor.Conn); ok {
			c = h
		}
	})
	for range 2 { // the kernel has never heard of it, and then it has
		_, err = e.R.NewPoll(c.FD())
		e.wantErr("a connection's", err, reactor.EEXIST)
		e.reader(c).start()
		e.settle()
	}
	d := e.datagram(reactor.DatagramOptions{})
	for range 2 {
		_, err = e.R.NewPoll(d.FD())
		e.wantErr("a datagram socket's", err, reactor.EEXIST)
		e.receive(d)
		e.settle()
	}
	fd := c.FD()
	e.closeConn(c)
	_, err = e.R.NewPoll(fd)
	e.wantErr("a closed one", err, reactor.EBADF)
	p.Close()
}

func pollBadType(e *env) {
	f := e.InheritFile()
	raw, err := f.SyscallConn()
	e.must(err)
	e.must(raw.Control(func(fd uintptr) {
		_, err := e.R.NewPoll(int(fd))
		e.wantErr("no socket", err, reactor.EPERM)
	}))
	e.must(f.Close())
	for _, fd := range []int{-1, 1 << 20} {
		_, err := e.R.NewPoll(fd)
		e.wantErr("no descriptor", err, reactor.EBADF)
	}
}

// pollTaken is told that its number is registered for somebody else, who must stay registered.
func pollTaken(e *env) {
	v := e.poll()
	v.start(reactor.WantWrite, nil)
	e.k.Fail = func(call Call, _ int) reactor.Errno {
		if call == CallChange {
			return reactor.EEXIST
		}
		return 0
	}
	n := e.count(func() { v.untilTold(1) })
	e.k.Fail = nil
	e.wantErr("told", v.errs[0], reactor.EEXIST)
	if n.Removes != 0 || v.Active() {
		e.Errorf("%d registrations removed, active %v; want none and a stopped Poll", n.Removes, v.Active())
	}
	v.start(reactor.WantWrite, v.Stop)
	v.untilTold(1)
	v.end()
}

func pollRefused(e *env) {
	v := e.inherit()
	e.k.Fail = func(call Call, fd int) reactor.Errno {
		if call == CallPollable && fd == v.fd {
			return reactor.ENOMEM
		}
		return 0
	}
	_, err := e.R.NewPoll(v.fd)
	e.wantErr("new", err, reactor.ENOMEM)
	e.k.Fail = nil
	v.Poll, err = e.R.NewPoll(v.fd)
	e.must(err)
	for range 2 {
		e.k.Fail = func(call Call, _ int) reactor.Errno {
			if call == CallChange {
				return reactor.ENOMEM
			}
			return 0
		}
		v.errs = nil
		v.start(reactor.WantWrite, nil)
		v.untilTold(1)
		e.wantErr("told", v.errs[0], reactor.ENOMEM)
		if v.Active() {
			e.Error("active after the kernel refused to watch")
		}
		e.k.Fail = nil
		v.start(reactor.WantWrite, nil) // it may be tried again
		v.untilTold(1)
		v.Stop()
	}
	v.end()
}

// pollLost closes a descriptor that is watched, which is its owner's mistake; the connection that gets its number must
// not suffer for it.
func pollLost(e *env) {
	v := e.poll()
	v.start(reactor.WantRead, nil)
	var c *reactor.Conn
	_, address := e.listen(reactor.ListenOptions{}, func(conn *reactor.Conn) { c = conn })
	e.Iterate(0)
	p := e.Dial(e.network, address)
	e.must(v.file.Close()) // its number is the next to be given away
	e.until("a connection", func() bool { return c != nil })
	if c.FD() != v.fd {
		e.Fatalf("the connection has descriptor %d, not %d: this shows nothing", c.FD(), v.fd)
	}
	if v.Active() {
		e.Error("active, and its descriptor is a connection of ours")
	}
	r := e.read(c)
	e.settle()
	v.Stop()
	v.Close(nil)
	e.send(p, pattern(10))
	r.untilRead(10)
	v.p.Close()
	p.Close()
}

func pollMisuse(e *env) {
	v := e.poll()
	e.wantErr("start with what there is not", v.Start(1<<7, func(reactor.Readiness, error) {}), reactor.EINVAL)
	v.start(reactor.WantRead, nil)
	e.must(v.Start(0, nil))
	if v.Active() {
		e.Error("active after a start with nothing wanted")
	}
	func() {
		defer func() {
			if recover() == nil {
				e.Error("no panic without a callback")
			}
		}()
		v.Start(reactor.WantRead, nil)
	}()
	v.end()
	e.must(e.R.Close())
	_, err := e.R.NewPoll(v.fd)
	e.wantErr("new after Close", err, reactor.ErrClosed)
}
