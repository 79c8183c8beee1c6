package simkernel_test

import (
	"errors"
	"io"
	"syscall"
	"time"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
)

// role is what one of our own connections does with its peer.
type role uint8

const (
	roleEcho   role = iota // sends back what it gets, and stops reading while too much is queued
	roleSource             // sends a stream of its own, and reads what comes
	roleSink               // only reads
	roleStupid             // does nothing until its time is up
	roles
)

// actor is one of our connections, with a random program. It keeps book of what it was told, and complains.
type actor struct {
	s    *sim
	c    *reactor.Conn
	end  *end
	in   stream
	role role

	toSend  int
	mark    int  // the queue above which it stops reading or sending
	moody   bool // turns reading off and on
	finish  int
	client  bool
	stopped bool // it has called ReadStop because of its queue

	asked      int // writes that were accepted
	told       int // of those, completed
	half       int // half-closes asked for
	halfTold   int
	connects   int
	connected  int
	ended      bool // it has seen the end of input, or an error there
	broken     bool // no write will succeed any more
	failed     bool // a write's callback has said so
	unwatched  bool // the kernel had no memory to watch it: who reads again gets the rest
	closing    bool
	closed     bool
	aborted    bool // one of its callbacks panicked
	late       int  // 1: it has closed when it was told of that; 2: and was told of the close
	hangUps    int
	readErrors int
}

func (s *sim) actor(client bool) *actor {
	a := &actor{
		s: s, end: s.newEnd(), client: client,
		role:   role(s.r.IntN(int(roles))),
		toSend: s.size(),
		mark:   1 << (8 + s.r.IntN(9)),
		moody:  s.chance(0.3),
		finish: s.r.IntN(8),
	}
	if client || a.role == roleStupid && s.chance(0.7) {
		a.role = roleSource
	}
	s.actors = append(s.actors, a)
	s.open++
	return a
}

// accepted begins the life of a connection that was made to us.
func (s *sim) accepted(c *reactor.Conn) {
	s.turn()
	a := s.actor(false)
	a.c = c
	a.begin()
}

// dial begins the life of a connection that we make.
func (s *sim) dial() {
	a := s.actor(true)
	network, address := s.target()
	var err error
	s.call(func() { a.c, err = s.l.Connect(network, address, a.onConnect) })
	if err != nil {
		a.closed = true
		s.open--
		s.fail("connect: %v", err)
		return
	}
	a.connects = 1
	a.arrange()
	if s.chance(0.2) {
		a.produce() // queued until the connection is made
	}
	if s.chance(0.05) {
		a.close()
	}
}

func (a *actor) onConnect(err error) {
	a.enter("connect callback")
	a.connected++
	if err != nil {
		a.judgeConnect(err)
		if !a.closing {
			a.s.maybeLater(a.close)
		}
		return
	}
	if a.closing {
		a.s.fail("actor %d: connected without error after Close", a.end.id)
		return
	}
	a.begin()
	a.maybePanic()
}

// judgeConnect says whether err is a reason for a connect to fail.
func (a *actor) judgeConnect(err error) {
	var errno reactor.Errno
	if errors.As(err, &errno) {
		switch errno {
		case reactor.ECANCELED:
			if a.closing {
				return
			}
		case reactor.ECONNREFUSED, reactor.ECONNRESET, reactor.ETIMEDOUT, reactor.EMFILE, reactor.ENOENT, reactor.EAGAIN,
			reactor.ENOMEM, syscall.EHOSTUNREACH, syscall.ENETUNREACH,
			reactor.EPIPE: // a reset behind the peer's end: both have come before the connect was looked at
			return
		}
	}
	a.s.fail("actor %d: connect: %v", a.end.id, err)
}

// begin starts what the role does, now or after a while.
func (a *actor) begin() {
	if !a.client {
		a.arrange()
	}
	start := func() {
		if a.closing {
			return
		}
		a.readStart()
		a.produce()
	}
	if a.role != roleStupid {
		a.s.maybeLater(start)
	}
}

// arrange sees to it that the connection ends some time.
func (a *actor) arrange() {
	s := a.s
	s.timer(s.between(5*time.Second, 30*time.Second), func() { a.watch(50, a.progress()) })
	if s.chance(0.2) {
		s.timer(s.between(0, 15*time.Millisecond), func() { a.over(s.chance(0.5)) })
	}
	if a.moody {
		s.timer(s.between(0, 10*time.Millisecond), a.toggle)
	}
}

// progress is what changes while a connection is alive.
func (a *actor) progress() [4]int {
	return [4]int{a.in.pos, a.told, a.c.WriteQueueSize(), a.connected}
}

