package simkernel

// firstFD is the first descriptor we hand out: the three standard ones are taken.
const firstFD = 3

// install gives s the lowest free number, as every kernel does: the number of what was closed last is often the one
// handed out next, which is what makes stale events dangerous. It returns false at the limit.
func (w *World) install(s *socket) bool {
	fd := w.lowest
	for fd < len(w.fds) && w.fds[fd] != nil {
		fd++
	}
	w.lowest = fd
	if fd >= w.opts.FDLimit {
		return false
	}
	if fd == len(w.fds) {
		w.fds = append(w.fds, nil)
	}
	w.fds[fd] = s
	w.lowest = fd + 1
	w.open++
	w.calls.Peak = max(w.calls.Peak, w.open)
	s.fd = fd
	s.fds++
	return true
}

// full says that install would fail.
func (w *World) full() bool {
	for w.lowest < len(w.fds) && w.fds[w.lowest] != nil {
		w.lowest++
	}
	return w.lowest >= w.opts.FDLimit
}

// uninstall takes a descriptor out of the table.
func (w *World) uninstall(fd int) {
	w.fds[fd].fds--
	w.fds[fd] = nil
	w.lowest = min(w.lowest, fd)
	w.open--
}

// lookup returns what fd is. Calling anything on a closed descriptor is the worst mistake a reactor can make: in a
// real process the number belongs to somebody else by then.
func (w *World) lookup(call string, fd int) *socket {
	if fd < 0 || fd >= len(w.fds) || w.fds[fd] == nil {
		w.violate("%s of fd %d, which is not open", call, fd)
		return nil
	}
	s := w.fds[fd]
	s.reg.unanswered = 0
	return s
}
