//go:build openbsd || netbsd

package reactor

import "golang.org/x/sys/unix"

// waker is a pipe to ourselves, where there are no user events.
type waker struct{ r, w int }

func (k *waker) open(p *poller) error {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		return err
	}
	k.r, k.w = fds[0], fds[1]
	var ev unix.Kevent_t
	unix.SetKevent(&ev, k.r, unix.EVFILT_READ, unix.EV_ADD)
	if _, err := unix.Kevent(p.fd, []unix.Kevent_t{ev}, nil, nil); err != nil {
		k.close()
		return err
	}
	return nil
}

func (k *waker) signal(*poller) {
	unix.Write(k.w, []byte{1}) // a full pipe wakes as well as one with another byte
}

// is empties the pipe, so that it is quiet again.
func (k *waker) is(ev *unix.Kevent_t) bool {
	if int(ev.Ident) != k.r {
		return false
	}
	var buf [64]byte
	for {
		if n, err := unix.Read(k.r, buf[:]); n < len(buf) || err != nil {
			return true
		}
	}
}

func (k *waker) close() {
	unix.Close(k.r)
	unix.Close(k.w)
}
