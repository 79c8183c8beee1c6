package httpcore

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/weir-go/weir/loop"
	"github.com/weir-go/weir/stream"
)

// Connections that close are asked for again by who had them, each time before the one that waits hears of it.
func TestWhoWaitsForRoomComesBeforeThoseWhoAskLater(t *testing.T) {
	for _, loops := range []int{1, 2} {
		k := newCallRig(t, AgentOptions{MaxTotalSockets: 1, NoKeepAlive: true}, loops)
		k.auto = true
		n, stop := 0, false
		var again func()
		again = func() {
			n++
			q, err := NewRequest(k.ls[0], "GET", simURL, RequestOptions{Agent: k.a})
			if err != nil {
				t.Error(err)
				return
			}
			q.OnClose(func() {
				if !stop {
					again()
				}
			})
			q.OnError(func(err error) { t.Error(err) })
			q.End()
		}
		if err := k.ls[0].Post(again); err != nil {
			t.Fatal(err)
		}
		before := 0
		other := k.ask(loops-1, "GET", simElse, RequestOptions{}, func(x *asked) {
			x.q.OnClose(func() { before = n })
			x.q.End()
		})
		for i := 0; i < 100 && other.closed == 0; i++ {
			k.run()
		}
		if other.closed != 1 || before > 3 {
			t.Errorf("%d loops: %d others came before it, closed %d times", loops, before, other.closed)
		}
		stop = true
		k.run()
	}
}

func TestABusyOriginLeavesRoomForAnotherOfItsLoop(t *testing.T) {
	k := newCallRig(t, AgentOptions{MaxTotalSockets: 1}, 1)
	k.auto = true
	n, stop := 0, false
	var again func()
	again = func() {
		n++
		q, err := NewRequest(k.ls[0], "GET", simURL, RequestOptions{Agent: k.a})
		if err != nil {
			t.Error(err)
			return
		}
		q.OnResponse(func(r *IncomingMessage) {
			if !stop && k.a.Metrics().Queued < 3 {
				again()
			}
			r.Resume()
		})
		q.OnError(func(err error) { t.Error(err) })
		q.End()
	}
	k.on(0, func() { again(); again() })
	other := k.ask(0, "GET", simElse, RequestOptions{}, nil)
	for i := 0; i < 200 && other.closed == 0; i++ {
		k.run()
	}
	if other.closed != 1 {
		t.Errorf("%d others came before it, and it still waits", n)
	}
	stop = true
	k.run()
}

func TestNoIdleConnectionIsClosedForWhoCannotUseTheRoom(t *testing.T) {
	k := newCallRig(t, AgentOptions{MaxSockets: 1, MaxTotalSockets: 2}, 1)
	k.auto = true
	k.ask(0, "GET", simElse, RequestOptions{}, nil).answered("elsewhere")
	k.auto = false
	first := k.ask(0, "GET", simURL, RequestOptions{}, nil)
	second := k.ask(0, "GET", simURL, RequestOptions{}, nil)
	k.pool("with both waiting", 1, 1, 1)
	for _, s := range k.peers[1:] {
		s.send(simPlain)
		first.answered("first")
		s.send(simPlain)
		second.answered("second")
	}
}

func TestAPanicInConnectLeavesNothingBehind(t *testing.T) {
	panics := true
	connect := func(l *loop.Loop, network, address string, done func(stream.Transport, error)) (func(), error) {
		if panics {
			panic("as asked")
		}
		d, err := l.Dial(network, address, loop.DialOptions{}, func(c *loop.Conn, err error) {
			if err != nil {
				done(nil, err)
				return
			}
			done(c, nil)
		})
		if err != nil {
			return nil, err
		}
		return d.Cancel, nil
	}
	k := newCallRig(t, AgentOptions{MaxSockets: 1, Connect: connect}, 1)
	k.on(0, func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		q, err := NewRequest(k.ls[0], "GET", simURL, RequestOptions{Agent: k.a})
		t.Errorf("got %v, %v", q, err)
	})
	k.pool("behind the panic", 0, 0, 0)
	panics = false
	k.auto = true
	k.ask(0, "GET", simURL, RequestOptions{}, nil).answered("another")
}

func TestARequestThatWasMadeOnceMoreHasItsTimeToBeAnswered(t *testing.T) {
	k := newCallRig(t, AgentOptions{}, 1)
	k.auto = true
	k.ask(0, "GET", simURL, RequestOptions{}, nil).answered("first")
	k.auto = false
	x := k.ask(0, "GET", simURL, RequestOptions{HeaderTimeout: 2 * time.Second}, nil)
	k.peers[0].p.Close() // without an answer
	k.run()
	k.server(2)
	k.pass(2*time.Second - slack)
	x.waits("before")
	k.pass(3 * slack)
	x.failed("after", ErrResponseTimeout)
}

