package loop

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/weir-go/weir/reactor"
)

// GroupListener accepts connections for all loops of a Group. By default one loop accepts and hands each connection to
// the next in turn, so that all have as many; with PerLoop every loop accepts for itself.
type GroupListener struct {
	g      *Group
	onConn func(*Loop, *reactor.Conn)
	parts  []*part
	turn   int // whose turn it is; the accepting loop's
}

// GroupListenOptions say how a GroupListener is made. The zero value is good.
type GroupListenOptions struct {
	reactor.ListenOptions
	// PerLoop gives every loop a listening socket of its own (SO_REUSEPORT), among which the kernel divides those who
	// connect by a hash of their address. It spares the hand-over, but few clients may be divided very unevenly, and
	// a loop that is held up keeps those who wait for it. It is for TCP on Linux; elsewhere Listen returns EOPNOTSUPP.
	PerLoop bool
}

// part is one reactor's listener.
type part struct {
	m       *member
	ln      *reactor.Listener
	late    Timer // of handshakeTime
	closing bool
	ended   bool
	waiters []func() // to be told when it has ended
}

// Listen listens on address and calls onConn for each connection, on the loop that it belongs to from then on. It is for
// the time before Run; afterwards it returns EBUSY. The address is bound once, alone, so a busy one is EADDRINUSE however
// many loops there are, and port 0 is one port: see Addr. See reactor.Reactor.Listen for the rest.
func (g *Group) Listen(network, address string, onConn func(*Loop, *reactor.Conn)) (*GroupListener, error) {
	return g.ListenWith(network, address, GroupListenOptions{}, onConn)
}

// ListenWith is Listen with options.
func (g *Group) ListenWith(network, address string, o GroupListenOptions, onConn func(*Loop, *reactor.Conn)) (*GroupListener, error) {
	if onConn == nil {
		panic("loop: Group.Listen with a nil callback")
	}
	if err := g.mayListen(); err != nil {
		return nil, err
	}
	gl := &GroupListener{g: g, onConn: onConn}
	var err error
	if o.PerLoop {
		err = gl.listenPerLoop(network, address, o.ListenOptions)
	} else {
		home := g.members[0]
		var ln *reactor.Listener
		ln, err = home.l.r.ListenAccepted(network, address, o.ListenOptions, gl.accept)
		gl.add(home, ln)
	}
	if err != nil {
		gl.onConn = func(_ *Loop, c *reactor.Conn) { _ = c.CloseReset(nil) } // nobody knows of the parts there were
		for _, p := range gl.parts {
			p.ln.Close(nil)
		}
		return nil, err
	}
	g.keep(gl)
	return gl, nil
}

// AdoptListener is Listen with a socket that listens already, inherited or opened by something else; f is closed. See
// reactor.Reactor.AdoptListener.
func (g *Group) AdoptListener(f reactor.File, onConn func(*Loop, *reactor.Conn)) (*GroupListener, error) {
	if onConn == nil {
		panic("loop: Group.AdoptListener with a nil callback")
	}
	if err := g.mayListen(); err != nil {
		return nil, err
	}
	gl := &GroupListener{g: g, onConn: onConn}
	ln, err := g.members[0].l.r.AdoptListenerAccepted(f, gl.accept)
	if err != nil {
		return nil, err
	}
	gl.add(g.members[0], ln)
	g.keep(gl)
	return gl, nil
}

func (g *Group) mayListen() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch g.state {
	case groupIdle:
		return nil
	case groupRunning, groupDraining:
		return fmt.Errorf("loop: listen: the group runs: %w", reactor.EBUSY)
	case groupEnded:
	}
	return fmt.Errorf("loop: listen: %w", reactor.ErrClosed)
}

func (g *Group) keep(gl *GroupListener) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.listeners = append(g.listeners, gl)
	for _, p := range gl.parts {
		p.late.initQuiet(p.m.l)
		p.m.parts = append(p.m.parts, p)
	}
}

// listenPerLoop binds the address alone, which tells whether it is free and which port it is, and then opens it to the
// other loops' listeners.
func (gl *GroupListener) listenPerLoop(network, address string, o reactor.ListenOptions) error {
	for i, m := range gl.g.members {
		take := func(c *reactor.Conn) {
			m.taken.Add(1)
			gl.onConn(m.l, c)
		}
		ln, err := m.l.r.Listen(network, address, o, take)
		if err != nil {
			return err
		}
		gl.add(m, ln)
		if i > 0 {
			continue
		}
		if err := ln.SharePort(); err != nil {
			return err
		}
		o.ReusePort = true
		host, _, _ := net.SplitHostPort(address) // it is one that we listen on
		address = net.JoinHostPort(host, strconv.Itoa(int(ln.Addr().Port())))
	}
	return nil
}

