package main

// mutant is one planted bug: the text old in file becomes new.
type mutant struct {
	name, why string
	file      string
	old, new  string
}

// hunter is a test run that might find it. Those of a list are tried in its order, the quickest first.
type hunter struct {
	name string
	args []string
}

// coreHunters are the test runs that might find a bug in packages reactor and loop.
var coreHunters = []hunter{
	{"simulation", []string{"-timeout", "30s", "-run", "^TestSim", "./internal/simkernel"}},
	{"loop", []string{"-timeout", "120s", "-short", "./loop"}},
	{"suite", []string{"-timeout", "150s", "-short", "./reactor"}},
}

// simulatedMutants are those that the simulation finds, within seconds: with -quick only these are planted.
var simulatedMutants = []mutant{
	{
		"no generation check", "an event for a closed descriptor reaches whoever has its slot now",
		"reactor/slots.go", "if p.gen[at] != tok.Gen {", "if false {",
	},
	{
		"generation never changes", "a slot's next tenant looks like the last",
		"reactor/slots.go", "	p.src[at] = nil\n	p.gen[at]++\n", "	p.src[at] = nil\n",
	},
	{
		"hang-up taken for end of input", "what arrived before the peer's end is lost",
		"reactor/conn_read.go", "	for ev.Ready&(CanRead|Ended|HungUp) != 0 && c.want&WantRead != 0 &&",
		"	if ev.Ready&Ended != 0 && c.want&WantRead != 0 {\n\t\tev.Ready = 0\n\t\tc.endReading(0)\n\t\treturn true\n\t}\n	for ev.Ready&(CanRead|Ended|HungUp) != 0 && c.want&WantRead != 0 &&",
	},
	{
		"done called twice", "a finished request stays in the queue of those to tell",
		"reactor/pending.go", "c.r.round.reqs, o.finished = o.finished, requests{}", "c.r.round.reqs = o.finished",
	},
	{
		"requests forgotten at close", "what is queued when the connection closes is never told",
		"reactor/conn_close.go", "	if o.unsent.head != nil {\n		c.dropUnsent(c.fail(\"write\", why))", "	if false {\n		c.dropUnsent(c.fail(\"write\", why))",
	},
	{
		"close callback before the requests", "the order at the end is turned round",
		"reactor/conn_close.go", "	case o.finished.head != nil:\n		r.complete(c, o.finished.pop())\n		return true\n", "",
	},
	{
		"slot used again in its batch", "and its generation kept",
		"reactor/slots.go", "	p.gen[at]++\n	t.quarantine = append(t.quarantine, tok.Slot)", "	t.free = append(t.free, tok.Slot)",
	},
	{
		"losing write interest is lazy", "the kernel is not told that nothing is to be sent",
		"reactor/watch.go", "	losesWrite := w.armed & ArmedWrite &^ exact", "	losesWrite := Armed(0)",
	},
	{
		"half-close before the queue is empty", "the end overtakes the bytes",
		"reactor/conn_write.go", "			c.setWant(c.want | WantWrite)\n		}\n		return\n",
		"			c.setWant(c.want | WantWrite)\n			if o.halfClose == halfAsked {\n				c.sendHalfClose()\n			}\n		}\n		return\n",
	},
	{
		"partial write counted whole", "the rest of a short write is not sent",
		"reactor/conn_write.go", "			c.consume(n)\n", "			c.consume(asked)\n",
	},
	{
		"borrowed bytes not sealed", "the next read overwrites what waits to be sent",
		"reactor/request.go", "	if !q.borrowed {\n		return\n	}", "	if q.borrowed || !q.borrowed {\n		return\n	}",
	},
	{
		"block given back too early", "sealed bytes are in the pool while they wait",
		"reactor/request.go", "	q.block, q.borrowed = block, false", "	q.borrowed = false\n	p.releaseBlock(block)",
	},
	{
		"not parked", "an unwanted event is reported for ever",
		"reactor/watch.go", "	if gains|losesWrite != 0 || w.is(markSquelched) {", "	if gains|losesWrite != 0 {",
	},
	{
		"read goes on after ReadStop", "the handler is given bytes it has stopped",
		"reactor/conn_read.go", "&& c.want&WantRead != 0 && c.r.reads < readBudget {", "&& c.handler != nil && c.r.reads < readBudget {",
	},
	{
		"interrupted read ends reading", "EINTR is taken for an error",
		"reactor/conn_read.go", "	case errno == EINTR:\n		return false // at once again\n", "",
	},
	{
		"rest never ends", "the listener does not recover",
		"reactor/shortage.go", "if l := r.resting[i]; l.rest.until <= now {", "if l := r.resting[i]; l.rest.until < 0 {",
	},
	{
		"handshakes cut off at shutdown", "a listener that strangers reach closes without waiting for those half-way in",
		"loop/grouplistener.go", "	if near || p.ln.Deafen() != nil {", "	if near || true {",
	},
	{
		"the layer above is told before the listeners have ended", "connections come after the shutdown was told",
		"loop/shutdown.go", "	c.left.Store(int64(n) + 1)\n", "	c.left.Store(1)\n",
	},
	{
		"cancelled work is told twice", "Cancel takes back what has run",
		"loop/work.go", "if !w.state.CompareAndSwap(workQueued, workCancelled) {", "if w.state.Swap(workCancelled) == workCancelled {",
	},
	{
		"signal after Stop", "an arrival that lay in the mailbox is told to a handle that was stopped",
		"loop/signal.go", "	if s.watch != w {\n		return\n	}\n", "",
	},
	{
		"datagrams kept are not copied", "what ReceiveStop has left of a batch is overwritten by the next one",
		"reactor/inbox.go", "block := append(r.pool.block(m.N)[:0], m.Buf[:m.N]...)", "block := m.Buf[:m.N]",
	},
	{
		"an IPv4 destination not mapped", "an IPv6 socket that takes both families sends to neither",
		"reactor/datagram.go", "	case d.ip6 && addr.Is4():", "	case false:",
	},
}