func TestTheAnswerToAHEADIsNotTooLargeToCollect(t *testing.T) {
	k := newCallRig(t, AgentOptions{}, 1)
	c := NewClient(ClientOptions{Request: RequestOptions{Agent: k.a}})
	var replies []*Reply
	k.on(0, func() {
		c.Do(k.ls[0], Call{Method: "HEAD", URL: simURL}, func(p *Reply, err error) {
			if err != nil {
				t.Error(err)
			}
			replies = append(replies, p)
		})
	})
	k.server(1).send("HTTP/1.1 200 OK\r\nContent-Length: 20971520\r\n\r\n")
	if len(replies) != 1 || replies[0] == nil || replies[0].Header("Content-Length") != "20971520" || len(replies[0].Body) != 0 {
		t.Errorf("got %+v", replies)
	}
}

// What is sent is not counted: a counter of 32 bits had come round behind 4 GiB, and a connection inside a body looked unused.
func TestAConnectionIsUsedFromItsFirstByteOn(t *testing.T) {
	k := newCallRig(t, AgentOptions{}, 1)
	x := k.ask(0, "PUT", simURL, RequestOptions{Header: []string{"Content-Length", "5000000000"}}, func(x *asked) { x.q.WriteString("x") })
	k.on(0, func() {
		x.q.conn.handed -= uint32(len(k.peers[0].got)) // as behind 4 GiB
		if x.q.conn.unused() {
			t.Error("it is unused")
		}
		x.q.Destroy(nil)
	})
	k.pool("destroyed inside its body", 0, 0, 0)
	x.failed("destroyed", ErrHangUp)
}

func TestAPanicInAListenerOfAnErrorDoesNotKeepARequestOpen(t *testing.T) {
	k := newCallRig(t, AgentOptions{}, 1)
	var panics int
	var q *ClientRequest
	closed := 0
	k.on(0, func() {
		var err error
		q, err = NewRequest(k.ls[0], "GET", simURL, RequestOptions{Agent: k.a, TotalTimeout: time.Hour})
		if err != nil {
			t.Error(err)
			return
		}
		q.OnError(func(error) {
			panics++
			k.wild = true
			panic("as asked")
		})
		q.OnClose(func() { closed++ })
		q.End()
	})
	k.peers[0].p.Close()
	k.run()
	if panics != 1 || closed != 1 || q.whole.Active() {
		t.Errorf("%d panics, %d closes, its timer runs: %t", panics, closed, q.whole.Active())
	}
}

func TestAWriteThatATransportRefusesEndsTheRequest(t *testing.T) {
	why := errors.New("no")
	connect := func(l *loop.Loop, _, _ string, done func(stream.Transport, error)) (func(), error) {
		return nil, l.Post(func() { done(&refusing{l, why}, nil) })
	}
	k := newCallRig(t, AgentOptions{Connect: connect}, 1)
	var told []error
	x := k.ask(0, "POST", simURL, RequestOptions{}, func(x *asked) {
		x.q.EndWith([]byte("body"), func(err error) { told = append(told, err) })
	})
	k.pass(lingerTime + slack)
	x.failed("in the end", why)
	if len(told) != 1 || told[0] == nil {
		t.Errorf("the callback of End was told %v", told)
	}
}

// refusing is a Transport that takes no write.
type refusing struct {
	l   *loop.Loop
	why error
}

func (r *refusing) ReadStart(stream.ReadHandler) error      { return nil }
func (r *refusing) ReadStop()                               {}
func (r *refusing) Write([][]byte, func(error)) error       { return r.why }
func (r *refusing) WriteBorrowed([]byte, func(error)) error { return r.why }
func (r *refusing) WriteQueueSize() int                     { return 0 }
func (r *refusing) CloseWrite(func(error)) error            { return nil }
func (r *refusing) LocalAddr() netip.AddrPort               { return netip.AddrPort{} }
func (r *refusing) RemoteAddr() netip.AddrPort              { return netip.AddrPort{} }
func (r *refusing) CloseReset(done func()) error            { r.Close(done); return nil }

func (r *refusing) Close(done func()) {
	if done != nil {
		_ = r.l.Post(done) // the loop runs
	}
}