func (gl *GroupListener) add(m *member, ln *reactor.Listener) {
	if ln != nil {
		gl.parts = append(gl.parts, &part{m: m, ln: ln})
	}
}

// Addr is the address listened on, with the port that was chosen; zero for a Unix socket. Any goroutine may ask.
func (gl *GroupListener) Addr() netip.AddrPort { return gl.parts[0].ln.Addr() }

// OnError sets a function that is told of trouble in accepting, on the loop that has it: see reactor.Listener.OnError. It
// is for the time before Run.
func (gl *GroupListener) OnError(fn func(error)) {
	for _, p := range gl.parts {
		p.ln.OnError(fn)
	}
}

// Pause has all loops stop accepting; Resume ends that. Any goroutine may call them; they take effect soon.
func (gl *GroupListener) Pause() { gl.each(func(p *part) { p.ln.Pause() }) }

// Resume ends Pause.
func (gl *GroupListener) Resume() { gl.each(func(p *part) { p.ln.Resume() }) }

// Close stops listening, as reactor.Listener.Close does, and calls done when those who were waiting have all been given
// to a loop; done may be nil, and runs on one of the loops. On Linux a TCP listener that others than this machine can
// reach first waits 250 ms for the handshakes that are under way, while nobody new is answered. Any goroutine may call
// Close; after the first call another only waits for the same end. Once the group has ended it does nothing, and calls
// nobody.
func (gl *GroupListener) Close(done func()) {
	left := newCountdown(len(gl.parts), done)
	gl.each(func(p *part) { p.close(left.one) })
}

// each has fn called for every part, on its loop.
func (gl *GroupListener) each(fn func(*part)) {
	for _, p := range gl.parts {
		_ = p.m.l.Post(func() { fn(p) }) // of a loop that is closed: so is its listener
	}
}

// handshakeTime is how long a listener that nobody new can reach waits for those whose handshake is under way: a round
// trip, and a long one. Closed at once it would reset clients that take themselves for connected.
const handshakeTime = 250 * time.Millisecond

// close closes the listener, and has done called when it has ended. It runs on its loop.
func (p *part) close(done func()) {
	if p.ended {
		done()
		return
	}
	p.waiters = append(p.waiters, done)
	if p.closing {
		return
	}
	p.closing = true
	near := p.ln.Addr().Addr().IsLoopback() // a handshake with this machine itself is over at once
	if near || p.ln.Deafen() != nil {
		p.shut()
		return
	}
	p.late.startQuiet(p.shut, handshakeTime)
}

// shut closes the listener now.
func (p *part) shut() {
	p.late.Stop()
	switch {
	case p.ended:
	case p.ln.Closing(): // by somebody's Walk, of which we are not told: it is over in the next iteration
		_ = p.m.l.Post(p.end) // the loop is here, so it is not closed
	default:
		p.ln.Close(p.end)
	}
}

// end tells those who wait, each in a turn of its own: one may panic.
func (p *part) end() {
	p.ended = true
	for _, fn := range p.waiters {
		_ = p.m.l.Post(fn)
	}
	p.waiters = nil
}

// maxOwed is how many connections a loop may have been handed and not taken up before it is passed over: it is held up
// by something, and the others are not. It is far above what a storm of clients leaves for a moment.
const maxOwed = 1024

// accept runs on the accepting loop, for each connection.
func (gl *GroupListener) accept(a reactor.Accepted) {
	home, m := gl.parts[0].m, gl.next()
	if m == home {
		gl.take(m, a)
		return
	}
	m.owed.Add(1)
	err := m.l.Post(func() {
		m.owed.Add(-1)
		gl.take(m, a)
	})
	if err != nil {
		home.l.r.Discard(a)
	}
}

// next is whose turn it is.
func (gl *GroupListener) next() *member {
	all := gl.g.members
	for range all {
		m := all[gl.turn]
		gl.turn = (gl.turn + 1) % len(all)
		if m.owed.Load() < maxOwed {
			return m
		}
	}
	return all[gl.turn] // all are held up
}

// take runs on the loop that the connection goes to.
func (gl *GroupListener) take(m *member, a reactor.Accepted) {
	if gl.g.forced.Load() {
		m.l.r.Discard(a)
		return
	}
	c, err := m.l.r.Take(a)
	if err != nil { // it cannot be: the loop is running
		m.l.r.Discard(a)
		return
	}
	m.taken.Add(1)
	gl.onConn(m.l, c)
}
