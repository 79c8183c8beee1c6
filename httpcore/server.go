package httpcore

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// Server answers HTTP/1.1 requests on one loop or on several.
//
// Its handlers are set before it listens, and then called on the loop that a connection belongs to: on all loops of a Group,
// perhaps at the same time.
type Server struct {
	o         ServerOptions
	keepAlive string // the lines of every answer that the connection goes on behind

	onRequest       func(*IncomingMessage, *ServerResponse)
	onCheckContinue func(*IncomingMessage, *ServerResponse)
	onUpgrade       func(*IncomingMessage, *stream.Socket, []byte)
	onConnect       func(*IncomingMessage, *stream.Socket, []byte)
	onClientError   func(*ClientError)
	hooks           *lifeHooks // nil while there are none

	mu        sync.Mutex
	loops     map[*loop.Loop]*serverLoop
	listeners []func(done func()) // what closes them, from any goroutine
	closing   atomic.Bool         // Shutdown was called; set with mu held, so that no loop misses it
	full      atomic.Bool         // MaxConnections was reached, and that is logged
	conns     atomic.Int64        // connections, and what else a server that closes waits for
	idle      chan struct{}       // closed when the last connection of a server that closes has gone
}

// NewServer returns a Server.
func NewServer(o ServerOptions) *Server {
	o = o.withDefaults()
	return &Server{o: o, keepAlive: o.keepAliveLines(), loops: map[*loop.Loop]*serverLoop{}, idle: make(chan struct{})}
}

// OnRequest sets what answers requests. Without it they are answered with 404.
func (s *Server) OnRequest(fn func(req *IncomingMessage, res *ServerResponse)) { s.onRequest = fn }

// OnCheckContinue sets what is called in the place of OnRequest for a request whose client waits for a 100 before it sends its
// body: WriteContinue asks for that, and any other answer refuses it. Without it the 100 is sent at once.
func (s *Server) OnCheckContinue(fn func(req *IncomingMessage, res *ServerResponse)) {
	s.onCheckContinue = fn
}

// OnUpgrade sets what takes the connection of a request that asks for another protocol. head is what the client has sent of
// that already, and is the handler's own; the socket is paused. Without it such a request is like any other. One that has a
// body, or is behind others that are not answered, is like any other too.
func (s *Server) OnUpgrade(fn func(req *IncomingMessage, socket *stream.Socket, head []byte)) {
	s.onUpgrade = fn
}

// OnConnect is OnUpgrade for CONNECT requests. Without it they are answered with 501.
func (s *Server) OnConnect(fn func(req *IncomingMessage, socket *stream.Socket, head []byte)) {
	s.onConnect = fn
}

// Listen listens on all loops of g, which has not begun to run, and returns the address. The Server drains when g shuts
// down.
func (s *Server) Listen(g *loop.Group, network, address string) (netip.AddrPort, error) {
	ln, err := g.Listen(network, address, func(l *loop.Loop, c *loop.Conn) { s.ServeTransport(l, c) })
	if err != nil {
		return netip.AddrPort{}, err
	}
	ln.OnError(s.logAccept)
	g.OnShutdown(func(l *loop.Loop) { s.on(l).close() })
	s.closeWith(func(done func()) {
		if g.Loop(0).Post(func() { ln.Close(done) }) != nil {
			done() // the group has ended, and the listener with it
		}
	})
	return ln.Addr(), nil
}

// ListenLoop listens on one loop, and returns the address. It is for the goroutine of l. Nothing drains the Server when l
// stops: Shutdown is for that.
func (s *Server) ListenLoop(l *loop.Loop, network, address string) (netip.AddrPort, error) {
	ln, err := l.Listen(network, address, func(c *loop.Conn) { s.ServeTransport(l, c) })
	if err != nil {
		return netip.AddrPort{}, err
	}
	ln.OnError(s.logAccept)
	s.closeWith(func(done func()) {
		stop := func() {
			if ln.Closing() {
				done()
			} else {
				ln.Close(done)
			}
		}
		if l.Post(stop) != nil {
			done() // the loop is closed, and the listener with it
		}
	})
	return ln.Addr(), nil
}

