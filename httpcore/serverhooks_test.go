package httpcore

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore/h1"
	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/stream"
)

// lives records what the hooks of a server are told.
type lives struct {
	s      *Server
	told   []string
	conns  []*ConnStats
	closed int
}

func watchLives(s *Server) *lives {
	x := &lives{s: s}
	s.OnConnection(func(c *ConnStats) {
		x.conns = append(x.conns, c)
		x.told = append(x.told, "open")
	})
	s.OnConnectionClose(func(c *ConnStats) {
		x.closed++
		x.told = append(x.told, fmt.Sprintf("closed after %d", c.Requests))
	})
	s.OnRequestDone(func(r *RequestStats) {
		path := "-"
		if r.Request != nil {
			path = r.Request.URL()
		}
		how := "fine"
		var bad *h1.Error
		switch {
		case r.Err == nil:
		case errors.As(r.Err, &bad):
			how = "bad"
		default:
			how = stream.CodeOf(r.Err)
		}
		x.told = append(x.told, fmt.Sprintf("%s %d in %d out %d %s", path, r.StatusCode, r.BytesRead, r.BytesWritten, how))
	})
	return x
}

func (x *lives) want(t *testing.T, want ...string) {
	t.Helper()
	if got, want := strings.Join(x.told, "; "), strings.Join(want, "; "); got != want {
		t.Errorf("told\n got %s\nwant %s", got, want)
	}
	x.told = nil
}

func TestHooksAreToldOfEveryRequestAndConnectionOnce(t *testing.T) {
	const limit = 2 * time.Second
	k := newRig(t, ServerOptions{BodyTimeout: limit, MaxBody: 1000}, func(req *IncomingMessage, res *ServerResponse) {
		switch req.Path() {
		case "/own":
			res.WriteString("begun")
		case "/never":
			req.Resume()
		case "/fails":
			res.WriteString("begun")
			res.OnError(func(error) {})
			res.Destroy(errors.New("boom"))
		default:
			req.OnData(func([]byte) {})
			req.OnEnd(func() { res.EndString("fine") })
		}
	})
	x := watchLives(k.s)
	for _, c := range []struct {
		name, sent string
		then       func(reset func())
		told       []string
	}{
		{"two requests", get("/1") + post("/2", 3) + "abc", nil, []string{"/1 200 in 0 out 4 fine", "/2 200 in 3 out 4 fine", "closed after 2"}},
		{"HEAD", "HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\n", nil, []string{"/1 200 in 0 out 0 fine", "closed after 1"}},
		{"no request", "BAD\r\n\r\n", nil, []string{"- 400 in 0 out 0 bad", "closed after 0"}},
		{"no request behind one", get("/1") + "BAD\r\n\r\n", nil, []string{"/1 200 in 0 out 4 fine", "- 400 in 0 out 0 bad", "closed after 1"}},
		{"a body too large", post("/1", 10000), nil, []string{"/1 413 in 0 out 0 ERR_HTTP_BODY_TOO_LARGE", "closed after 1"}},
		{"a body that stops", post("/1", 10) + "abc", nil, []string{"/1 408 in 3 out 0 ERR_HTTP_REQUEST_TIMEOUT", "closed after 1"}},
		{"a mistake behind a beginning", badChunk, nil, []string{"/own 200 in 0 out 5 bad", "closed after 1"}},
		{"a response that fails", get("/fails"), nil, []string{"/fails 200 in 0 out 5 boom", "closed after 1"}},
		{"a client that is lost", get("/1") + get("/never") + get("/never?2"), func(reset func()) { reset() }, []string{
			"/1 200 in 0 out 4 fine", "/never 0 in 0 out 0 ECONNRESET", "/never?2 0 in 0 out 0 ECONNRESET", "closed after 3",
		}},
		{"nothing", "", nil, []string{"closed after 0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x.told = nil
			p := k.dial()
			k.send(p, c.sent)
			if c.then != nil {
				c.then(p.Reset)
				k.run()
			} else {
				k.pass(limit + slack)
				k.read(p)
				p.CloseWrite()
				k.run()
			}
			k.read(p)
			p.Close()
			k.run()
			x.want(t, append([]string{"open"}, c.told...)...)
			s := x.conns[len(x.conns)-1]
			if s.BytesRead != int64(len(c.sent)) || c.then == nil && s.BytesWritten != int64(len(k.got)) || !s.RemoteAddr.IsValid() {
				t.Errorf("%+v, of %d bytes sent and %d received", *s, len(c.sent), len(k.got))
			}
			if c.then == nil && !strings.Contains(c.sent, "/fails") && s.Duration < limit {
				t.Errorf("it lived for %v", s.Duration)
			}
		})
	}
	if x.closed != len(x.conns) {
		t.Errorf("%d connections opened, %d closed", len(x.conns), x.closed)
	}
}

