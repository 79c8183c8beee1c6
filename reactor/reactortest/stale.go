package reactortest

import "github.com/weir-go/weir/reactor"

// An event is for whoever was registered when it happened, not for whoever has the number now.

var staleBehaviours = []behaviour{
	{"tcp_close_accept", nil, staleToken},
	{"stale_events_of_every_kind", nil, staleEvents},
}

// staleToken closes connections inside a batch in which an accept and a connect take their descriptors' numbers. The
// events that the closed ones had in the same batch are nobody's.
func staleToken(e *env) {
	const n = 8
	var conns []*reactor.Conn
	var peers []Peer
	for range n {
		c, p := e.pair()
		conns, peers = append(conns, c), append(peers, p)
	}
	fds := map[int]bool{}
	for _, c := range conns {
		fds[c.FD()] = true
	}
	reads := 0
	for _, c := range conns {
		r := e.read(c)
		r.onRead = func([]byte, error) {
			reads++
			for _, other := range conns {
				other.Close(e.noteClose("close"))
			}
		}
	}
	var fresh []*reader
	reused := 0
	_, address := e.listen(reactor.ListenOptions{}, func(c *reactor.Conn) {
		if fds[c.FD()] {
			reused++
		}
		r := e.reader(c)
		e.must(c.ReadStart(r))
		fresh = append(fresh, r)
	})
	e.Iterate(0)
	for _, p := range peers {
		p.Send(pattern(10))
		p.Close()
	}
	var callers []Peer
	for range n {
		callers = append(callers, e.Dial(e.network, address))
	}
	e.until("the new connections", func() bool { return len(fresh) == n })
	e.untilLogged(n)
	if reads != 1 {
		e.Errorf("%d reads of closed connections", reads)
	}
	for _, r := range fresh {
		if r.calls+r.hangUps > 0 {
			e.Errorf("a new connection got %d reads and %d hang-ups of an old one", r.calls, r.hangUps)
		}
	}
	for i, p := range callers {
		e.send(p, pattern(i+1))
	}
	e.until("the new bytes", func() bool {
		sum := 0
		for _, r := range fresh {
			sum += len(r.data)
		}
		return sum == n*(n+1)/2
	})
	if reused == 0 {
		e.Log("no descriptor was used again in the batch")
	}
}

// staleEvents injects, behind the close of a connection and the birth of another with its number, every event the old
// token could have.
func staleEvents(e *env) {
	a, pa := e.pair()
	ra := e.read(a)
	e.Iterate(0)
	// Of the old one's events only the first reaches it; what it does then makes the others stale.
	var token reactor.Token
	var b *reactor.Conn
	var rb *reader
	e.k.Inject = func(events []reactor.Event, n int) int {
		if n == 0 {
			return 0
		}
		token = events[0].Token
		n = 1
		for _, ready := range []reactor.Readiness{
			reactor.HungUp, reactor.CanRead | reactor.Ended | reactor.HungUp, reactor.CanWrite, reactor.CanRead,
		} {
			events[n] = reactor.Event{Token: token, Ready: ready}
			n++
		}
		events[n] = reactor.Event{Token: token, Err: reactor.ENOMEM}
		return n + 1
	}
	server := e.Listen(e.network)
	defer server.Close()
	ra.onRead = func([]byte, error) {
		a.Close(e.noteClose("close"))
		var err error
		b, err = e.R.Connect(kindOf(e.network), server.Addr(), e.note("connect"))
		e.must(err)
		rb = e.reader(b)
	}
	pa.Send(pattern(10))
	e.until("the new connection", func() bool { return b != nil })
	e.k.Inject = nil
	p := e.accept(server)
	e.untilLogged(2)
	rb.start()
	// And once more in later batches, when the slot may have been used again.
	e.k.Inject = func(events []reactor.Event, n int) int {
		events[n] = reactor.Event{Token: token, Ready: reactor.HungUp | reactor.CanRead}
		events[n+1] = reactor.Event{Token: token, Err: reactor.ENOMEM}
		events[n+2] = reactor.Event{Token: reactor.Token{Slot: 1 << 30, Gen: 7}, Ready: reactor.CanRead}
		return n + 3
	}
	e.send(p, pattern(20))
	rb.untilRead(20)
	if ra.calls != 1 || ra.hangUps != 0 || rb.hangUps != 0 || len(rb.ends) != 0 {
		e.Errorf("stale events came through: %d reads, %d and %d hang-ups, ends %v", ra.calls, ra.hangUps, rb.hangUps, rb.ends)
	}
	if len(e.log) != 2 {
		e.Errorf("callbacks: %q", e.log)
	}
}