// watch sees to it that nobody has forgotten the connection: while the kernel has something for it that it wants, it
// must get on. Each look is a turn of its own, so there were that many iterations in between.
func (a *actor) watch(looks int, before [4]int) {
	if a.closing {
		return
	}
	s := a.s
	var owed string
	switch st := s.w.Status(a.c.FD()); {
	case a.connected < a.connects:
		if st.Open && !st.Connecting {
			owed = "the connect has ended"
		}
	case a.c.Reading() && (st.Unread > 0 || st.Ended || st.Err != 0):
		owed = "there is something to read"
	case a.c.WriteQueueSize() > 0 && !a.broken && st.Writable:
		owed = "there is room to write"
	case a.half > a.halfTold && a.c.WriteQueueSize() == 0:
		owed = "the queue is empty and the half-close isn't told"
	}
	now := a.progress()
	switch {
	case owed == "" || now != before:
		a.over(true)
		s.timer(s.between(0, 5*time.Second), a.close)
	case looks == 0:
		s.fail("actor %d is forgotten: %s: %+v, reading %v, %d queued, %v", a.end.id, owed,
			s.w.Status(a.c.FD()), a.c.Reading(), a.c.WriteQueueSize(), now)
		a.close()
	default:
		s.timer(20*time.Millisecond, func() { a.watch(looks-1, before) })
	}
}

// toggle turns reading off and on a few times.
func (a *actor) toggle() {
	if a.closing || a.ended || a.role == roleStupid || a.connects > a.connected {
		return
	}
	s := a.s
	for range 1 + s.r.IntN(4) {
		s.call(a.c.ReadStop)
		if s.chance(0.7) {
			a.readStart()
		}
	}
	if !a.c.Reading() {
		s.timer(s.between(0, 5*time.Millisecond), func() {
			if !a.closing && !a.ended {
				a.readStart()
			}
		})
	}
	if s.chance(0.5) {
		s.timer(s.between(0, 10*time.Millisecond), a.toggle)
	}
}

func (a *actor) readStart() {
	if a.closing || a.connected < a.connects {
		return
	}
	if a.role == roleEcho && a.c.WriteQueueSize() > a.mark {
		a.stopped = true // a write's callback will start it
		a.s.call(a.c.ReadStop)
		return
	}
	var err error
	a.s.call(func() { err = a.c.ReadStart(a) })
	if err != nil && !a.failedConnect() {
		a.s.fail("actor %d: ReadStart: %v", a.end.id, err)
	}
	a.stopped = false
}

func (a *actor) failedConnect() bool { return a.connects > 0 }

// enter is what every callback of this connection begins with.
func (a *actor) enter(what string) {
	a.s.turn()
	if a.closed {
		a.s.fail("actor %d: %s after the close callback", a.end.id, what)
	}
}

// OnRead is told what arrives.
func (a *actor) OnRead(p []byte, err error) {
	a.enter("OnRead")
	s := a.s
	if a.closing && !a.aborted {
		s.fail("actor %d: OnRead after Close", a.end.id)
		return
	}
	if !a.aborted && a.stopped {
		s.fail("actor %d: OnRead after ReadStop", a.end.id)
	}
	if err != nil {
		a.readEnded(p, err)
		return
	}
	if len(p) == 0 {
		s.fail("actor %d: OnRead of nothing", a.end.id)
	}
	if a.ended && !a.unwatched {
		s.fail("actor %d: OnRead of %d bytes after the end", a.end.id, len(p))
	}
	s.check(a.in.take(s, p))
	if a.role == roleEcho {
		if a.in.from != nil {
			a.in.from.echoer = a.end
		}
		a.echo(p)
	}
	a.meddle()
	if s.chance(0.01) {
		a.over(s.chance(0.5))
	}
	a.maybePanic()
}

func (a *actor) readEnded(p []byte, err error) {
	s := a.s
	if len(p) != 0 {
		s.fail("actor %d: OnRead with bytes and an error", a.end.id)
	}
	var panicked *loop.PanicError
	if errors.As(err, &panicked) != a.aborted {
		s.fail("actor %d: aborted %v, but OnRead says %v", a.end.id, a.aborted, err)
	}
	if a.aborted {
		if a.end.id%2 == 0 { // half of them close all the same, and are told
			a.late = 1
			a.c.Close(func() { a.late++ })
			a.c.Close(func() { a.late = 9 })
		}
		return
	}
	if err == io.EOF {
		if a.readErrors > 0 {
			s.fail("actor %d: an error, and then a clean end", a.end.id)
		}
		a.in.eof = true
	} else if !errors.Is(err, reactor.ENOMEM) { // that is the kernel refusing to watch it: reading again may work
		a.readErrors++ // even behind a clean end: a reset may follow it, and reading again tells
	}
	a.unwatched = a.unwatched || errors.Is(err, reactor.ENOMEM)
	if a.c.Reading() {
		s.fail("actor %d: still reading after %v", a.end.id, err)
	}
	if !a.ended && s.chance(0.1) {
		a.ended = true
		a.readStart() // it will be told again
		return
	}
	a.ended = true
	if err != io.EOF {
		s.maybeLater(a.close)
		return
	}
	if a.role != roleSource || a.toSend == 0 || s.chance(0.3) {
		s.maybeLater(func() { a.over(true) })
	}
}

