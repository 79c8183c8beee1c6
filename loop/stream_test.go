package loop_test

import (
	"errors"
	"net"
	"testing"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/reactor"
	"github.com/weir-go/weir/stream"
)

// Package stream imports neither of these, and they do not import it: they meet in the floors above. What keeps them
// fitting is here.
var (
	_ stream.Scheduler = (*loop.Loop)(nil)
	_ stream.Keeper    = (*loop.Loop)(nil)
	_ stream.Transport = (*reactor.Conn)(nil)
)

// A listener of a Socket panics: the connection is reset, and the Socket fails with the panic and closes, like any other.
func TestPanicInAListenerClosesItsSocket(t *testing.T) {
	var panicked *loop.PanicError
	l, err := loop.New(loop.Options{OnPanic: func(e *loop.PanicError) { panicked = e }})
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	closed := 0
	ln, err := l.Listen("tcp", "127.0.0.1:0", func(c *reactor.Conn) {
		s := stream.NewSocket(l, c, stream.SocketOptions{})
		s.OnError(func(err error) { failed = err })
		s.OnClose(func() { closed++ })
		s.OnData(func([]byte) { panic("planned") })
	})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err == nil {
			c.Write([]byte("x"))
			c.Read(make([]byte, 1)) // until it is reset
			c.Close()
		}
		l.Post(func() { ln.Close(nil) })
	}()
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	if panicked == nil || !errors.Is(failed, panicked) || closed != 1 {
		t.Errorf("panic %v; the Socket failed with %v and closed %d times", panicked, failed, closed)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
