package acceptance

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
)

// stage is a loop on the real kernel, with a server and an agent on it. Everything happens on the loop's goroutine, which is the test's.
type stage struct {
	t     *testing.T
	l     *loop.Loop
	srv   *httpcore.Server
	agent *httpcore.Agent
	url   string
	close []func()
}

// patience is how long a test waits for what should happen at once.
const patience = 20 * time.Second

// play runs begin on a loop with a server, until over is called and everything that was begun has ended by itself.
func play(t *testing.T, o httpcore.ServerOptions, begin func(s *stage)) {
	t.Helper()
	l, err := loop.New(loop.Options{OnUncaught: func(err error) { t.Errorf("uncaught: %v", err) }})
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, l: l, srv: httpcore.NewServer(o), agent: httpcore.NewAgent(httpcore.AgentOptions{})}
	ln, err := l.Listen("tcp", "127.0.0.1:0", func(c *reactor.Conn) { s.srv.ServeTransport(l, c) })
	if err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + ln.Addr().String()
	late, moved := l.NewTimer(), uint64(0)
	late.Start(func() {
		m := l.Metrics()
		if now := m.Reads + m.Writes; now != moved {
			moved = now // it takes long, but goes on
			return
		}
		t.Error("it has not ended")
		l.Stop()
	}, patience, patience)
	s.close = append(s.close, func() {
		late.Close(nil)
		ln.Close(nil)
		s.agent.Destroy()
		s.srv.CloseAllConnections(l)
	})
	l.NextTick(func() { begin(s) })
	if err := l.Run(); err != nil {
		t.Error(err)
	}
	if m := l.Metrics(); m.Connections != 0 {
		t.Errorf("%d connections are left", m.Connections)
	}
	if m := s.agent.Metrics(); m.Sockets != 0 || m.FreeSockets != 0 || m.Queued != 0 {
		t.Errorf("the agent is left with %+v", m)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// over closes what keeps the loop running; it ends when nothing else does.
func (s *stage) over() {
	for _, fn := range s.close {
		fn()
	}
	s.close = nil
}

// request makes a request.
func (s *stage) request(method, path string) *httpcore.ClientRequest {
	s.t.Helper()
	r, err := httpcore.NewRequest(s.l, method, s.url+path, httpcore.RequestOptions{Agent: s.agent})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// pair is two sockets that are connected. Neither reads before it is asked to.
func (s *stage) pair(fn func(a, b *stream.Socket)) {
	var ours, theirs *reactor.Conn
	socket := func(c *reactor.Conn) *stream.Socket {
		return stream.NewSocket(s.l, c, stream.SocketOptions{AllowHalfOpen: true, PauseOnCreate: true})
	}
	both := func() {
		if ours != nil && theirs != nil {
			fn(socket(ours), socket(theirs))
		}
	}
	var ln *reactor.Listener
	ln, err := s.l.Listen("tcp", "127.0.0.1:0", func(c *reactor.Conn) {
		ln.Close(nil)
		theirs = c
		both()
	})
	if err != nil {
		s.t.Fatal(err)
	}
	var c *reactor.Conn
	c, err = s.l.Connect("tcp", ln.Addr().String(), func(err error) {
		if err != nil {
			s.t.Error(err)
			return
		}
		ours = c
		both()
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// flags joins the names of what is true.
func flags(list ...any) string {
	s := ""
	for i := 0; i < len(list); i += 2 {
		if list[i+1].(bool) {
			s += fmt.Sprintf(" %v", list[i])
		}
	}
	if s == "" {
		return ""
	}
	return s[1:]
}

func writeFile(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// raw is a plain client of the server: it sends, and more is told of all that it has received, each time that there is more.
func (s *stage) raw(send string, more func(c *stream.Socket, got string)) {
	var conn *reactor.Conn
	conn, err := s.l.Connect("tcp", s.url[len("http://"):], func(err error) {
		if err != nil {
			s.t.Error(err)
			return
		}
		c := stream.NewSocket(s.l, conn, stream.SocketOptions{})
		got := ""
		c.OnError(func(error) {})
		c.OnData(func(p []byte) {
			got += string(p)
			more(c, got)
		})
		c.WriteChunk([]byte(send), nil)
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// after calls fn later.
func (s *stage) after(d time.Duration, fn func()) {
	t := s.l.NewTimer()
	t.Start(func() {
		t.Close(nil)
		fn()
	}, d, 0)
}
