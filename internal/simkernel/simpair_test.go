package simkernel_test

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/weir-go/weir/internal/simkernel"
	streams "github.com/weir-go/weir/stream"
)

// stray is what somebody else writes in between. No stream has it.
const stray = 0xff

// pairByte is byte i of what the peer number n sends.
func pairByte(n, i int) byte { return byte((n*101 + i + i>>8*13) % stray) }

// pair is one proxied connection.
type pair struct {
	s      *spliceSim
	sides  [2]*spliceSide
	moody  bool // it is meddled with
	joined bool
	broken bool // there was an error, or one of us has destroyed it
}

// spliceSide is one end of a pair: the peer outside, and our Socket that talks to it.
type spliceSide struct {
	p         *pair
	n, i      int // its stream, and its place in the pair
	out       *simkernel.Peer
	in        *streams.Socket
	size      int // what the peer will send
	sent, got int
	strays    int // got of those
	strayed   int // and written
	slow      bool
	asleep    bool
	altered   bool // somebody meddles with its flow: one at a time, or it would flow to nobody
	ended     bool // it has seen a clean end
	closes    int
	buf       [4096]byte
}

func (x *spliceSide) other() *spliceSide { return x.p.sides[1-x.i] }

func (x *spliceSide) String() string {
	state := "no socket"
	if x.in != nil {
		state = fmt.Sprintf("%+v, %d queued", x.in.State(), x.in.Transport().WriteQueueSize())
	}
	return fmt.Sprintf("sent %d of %d, got %d with %d strays (end %v; %s)", x.sent, x.size, x.got, x.strays, x.ended, state)
}

// act is what the peer does whenever something has happened to it.
func (x *spliceSide) act() {
	s := x.p.s
	if x.out.Closed() || x.asleep {
		return
	}
	if x.p.moody && s.chance(0.002) {
		x.p.broken = true
		x.out.Reset()
		return
	}
	for x.sent < x.size {
		b := x.buf[:min(len(x.buf), x.size-x.sent)]
		for i := range b {
			b[i] = pairByte(x.n, x.sent+i)
		}
		n := x.out.Send(b)
		if x.sent += n; n < len(b) {
			break
		}
		if x.sent == x.size {
			x.out.CloseWrite()
		}
	}
	if x.size == 0 && x.sent == 0 && x.out.Connected() {
		x.sent = -1
		x.out.CloseWrite()
	}
	for x.take() {
		if x.slow && s.chance(0.3) {
			x.asleep = true
			s.w.After(s.soon(20*time.Millisecond), func() { x.asleep = false; x.act() })
			return
		}
	}
}

// take reads and checks once, and reports whether there may be more.
func (x *spliceSide) take() bool {
	s := x.p.s
	n, err := x.out.Read(x.buf[:1+s.r.IntN(len(x.buf))])
	for _, b := range x.buf[:n] {
		if b == stray {
			x.strays++
		} else if want := pairByte(x.other().n, x.got-x.strays); b != want {
			s.fail("byte %d of stream %d is %#x, want %#x", x.got-x.strays, x.other().n, b, want)
			x.p.broken = true
			x.out.Reset()
			return false
		}
		x.got++
	}
	s.moved += n
	switch {
	case err == io.EOF:
		x.ended = true
		if x.p.joined && !x.p.broken && x.got-x.strays != x.other().size {
			s.fail("a clean end, and %s of %d", x, x.other().size)
		}
		if x.sent == x.size || x.sent < 0 {
			x.out.Close()
		}
		return false
	case err != nil:
		x.p.broken = true
		x.out.Close()
		return false
	}
	return n > 0
}

// live is our side of it. An error of either ends both, with a reset, so that nothing looks complete that is not.
func (x *spliceSide) live() {
	x.in.OnError(func(error) {
		x.p.broken = true
		x.p.destroy()
	})
	x.in.OnClose(func() {
		x.closes++
		if w := x.in.Transport().WriteQueueSize(); w != 0 || x.in.WritableLength() != 0 && !x.p.broken {
			x.p.s.fail("a socket closes with %d bytes queued below and %d counted", w, x.in.WritableLength())
		}
	})
	if x.p.s.chance(0.1) { // nobody may come
		x.p.s.timer(5*time.Second, func() {
			if !x.p.joined {
				x.p.destroy()
			}
		})
	}
}

func (p *pair) destroy() {
	for _, x := range p.sides {
		if x.in == nil || !x.in.Closed() {
			p.broken = true
		}
		if x.in != nil {
			x.in.ResetAndDestroy(nil)
		}
	}
}

// join pipes each to the other.
func (p *pair) join() {
	p.joined = true
	for _, x := range p.sides {
		x.in.Pipe(x.other().in)
		x.in.OnPause(x.bound)
	}
	if p.moody {
		for range 1 + p.s.r.IntN(4) {
			p.s.timer(p.s.soon(20*time.Millisecond), func() { p.sides[p.s.r.IntN(2)].meddle() })
		}
	}
}

// bound checks what waits at the destination when the flow stops for it.
func (x *spliceSide) bound() {
	to := x.other()
	const most = 256<<10 + 64<<10 // a tube and a read
	if w := to.in.Transport().WriteQueueSize(); !x.p.moody && w > to.in.WritableHighWaterMark()+most {
		x.p.s.fail("%d bytes wait, with a mark of %d", w, to.in.WritableHighWaterMark())
	}
	if to.in.WritableLength() < to.in.Transport().WriteQueueSize() && !to.in.Destroyed() {
		x.p.s.fail("%d bytes wait below, and the stream knows of %d", to.in.Transport().WriteQueueSize(), to.in.WritableLength())
	}
}

// meddle does one thing that a program may do in the middle of a transfer, and undoes it later.
func (x *spliceSide) meddle() {
	s, to := x.p.s, x.other().in
	var undo func()
	what := s.r.IntN(8)
	if x.altered && what < 4 {
		return
	}
	switch what {
	case 0:
		sub := x.in.OnData(func([]byte) {})
		undo = sub.Off
	case 1:
		x.in.Unpipe(to)
		undo = func() { x.in.Pipe(to) }
	case 2:
		w := streams.NewWritable(s.l, streams.WritableOptions{HighWaterMark: 4096, Write: func(_ []byte, done func(error)) {
			s.timer(s.soon(2*time.Millisecond), func() { done(nil) })
		}})
		w.OnError(func(err error) { s.fail("%v", err) })
		x.in.Pipe(w)
		undo = func() { x.in.Unpipe(w) }
	case 7:
		to.Cork()
		undo = to.Uncork
	case 4, 5:
		p := make([]byte, 1+s.r.IntN(2000))
		for i := range p {
			p[i] = stray
		}
		if to.IsWritable() {
			x.other().strayed += len(p)
			to.Write(p)
		}
		return
	case 3:
		x.in.Pause()
		undo = func() { x.in.Resume() }
	case 6:
		if s.chance(0.3) {
			x.p.broken = true
			x.in.Destroy(errors.New("planned"))
		}
		return
	}
	x.altered = x.altered || what < 4
	s.timer(s.soon(10*time.Millisecond), func() {
		x.altered = x.altered && what >= 4
		switch {
		case to.Destroyed():
		case !x.in.Destroyed():
			undo()
		case x.in.ReadableEnded() && !to.WritableEnded():
			to.End() // it has ended while no pipe was there to pass it on
		}
	})
}