func TestHooksAreToldOfAConnectionThatIsHandedOver(t *testing.T) {
	k := newRig(t, ServerOptions{}, nil)
	x := watchLives(k.s)
	var socket *stream.Socket
	k.s.OnUpgrade(func(_ *IncomingMessage, s *stream.Socket, _ []byte) {
		x.told = append(x.told, "taken")
		socket = s
	})
	p := k.dial()
	k.send(p, "GET /up HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n")
	x.want(t, "open", "/up 0 in 0 out 0 fine", "closed after 1", "taken")
	if !x.conns[0].HandedOver {
		t.Error("it does not say so")
	}
	socket.Destroy(nil)
	p.Close()
	k.run()
	x.want(t)
}

func TestWhatWasWrittenIsWhatTheKernelHasTaken(t *testing.T) {
	k := newRig(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) { res.EndWith(make([]byte, 8<<20), nil) })
	x := watchLives(k.s)
	p := k.dial()
	k.send(p, get("/"))
	left := 0
	k.s.on(k.l).conns.each(func(c *serverConn) { left = c.t.WriteQueueSize() })
	p.Reset()
	k.run()
	head := x.conns[0].BytesWritten - (8<<20 - int64(left))
	if left == 0 || head < 100 || head > 400 {
		t.Errorf("%d bytes were written, and %d waited", x.conns[0].BytesWritten, left)
	}
}

func TestWhatTheLoggerIsTold(t *testing.T) {
	const limit = 2 * time.Second
	var out bytes.Buffer
	o := ServerOptions{BodyTimeout: limit, MaxConnections: 1, Logger: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "remote" && a.Value.String() == "" {
				return slog.Attr{}
			}
			return a
		},
	}))}
	k := newRig(t, o, func(req *IncomingMessage, res *ServerResponse) {
		if req.Path() == "/own" {
			res.WriteString("begun")
		}
	})
	for _, c := range []struct{ name, sent, want string }{
		{"no request", "BAD\r\n\r\n", `level=INFO msg="http: refused" remote=127.0.0.1:* status=400 err="h1: `},
		{"a body that stops", post("/1", 10), `level=INFO msg="http: refused" remote=127.0.0.1:* method=POST url=/1 status=408 err="httpcore: timeout`},
		{"a mistake behind a beginning", badChunk, `level=INFO msg="http: cut off" remote=127.0.0.1:* method=POST url=/own err="h1: `},
		{"a client that is lost", "", `level=DEBUG msg="http: lost" remote=127.0.0.1:* err="reactor: read `},
	} {
		out.Reset()
		p := k.dial()
		k.send(p, c.sent)
		if c.sent == "" {
			p.Reset()
			k.run()
		}
		k.pass(limit + slack)
		k.read(p)
		p.Close()
		k.run()
		got := out.String()
		before, after, _ := strings.Cut(c.want, "*")
		if !strings.HasPrefix(got, before) || !strings.Contains(got, after) || strings.Count(got, "\n") != 1 {
			t.Errorf("%s:\n got %swant %s", c.name, got, c.want)
		}
	}
	out.Reset()
	first := k.dial()
	for range 3 {
		p := k.dial()
		k.read(p)
		p.Close()
	}
	first.Close()
	k.run()
	if got := out.String(); strings.Count(got, "level=WARN") != 1 || !strings.Contains(got, "most=1") {
		t.Errorf("with too many: got %s", got)
	}
	out.Reset()
	first = k.dial()
	k.read(k.dial())
	first.Close()
	k.run()
	if got := out.String(); strings.Count(got, "level=WARN") != 1 {
		t.Errorf("with too many again: got %s", got)
	}
	out.Reset()
	k.w.SetFaults(simkernel.Faults{AcceptFail: 1})
	late := k.dial()
	k.w.SetFaults(simkernel.Faults{})
	if got := out.String(); !strings.HasPrefix(got, `level=WARN msg="http: connections are not accepted" err="reactor: accept: `) {
		t.Errorf("with no descriptors: got %s", got)
	}
	k.pass(time.Second)
	late.Close()
	k.run()
}
