package httpcore

import (
	"errors"
	"testing"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
)

// expectPanics is newRig without its end, for a server that panics: how often is counted.
func expectPanics(t *testing.T, hook func(s *Server), fn func(*IncomingMessage, *ServerResponse)) (k *rig, panics *int) {
	t.Helper()
	panics = new(int)
	w := simkernel.New(simkernel.Options{Seed: 1, CallCost: -1})
	l, err := loop.New(loop.Options{
		Kernel:     w.Kernel(),
		OnUncaught: func(err error) { t.Errorf("uncaught: %v", err) },
		OnPanic:    func(*loop.PanicError) { *panics++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	k = &rig{t: t, w: w, l: l, s: NewServer(ServerOptions{}), keep: l.NewAsync(nil)}
	k.s.OnRequest(fn)
	hook(k.s)
	if _, err := k.s.ListenLoop(l, "tcp", simAddress); err != nil {
		t.Fatal(err)
	}
	return k, panics
}

func TestAConnectionWhoseHookPanicsIsForgotten(t *testing.T) {
	var closed []error
	k, panics := expectPanics(t, func(s *Server) {
		s.OnConnection(func(*ConnStats) { panic("as asked") })
		s.OnConnectionClose(func(c *ConnStats) { closed = append(closed, c.Err) })
	}, func(*IncomingMessage, *ServerResponse) {})
	p := k.dial()
	if err := k.read(p); err == nil {
		t.Error("the connection is open")
	}
	var want *loop.PanicError
	if *panics != 1 || len(closed) != 1 || !errors.As(closed[0], &want) {
		t.Errorf("%d panics, and OnConnectionClose was told %v; want 1 and that", *panics, closed)
	}
	if n := k.s.conns.Load(); n != 0 {
		t.Errorf("%d connections are left", n)
	}
	p.Close()
}

func TestAPanicIsNoErrorOfTheClient(t *testing.T) {
	k, panics := expectPanics(t, func(s *Server) {
		s.OnClientError(func(e *ClientError) { t.Errorf("the client is blamed for %v", e.Err) })
	}, func(*IncomingMessage, *ServerResponse) { panic("as asked") })
	p := k.dial()
	k.send(p, get("/"))
	if err := k.read(p); err == nil || *panics != 1 || k.s.conns.Load() != 0 {
		t.Errorf("got %v, %d panics and %d connections", err, *panics, k.s.conns.Load())
	}
	p.Close()
}
