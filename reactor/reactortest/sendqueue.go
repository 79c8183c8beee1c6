package reactortest

import (
	"errors"

	"github.com/weir-go/weir/reactor"
)

var sendQueueBehaviours = []behaviour{
	{"the_send_queue_tells_of_a_peer_that_reads_a_little", nil, sendQueueOfASlowPeer},
	{"the_send_queue_is_empty_when_the_peer_has_everything", nil, sendQueueEmpties},
	{"the_send_queue_of_what_is_no_connection", families, sendQueueWithoutConnection},
	{"the_send_queue_is_asked_for_when_somebody_asks", one, sendQueueCosts},
}

// sendQueue is the size of c's send queue; ok is false where it can't be known.
func (e *env) sendQueue(c *reactor.Conn) (n int, ok bool) {
	e.Helper()
	n, err := c.KernelQueueSize()
	if errors.Is(err, reactor.EOPNOTSUPP) {
		return 0, false
	}
	e.must(err)
	if n < 0 {
		e.Fatalf("a send queue of %d bytes", n)
	}
	return n, true
}

// sendQueueOfASlowPeer: of bytes that the peer takes the kernel tells long before it has room for as many again as would be
// worth an event.
func sendQueueOfASlowPeer(e *env) {
	const little = 4 << 10
	c, p := e.pair()
	taken := e.fill(c)
	full, ok := e.sendQueue(c)
	if !ok {
		return
	}
	if full == 0 || e.network != "unix" && full > taken {
		e.Fatalf("the kernel took %d bytes that nobody reads, and keeps %d", taken, full)
	}
	// It may still fall by itself: the last of what the peer's kernel has room for goes with a probe, when the window has been
	// closed for a while. A TCP window opens by a segment, which is 64 KiB on loopback, or by a share of the buffer that is behind it.
	read, falls, last := 0, 0, full
	for read < taken {
		m := min(little, taken-read)
		e.recv(p, m)
		read += m
		e.Iterate(0)
		n, _ := e.sendQueue(c)
		if n > last {
			e.Fatalf("with %d bytes read and nothing written, it has grown from %d to %d", read, last, n)
		}
		if n < last {
			falls++
		}
		last = n
	}
	if falls < 3 {
		e.Errorf("while %d bytes were read it fell %d times", taken, falls)
	}
	e.until("an empty send queue", func() bool {
		n, _ := e.sendQueue(c)
		return n == 0
	})
}

func sendQueueEmpties(e *env) {
	e.both(func(c *reactor.Conn, p Peer) {
		if n, _ := e.sendQueue(c); n != 0 {
			e.Errorf("nothing was written, and it keeps %d bytes", n)
		}
		for range 3 {
			e.must(c.Write([][]byte{pattern(1000)}, e.note("write")))
			if c.WriteQueueSize() != 1000 {
				e.Errorf("%d bytes wait", c.WriteQueueSize())
			}
			e.recv(p, 1000)
			e.until("an empty send queue", func() bool {
				n, _ := e.sendQueue(c)
				return n == 0
			})
		}
		e.wantLog("write: ok", "write: ok", "write: ok")
	})
}

func sendQueueWithoutConnection(e *env) {
	c, err := e.R.Connect(kindOf(e.network), e.Refusing(e.network), e.note("connect"))
	e.must(err)
	e.untilLogged(1)
	e.wantLog("connect: ECONNREFUSED")
	if _, err = c.KernelQueueSize(); c.FD() < 0 {
		e.wantErr("a connect that has failed at once", err, reactor.ENOTCONN)
	}
	c.Close(nil)
	_, err = c.KernelQueueSize()
	e.wantErr("after Close", err, reactor.ErrClosed)
	c, _ = e.pair()
	broken := true
	e.failing(CallSendQueue, reactor.ENOMEM, &broken)
	_, err = c.KernelQueueSize()
	e.wantErr("when the kernel does not tell", err, reactor.ENOMEM)
}

// sendQueueCosts: one call each, and none that nobody has asked for.
func sendQueueCosts(e *env) {
	c, p := e.pair()
	taken := e.fill(c)
	counts := e.count(func() {
		e.must(c.Write([][]byte{pattern(1 << 20)}, e.note("write")))
		e.recv(p, taken+1<<20)
		e.untilLogged(1)
	})
	if counts.SendQueues != 0 {
		e.Errorf("asked %d times while bytes were sent", counts.SendQueues)
	}
	counts = e.count(func() { e.sendQueue(c) })
	if counts.SendQueues != 1 || counts.Interest() != 0 || counts.Waits != 0 {
		e.Errorf("got %+v, want one SendQueue", counts)
	}
}
