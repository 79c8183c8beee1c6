package httpcore

import (
	"errors"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
)

// yard is an Agent on a simulated kernel, and servers that tests have there.
type yard struct {
	t testing.TB
	w *simkernel.World
	l *loop.Loop
	a *Agent
}

func newYard(t testing.TB, o AgentOptions) *yard {
	t.Helper()
	w := simkernel.New(simkernel.Options{Seed: 1})
	l, err := loop.New(loop.Options{Kernel: w.Kernel(), OnUncaught: func(err error) { t.Errorf("uncaught: %v", err) }})
	if err != nil {
		t.Fatal(err)
	}
	return &yard{t, w, l, NewAgent(o)}
}

// after calls fn when so much time has passed.
func (y *yard) after(d time.Duration, fn func()) {
	timer := y.l.NewTimer()
	timer.Start(func() { timer.Close(nil); fn() }, d, 0)
}

// server makes one that answers nobody; serve may.
func (y *yard) server(address string, serve func(*simkernel.Peer)) {
	if serve == nil {
		serve = func(*simkernel.Peer) {}
	}
	y.t.Cleanup(y.w.ListenPeer(address, serve))
}

// request makes one that is ended.
func (y *yard) request(method, url string, o RequestOptions) *ClientRequest {
	y.t.Helper()
	o.Agent = y.a
	r, err := NewRequest(y.l, method, url, o)
	if err != nil {
		y.t.Fatal(err)
	}
	r.End()
	return r
}

// run runs the loop until nothing is left, and then the Agent has nothing either.
func (y *yard) run() {
	y.t.Helper()
	if err := y.l.Run(); err != nil {
		y.t.Fatal(err)
	}
	if m := y.a.Metrics(); m.Sockets != 0 || m.FreeSockets != 0 || m.Queued != 0 {
		y.t.Errorf("at the end the agent has %+v", m)
	}
	if err := y.l.Close(); err != nil {
		y.t.Error(err)
	}
	for _, complaint := range y.w.Check() {
		y.t.Error(complaint)
	}
}

const (
	oneServer   = "203.0.113.1:80"
	otherServer = "203.0.113.2:80"
)

// A connection closes, and what waits for another origin is woken; but first somebody else takes the room, and keeps it.
func TestWhoWaitsForRoomDoesNotKeepTheLoopBusy(t *testing.T) {
	y := newYard(t, AgentOptions{MaxTotalSockets: 1})
	y.server(oneServer, nil)
	y.server(otherServer, nil)
	request := func(address string) *ClientRequest {
		r := y.request("GET", "http://"+address, RequestOptions{})
		r.OnError(func(error) {})
		return r
	}
	first := request(oneServer)
	request(otherServer)
	y.after(time.Second, func() { first.Destroy(nil) })
	first.OnClose(func() { y.l.NextTick(func() { request(oneServer) }) })
	y.after(2*time.Second, func() {
		if m := y.a.Metrics(); m.Sockets != 1 || m.Queued != 1 {
			t.Errorf("got %+v, want one that has the room and one that waits", m)
		}
		y.a.Destroy()
	})
	y.run()
}

// Two connections to a server go, and before the second one has a request is made: the Agent knows its server when all that is
// left of the others is forgotten.
func TestAServerThatWasForgottenIsNotForgottenAgainForAnother(t *testing.T) {
	y := newYard(t, AgentOptions{})
	y.server(oneServer, nil)
	y.server(otherServer, nil)
	request := func() *ClientRequest { return y.request("GET", "http://"+oneServer, RequestOptions{}) }
	y.request("GET", "http://"+otherServer, RequestOptions{}).OnError(func(error) {}) // the agent has something all the time
	first, second := request(), request()
	first.OnError(func(error) {})
	second.OnError(func(error) {})
	var got error
	closed := 0
	last := func() {
		if closed++; closed == 2 {
			request().OnError(func(err error) { got = err })
		}
	}
	first.OnClose(last)
	second.OnClose(last)
	y.after(time.Second, func() {
		first.Destroy(nil)
		second.Destroy(nil)
	})
	y.after(2*time.Second, y.a.Destroy)
	y.run()
	if !errors.Is(got, ErrAgentClosed) {
		t.Errorf("the last request got %v, want what all get when the agent is destroyed", got)
	}
}

// answering is a server that answers every piece of a request that it gets.
func answering(answer string) func(*simkernel.Peer) {
	return func(p *simkernel.Peer) {
		p.Notify(func(p *simkernel.Peer) {
			switch b, err := p.Recv(readMost); {
			case err != nil:
				p.Close()
			case len(b) > 0:
				p.Send([]byte(answer))
			}
		})
	}
}

func TestAnIdleConnectionMakesRoomForAnotherServer(t *testing.T) {
	y := newYard(t, AgentOptions{MaxTotalSockets: 1})
	for _, address := range []string{oneServer, otherServer} {
		y.server(address, answering("HTTP/1.1 204 No Content\r\n\r\n"))
	}
	y.request("GET", "http://"+oneServer, RequestOptions{})
	var took time.Duration
	y.after(time.Second, func() {
		if m := y.a.Metrics(); m.FreeSockets != 1 {
			t.Errorf("got %+v, want a connection that is idle", m)
		}
		began := y.l.Now()
		y.request("GET", "http://"+otherServer, RequestOptions{}).OnClose(func() { took = y.l.Now() - began })
	})
	y.after(2*time.Second, y.a.CloseIdleConnections)
	y.run()
	if took == 0 || took > time.Second {
		t.Errorf("the other server has answered after %v", took)
	}
}

// The server answers before it has read the request, and goes: that resets the connection, and the next write fails before the
// answer is read.
func TestAnAnswerIsReadThoughTheRequestCanNotBeSent(t *testing.T) {
	y := newYard(t, AgentOptions{})
	var server *simkernel.Peer
	y.server(oneServer, func(p *simkernel.Peer) { server = p })
	r, err := NewRequest(y.l, "POST", "http://"+oneServer, RequestOptions{Agent: y.a})
	if err != nil {
		t.Fatal(err)
	}
	status := 0
	r.OnResponse(func(res *IncomingMessage) {
		status = res.StatusCode()
		res.Resume()
	})
	r.OnError(func(err error) { t.Errorf("an error: %v", err) })
	r.WriteString("some of it")
	for range 20 {
		if _, err := y.l.RunNoWait(); err != nil {
			t.Fatal(err)
		}
	}
	server.Send([]byte("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))
	server.Close()
	y.after(0, func() { r.WriteString("more of it") }) // before the loop waits
	y.run()
	if status != 413 {
		t.Errorf("got the status %d, want what the server has said", status)
	}
}
