//go:build darwin || freebsd || openbsd || netbsd

package reactor

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// poller is kqueue. Changes go in with the call that waits, so they are free; read and write readiness come as events
// of their own. The kernel's user data cannot carry a token on all of these systems, so the token is looked up by
// descriptor when kevent returns: closing a descriptor takes its knotes with it, hence what has just been returned
// belongs to who is registered now.
type poller struct {
	fd      int
	wake    waker
	changes []unix.Kevent_t
	events  []unix.Kevent_t
	carry   []Event // translated, but more than the caller had room for
	base    clock
	idle    time.Duration  // in calls that could sleep
	tokens  []registration // by descriptor
}

type registration struct {
	tok  Token
	live bool
}

// lowWater is more than most sockets can hold: a knote with it fires for the end and for errors. macOS cuts it to the
// size of the receive buffer, so a full one is reported too, once.
const lowWater = 1 << 30

func newPoller(SystemOptions) (*poller, error) {
	fd, err := unix.Kqueue()
	if err != nil {
		return nil, os.NewSyscallError("reactor: kqueue", err)
	}
	unix.CloseOnExec(fd)
	p := &poller{fd: fd}
	if err := p.wake.open(p); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("reactor: kevent", err)
	}
	return p, nil
}

// Wait applies changes and waits: see Poller.
func (p *poller) Wait(changes []Change, events []Event, timeout time.Duration) (int, error) {
	p.changes = p.changes[:0]
	for i := range changes {
		p.apply(&changes[i])
	}
	// A change that fails needs a place among the events.
	if most := max(len(events), len(p.changes)); len(p.events) < most {
		p.events = make([]unix.Kevent_t, most)
	}
	if len(p.carry) > 0 {
		timeout = 0
	}
	var ts *unix.Timespec
	if timeout >= 0 {
		t := unix.NsecToTimespec(int64(timeout))
		ts = &t
	}
	began := p.base.Monotonic()
	n, err := unix.Kevent(p.fd, p.changes, p.events, ts)
	if timeout != 0 {
		p.idle += p.base.Monotonic() - began
	}
	if err != nil && err != unix.EINTR { // interrupted, it has applied the changes all the same
		return 0, os.NewSyscallError("reactor: kevent", err)
	}
	for i := range p.events[:max(n, 0)] {
		if ev, ok := p.translate(&p.events[i]); ok {
			p.carry = append(p.carry, ev)
		}
	}
	taken := copy(events, p.carry)
	p.carry = p.carry[:copy(p.carry, p.carry[taken:])]
	return taken, nil
}

// apply adds what turns the knotes of one descriptor from one mask to another.
func (p *poller) apply(c *Change) {
	for c.FD >= len(p.tokens) {
		p.tokens = append(p.tokens, registration{})
	}
	p.tokens[c.FD] = registration{tok: c.Token, live: true}
	if from, to := readKnote(c.From), readKnote(c.To); from != to {
		// Whether a knote clears itself is settled when it is added, so it is added anew.
		if from != 0 {
			p.change(c.FD, unix.EVFILT_READ, unix.EV_DELETE)
		}
		switch to {
		case ArmedRead:
			p.change(c.FD, unix.EVFILT_READ, unix.EV_ADD)
		case Parked:
			ev := p.change(c.FD, unix.EVFILT_READ, unix.EV_ADD|unix.EV_CLEAR)
			ev.Fflags, ev.Data = unix.NOTE_LOWAT, lowWater
		}
	}
	switch {
	case c.From&ArmedWrite == 0 && c.To&ArmedWrite != 0:
		p.change(c.FD, unix.EVFILT_WRITE, unix.EV_ADD)
	case c.From&ArmedWrite != 0 && c.To&ArmedWrite == 0:
		p.change(c.FD, unix.EVFILT_WRITE, unix.EV_DELETE)
	}
}

// readKnote is which of the two knotes for reading a mask has: the level-triggered one of ArmedRead, or the one of
// Parked, which reports an end once. ArmedEnd alone is content with that.
func readKnote(a Armed) Armed {
	switch {
	case a&ArmedRead != 0:
		return ArmedRead
	case a&(Parked|ArmedEnd) != 0:
		return Parked
	}
	return 0
}

func (p *poller) change(fd, filter, flags int) *unix.Kevent_t {
	var ev unix.Kevent_t
	unix.SetKevent(&ev, fd, filter, flags)
	p.changes = append(p.changes, ev)
	return &p.changes[len(p.changes)-1]
}

// translate turns a kevent into an event; ok is false for the poller's own and for those that say nothing.
func (p *poller) translate(ev *unix.Kevent_t) (out Event, ok bool) {
	fd := int(ev.Ident)
	if p.wake.is(ev) || fd >= len(p.tokens) || !p.tokens[fd].live {
		return Event{}, false
	}
	out.Token = p.tokens[fd].tok
	if ev.Flags&unix.EV_ERROR != 0 {
		// Deleting a knote that has gone already is no failure. That it was to be deleted is known by the errno alone:
		// the BSDs report EV_ERROR without the flags of the change, macOS with them.
		out.Err = Errno(ev.Data)
		return out, out.Err != 0 && out.Err != ENOENT
	}
	ended := ev.Flags&unix.EV_EOF != 0
	if ev.Filter == unix.EVFILT_WRITE {
		out.Ready = CanWrite
	} else {
		out.Ready = CanRead
		if ended {
			out.Ready |= Ended
		}
	}
	if ended && ev.Fflags != 0 {
		out.Ready |= HungUp // fflags is the socket's error; an end of writing without one may be our own
	}
	return out, true
}

// Remove forgets fd. Its knotes would go when it is closed, but it may stay open.
func (p *poller) Remove(fd int, armed Armed) {
	if fd < len(p.tokens) {
		p.tokens[fd] = registration{}
	}
	if readKnote(armed) != 0 {
		p.drop(fd, unix.EVFILT_READ)
	}
	if armed&ArmedWrite != 0 {
		p.drop(fd, unix.EVFILT_WRITE)
	}
}

func (p *poller) drop(fd, filter int) {
	var ev unix.Kevent_t
	unix.SetKevent(&ev, fd, filter, unix.EV_DELETE)
	unix.Kevent(p.fd, []unix.Kevent_t{ev}, nil, nil) // ENOENT says that it is gone already
}

// Pollable refuses what kqueue would take and epoll does not, and tries the rest with a knote that it deletes again.
func (p *poller) Pollable(fd int) Errno {
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil {
		return errnoOf(err)
	}
	if kind := info.Mode & unix.S_IFMT; kind == unix.S_IFREG || kind == unix.S_IFDIR {
		return EPERM
	}
	var ev unix.Kevent_t
	unix.SetKevent(&ev, fd, unix.EVFILT_READ, unix.EV_ADD|unix.EV_DISABLE)
	if _, err := unix.Kevent(p.fd, []unix.Kevent_t{ev}, nil, nil); err != nil {
		return errnoOf(err)
	}
	p.drop(fd, unix.EVFILT_READ)
	return 0
}

// Idle is how long Wait has been in calls that could sleep: kevent does not tell whether it did.
func (p *poller) Idle() time.Duration { return p.idle }

// Wake makes the current or the next Wait return.
func (p *poller) Wake() { p.wake.signal(p) }

// Release gives back the poller's descriptors.
func (p *poller) Release() error {
	p.wake.close()
	return os.NewSyscallError("reactor: close", unix.Close(p.fd))
}
