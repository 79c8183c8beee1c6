package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/weir-go/weir/internal/turntest"
	"github.com/weir-go/weir/stream"
)

// side is one socket of a random life, and what is known of it.
type side struct {
	t        *testing.T
	name     string
	s        *stream.Socket
	wrote    []byte // accepted
	got      []byte
	accepted int
	called   int
	okay     int  // callbacks without an error
	ended    bool // End was called by us
	endTold  int
	finish   int
	closed   int
	failed   int
}

func newSide(t *testing.T, name string, s *stream.Socket) *side {
	x := &side{t: t, name: name, s: s}
	alive := func(what string) {
		if x.closed > 0 {
			t.Errorf("%s: %s after close", name, what)
		}
	}
	s.OnData(func(p []byte) {
		alive("data")
		if s.Destroyed() {
			t.Errorf("%s: data after destroy", name)
		}
		x.got = append(x.got, p...)
	})
	s.OnEnd(func() { alive("end") })
	s.OnFinish(func() {
		alive("finish")
		if x.finish++; s.WritableLength() != 0 || x.called != x.accepted {
			t.Errorf("%s: finish with %d bytes waiting and %d of %d callbacks called", name, s.WritableLength(), x.called, x.accepted)
		}
	})
	s.OnError(func(error) { alive("error"); x.failed++ })
	s.OnClose(func() {
		if x.closed++; x.called != x.accepted {
			t.Errorf("%s: close when %d of %d callbacks were called", name, x.called, x.accepted)
		}
	})
	return x
}

func (x *side) write(r *rand.Rand) {
	p := pattern(len(x.wrote), r.IntN(3000))
	i := x.accepted
	may := x.s.IsWritable()
	cb := func(err error) {
		if !may {
			if err == nil {
				x.t.Errorf("%s: a refused write ended well", x.name)
			}
			return
		}
		if i != x.called {
			x.t.Errorf("%s: callback %d comes in place %d", x.name, i, x.called)
		}
		if x.called++; err == nil {
			x.okay++
		}
	}
	if may {
		x.accepted++
		x.wrote = append(x.wrote, p...)
	}
	switch r.IntN(3) {
	case 0:
		x.s.WriteChunk(p, cb)
		scribble(p)
	case 1:
		x.s.WriteBorrowed(p, cb)
	case 2:
		x.s.WriteOwned(p, cb)
	}
}

// TestSocketLives lives random lives of two connected sockets and checks them: no byte is lost, invented or moved, each
// callback is called once and in order, and 'close' is last, whatever is paused, ended, destroyed or reset meanwhile.
func TestSocketLives(t *testing.T) {
	for name, connect := range transports {
		for seed := range uint64(300) {
			t.Run(fmt.Sprintf("%s/%d", name, seed), func(t *testing.T) { live(t, connect, seed) })
		}
	}
}

func live(t *testing.T, connect func(l *turntest.Loop, seed uint64) (a, b stream.Transport), seed uint64) {
	r := rand.New(rand.NewPCG(seed, 3))
	l := newLoop(t)
	ta, tb := connect(l, seed)
	var sides [2]*side
	l.Turn(func() {
		half := r.IntN(2) == 0
		for i, tr := range []stream.Transport{ta, tb} {
			s := stream.NewSocket(l, tr, stream.SocketOptions{
				HighWaterMark: 1 + r.IntN(5000), AllowHalfOpen: half, PauseOnCreate: r.IntN(2) == 0,
			})
			sides[i] = newSide(t, string(rune('a'+i)), s)
		}
	})
	brutal := r.IntN(2) == 0
	broken := false
	for range 20 + r.IntN(100) {
		x := sides[r.IntN(2)]
		op := r.IntN(12)
		l.Turn(func() {
			switch op {
			case 0, 1, 2, 3:
				for range 1 + r.IntN(3) {
					if !x.s.IsWritable() {
						if !brutal {
							break
						}
						broken = true // a write after the end is an error, and destroys
					}
					x.write(r)
				}
			case 4:
				x.s.Pause()
			case 5:
				x.s.Resume()
			case 6:
				x.s.Cork()
			case 7:
				x.s.Uncork()
			case 8:
				if r.IntN(8) == 0 {
					x.ended = true
					x.s.EndWith(nil, func(error) { x.endTold++ })
				}
			case 9:
				if brutal && r.IntN(8) == 0 {
					broken = true
					if r.IntN(2) == 0 {
						x.s.Destroy([]error{nil, errors.New("boom")}[r.IntN(2)])
					} else {
						x.s.ResetAndDestroy(nil)
					}
				}
			}
		})
		for range r.IntN(30) {
			l.RunOne()
		}
	}
	for _, x := range sides {
		l.Turn(func() {
			x.s.Resume()
			x.s.End()
		})
	}
	l.Run()
	for i, x := range sides {
		peer := sides[1-i]
		if x.closed != 1 {
			t.Errorf("%s: closed %d times", x.name, x.closed)
		}
		if x.called != x.accepted {
			t.Errorf("%s: %d callbacks for %d writes", x.name, x.called, x.accepted)
		}
		if x.ended && x.endTold == 0 {
			t.Errorf("%s: End's callback was not called", x.name)
		}
		if len(x.got) > len(peer.wrote) || !bytes.Equal(x.got, peer.wrote[:len(x.got)]) {
			t.Fatalf("%s: got %d bytes that are not the first of what was written", x.name, len(x.got))
		}
		if x.failed > 1 || x.finish > 1 {
			t.Errorf("%s: %d errors, %d finishes", x.name, x.failed, x.finish)
		}
		if broken {
			continue
		}
		if len(x.got) != len(peer.wrote) || x.failed > 0 || x.finish != 1 || x.okay != x.accepted {
			t.Errorf("%s: got %d of %d bytes, %d errors, %d finishes, %d of %d writes well, in a life without violence", x.name,
				len(x.got), len(peer.wrote), x.failed, x.finish, x.okay, x.accepted)
		}
	}
}