// coreMutants of packages reactor and loop need the suites: what they break is rare in the simulation, or only a cost or an order.
var coreMutants = []mutant{
	{
		"the youngest write is forgotten", "a write is told of in the name of another, and that one never",
		"reactor/pending.go", "case r.round.of == debtor(c) && r.round.reqs.head != nil:", "case false:",
	},
	{
		"a reset looks like a clean end", "the errno that a write was told of is not kept for reads",
		"reactor/conn_write.go", "if errno != EPIPE && c.readErr == 0 {", "if false {",
	},
	{
		"lost wake", "a sender believes that somebody else has woken the loop",
		"loop/mailbox.go", "m.state.CompareAndSwap(mailWaiting, mailWoken) {\n		m.wakes++\n		r.Wake() //", "m.state.CompareAndSwap(mailWoken, mailWoken) {\n		m.wakes++\n		r.Wake() //",
	},
	{
		"mailbox not looked at before waiting", "what was posted right before the wait lies there",
		"loop/mailbox.go", "if !m.filled.Load() && !stopped.Load() {", "if !stopped.Load() {",
	},
	{
		"write interest kept", "a connection with nothing to send is told again and again that it may",
		"reactor/conn_write.go", "	c.setWant(c.want &^ WantWrite)\n	if o.halfClose == halfAsked {\n		c.sendHalfClose()\n	}\n	c.tidy()", "	if o.halfClose == halfAsked {\n		c.sendHalfClose()\n	}\n	c.tidy()",
	},
	{
		"would-block ends writing", "EAGAIN is taken for an error",
		"reactor/conn_write.go", "		case EAGAIN, ENOBUFS: // macOS", "		case ENOBUFS: // macOS",
	},
	{
		"spurious writability ends a connect", "a connect under way counts as made",
		"reactor/connect.go", "if errno == EINPROGRESS || errno == EINTR {", "if errno == EINPROGRESS || errno == EINTR {\n		errno = 0\n	}\n	if false {",
	},
	{
		"aborted accept ends the burst for good", "one client's reset silences the listener",
		"reactor/shortage.go", "	case EINTR, ECONNABORTED, syscall.EPROTO,", "	case EINTR, syscall.EPROTO,",
	},
	{
		"no rest at the descriptor limit", "the listener spins",
		"reactor/shortage.go", "	l.rest.begin(l)\n	return l.tell(errno)", "	return l.tell(errno)",
	},
	{
		"accept queue dropped at close", "clients that the kernel had accepted are reset",
		"reactor/listener.go", "			l.last = append(l.last, Accepted{conn, peer, l.unix})\n", "			l.r.k.Close(conn)\n			_ = peer\n",
	},
	{
		"a duplicate is left in the poller", "a connection that is closed, and lives on elsewhere, is reported for ever",
		"reactor/conn_close.go", "if c.flags&flagShared == 0 {", "if c.life < lifeClosing {",
	},
	{
		"each crowd begins at one", "a burst of connections costs a wait for each doubling",
		"reactor/listener.go", "max(l.burst/2, l.taken-1, 1)", "1",
	},
	{
		"timer early", "a timer due soon is run now",
		"loop/timer.go", "ts.heap[0].due <= l.now {", "ts.heap[0].due <= l.now+1000000 {",
	},
	{
		"equal timers in any order", "ties are not decided by the order of starting",
		"loop/timerheap.go", "n.due == m.due && n.order < m.order", "n.due == m.due && n.order > m.order",
	},
	{
		"timer restarted with 0 runs in the same pass", "libuv issue 4245",
		"loop/timer.go", "	for ts.next < len(ts.ready) {\n", "	for ts.next < len(ts.ready) {\n		for len(ts.heap) > 0 && ts.heap[0].due <= l.now {\n			t := ts.heap[0].t\n			ts.heap.remove(t)\n			t.ready = true\n			ts.ready = append(ts.ready, t)\n		}\n",
	},
	{
		"ticks before what was written leaves", "the turn's end runs in the wrong order",
		"loop/turn.go", "for l.r.Flush() || l.ticks.len() > 0 {\n		l.RunTicks()\n	}", "for l.ticks.len() > 0 || l.r.Flush() {\n		l.RunTicks()\n	}",
	},
	{
		"a panic leaves its connection open", "a handler that has failed goes on being called",
		"loop/panic.go", "		l.r.Abort(owner, e)\n", "",
	},
	{
		"slow work takes the whole pool", "quick work waits for a disk",
		"loop/pool.go", "p.blocked < p.slow && ", "",
	},
	{
		"no default action after the last Stop", "a signal that nobody watches is swallowed",
		"loop/forwarder.go", "	signal.Stop(s.came)\n", "",
	},
	{
		"a dial leaks its losers", "attempts that did not win stay open",
		"loop/dialing.go", "		a.c.Close(nil)\n	}\n	d.attempts", "		_ = a\n	}\n	d.attempts",
	},
	{
		"families not in turn", "all IPv6 addresses are tried before the first IPv4",
		"loop/candidates.go", "	c.turn = f.other()\n", "",
	},
	{
		"the newest answer makes room", "the cache throws out what it has just learnt",
		"loop/answers.go", "s.order.Front()", "s.order.Back()",
	},
	{
		"deadline moved late only", "an earlier limit waits for the later one's slot",
		"loop/wheel.go", "if w.stepOf(d) <= step {", "if true {",
	},
	{
		"a node that nobody needs stays in the wheel", "the loop wakes for it again and again",
		"loop/deadline.go", "		if d.running != 0 {\n", "		if true {\n",
	},
	{
		"a clock that is stopped counts as running", "the loop wakes though no deadline is due",
		"loop/deadline.go", "		d.l.wheel.running--\n", "",
	},
	{
		"the time from before the wait", "a wait that ended early is begun anew with the whole timeout",
		"loop/loop.go", "		l.mail.endWait()\n		l.outdated = true\n", "		l.mail.endWait()\n",
	},
	{
		"neighbours where there are none", "a vector that is the next one's goes on into other memory",
		"reactor/sockets_linux.go", "uintptr(unsafe.Pointer(p)) == end {", "end != 0 {",
	},
	{
		"a paused clock forgets", "pausing gives the peer its whole limit again",
		"loop/deadline.go", "d.since[which] = ^(d.l.now - d.since[which])", "d.since[which] = ^0",
	},
	{
		"a wait is taken for a callback", "the watchdog reports a loop that sleeps",
		"loop/watchdog.go", "func (d *watchdog) wait() { d.since.Store(0) }", "func (d *watchdog) wait() {}",
	},
	{
		"hand-over to one loop only", "one loop is given all",
		"loop/grouplistener.go", "		gl.turn = (gl.turn + 1) % len(all)\n", "",
	},
	{
		"a stale event after a Poll was started anew", "what this batch still has of the old watch is told to the new",
		"reactor/poll.go", "	p.tok = r.slots.renew(p.tok) // what this batch still has of it is stale\n", "",
	},
	{
		"a flood keeps the others waiting", "one socket's datagrams are delivered without end",
		"reactor/datagram_receive.go", "const receiveBudget = 2 * MaxDatagrams", "const receiveBudget = 1 << 20",
	},
	{
		"datagrams not told of their cancellation", "Close forgets what was queued",
		"reactor/datagram_send.go", "	d.dropUnsent(ECANCELED)\n", "",
	},
}