// OnHangUp is told that both directions are gone while nobody reads.
func (a *actor) OnHangUp() {
	a.enter("OnHangUp")
	a.hangUps++
	if a.hangUps > 1 || a.closing || a.c.Reading() {
		a.s.fail("actor %d: OnHangUp %d times, closing %v, reading %v", a.end.id, a.hangUps, a.closing, a.c.Reading())
		return
	}
	if st := a.s.w.Status(a.c.FD()); !st.HungUp {
		a.s.fail("actor %d: OnHangUp, but the connection is alive: %+v", a.end.id, st)
	}
	if a.s.chance(0.5) {
		a.readStart()
	} else if a.s.chance(0.5) {
		a.close()
	}
}

// over ends the connection, in good order or not.
func (a *actor) over(gently bool) {
	s := a.s
	if a.closing {
		return
	}
	if gently && a.half == 0 && a.connected == a.connects && a.finish > 1 && !a.broken {
		var err error
		s.call(func() { err = a.c.CloseWrite(a.onHalfClosed) })
		if err == nil {
			a.half = 1
			return
		}
		if a.connects == 0 {
			s.fail("actor %d: CloseWrite: %v", a.end.id, err)
		}
	}
	if a.half > a.halfTold && s.chance(0.8) {
		return // the guard will close it
	}
	a.close()
}

func (a *actor) onHalfClosed(err error) {
	a.enter("CloseWrite's callback")
	a.halfTold++
	if a.told != a.asked {
		a.s.fail("actor %d: half-closed after %d of %d writes", a.end.id, a.told, a.asked)
	}
	if a.halfTold > a.half {
		a.s.fail("actor %d: half-closed twice", a.end.id)
	}
	if a.closing {
		return
	}
	if errors.Is(err, reactor.ECANCELED) {
		a.s.fail("actor %d: a half-close is cancelled without Close", a.end.id)
	}
	if err != nil || a.ended || a.role != roleSource {
		a.s.maybeLater(a.close)
		return
	}
	a.readStart() // wait for the peer's end
	a.s.timer(a.s.between(0, 5*time.Second), a.close)
}

// close ends the connection with an end or with a reset.
func (a *actor) close() {
	if a.closing {
		return
	}
	a.closing = true
	s := a.s
	if a.finish == 1 && a.half == 0 {
		var err error
		s.call(func() { err = a.c.CloseReset(a.onClosed) })
		if err != nil {
			s.fail("actor %d: CloseReset: %v", a.end.id, err)
		}
	} else {
		s.call(func() { a.c.Close(a.onClosed) })
	}
	if s.chance(0.1) {
		s.call(func() { a.c.Close(func() { s.fail("actor %d: the second Close counts", a.end.id) }) })
	}
	if a.c.Reading() {
		s.fail("actor %d: reading after Close", a.end.id)
	}
	if _, err := a.c.TryWrite([]byte("x")); !errors.Is(err, reactor.ErrClosed) {
		s.fail("actor %d: TryWrite after Close: %v", a.end.id, err)
	}
}

func (a *actor) onClosed() {
	a.enter("the close callback")
	a.closed = true
	a.s.open--
	a.settled("when it closed")
}

// settled checks that nothing is owed any more.
func (a *actor) settled(when string) {
	if a.told != a.asked || a.halfTold != a.half || a.connected != a.connects {
		a.s.fail("actor %d %s: %d of %d writes, %d of %d half-closes, %d of %d connects had completed",
			a.end.id, when, a.told, a.asked, a.halfTold, a.half, a.connected, a.connects)
	}
	if a.late != 0 && a.late != 2 {
		a.s.fail("actor %d %s: the close that it asked for was told %d times", a.end.id, when, a.late-1)
	}
	if size := a.c.WriteQueueSize(); size != 0 {
		a.s.fail("actor %d %s: %d bytes are queued", a.end.id, when, size)
	}
}

// meddle calls what changes nothing.
func (a *actor) meddle() {
	s := a.s
	if a.closing || !s.chance(0.05) {
		return
	}
	s.call(func() {
		a.c.Unref()
		a.c.Ref()
		if addr := a.c.LocalAddr(); addr.IsValid() != a.c.RemoteAddr().IsValid() {
			s.fail("actor %d: addresses %v and %v", a.end.id, addr, a.c.RemoteAddr())
		}
		if err := errors.Join(a.c.SetNoDelay(s.chance(0.5)), a.c.SetKeepAlive(time.Duration(s.r.IntN(100))*time.Second)); err != nil {
			s.fail("actor %d: %v", a.end.id, err)
		}
		s.l.Walk(func(h loop.Handle) {
			if h.Closing() {
				s.fail("Walk shows a handle that is closing")
			}
		})
	})
}

// maybePanic panics in some worlds, in a callback that belongs to the connection: it is reset then, and nobody else
// notices.
func (a *actor) maybePanic() {
	s := a.s
	if s.panicky && !a.closing && s.chance(0.01) {
		a.closing, a.aborted = true, true
		s.open--
		s.panics++
		panic(planned)
	}
}
