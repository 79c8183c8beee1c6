package simkernel

import "syscall"

// A Unix socket has no network: what one end does the other end knows at once.

// connectUnix makes the connection, or says at once why not.
func (w *World) connectUnix(s *socket, path string) Errno {
	ln := w.listenerPath(path)
	if ln == nil {
		for _, p := range w.stale {
			if p == path {
				return syscall.ECONNREFUSED
			}
		}
		return syscall.ENOENT
	}
	if len(ln.ln.queue) > ln.ln.backlog {
		if w.bsd() {
			return syscall.ECONNREFUSED
		}
		return syscall.EAGAIN
	}
	child := w.newSocket(kindUnix)
	join(s, child)
	s.state, child.state = stateConnected, stateConnected
	if ln.ln.serve != nil {
		child.foreign = &Peer{w: w, s: child}
		w.After(0, func() { ln.ln.serve(child.foreign) })
		return 0
	}
	ln.ln.queue = append(ln.ln.queue, child)
	ln.wake(condIn)
	return 0
}

// deliverUnix moves what was written straight to the reader.
func (s *socket) deliverUnix() {
	f := &s.out
	f.arrived = len(f.buf) - f.off
	s.peer.wake(condIn)
}

func (s *socket) closeUnix() {
	p := s.peer
	s.dead = true
	if p == nil || p.closed {
		return
	}
	if s.unread() > 0 && !s.w.bsd() {
		p.err = syscall.ECONNRESET
	}
	p.rcvShut, p.sndShut = true, true
	p.wake(0)
}

// refuseUnix ends a connection whose listener is closed before it was accepted.
func (s *socket) refuseUnix() {
	p := s.peer
	s.dead = true
	if p.closed {
		return
	}
	p.err = syscall.ECONNRESET
	p.rcvShut, p.sndShut = true, true
	p.wake(0)
}
