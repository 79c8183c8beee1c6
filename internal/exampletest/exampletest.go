package exampletest

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
)

// Patience is how long a test waits for what must happen: so long that only a hang takes it.
const Patience = 20 * time.Second

// Serve runs srv until the test is over and returns its address. Then everything ends by itself, or the test has failed, as it
// has for an error that nobody listened for and for a panic.
func Serve(t *testing.T, srv *httpcore.Server) (address string) {
	t.Helper()
	before := descriptors()
	g, err := loop.NewGroup(loop.GroupOptions{Loops: 1, Loop: loop.Options{
		OnUncaught: func(err error) { t.Errorf("uncaught: %v", err) },
		OnPanic:    func(err *loop.PanicError) { t.Errorf("%v\n%s", err, err.Stack) },
	}})
	if err != nil {
		t.Fatal(err)
	}
	at, err := srv.Listen(g, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- g.Run() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		defer cancel()
		if err := g.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		Await(t, "descriptors to be closed", func() bool { return descriptors() <= before })
	})
	return at.String()
}

// Run runs l until the test is over. Then all its handles are closed.
func Run(t *testing.T, l *loop.Loop) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- l.Run() }()
	t.Cleanup(func() {
		l.Post(func() {
			l.Walk(func(h loop.Handle) { h.Close(nil) })
		})
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Await waits until fn is true.
func Await(t *testing.T, what string, fn func() bool) {
	t.Helper()
	for begin := time.Now(); !fn(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > Patience {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func descriptors() int {
	names, _ := os.ReadDir("/dev/fd")
	return len(names)
}
