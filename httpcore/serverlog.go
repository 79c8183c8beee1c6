package httpcore

import (
	"context"
	"errors"
	"log/slog"

	"github.com/weir-go/weir/stream"
)

// What ServerOptions.Logger is told.

// log logs a client's error: see blame.
func (c *serverConn) log(err error, x *exchange, res *ServerResponse) {
	logger := c.sl.s.o.Logger
	if logger == nil || err == nil {
		return
	}
	level, what := slog.LevelInfo, "http: refused"
	switch {
	case errors.Is(err, ErrResponseTimeout):
		level, what = slog.LevelWarn, "http: not answered in time"
	case res != nil:
	case errors.Is(err, ErrTimeout):
		what = "http: timed out"
	case c.flags&connGone != 0:
		level, what = slog.LevelDebug, "http: lost"
	default:
		what = "http: cut off"
	}
	ctx := context.Background()
	if !logger.Enabled(ctx, level) {
		return
	}
	attrs := append(make([]slog.Attr, 0, 5), slog.Any("remote", c.t.RemoteAddr()))
	if x != nil {
		attrs = append(attrs, slog.String("method", x.req.Method()), slog.String("url", x.req.URL()))
	}
	if res != nil {
		attrs = append(attrs, slog.Int("status", res.StatusCode))
	}
	logger.LogAttrs(ctx, level, what, append(attrs, slog.Any("err", err))...)
}

// logFull logs that a connection is closed since there are enough: the first of those that follow one another.
func (s *Server) logFull(t stream.Transport) {
	if s.o.Logger != nil && !s.full.Swap(true) {
		s.o.Logger.Warn("http: connections are closed as they come, MaxConnections is reached",
			"most", s.o.MaxConnections, "remote", t.RemoteAddr())
	}
}

// logAccept logs that the kernel gives us no connections: for want of descriptors, say. It is once for each rest that the
// listener then takes, or the last word of one that is broken.
func (s *Server) logAccept(err error) {
	if s.o.Logger != nil {
		s.o.Logger.Warn("http: connections are not accepted", "err", err)
	}
}

// logForced logs that Shutdown closes what is left.
func (s *Server) logForced() {
	if s.o.Logger != nil {
		s.o.Logger.Warn("http: the time of Shutdown is over, what is left is closed", "connections", s.conns.Load())
	}
}
