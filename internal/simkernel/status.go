package simkernel

import "github.com/weir-go/weir/reactor"

// Status is what the kernel knows of a descriptor: what a test asks to find out that a loop has gone deaf. Asking is no
// system call, leaves no trace and draws nothing.
type Status struct {
	Open       bool // it is a descriptor at all
	Connecting bool
	Unread     int           // bytes a read would find, or datagrams
	Room       int           // bytes a write would take
	Writable   bool          // that is enough to be reported
	Ended      bool          // nothing more will arrive
	HungUp     bool          // both directions are gone, or there is an error
	Err        Errno         // the pending error
	Waiting    int           // connections in a listener's queue
	Armed      reactor.Armed // what is registered
}

// Status looks at fd.
func (w *World) Status(fd int) Status {
	if fd < 0 || fd >= len(w.fds) || w.fds[fd] == nil {
		return Status{}
	}
	s := w.fds[fd]
	st := Status{Open: true, Ended: s.rcvShut, Err: s.err, Armed: s.reg.armed}
	if s.listener() {
		st.Waiting = len(s.ln.queue)
	}
	if s.udp != nil {
		st.Unread, st.HungUp = s.unread(), s.err != 0 || len(s.udp.errors) > 0
		st.Room, st.Writable = s.room(), s.writable()
	}
	if s.connection() {
		st.Connecting = s.state == stateConnecting && !s.dead
		st.Unread = s.unread()
		st.HungUp = s.err != 0 || s.dead || s.rcvShut && s.sndShut
		if !s.sndShut && !st.Connecting {
			st.Room, st.Writable = s.room(), s.writable()
		}
	}
	return st
}
