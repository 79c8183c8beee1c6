package weirtest_test

import (
	"net"
	"net/http"
	"os"
	"testing"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/weirtest"
)

func TestAServerWithRealSocketsLeavesNothing(t *testing.T) {
	weirtest.CheckLeaks(t)
	l, err := loop.New(loop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	srv := httpcore.NewServer(httpcore.ServerOptions{})
	srv.OnRequest(echo)
	addr, err := srv.ListenLoop(l, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer srv.Shutdown(t.Context())
		tr := &http.Transport{}
		defer tr.CloseIdleConnections()
		res, err := (&http.Client{Transport: tr}).Get("http://" + addr.String() + "/")
		if err != nil {
			t.Error(err)
			return
		}
		res.Body.Close()
	}()
	if err := l.Run(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestALoopThatNobodyClosesIsFound(t *testing.T) {
	var l *loop.Loop
	weirtest.SetLeakPatience(t, 0)
	caught(t, "is open", func(t testing.TB) {
		weirtest.CheckLeaks(t)
		var err error
		if l, err = loop.New(loop.Options{}); err != nil {
			t.Fatal(err)
		}
	})
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestASocketThatNobodyClosesIsFound(t *testing.T) {
	var ln net.Listener
	weirtest.SetLeakPatience(t, 0)
	caught(t, "is open", func(t testing.TB) {
		weirtest.CheckLeaks(t)
		var err error
		if ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	})
	ln.Close()
}

func TestAFileThatWasOpenBeforeIsNoLeak(t *testing.T) {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	clean(t, func(t testing.TB) { weirtest.CheckLeaks(t) })
}

func TestAGoroutineThatStaysIsFound(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	weirtest.SetLeakPatience(t, 0)
	caught(t, "a goroutine is left", func(t testing.TB) {
		weirtest.CheckLeaks(t)
		go func() { <-stop }()
	})
}
