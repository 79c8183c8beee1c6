package stdhttp_test

import (
	"net/http"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/httpcore/stdhttp"
	"github.com/weir-go/weir/loop"
)

// tracks is a loop that a Transport's requests are made on.
type tracks struct {
	t  testing.TB
	l  *loop.Loop
	tr *stdhttp.Transport
}

// lay runs a loop, and makes a Transport on it; the end of the test looks whether anything is left.
func lay(t testing.TB, o stdhttp.TransportOptions) *tracks {
	t.Helper()
	l, err := loop.New(loop.Options{OnUncaught: func(err error) { t.Errorf("uncaught: %v", err) }})
	if err != nil {
		t.Fatal(err)
	}
	if o.Request.Agent == nil {
		o.Request.Agent = httpcore.NewAgent(httpcore.AgentOptions{})
	}
	x := &tracks{t, l, stdhttp.NewTransport(func() *loop.Loop { return l }, o)}
	stay := l.NewAsync(func() {})
	ran := make(chan error, 1)
	go func() { ran <- l.Run() }()
	t.Cleanup(func() {
		x.tr.CloseIdleConnections()
		_ = l.Post(func() { stay.Close(nil) })
		if err := wait(t, "the loop to end", ran); err != nil {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if m := x.tr.Agent().Metrics(); m.Sockets != 0 || m.FreeSockets != 0 || m.Queued != 0 {
			t.Errorf("the agent is left with %+v", m)
		}
	})
	return x
}

func (x *tracks) client() *http.Client { return &http.Client{Transport: x.tr, Timeout: patience} }
