package httpcore

import (
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	"github.com/weir-go/weir/loop"
)

// panicking is a Server whose handlers panic, and what was told of it.
type panicking struct {
	*rig
	panics []*loop.PanicError
}

func newPanicking(t *testing.T, fn func(*IncomingMessage, *ServerResponse)) *panicking {
	t.Helper()
	k := &panicking{}
	w := simkernel.New(simkernel.Options{Seed: 1, CallCost: -1})
	l, err := loop.New(loop.Options{Kernel: w.Kernel(), OnPanic: func(e *loop.PanicError) { k.panics = append(k.panics, e) }})
	if err != nil {
		t.Fatal(err)
	}
	k.rig = newRigOn(t, w, l, ServerOptions{}, fn)
	return k
}

// reset wants the connection to be reset, for one panic.
func (k *panicking) reset(p *simkernel.Peer, when string) {
	k.t.Helper()
	if err := k.read(p); !errors.Is(err, syscall.ECONNRESET) {
		k.t.Errorf("%s: got %q and %v, want a reset", when, k.got, err)
	}
	if len(k.panics) != 1 || !k.panics[0].Owned {
		k.t.Errorf("%s: there were %d panics, want one of the connection's", when, len(k.panics))
	}
	if n := k.s.conns.Load(); n != 0 {
		k.t.Errorf("%s: %d connections are left", when, n)
	}
	p.Close()
	k.run()
}

// A pipelined request is looked at when those before it are answered: in a turn of whoever answers.
func TestAPanicInThePipelineResetsItsConnectionWhoeverHasAnsweredBefore(t *testing.T) {
	var k *panicking
	k = newPanicking(t, func(req *IncomingMessage, res *ServerResponse) {
		if req.Path() == "/panic" {
			panic("as asked")
		}
		timer := k.l.NewTimer()
		timer.Start(func() {
			timer.Close(nil)
			res.EndString("fine")
		}, time.Second, 0)
	})
	p := k.dial()
	k.send(p, strings.Repeat(get("/"), maxPipelined)+get("/panic")+get("/"))
	k.pass(2 * time.Second)
	k.reset(p, "behind answers of a timer")
}

// The callback of a write belongs to the connection that is written to.
func TestAPanicOfAWritesCallbackResetsWhatIsWrittenTo(t *testing.T) {
	var k *panicking
	var parked *ServerResponse
	k = newPanicking(t, func(req *IncomingMessage, res *ServerResponse) {
		if req.Path() == "/park" {
			parked = res
			return
		}
		parked.EndWith([]byte("fine"), func(error) { panic("as asked") })
		res.EndString("fine")
	})
	p := k.dial()
	k.send(p, get("/park"))
	other := k.dial()
	k.send(other, get("/"))
	k.open(other, "the one that has answered the other", "HTTP/1.1 200 ")
	if n := k.s.conns.Load(); n != 1 {
		t.Fatalf("%d connections are left", n)
	}
	if _, err := p.Recv(1000); err != nil && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
		t.Errorf("the other: %v", err)
	}
	p.Close()
	other.Close()
	k.run()
	if len(k.panics) != 1 || !k.panics[0].Owned {
		t.Errorf("there were %d panics, want one of a connection", len(k.panics))
	}
}

// An answer to HEAD is not sent, and its writer is told to go on in a turn of its own.
func TestAPanicOfAWriterWhoseBodyIsNotSentResetsItsConnection(t *testing.T) {
	k := newPanicking(t, func(_ *IncomingMessage, res *ServerResponse) {
		res.OnDrain(func() { panic("as asked") })
		res.WriteChunk(make([]byte, 100<<10), nil)
	})
	p := k.dial()
	k.send(p, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
	k.reset(p, "in a drain")
}
