package stream

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"
)

// keeper is a scheduler that is a Keeper too.
type keeper struct {
	scheduler
	kept any
}

func (s *keeper) Kept() *any { return &s.kept }

// free are the works that nobody has.
func (s *keeper) free() (all []*work) {
	if l, ok := s.kept.(*lender); ok {
		for x := l.free; x != nil; x = x.next {
			all = append(all, x)
		}
	}
	return all
}

// wantClean reports what a work that nobody has still holds of who had it, memory of its lists beyond their end included.
func wantClean(t *testing.T, x *work) {
	t.Helper()
	y := *x
	y.from, y.next, y.run, y.turnEnd, y.sent = nil, nil, nil, nil, nil
	used := usedUp(y.ticks.kinds) || usedUp(y.ticks.args) || usedUp(y.in.buffer) || usedUp(y.out.queue) || usedUp(y.out.flight.more)
	for _, w := range y.in.await[:cap(y.in.await)] {
		used = used || w != nil
	}
	y.ticks.kinds, y.ticks.args, y.in.buffer, y.out.queue, y.out.flight.more = queue[tickKind]{}, queue[tickArg]{}, queue[chunk]{}, queue[write]{}, queue[flight]{}
	y.in.await = nil
	if used || !reflect.DeepEqual(y, work{}) {
		t.Fatalf("what is lent next holds something: %+v", *x)
	}
}

// usedUp reports whether q holds anything, or too much memory.
func usedUp[T any](q queue[T]) bool {
	for _, x := range q.items[:cap(q.items)] {
		if !reflect.ValueOf(x).IsZero() {
			return true
		}
	}
	return cap(q.items) > maxLent || q.head != 0
}

// slowly is a Transport that takes what is written when it is told to.
type slowly struct {
	h     ReadHandler
	on    bool
	dones []func(error)
	took  int
}

func (t *slowly) ReadStart(h ReadHandler) error { t.h, t.on = h, true; return nil }
func (t *slowly) ReadStop()                     { t.on = false }
func (t *slowly) WriteQueueSize() int           { return len(t.dones) }
func (t *slowly) CloseWrite(d func(error)) error {
	t.dones = append(t.dones, d)
	return nil
}
func (t *slowly) CloseReset(func()) error   { return errors.ErrUnsupported }
func (t *slowly) LocalAddr() netip.AddrPort { return netip.AddrPort{} }
func (t *slowly) RemoteAddr() netip.AddrPort {
	return netip.AddrPort{}
}

func (t *slowly) Write(bufs [][]byte, d func(error)) error { return t.WriteBorrowed(bufs[0], d) }

func (t *slowly) WriteBorrowed(p []byte, d func(error)) error {
	t.took += len(p)
	t.dones = append(t.dones, d)
	return nil
}

func (t *slowly) Close(done func()) {
	t.dones = append(t.dones, func(error) { done() })
}

// take completes n writes.
func (t *slowly) take(s *keeper, n int) {
	for ; n > 0 && len(t.dones) > 0; n-- {
		d := t.dones[0]
		t.dones = t.dones[1:]
		d(nil)
		s.endTurn()
	}
}

// TestWhatIsLentHoldsNothingOfWhoHadIt drives many sockets, some of them echoes, over one Keeper: each keeps its own bytes,
// and what lies ready for the next is as good as new. At the end all of it does.
func TestWhatIsLentHoldsNothingOfWhoHadIt(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 7))
		s := &keeper{}
		type side struct {
			*Socket
			t         *slowly
			echo      bool
			got, sent int
			told      int
		}
		var all []*side
		for i := range 8 {
			x := &side{t: &slowly{}, echo: i%2 == 0}
			x.Socket = NewSocket(s, x.t, SocketOptions{HighWaterMark: 1 + r.IntN(2000)})
			if x.echo {
				x.Pipe(x.Socket)
			} else {
				x.OnData(func(p []byte) { x.got += len(p) })
			}
			s.endTurn()
			all = append(all, x)
		}
		for range 400 {
			x := all[r.IntN(len(all))]
			switch op := r.IntN(8); {
			case op < 3 && x.t.on:
				p := bytes.Repeat([]byte{byte(op)}, 1+r.IntN(1500))
				x.sent += len(p)
				x.t.h.OnRead(p, nil)
			case op < 5:
				x.t.take(s, 1+r.IntN(4))
			case op == 6:
				x.Resume()
			case x.echo:
			case op == 5:
				x.Pause()
			case op == 7:
				x.Cork()
				for range 1 + r.IntN(12) {
					x.WriteChunk(make([]byte, 10), func(error) { x.told++ })
				}
				x.Uncork()
			}
			s.endTurn()
			for _, w := range s.free() {
				wantClean(t, w)
			}
		}
		for _, x := range all {
			if !x.echo {
				x.Resume()
			}
			s.endTurn()
			x.t.take(s, 1<<20)
			if x.echo && x.t.took != x.sent || !x.echo && (x.got != x.sent || x.t.took != 10*x.told) {
				t.Fatalf("seed %d: %d bytes came, %d were given out and %d written, in %d writes", seed, x.sent, x.got, x.t.took, x.told)
			}
			if x.Readable.life.work != nil {
				t.Fatalf("seed %d: a socket at rest has %+v", seed, *x.Readable.life.work)
			}
		}
		if n := len(s.free()); !debug && (n == 0 || n > len(all)) {
			t.Errorf("seed %d: %d works lie ready, for %d sockets", seed, n, len(all))
		}
	}
}

