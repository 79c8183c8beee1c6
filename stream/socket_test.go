package stream_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/weir-go/weir/internal/transporttest"
	"github.com/weir-go/weir/internal/turntest"
	"github.com/weir-go/weir/stream"
)

// transports are the ways to connect two Sockets.
var transports = map[string]func(l *turntest.Loop, seed uint64) (a, b stream.Transport){
	"pair": func(l *turntest.Loop, _ uint64) (stream.Transport, stream.Transport) {
		a, b := transporttest.Pair(l, 4<<10)
		return a, b
	},
	"resplit": func(l *turntest.Loop, seed uint64) (stream.Transport, stream.Transport) {
		r := rand.New(rand.NewPCG(seed, 1))
		cut := func(n int) int { return 1 + r.IntN(min(n, 1000)) }
		a, b := transporttest.Pair(l, 3000)
		a.Read, b.Read = cut, cut
		return transporttest.NewResplit(l, a, cut), transporttest.NewResplit(l, b, cut)
	},
}

func onTransports(t *testing.T, test func(t *testing.T, l *turntest.Loop, a, b stream.Transport)) {
	for name, connect := range transports {
		t.Run(name, func(t *testing.T) {
			l := newLoop(t)
			a, b := connect(l, 7)
			test(t, l, a, b)
		})
	}
}

func TestASocketPipedToItselfIsAnEcho(t *testing.T) {
	onTransports(t, func(t *testing.T, l *turntest.Loop, a, b stream.Transport) {
		const total = 300000
		var s, c *stream.Socket
		l.Turn(func() {
			s = stream.NewSocket(l, a, stream.SocketOptions{})
			s.Pipe(s)
			c = stream.NewSocket(l, b, stream.SocketOptions{AllowHalfOpen: true})
		})
		got := collect(t, c)
		n := 0
		feed := func() {
			for n < total {
				p := pattern(n, min(5000, total-n))
				n += len(p)
				more := c.WriteChunk(p, nil)
				scribble(p)
				if !more {
					return
				}
			}
			c.End()
		}
		c.OnDrain(feed)
		l.Turn(feed)
		l.Run()
		got.want(total)
		if !s.Closed() || !c.Closed() {
			t.Error("a side is not closed")
		}
		if s.BytesRead() != total || s.BytesWritten() != total {
			t.Errorf("read %d and wrote %d bytes, want %d", s.BytesRead(), s.BytesWritten(), total)
		}
	})
}

func TestASocketThatIsNotReadStopsItsPeer(t *testing.T) {
	onTransports(t, func(t *testing.T, l *turntest.Loop, a, b stream.Transport) {
		const total, hwm = 200000, 1000
		var s, c *stream.Socket
		l.Turn(func() {
			s = stream.NewSocket(l, a, stream.SocketOptions{HighWaterMark: hwm})
			c = stream.NewSocket(l, b, stream.SocketOptions{AllowHalfOpen: true})
			c.WriteOwned(pattern(0, total), nil)
			c.End()
		})
		l.Run()
		if n := s.ReadableLength(); n < hwm || n > hwm+64<<10 {
			t.Errorf("%d bytes wait with a mark of %d", n, hwm)
		}
		if c.WritableLength() == 0 {
			t.Error("the peer could send everything")
		}
		var got *collector
		l.Turn(func() { got = collect(t, s) })
		l.Run()
		got.want(total)
	})
}

func TestASocketReadsStopsAndStartsOncePerFullBuffer(t *testing.T) {
	l, e := newLoop(t), record(t)
	a, b := transporttest.Pair(l, 1<<20)
	a.Log = func(what string) { e.add("%s", what) }
	a.Read = func(n int) int { return min(n, 400) }
	s := stream.NewSocket(l, a, stream.SocketOptions{HighWaterMark: 1000})
	c := stream.NewSocket(l, b, stream.SocketOptions{})
	l.Turn(func() { c.WriteOwned(pattern(0, 3000), nil) })
	l.Run()
	e.want("start", "stop")
	if n := s.ReadableLength(); n != 1200 {
		t.Errorf("%d bytes wait, want 1200", n)
	}
	l.Turn(func() { s.ReadChunk(-1) })
	l.Run()
	e.want("start", "stop")
}

func TestSocketEventsComeInOrder(t *testing.T) {
	onTransports(t, func(t *testing.T, l *turntest.Loop, a, b stream.Transport) {
		e := record(t)
		var s, c *stream.Socket
		l.Turn(func() {
			s = stream.NewSocket(l, a, stream.SocketOptions{})
			s.Resume()
			c = stream.NewSocket(l, b, stream.SocketOptions{})
			c.Resume()
		})
		c.OnFinish(e.did("finish"))
		c.OnEnd(e.did("end"))
		c.OnClose(e.did("close"))
		l.Turn(func() {
			c.WriteChunk([]byte("hello"), e.cb("write"))
			c.EndWith([]byte("world"), e.cb("end called"))
		})
		l.Run()
		e.want("write ok", "end called ok", "finish", "end", "close")
		if !s.WritableFinished() || !s.Closed() {
			t.Error("the other side did not end by itself")
		}
	})
}

func TestAHalfOpenSocketMayAnswerAfterThePeersEnd(t *testing.T) {
	onTransports(t, func(t *testing.T, l *turntest.Loop, a, b stream.Transport) {
		s := stream.NewSocket(l, a, stream.SocketOptions{AllowHalfOpen: true})
		c := stream.NewSocket(l, b, stream.SocketOptions{AllowHalfOpen: true})
		s.OnEnd(func() { s.EndWith(pattern(0, 10), nil) })
		s.Resume()
		got := collect(t, c)
		l.Turn(c.End)
		l.Run()
		got.want(10)
	})
}

