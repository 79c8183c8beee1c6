//go:build darwin || freebsd

package reactor

import "golang.org/x/sys/unix"

// waker is a user event: one kevent to signal, nothing to read.
type waker struct{}

func (waker) open(p *poller) error {
	var ev unix.Kevent_t
	unix.SetKevent(&ev, 0, unix.EVFILT_USER, unix.EV_ADD|unix.EV_CLEAR)
	_, err := unix.Kevent(p.fd, []unix.Kevent_t{ev}, nil, nil)
	return err
}

func (waker) signal(p *poller) {
	var ev unix.Kevent_t
	unix.SetKevent(&ev, 0, unix.EVFILT_USER, 0)
	ev.Fflags = unix.NOTE_TRIGGER
	unix.Kevent(p.fd, []unix.Kevent_t{ev}, nil, nil) // it fails only if the queue is closed: then nobody waits
}

func (waker) is(ev *unix.Kevent_t) bool { return ev.Filter == unix.EVFILT_USER }

func (waker) close() {}
