// Package reactor owns the descriptors of an event loop: it knows what is wanted of each, tells the kernel what has
// changed once an iteration, and turns what the kernel reports into callbacks. It is the only package that makes system
// calls. It keeps no timers and no order of phases; package loop brings both, and most programs use that:
//
//	l, err := loop.New(loop.Options{})
//	_, err = l.Listen("tcp", "127.0.0.1:7000", func(c *reactor.Conn) {
//		c.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
//			if err != nil {
//				c.Close(nil) // io.EOF, or why reading ended
//				return
//			}
//			c.WriteBorrowed(p, nil)
//		}))
//	})
//	err = l.Run()
//
// # Rules
//
//   - One goroutine. Everything but Reactor.Wake and SharedOwner belongs to the loop's; the build tag weirdebug checks most calls.
//   - No callback runs inside the call that caused it.
//   - Readiness is a hint. The end of input is a read of 0 and nothing else; after a reset the bytes that had arrived
//     come first, then ECONNRESET, once for each ReadStart.
//   - Reading is asked for. ReadStop is an edit of the interest set: the kernel's buffer fills, and the peer's window
//     closes. It costs no system call while the peer is silent, and a paused connection never spins, whatever the peer
//     does.
//   - Bytes wait in the connection's write queue and nowhere else. What a turn has written leaves when the turn
//     ends, in one system call; more than 64 KiB begins to leave at once.
//   - Every request completes exactly once: with success, with the kernel's errno, with ECANCELED before the close
//     callback, or with the panic of a callback of its connection. After the close callback nothing is called.
//
// # Who owns the bytes
//
// OnRead is lent the reactor's one read buffer until the turn ends: borrowed. Write lends the connection the caller's
// bytes until done: lent. WriteBorrowed takes borrowed bytes, and what the kernel has not taken when the turn ends is
// copied once into blocks the connection owns: sealed.
//
// # Facts about the kernels
//
// What the poller asks for is a mask, Armed; see its constants and watch.target for when each is told.
//
//	                  epoll                            kqueue
//	ArmedRead         EPOLLIN|EPOLLRDHUP               EVFILT_READ
//	ArmedWrite        EPOLLOUT                         EVFILT_WRITE
//	Parked            EPOLLRDHUP|EPOLLET               EVFILT_READ, EV_CLEAR, low water 1 GiB
//	ArmedEnd          EPOLLRDHUP                       as Parked, unless ArmedRead is set; of a Poll
//	ArmedPriority     EPOLLPRI                         nothing; of a Poll
//	peer's end        EPOLLRDHUP, then read 0          EV_EOF, then read 0
//	error             EPOLLERR and EPOLLHUP, always    EV_EOF with fflags
//	mask 0            ERR and HUP for ever: never used  nothing
//
// Reading order: kernel.go and poller.go (what is asked of the system), reactor.go, watch.go (interest), conn.go and its
// kin, listener.go, then poller_epoll.go and park_linux.go.
package reactor
