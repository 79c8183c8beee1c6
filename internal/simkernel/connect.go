package simkernel

import (
	"net/netip"
	"syscall"
	"time"
)

// maxTries is how many SYNs go unanswered before a connect times out (tcp_syn_retries and the first), each waiting
// twice as long as the one before, from a second on: two minutes in all.
const maxTries = 7

// Fate is what becomes of a connect to an address.
type Fate uint8

const (
	// Refused is what an address gets that nobody listens on, and here even one that somebody does.
	Refused Fate = iota
	// NoRoute is known at once: ENETUNREACH from Connect.
	NoRoute
	// HostUnreachable is told by a router, after a while.
	HostUnreachable
	// BlackHole never answers. The kernel gives up after two minutes.
	BlackHole
)

type route struct {
	addr netip.AddrPort // port 0: every port
	fate Fate
}

// Route decides the fate of every connect to addr, "ip:port", where port 0 stands for all.
func (w *World) Route(addr string, fate Fate) {
	w.routes = append(w.routes, route{netip.MustParseAddrPort(addr), fate})
}

func (w *World) fate(addr netip.AddrPort) (Fate, bool) {
	for i := range w.routes {
		r := &w.routes[i]
		if r.addr.Addr() == addr.Addr() && (r.addr.Port() == 0 || r.addr.Port() == addr.Port()) {
			return r.fate, true
		}
	}
	return Refused, false
}

// connectTCP sends the SYN. Without latency and faults the connection is made when it returns, and Linux nevertheless
// says EINPROGRESS: so do we. A valid local is bound to first.
func (w *World) connectTCP(s *socket, to, local netip.AddrPort) Errno {
	if to.Addr().IsUnspecified() {
		to = netip.AddrPortFrom(loopback(to.Addr().Is6()), to.Port()) // 0.0.0.0 is this machine
	}
	local, errno := w.bindOut(local, to)
	if errno != 0 {
		return errno
	}
	s.state, s.remote, s.local = stateConnecting, to, local
	fate, routed := w.fate(to)
	switch {
	case routed && fate == NoRoute:
		return syscall.ENETUNREACH
	case routed && fate == HostUnreachable:
		w.seq++
		w.wire.push(event{at: w.now + time.Second + w.delay(), seq: w.seq, kind: wireUnreachable, s: s, n: int(syscall.EHOSTUNREACH)})
		return 0
	case routed && fate == BlackHole:
		w.retry(s)
		return 0
	}
	d := w.delay()
	if w.random.chance(w.faults.SlowConnect) {
		d += w.random.span(w.faults.SlowTime)
	}
	if d == 0 {
		w.synArrives(s)
	} else {
		w.later(s, wireSyn, d)
	}
	return 0
}

func (w *World) synArrives(s *socket) {
	if s.dead {
		return
	}
	w.note(opSyn, s, 0)
	fate, routed := w.fate(s.remote)
	if routed && fate == BlackHole {
		w.retry(s)
		return
	}
	ln := w.listenerAt(s.remote)
	if ln == nil || routed && fate == Refused || w.random.chance(w.faults.Refuse) {
		w.answer(s, wireRefused)
		return
	}
	if ln.ln.deaf || len(ln.ln.queue)+ln.ln.pending > ln.ln.backlog {
		w.retry(s) // a full queue drops the SYN and lets the client try again
		return
	}
	ln.ln.pending++
	child := w.newSocket(kindTCP)
	child.state = stateReceived
	child.local, child.remote = s.remote, s.local
	child.parent = ln
	join(s, child)
	w.answer(s, wireEstablished)
}

func (w *World) answer(s *socket, kind wireKind) {
	if d := w.delay(); d > 0 {
		w.later(s, kind, d)
		return
	}
	w.happen(event{kind: kind, s: s})
}

func (w *World) retry(s *socket) {
	s.tries++
	if s.tries > maxTries {
		s.fail(syscall.ETIMEDOUT)
		return
	}
	w.later(s, wireSyn, time.Second<<(s.tries-1))
}

// established is the client's view: it may send from now on.
func (w *World) established(s *socket) {
	if s.dead {
		w.unqueue(s.peer)
		return
	}
	w.note(opEstablished, s, 0)
	s.state = stateConnected
	s.wake(0)
	w.send(s, wireQueued, 0)
	s.pump()
}

func (w *World) unqueue(child *socket) *socket {
	ln := child.parent
	child.parent = nil
	ln.ln.pending--
	return ln
}

// queued is the server's view: the connection waits to be accepted.
func (w *World) queued(s *socket) {
	child := s.peer
	ln := w.unqueue(child)
	child.state = stateConnected
	switch {
	case child.dead:
	case ln.closed:
		child.closed = true
		child.abort()
	case ln.ln.serve != nil:
		child.foreign = &Peer{w: w, s: child}
		w.After(0, func() { ln.ln.serve(child.foreign) })
	default:
		w.log.add(record{at: w.now, op: opQueued, id: ln.id, result: int64(child.id), kernel: -1})
		ln.ln.queue = append(ln.ln.queue, child)
		ln.wake(condIn)
	}
}

func (s *socket) closeListener() {
	w := s.w
	for i, l := range w.listeners {
		if l == s {
			w.listeners = append(w.listeners[:i], w.listeners[i+1:]...)
			break
		}
	}
	if s.path != "" {
		w.stale = append(w.stale, s.path)
	}
	for _, child := range s.ln.queue {
		child.closed = true
		if s.kind == kindUnixListener {
			child.refuseUnix()
		} else {
			child.abort()
		}
	}
	s.ln.queue = nil
}

// accept takes the first connection of the queue.
func (s *socket) accept() (*socket, Errno) {
	if len(s.ln.queue) == 0 {
		return nil, syscall.EAGAIN
	}
	child := s.ln.queue[0]
	s.ln.queue[0] = nil
	s.ln.queue = s.ln.queue[1:]
	// BSD tells of a connection that was reset while it waited. Linux hands it out, and reading it gives the error;
	// there the errno comes from firewalls and the like.
	gone := s.w.bsd() && child.dead && child.err != 0
	if gone || s.w.random.chance(s.w.faults.Abort) {
		child.linger0 = true
		child.close()
		return nil, syscall.ECONNABORTED
	}
	return child, 0
}
