package httpcore

import (
	"os"
	"testing"
	"time"

	"github.com/weir-go/weir/stream"
)

// TestAClientIsNotBlamedForASlowDisk has a body wait for a file for longer than any client may take, and then be waited for
// by the client: that is the client's doing.
func TestAClientIsNotBlamedForASlowDisk(t *testing.T) {
	const size = 64 << 20
	var give func([]byte)
	var sent int
	var failed error
	fd := -1
	k := newRig(t, ServerOptions{}, func(_ *IncomingMessage, res *ServerResponse) {
		res.SetHeader("Content-Length", "67108864")
		more, taken := res.WriteFile(stream.Stretch{
			FD: fd, Off: 1000, N: size,
			Stuck: func(_ int64, n int, answer func([]byte)) { give = answer },
			Done:  func(n int, err error) { sent, failed = n, err },
		})
		if more || !taken {
			t.Errorf("64 MiB: more %t, taken %t", more, taken)
		}
	})
	k.w.WriteFile("short", make([]byte, 1000))
	errand := func(fn func()) {
		t.Helper()
		if _, err := k.l.QueueSlowWork(fn, nil); err != nil {
			t.Fatal(err)
		}
		k.pass(time.Second)
	}
	errand(func() { fd, _ = k.l.Reactor().Kernel().OpenFile("short", os.O_RDONLY, 0) })
	p := k.dial()
	k.send(p, get("/"))
	k.pass(10 * defaultWriteTimeout)
	if give == nil {
		t.Fatal("nobody was asked for bytes")
	}
	c := k.alone()
	give(make([]byte, size))
	k.pass(defaultWriteTimeout / 2)
	if k.alone() != c || c.t.WriteQueueSize() == 0 {
		t.Fatal("the client was to have time yet")
	}
	k.pass(defaultWriteTimeout + defaultWriteTimeout/looks + slack)
	if n := k.s.conns.Load(); n != 0 {
		t.Errorf("%d connections are left of a client that does not read", n)
	}
	if failed == nil || sent == 0 || sent == size {
		t.Errorf("sent %d, %v", sent, failed)
	}
	errand(func() { k.l.Reactor().Kernel().CloseFile(fd) })
}