func TestAStreamThatHasEndedOwesNothing(t *testing.T) {
	s := &keeper{}
	below := &slowly{}
	x := NewSocket(s, below, SocketOptions{})
	x.Pipe(x)
	s.endTurn()
	below.h.OnRead([]byte("x"), nil)
	below.h.OnRead(nil, io.EOF)
	s.endTurn()
	below.take(s, 10)
	if !x.Closed() || x.Readable.life.work != nil {
		t.Errorf("closed: %v, has %v", x.Closed(), x.Readable.life.work)
	}
	for _, w := range s.free() {
		wantClean(t, w)
	}
}

func TestAnErrorIsKeptWithItsStream(t *testing.T) {
	s := &keeper{}
	r := NewReadable(s, ReadableOptions{})
	boom := errors.New("boom")
	r.OnError(func(error) {})
	r.Destroy(boom)
	s.endTurn()
	NewReadable(s, ReadableOptions{}).Push([]byte("x"))
	s.endTurn()
	if r.Errored() != boom {
		t.Errorf("Errored is %v", r.Errored())
	}
}

func TestASocketIsKnownAsItsOuterAtRest(t *testing.T) {
	s := &keeper{}
	x := NewSocket(s, &slowly{}, SocketOptions{})
	outer := NewReadable(s, ReadableOptions{})
	x.As(outer)
	s.endTurn()
	w := NewWritable(s, WritableOptions{})
	var known ReadableStream
	w.OnPipe(func(src ReadableStream) { known = src })
	x.Pipe(w)
	if known != ReadableStream(outer) {
		t.Errorf("known as %T", known)
	}
}

// What is kept is bounded, however many were busy at a time, and however long their lists were.
func TestALoopKeepsABoundedNumberOfWorks(t *testing.T) {
	s := &keeper{}
	var all []*Readable
	for range 2 * maxFree {
		r := NewReadable(s, ReadableOptions{})
		for range 2 * maxLent {
			r.Push([]byte("x"))
		}
		all = append(all, r)
	}
	s.endTurn()
	for _, r := range all {
		r.OnData(func([]byte) {})
	}
	s.endTurn()
	free := s.free()
	if !debug && len(free) != maxFree {
		t.Errorf("%d works are kept, want %d", len(free), maxFree)
	}
	for _, x := range free {
		wantClean(t, x)
	}
}

// A Scheduler need not keep anything. Each stream keeps its own then.
func TestAStreamOfASchedulerThatKeepsNothingKeepsItsOwn(t *testing.T) {
	s := &scheduler{}
	r := NewReadable(s, ReadableOptions{})
	n := 0
	r.OnData(func(p []byte) { n += len(p) })
	for range 3 {
		r.Push([]byte("x"))
		s.endTurn()
	}
	if n != 3 || r.life.work == nil || r.life.work.from != nil {
		t.Errorf("got %d bytes, and has %v", n, r.life.work)
	}
}

// A Socket that flows is read on by itself: no tick is needed for that, as it is for a stream that has to be asked.
func TestAnEchoThatIsReadAsksForNoTick(t *testing.T) {
	s := &keeper{}
	below := &slowly{}
	x := NewSocket(s, below, SocketOptions{HighWaterMark: 100})
	x.Pipe(x)
	s.endTurn()
	for range 3 {
		below.h.OnRead([]byte("x"), nil)
		if len(s.ticks) > 0 {
			t.Error("a tick was asked for, to read what is being read")
		}
		s.endTurn()
		below.take(s, 1)
	}
	below.h.OnRead(make([]byte, 100), nil) // it waits for 'drain', and then reads on
	below.h.OnRead([]byte("x"), nil)
	s.endTurn()
	below.take(s, 10)
	if below.took != 104 || !below.on {
		t.Errorf("%d bytes came back of 104, and it reads: %v", below.took, below.on)
	}
}
