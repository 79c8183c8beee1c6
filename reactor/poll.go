package reactor

// Poll watches a descriptor that something else owns: a socket of another library, a pipe, a terminal, an eventfd, the
// poller of another loop. It tells when the descriptor is ready and does nothing else with it; libuv calls it uv_poll.
// For sockets that a reactor may own there is Conn, which costs less.
//
// The descriptor stays its owner's: it is never read, written or closed here, and its flags are left as they are,
// because they may be shared with other processes (a terminal's are). It should be non-blocking: readiness is a hint,
// and a read that blocks after all blocks the loop. libuv makes it so by itself, which is the one difference.
//
// It may be closed once the Poll is stopped or closed, at once: both tell the kernel before they return. Closing it
// earlier is a mistake, after which the callback may be told an error, or nothing.
//
// All methods are for the loop's goroutine.
type Poll struct {
	watch
	life   life
	cb     func(Readiness, error) // nil while it is stopped
	closed func()
}

// pollable are the things a Poll can be asked for.
const pollable = WantRead | WantWrite | WantEnd | WantPriority

// NewPoll returns a Poll of fd that has not been started. It returns, wrapped, EBADF if fd is not open, EPERM if it is
// of a kind that is always ready (regular files and directories), EEXIST if it is watched already, by a started Poll or
// as a connection, listener or datagram socket of this reactor, and ErrClosed after Close. It looks at every handle
// there is.
func (r *Reactor) NewPoll(fd int) (*Poll, error) {
	r.guard.check()
	if r.closed {
		return nil, &Error{Op: "poll", Err: ErrClosed}
	}
	if fd < 0 {
		return nil, &Error{Op: "poll", Err: EBADF}
	}
	if r.watches(fd) {
		return nil, &Error{Op: "poll", Err: EEXIST}
	}
	if errno := r.k.Pollable(fd); errno != 0 {
		return nil, &Error{Op: "poll", Err: errno}
	}
	p := &Poll{life: lifeOpen}
	p.r, p.fd, p.marks = r, int32(fd), markExact
	p.tok = r.slots.add(p)
	return p, nil
}

// watches reports whether fd is a connection's, a listener's, a datagram socket's or a started Poll's.
func (r *Reactor) watches(fd int) (found bool) {
	r.slots.each(func(src source) { found = found || src.holds(fd) })
	return found
}

// Start has cb called, each time in a turn of its own, with those of want that hold: CanRead for WantRead, CanWrite for
// WantWrite, Ended for WantEnd, Priority for WantPriority. As long as one holds cb is called again in every iteration,
// so what is not wanted any more should be stopped. Started again it replaces what is wanted and the callback; want 0
// stops.
//
// When the kernel reports a failure of the descriptor, cb is called once with a *Error that is EBADF, as in libuv, and
// the Poll is stopped. Which failure it was is left for the owner to ask. On kqueue systems there is no such report:
// the descriptor is readable then, and reading tells. There WantEnd alone is told once for each change and Priority
// never; and on all systems an end that nobody sees (of a pipe, say) may be told as readiness only. An error that keeps
// the kernel from watching at all (ENOMEM, ENOSPC) is told in the same way.
//
// Start itself returns EINVAL for anything else in want, EEXIST while another Poll of this descriptor is started, and
// ErrClosed after Close. A nil cb panics unless want is 0.
func (p *Poll) Start(want Interest, cb func(ready Readiness, err error)) error {
	p.r.guard.check()
	if p.life >= lifeClosing {
		return &Error{Op: "poll", Err: ErrClosed}
	}
	if want&^pollable != 0 {
		return &Error{Op: "poll", Err: EINVAL}
	}
	if want == 0 {
		p.Stop()
		return nil
	}
	if cb == nil {
		panic("reactor: Poll.Start with a nil callback")
	}
	if p.cb == nil {
		if p.r.polls[p.fd] != nil {
			return &Error{Op: "poll", Err: EEXIST}
		}
		p.activate()
	}
	p.cb = cb
	p.setWant(want)
	return nil
}

