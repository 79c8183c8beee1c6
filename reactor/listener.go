package reactor

import "net/netip"

// Listener accepts connections and gives each to a callback, a turn of its own.
//
// When descriptors run out (EMFILE, ENFILE) it neither spins nor ends the loop: it gives up a descriptor kept in
// reserve, accepts and closes some of those who wait, so that they learn of it at once, and rests; a shortage of kernel
// memory only makes it rest. A rest is 10 ms, doubling up to a second while the shortage lasts, and ends early when
// this reactor closes a descriptor. Connections that were accepted before are not touched.
type Listener struct {
	watch
	life     life
	unix     bool
	paused   bool // by Pause; resting is apart
	onConn   func(*Conn)
	onAccept func(Accepted) // in its place, for connections that may go to another reactor
	onError  func(error)
	path     string // of a Unix socket that we made, to be removed
	addr     netip.AddrPort

	shared bool // the socket may live on elsewhere: it was adopted, or its descriptor was asked for

	burst   int // connections to take for one event, see step
	taken   int // of those, how many were
	reserve int // a descriptor to give up when there are no more; -1 while there is none
	rest    rest
	last    []Accepted // taken from the queue by Close, not yet told of
	closed  func()
}

// maxBurst bounds the connections taken for one event, so that a storm of them leaves room for the ones that are here.
const maxBurst = 64

// Listen listens on address and calls onConn for each connection, with the connection neither reading nor writing yet.
// network is "tcp", "tcp4", "tcp6" or "unix"; port 0 picks a free one, see Addr. The path of a Unix socket that nobody
// listens on any more is replaced; any other file there is EADDRINUSE. A nil onConn panics. Errors are those of socket,
// bind and listen, wrapped: EADDRINUSE, EADDRNOTAVAIL, EACCES …
func (r *Reactor) Listen(network, address string, o ListenOptions, onConn func(*Conn)) (*Listener, error) {
	if onConn == nil {
		panic("reactor: Listen with a nil callback")
	}
	return r.listen(network, address, o, nil, onConn)
}

func (r *Reactor) listen(network, address string, o ListenOptions, onAccept func(Accepted), onConn func(*Conn)) (*Listener, error) {
	r.guard.check()
	if network == "unix" && address == "" {
		return nil, &Error{Op: "listen unix", Err: EINVAL} // Linux would make up a name that nobody is told
	}
	if r.closed {
		return nil, &Error{Op: "listen", Err: ErrClosed}
	}
	fd, err := r.k.Listen(network, address, o)
	if err != nil {
		return nil, err
	}
	l := r.newListener(fd, network == "unix")
	l.onAccept, l.onConn = onAccept, onConn
	if l.unix {
		l.path = address
	}
	return l, nil
}

func (r *Reactor) newListener(fd int, unix bool) *Listener {
	r.taken(fd)
	l := &Listener{life: lifeOpen, unix: unix, burst: 1, reserve: -1}
	l.r, l.fd = r, int32(fd)
	l.tok = r.slots.add(l)
	if !unix {
		l.addr, _ = r.k.LocalAddr(fd) // it is bound; if the kernel will not say where, there is no address to tell
	}
	if spare, errno := r.k.Reserve(); errno == 0 {
		l.reserve = spare
	}
	l.keep(true)
	l.setWant(WantRead)
	return l
}

// Addr is the address listened on, with the port that was chosen; zero for a Unix socket.
func (l *Listener) Addr() netip.AddrPort { return l.addr }

// FD is the descriptor; -1 after Close. Whoever asks for it may hand the socket to another process, which goes on
// accepting: so Close no longer stops the kernel from answering, see there.
func (l *Listener) FD() int {
	l.shared = true
	return int(l.fd)
}

// OnError sets a function that is told of trouble in accepting: a shortage, once for each rest, and the error that ends
// the listener's work if its descriptor is closed behind it. It replaces the one before; nil means nobody is told.
func (l *Listener) OnError(fn func(error)) {
	l.r.guard.check()
	l.onError = fn
}

// Pause stops accepting: those who connect wait in the kernel's queue, and beyond the backlog are made to try again.
// It is an interest change, idempotent and free.
func (l *Listener) Pause() {
	l.r.guard.check()
	if l.life == lifeOpen {
		l.paused = true
		l.applyPause()
	}
}

// Resume ends Pause.
func (l *Listener) Resume() {
	l.r.guard.check()
	if l.life == lifeOpen {
		l.paused = false
		l.applyPause()
	}
}

// Paused reports whether Pause is in force, or the listener's descriptor has failed (see OnError).
func (l *Listener) Paused() bool { return l.paused }

// SharePort lets listeners that are made with ListenOptions.ReusePort from now on share the address of this one, which
// was bound alone and so has found out whether it was free. The kernel divides those who connect among them. It is for
// Linux: elsewhere, and for a Unix socket, it returns EOPNOTSUPP.
func (l *Listener) SharePort() error {
	l.r.guard.check()
	switch {
	case l.life != lifeOpen:
		return &Error{Op: "share port", Err: ErrClosed}
	case l.unix:
		return &Error{Op: "share port", Err: EOPNOTSUPP}
	}
	if errno := l.r.k.SetOption(int(l.fd), OptReusePort, 1); errno != 0 {
		return &Error{Op: "share port", Err: errno}
	}
	return nil
}

