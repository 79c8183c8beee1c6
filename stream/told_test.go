package stream_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/weir-go/weir/internal/transporttest"
	"github.com/weir-go/weir/internal/turntest"
	"github.com/weir-go/weir/stream"
)

// scene is a stream that somebody writes to, the one that its bytes come out of, and what may be destroyed behind its back.
type scene struct {
	l      *turntest.Loop
	rnd    *rand.Rand
	w, r   *stream.Duplex
	others []*stream.Duplex
	later  []func() // what hooks have still to answer
}

// answer has a hook answer at once, on a tick, or later.
func (s *scene) answer(f func()) {
	switch s.rnd.IntN(3) {
	case 0:
		f()
	case 1:
		s.l.NextTick(f)
	default:
		s.later = append(s.later, f)
	}
}

// fails is now and then an error.
func (s *scene) fails() error {
	if s.rnd.IntN(20) == 0 {
		return errors.New("boom")
	}
	return nil
}

func (s *scene) mark() int { return 1 + s.rnd.IntN(8) }

func (s *scene) transform() *stream.Duplex {
	return &stream.NewTransform(s.l, stream.TransformOptions{
		HighWaterMark: s.mark(),
		Transform: func(_ *stream.Transform, p []byte, done func([]byte, error)) {
			out := append([]byte(nil), p[:s.rnd.IntN(len(p)+1)]...)
			s.answer(func() { done(out, s.fails()) })
		},
	}).Duplex
}

func (s *scene) passThrough() *stream.Duplex {
	return &stream.NewPassThrough(s.l, stream.PassThroughOptions{HighWaterMark: s.mark()}).Duplex
}

// scenes are the streams with a writable half that this package makes.
var scenes = map[string]func(s *scene){
	"a Transform":   func(s *scene) { s.w = s.transform() },
	"a PassThrough": func(s *scene) { s.w = s.passThrough() },
	"a side of a pair": func(s *scene) {
		s.w, s.r = stream.DuplexPair(s.l, stream.DuplexOptions{HighWaterMark: s.mark()})
		s.others = []*stream.Duplex{s.r}
	},
	"a composed stream": func(s *scene) {
		a, b := s.transform(), s.passThrough()
		s.w, s.others = stream.Compose(a, b), []*stream.Duplex{a, b}
	},
	"a Socket": func(s *scene) {
		a, b := transporttest.Pair(s.l, 1+s.rnd.IntN(20))
		s.w = &stream.NewSocket(s.l, a, stream.SocketOptions{}).Duplex
		s.r = &stream.NewSocket(s.l, b, stream.SocketOptions{}).Duplex
		s.others = []*stream.Duplex{s.r}
	},
	"a Duplex with hooks": func(s *scene) {
		o := stream.DuplexOptions{
			HighWaterMark: s.mark(),
			Write:         func(_ []byte, done func(error)) { s.answer(func() { done(s.fails()) }) },
			Final:         func(done func(error)) { s.answer(func() { done(s.fails()) }) },
			Destroy:       func(err error, done func(error)) { s.answer(func() { done(err) }) },
			NoAutoDestroy: s.rnd.IntN(4) == 0,
		}
		if s.rnd.IntN(2) == 0 {
			o.Writev = func(_ [][]byte, done func(error)) { s.answer(func() { done(s.fails()) }) }
		}
		s.w = stream.NewDuplex(s.l, o)
	},
}

// act does one of the things that users do, with a callback where there is one.
func (s *scene) act(callback func() func(error)) {
	rare := s.rnd.IntN(4) == 0
	switch what := s.rnd.IntN(12); {
	case what < 4:
		s.w.WriteChunk([]byte("abcdefgh")[:1+s.rnd.IntN(8)], callback())
	case what == 4:
		s.r.ReadChunk(s.rnd.IntN(5) - 1)
	case what == 5:
		s.r.Resume()
	case what == 6:
		s.r.Pause()
	case what == 7:
		s.w.Cork()
	case what == 8:
		s.w.Uncork()
	case what == 9 && rare:
		s.w.EndWith(nil, callback())
	case what == 10 && rare:
		s.w.Destroy(s.fails())
	case what == 11 && rare && len(s.others) > 0:
		s.others[s.rnd.IntN(len(s.others))].Destroy(s.fails())
	default:
		s.catchUp(1)
	}
}

// catchUp lets n hooks answer that have still to.
func (s *scene) catchUp(n int) {
	for ; n > 0 && len(s.later) > 0; n-- {
		f := s.later[0]
		s.later = s.later[1:]
		f()
	}
}

func TestEveryCallbackIsCalledOnceWhateverHappens(t *testing.T) {
	for name, begin := range scenes {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(500) {
				if told := callsIn(t, begin, seed); slices.ContainsFunc(told, func(times int) bool { return times != 1 }) {
					t.Fatalf("seed %d: the callbacks were called %v times", seed, told)
				}
			}
		})
	}
}

// callsIn has a stream live and be destroyed, and returns how often each callback was called.
func callsIn(t *testing.T, begin func(s *scene), seed uint64) (told []int) {
	s := &scene{l: newLoop(t), rnd: rand.New(rand.NewPCG(seed, 7))}
	begin(s)
	if s.r == nil {
		s.r = s.w
	}
	for _, d := range append(s.others, s.w) {
		d.OnError(func(error) {})
	}
	callback := func() func(error) {
		n := len(told)
		told = append(told, 0)
		return func(error) {
			told[n]++
			if s.rnd.IntN(20) == 0 {
				s.w.Destroy(nil)
			}
		}
	}
	for range 20 {
		s.l.Turn(func() {
			for range 1 + s.rnd.IntN(4) {
				s.act(callback)
			}
		})
		for range s.rnd.IntN(3) {
			s.l.RunOne() // a transport's turn
		}
	}
	s.l.Turn(func() { s.w.Destroy(nil) })
	for range 5 {
		s.l.Turn(func() { s.catchUp(100) })
		s.l.Run()
	}
	return told
}