// Improvement over Node, where such writes may end well or never.
func TestWritesOfADestroyedSocketFail(t *testing.T) {
	onTransports(t, func(t *testing.T, l *turntest.Loop, a, b stream.Transport) {
		e := record(t)
		stream.NewSocket(l, a, stream.SocketOptions{})
		c := stream.NewSocket(l, b, stream.SocketOptions{HighWaterMark: 100})
		c.OnClose(e.did("close"))
		c.OnFinish(e.did("finish"))
		l.Turn(func() {
			c.WriteChunk(pattern(0, 100000), e.cb("1"))
			c.Cork()
			c.WriteChunk(pattern(0, 100), e.cb("2"))
			c.EndWith(nil, e.cb("end"))
			c.Cork()
			c.Destroy(nil)
		})
		l.Run()
		e.want("1 ERR_STREAM_DESTROYED", "2 ERR_STREAM_DESTROYED", "end ERR_STREAM_DESTROYED", "close")
	})
}

func TestAResetReachesThePeerAsAnError(t *testing.T) {
	onTransports(t, func(t *testing.T, l *turntest.Loop, a, b stream.Transport) {
		e := record(t)
		var s, c *stream.Socket
		l.Turn(func() {
			s = stream.NewSocket(l, a, stream.SocketOptions{})
			c = stream.NewSocket(l, b, stream.SocketOptions{})
		})
		s.OnClose(e.did("close"))
		s.OnEnd(e.did("end"))
		s.OnError(func(err error) { e.add("error %t", errors.Is(err, transporttest.ErrReset)) })
		l.Turn(func() { c.ResetAndDestroy(nil) })
		l.Run()
		e.want("error true", "close")
	})
}

// broken is a Transport whose methods fail.
type broken struct {
	stream.Transport
	err error
	h   stream.ReadHandler
}

func (b *broken) ReadStart(h stream.ReadHandler) error    { b.h = h; return nil }
func (b *broken) ReadStop()                               {}
func (b *broken) Write([][]byte, func(error)) error       { return b.err }
func (b *broken) WriteBorrowed([]byte, func(error)) error { return b.err }
func (b *broken) CloseWrite(func(error)) error            { return b.err }
func (b *broken) CloseReset(func()) error                 { return b.err }
func (b *broken) Close(done func())                       { done() }
func newBroken(l *turntest.Loop, err error) (*broken, *stream.Socket) {
	b := &broken{err: err}
	return b, stream.NewSocket(l, b, stream.SocketOptions{AllowHalfOpen: true})
}

func TestAWriteThatTheTransportRefusesFailsTheSocketOnATick(t *testing.T) {
	l, e := newLoop(t), record(t)
	boom := errors.New("boom")
	_, s := newBroken(l, boom)
	s.OnError(e.cb("error"))
	s.OnClose(e.did("close"))
	l.Turn(func() {
		s.WriteChunk([]byte("a"), e.cb("a"))
		s.WriteBorrowed([]byte("b"), e.cb("b"))
		e.want()
	})
	e.want("a boom", "b boom", "error boom", "close")
}

func TestAnEndThatTheTransportRefusesFailsTheSocket(t *testing.T) {
	l, e := newLoop(t), record(t)
	_, s := newBroken(l, errors.New("boom"))
	s.OnError(e.cb("error"))
	s.OnFinish(e.did("finish"))
	l.Turn(func() { s.EndWith(nil, e.cb("end")) })
	e.want("error boom", "end boom")
}

func TestAResetThatTheTransportRefusesIsAClose(t *testing.T) {
	l, e := newLoop(t), record(t)
	_, s := newBroken(l, errors.New("boom"))
	s.OnClose(e.did("close"))
	l.Turn(func() { s.ResetAndDestroy(nil) })
	e.want("close")
}

func TestTheEndOfInputIsToldThoughNobodyReads(t *testing.T) {
	l, e := newLoop(t), record(t)
	b, s := newBroken(l, nil)
	s.OnEnd(e.did("end"))
	l.Turn(func() { b.h.OnRead(nil, io.EOF) })
	e.want("end")
}

// What a Socket is given to write may be used again at once, or at the end of the turn, whatever the Transport does.
func TestASocketSendsWhatItWasGiven(t *testing.T) {
	onTransports(t, func(t *testing.T, l *turntest.Loop, a, b stream.Transport) {
		r := rand.New(rand.NewPCG(1, 2))
		s := stream.NewSocket(l, a, stream.SocketOptions{})
		c := stream.NewSocket(l, b, stream.SocketOptions{AllowHalfOpen: true})
		got := collect(t, s)
		n := 0
		for range 200 {
			p := pattern(n, r.IntN(3000))
			n += len(p)
			l.Turn(func() {
				switch r.IntN(4) {
				case 0:
					c.WriteOwned(bytes.Clone(p), nil)
				case 1:
					c.WriteBorrowed(p, nil)
					return
				case 2:
					c.Write(p)
				case 3:
					c.Cork()
					c.Write(p)
				}
				scribble(p)
			})
			scribble(p)
			for range r.IntN(20) {
				l.RunOne()
			}
			l.Turn(c.Uncork)
		}
		l.Turn(c.End)
		l.Run()
		got.want(n)
	})
}

// The next turn's ticks would not come back to it.
func TestCloseIsToldThoughAListenerOfTheErrorPanics(t *testing.T) {
	l, e := newLoop(t), record(t)
	r := stream.NewReadable(l, stream.ReadableOptions{})
	r.OnError(func(error) { panic("as asked") })
	r.OnClose(e.did("close"))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		l.Turn(func() { r.Destroy(errors.New("boom")) })
	}()
	e.want("close")
}