// SetBacklog asks for another length of the accept queue.
func (l *Listener) SetBacklog(n int) error {
	l.r.guard.check()
	if l.life != lifeOpen {
		return &Error{Op: "listen", Err: ErrClosed}
	}
	if n <= 0 {
		return &Error{Op: "listen", Err: EINVAL}
	}
	if errno := l.r.k.Relisten(int(l.fd), n); errno != 0 {
		return &Error{Op: "listen", Err: errno}
	}
	return nil
}

// applyPause makes the interest what Pause and the rest allow.
func (l *Listener) applyPause() {
	if l.paused || l.rest.on {
		l.setWant(0)
	} else {
		l.setWant(WantRead)
	}
}

// Active reports whether the listener is open, paused or not.
func (l *Listener) Active() bool { return l.life == lifeOpen }

// Closing reports whether Close was called; it stays true afterwards.
func (l *Listener) Closing() bool { return l.life >= lifeClosing }

// step accepts one connection: see source.
//
// A second accept for the same event is mostly refused (libuv pull request 3696 counted 99.9 %), but in a storm each
// spares a wait. So the burst doubles while all of it finds somebody, and falls back, to as many as there were or to half
// of it, when it does not: a server that often has a crowd takes it in one go or two.
func (l *Listener) step(ev *Event) bool {
	r := l.r
	r.own(nil)
	if ev.Err != 0 {
		errno := ev.Err
		*ev = Event{}
		l.remove()
		return l.shortage(errno)
	}
	if l.want == 0 {
		ev.Ready, l.taken = 0, 0
		l.squelch()
		return false
	}
	if ev.Ready == 0 {
		l.taken = 0
		return false
	}
	for l.taken < l.burst {
		l.taken++
		fd, peer, errno := r.k.Accept(int(l.fd))
		switch {
		case errno == 0:
			l.rest.delay = 0
			if l.taken == l.burst {
				ev.Ready = 0
				l.burst = min(2*l.burst, maxBurst)
			}
			l.give(Accepted{fd, peer, l.unix})
			return true
		case errno == EAGAIN:
			ev.Ready, l.burst = 0, max(l.burst/2, l.taken-1, 1)
			l.taken = 0
			l.refill()
			return false
		case passing(errno):
			continue
		}
		ev.Ready, l.taken, l.burst = 0, 0, 1
		return l.shortage(errno)
	}
	l.taken = 0
	ev.Ready = 0
	return false
}

// give tells of a connection. The callback belongs to it: if it panics, that one is reset, for nobody else may ever have
// heard of it.
func (l *Listener) give(a Accepted) {
	l.r.stats.Accepted++
	if l.onAccept != nil {
		l.onAccept(a)
		return
	}
	c, _ := l.r.Take(a) // of a reactor that is open, or its listener would be closed
	l.onConn(c)
}

// Deafen has the kernel answer nobody any more who asks to connect; those in the accept queue, and those who are half-way
// into it, are still accepted. Who is not answered asks again, by TCP's rules a second later, and once the listener is
// closed is refused. It cannot be undone, and prepares a Close that resets nobody: that comes a round trip later. It
// returns EOPNOTSUPP where there is no such thing (it is Linux's), for a Unix socket, and for a socket that may live on
// elsewhere: one that was adopted, or whose FD was asked for.
func (l *Listener) Deafen() error {
	l.r.guard.check()
	errno := EOPNOTSUPP
	switch {
	case l.life != lifeOpen:
		return &Error{Op: "deafen", Err: ErrClosed}
	case !l.shared && !l.unix:
		errno = l.r.k.SetOption(int(l.fd), OptDeaf, 1)
	}
	if errno != 0 {
		return &Error{Op: "deafen", Err: errno}
	}
	return nil
}

// Close stops listening. Those who are in the accept queue are accepted first and given to the callback in the closing
// phase, before done is called, once; done may be nil. Nobody else gets into the queue meanwhile, where Deafen works.
// When descriptors run out, those left in the queue are reset. The path of a Unix socket that Listen made is removed.
// Only the first call counts.
func (l *Listener) Close(done func()) {
	l.r.guard.check()
	if l.life >= lifeClosing {
		return
	}
	r, fd := l.r, int(l.fd)
	if l.path != "" {
		r.k.Unlink(l.path) // somebody may have removed it; then there is nothing to do
	}
	_ = l.Deafen()  // where there is no such thing, who comes between the last look and the close is reset
	l.dropReserve() // at the limit it lets one more of those who wait be served
	l.takeLast(fd)
	l.rest.end(l)
	l.forget()
	l.takeLast(fd) // who was half-way through the handshake has come through it by now, if near
	r.k.Close(fd)
	r.descriptorFreed()
	l.life, l.closed = lifeClosing, done
	l.keep(false)
	r.enterClosing(l)
}

// takeLast empties the accept queue, so that closing resets nobody whom the kernel had accepted. It goes on while
// somebody is there, but not for ever: new ones may arrive as fast as we take them.
func (l *Listener) takeLast(fd int) {
	const most = 64 << 10 // longer than any accept queue
	for range most {
		conn, peer, errno := l.r.k.Accept(fd)
		switch {
		case errno == 0:
			l.last = append(l.last, Accepted{conn, peer, l.unix})
		case !passing(errno):
			return
		}
	}
}

func (l *Listener) closeStep() bool {
	r := l.r
	r.own(nil)
	if len(l.last) > 0 {
		a := l.last[0]
		l.last = l.last[1:]
		l.give(a)
		return true
	}
	done := l.closed
	l.life, l.closed, l.last = lifeClosed, nil, nil
	r.leaveClosing()
	if done == nil {
		return false
	}
	done()
	return true
}
