package httpcore

import (
	"net/netip"
	"time"

	"github.com/weir-go/weir/loop"
)

// The hooks of the lives of connections and requests: what metrics and an access log are made of. A server without any pays a
// branch for each place where one would be told.

// ConnStats is what OnConnection and OnConnectionClose are told: the same one, of the same connection, which is of use as a
// key. It is the hook's to read on the connection's loop.
type ConnStats struct {
	// RemoteAddr is the client's address.
	RemoteAddr netip.AddrPort
	// Requests are those whose heads were received whole.
	Requests int
	// BytesRead and BytesWritten are what has come and what the kernel has taken, heads and framing included. What was
	// written is not all sent yet while the connection lives.
	BytesRead, BytesWritten int64
	// Duration is how long the connection has lived, by the loop's clock; 0 before its end.
	Duration time.Duration
	// HandedOver says that OnUpgrade, OnConnect or SwitchProtocols has given the connection away.
	HandedOver bool
	// Err is why it was ended, if there is a reason: the client's mistake, a deadline, a reset, ErrServerClosed.
	Err error
}

// RequestStats is what OnRequestDone is told of a request and its answer.
type RequestStats struct {
	// Conn is the connection that it came over.
	Conn *ConnStats
	// Request is the request; nil of what was none, and is answered nevertheless.
	Request *IncomingMessage
	// Response is the answer; nil if the connection was handed over without one, or the client was lost before there was one.
	Response *ServerResponse
	// StatusCode is the answer's; 0 if nothing of it has left.
	StatusCode int
	// BytesRead is how much of the request's body has come, and BytesWritten how much of the answer's was written, both
	// without framing.
	BytesRead, BytesWritten int64
	// Duration is the time from the end of the request's head to the end of the answer, by the loop's clock; 0 if there was
	// no request.
	Duration time.Duration
	// Err is why the request was refused, or the answer is not complete.
	Err error
}

type lifeHooks struct {
	onConnection, onConnectionClose func(*ConnStats)
	onRequestDone                   func(*RequestStats)
}

// OnConnection sets what is told of each connection that is served from now on, before anything is read from it. It is called
// on the connection's loop.
func (s *Server) OnConnection(fn func(c *ConnStats)) { s.life().onConnection = fn }

// OnConnectionClose sets what is told of each connection that has ended, or was handed over: once, behind OnRequestDone of its
// requests. It is called on the connection's loop.
func (s *Server) OnConnectionClose(fn func(c *ConnStats)) { s.life().onConnectionClose = fn }

// OnRequestDone sets what is told of each request when its answer is over, well or not, and of what was no request and was
// answered nevertheless: once, before the answer's OnClose. The request's body may still be on its way. It is called on the
// connection's loop.
func (s *Server) OnRequestDone(fn func(x *RequestStats)) { s.life().onRequestDone = fn }

func (s *Server) life() *lifeHooks {
	if s.hooks == nil {
		s.hooks = &lifeHooks{}
	}
	return s.hooks
}

// connWatch is what the hooks of a connection need.
type connWatch struct {
	stats ConnStats
	hooks *lifeHooks
	l     *loop.Loop
	began time.Duration
	open  map[*ServerResponse]*requestWatch // of those that are not told of yet
	held  *requestWatch                     // of the one that is refused, while it has no answer
}

// requestWatch is what OnRequestDone needs.
type requestWatch struct {
	stats RequestStats
	began time.Duration
}

// watchFrom has c watched from its beginning on.
func (c *serverConn) watchFrom() {
	w := &connWatch{hooks: c.sl.s.hooks, l: c.sl.l, began: c.sl.l.Now()}
	w.stats.RemoteAddr = c.t.RemoteAddr()
	c.watch = w
	if fn := w.hooks.onConnection; fn != nil {
		fn(&w.stats)
	}
}

// begin is the head of x having come.
func (w *connWatch) begin(c *serverConn, x *exchange) {
	w.stats.Requests++
	if w.hooks.onRequestDone == nil {
		return
	}
	if w.open == nil {
		w.open = map[*ServerResponse]*requestWatch{}
	}
	w.follow(c, &requestWatch{began: w.l.Now(), stats: RequestStats{Conn: &w.stats, Request: &x.req}}, &x.res)
}

// follow has rw told when res is over, if that is its answer still.
func (w *connWatch) follow(c *serverConn, rw *requestWatch, res *ServerResponse) {
	rw.stats.Response = res
	w.open[res] = rw
	res.OnClose(func() {
		if w.open[res] == rw {
			w.done(c, rw)
		}
	})
}

func (w *connWatch) done(c *serverConn, rw *requestWatch) {
	x := &rw.stats
	delete(w.open, x.Response)
	if x.Request != nil {
		x.BytesRead = x.Request.received
		x.Duration = w.l.Now() - rw.began
	}
	if r := x.Response; r != nil {
		if r.onWire && r.extra().head == nil {
			x.StatusCode = r.StatusCode
		}
		if !r.noBody {
			x.BytesWritten = r.written
		}
		if x.Err == nil && !r.done && !w.stats.HandedOver {
			x.Err = r.extra().err
			if x.Err == nil {
				x.Err = c.why
			}
			if x.Err == nil {
				x.Err = ErrAborted
			}
		}
	}
	w.hooks.onRequestDone(x)
}

// hold is x being refused: what ends now is not its answer.
func (w *connWatch) hold(x *exchange) {
	w.held = w.open[&x.res]
	delete(w.open, &x.res)
}

// refused is what blame is told.
func (w *connWatch) refused(c *serverConn, err error, res *ServerResponse) {
	if w.stats.Err == nil {
		w.stats.Err = err
	}
	rw := w.held
	w.held = nil
	switch {
	case w.hooks.onRequestDone == nil:
		return
	case rw == nil && res == nil:
		return // it has its answer, or there is nothing to tell of
	case rw == nil:
		rw = &requestWatch{stats: RequestStats{Conn: &w.stats}}
		if w.open == nil {
			w.open = map[*ServerResponse]*requestWatch{}
		}
	}
	rw.stats.Err, rw.stats.Response = err, nil
	if res == nil {
		w.done(c, rw)
		return
	}
	w.follow(c, rw, res)
}

// handedOver is the connection having become somebody else's. res is the answer that has brought it about; nil if there was none.
func (w *connWatch) handedOver(c *serverConn, x *exchange, res *ServerResponse) {
	w.stats.HandedOver = true
	if rw := w.open[&x.res]; rw != nil {
		delete(w.open, &x.res)
		rw.stats.Response = res
		w.done(c, rw)
	}
	w.over(c)
}

// over is the end of the connection.
func (w *connWatch) over(c *serverConn) {
	w.stats.Duration = w.l.Now() - w.began
	if w.stats.Err == nil {
		w.stats.Err = c.why
	}
	if fn := w.hooks.onConnectionClose; fn != nil {
		fn(&w.stats)
	}
}