// closeWith has Shutdown close a listener.
func (s *Server) closeWith(fn func(done func())) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, fn)
}

// ServeTransport answers what comes over t, which is the Server's from now on. It is for the goroutine of l.
func (s *Server) ServeTransport(l *loop.Loop, t stream.Transport) {
	sl := s.on(l)
	n := s.conns.Add(1)
	full := s.o.MaxConnections > 0 && n > int64(s.o.MaxConnections)
	if full || s.over() {
		if full {
			s.logFull(t)
		}
		s.left()
		t.Close(nil)
		return
	}
	newServerConn(sl, t)
}

// over reports whether Shutdown has returned.
func (s *Server) over() bool {
	select {
	case <-s.idle:
		return true
	default:
		return false
	}
}

// on is what the Server has on l.
func (s *Server) on(l *loop.Loop) *serverLoop {
	s.mu.Lock()
	defer s.mu.Unlock()
	sl := s.loops[l]
	if sl == nil {
		sl = &serverLoop{s: s, closing: s.closing.Load()}
		sl.init(l)
		sl.mark = writableMark(s.o.HighWaterMark)
		s.loops[l] = sl
	}
	return sl
}

// left is a connection having gone.
func (s *Server) left() {
	n := s.conns.Add(-1)
	if s.full.Load() && n < int64(s.o.MaxConnections) {
		s.full.Store(false)
	}
	if n == 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closing.Load() && s.conns.Load() == 0 {
			s.ended()
		}
	}
}

// ended is for those who hold mu.
func (s *Server) ended() {
	if !s.over() {
		close(s.idle)
	}
}

// Shutdown ends the Server: nobody is accepted any more, but for those who wait to be. Connections that have a request under
// way are closed when it is answered, which their answers say; those that rest after a quarter of a second, since their next
// request may be on its way, and those that have sent nothing yet after a second, if none comes.
// It returns when the last has gone; when ctx is done it closes those that are left and returns its error. Any goroutine but
// those of the loops, which must run, may call it.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing.Store(true)
	loops := make([]*serverLoop, 0, len(s.loops))
	for _, sl := range s.loops {
		loops = append(loops, sl)
	}
	listeners := s.listeners
	s.listeners = nil
	s.conns.Add(1) // so that it is not over before it has begun
	s.mu.Unlock()
	for _, sl := range loops {
		_ = sl.l.Post(sl.close) // of a loop that has ended: its connections have gone with it
	}
	for _, fn := range listeners {
		s.conns.Add(1)
		fn(s.left)
	}
	s.left()
	select {
	case <-s.idle:
		return nil
	case <-ctx.Done():
	}
	s.logForced()
	for _, sl := range loops {
		_ = sl.l.Post(sl.closeAll)
	}
	return ctx.Err()
}

// CloseIdleConnections closes the connections of l that have served a request and have none under way. It is for the
// goroutine of l.
func (s *Server) CloseIdleConnections(l *loop.Loop) { s.on(l).closeIdle() }

// CloseAllConnections closes the connections of l at once, busy ones too; those that were handed over to OnUpgrade or OnConnect
// are not the Server's any more. It is for the goroutine of l.
func (s *Server) CloseAllConnections(l *loop.Loop) { s.on(l).closeAll() }

func (sl *serverLoop) closeAll() {
	sl.conns.each(func(c *serverConn) { c.destroy(ErrServerClosed) })
}

// closes reports whether connections end behind the answers that are due: from the first moment of Shutdown on, whether or
// not its word has come to this loop.
func (sl *serverLoop) closes() bool { return sl.closing || sl.s.closing.Load() }

// close has the connections of a loop end when they are answered.
func (sl *serverLoop) close() {
	sl.closing = true
	sl.conns.each((*serverConn).hurry)
}

// closeIdle closes the connections that have nothing under way and have served a request.
func (sl *serverLoop) closeIdle() {
	sl.conns.each(func(c *serverConn) {
		if c.served > 0 && c.quiet() {
			c.finish()
		}
	})
}
