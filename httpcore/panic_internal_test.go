package httpcore

import (
	"io"
	"net"
	"testing"

	"github.com/weir-go/weir/loop"
)

func TestAPanicLeavesNoConnectionBehind(t *testing.T) {
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(ServerOptions{})
	closed := 0
	s.OnRequest(func(req *IncomingMessage, res *ServerResponse) {
		res.OnClose(func() { closed++ })
		panic("as asked")
	})
	addr, err := s.ListenLoop(l, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := net.Dial("tcp", addr.String())
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if b, err := io.ReadAll(c); len(b) > 0 || err == nil {
			t.Errorf("got %q, %v; want a reset", b, err)
		}
		l.Post(l.Stop)
	}()
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	<-done
	if n := s.conns.Load(); n != 0 || s.on(l).conns.n != 0 || closed != 1 {
		t.Errorf("%d connections are left, and 'close' was told %d times", n, closed)
	}
}