// Stop ends the calls, those for events that have been collected already too. Unlike a connection's ReadStop it tells
// the kernel at once, which is a system call: nothing but the owner keeps the descriptor from being closed right after,
// and what has a duplicate elsewhere would be reported for ever. On a Poll that is stopped it does nothing.
func (p *Poll) Stop() {
	p.r.guard.check()
	if p.cb == nil {
		return
	}
	p.setWant(0)
	if p.armed != Unarmed {
		p.remove()
	}
	p.deactivate()
}

// activate and deactivate count a Poll that is started.
func (p *Poll) activate() {
	r := p.r
	if r.polls == nil {
		r.polls = map[int32]*Poll{}
	}
	r.polls[p.fd] = p
	p.keep(true)
}

func (p *Poll) deactivate() {
	r := p.r
	delete(r.polls, p.fd)
	p.cb = nil
	p.tok = r.slots.renew(p.tok) // what this batch still has of it is stale
	p.keep(false)
}

// Active reports whether the Poll is started.
func (p *Poll) Active() bool { return p.cb != nil }

// Closing reports whether Close was called; it stays true afterwards.
func (p *Poll) Closing() bool { return p.life >= lifeClosing }

// FD is the descriptor; -1 after Close.
func (p *Poll) FD() int { return int(p.fd) }

// Close stops the Poll for good and calls done, which may be nil, in the closing phase. The descriptor stays open. Only
// the first call counts.
func (p *Poll) Close(done func()) {
	p.r.guard.check()
	if p.life >= lifeClosing {
		return
	}
	p.Stop()
	p.forget()
	p.life, p.closed = lifeClosing, done
	p.r.enterClosing(p)
}

func (p *Poll) closeStep() bool {
	p.r.own(nil)
	done := p.closed
	p.life, p.closed = lifeClosed, nil
	p.r.leaveClosing()
	if done == nil {
		return false
	}
	done()
	return true
}

// step tells what is ready: see source.
func (p *Poll) step(ev *Event) bool {
	p.r.own(nil)
	ready, errno := ev.Ready, ev.Err
	*ev = Event{}
	cb := p.cb
	switch {
	case cb == nil, ready == 0 && errno == 0:
		return false
	case errno != 0:
		if errno == EEXIST {
			p.armed = Unarmed // somebody else's registration stands in its place: it must stay
		}
	case ready&Failed != 0 && ready&Priority == 0: // a file of sysfs reports both for mere news
		errno = EBADF
	default:
		if ready = p.answer(ready); ready == 0 {
			return false
		}
		cb(ready, nil)
		return true
	}
	p.Stop()
	cb(0, &Error{Op: "poll", Err: errno})
	return true
}

// answer is what of ready was asked for. A hang-up that comes alone is told as all of it: nobody may ask for it, and it
// will be reported until somebody does something about it.
func (p *Poll) answer(ready Readiness) Readiness {
	var asked Readiness
	for _, pair := range [...]struct {
		want Interest
		can  Readiness
	}{
		{WantRead, CanRead},
		{WantWrite, CanWrite},
		{WantEnd, Ended},
		{WantPriority, Priority},
	} {
		if p.want&pair.want != 0 {
			asked |= pair.can
		}
	}
	if told := ready & asked; told != 0 || ready&HungUp == 0 {
		return told
	}
	return asked
}

// taken is told of every descriptor that becomes a connection's, a listener's or a datagram socket's.
func (r *Reactor) taken(fd int) {
	if p := r.polls[int32(fd)]; p != nil {
		p.lost()
	}
}

// lost stops a Poll whose descriptor's number has been given to a new descriptor of ours: its owner has closed it while
// it was watched, and the kernel has forgotten it since. To remove it now would make the new one deaf.
func (p *Poll) lost() {
	p.armed = Unarmed
	p.setWant(0)
	p.deactivate()
}
