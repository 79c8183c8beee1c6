package stream_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/weir-go/weir/stream"
)

var errModel = errors.New("model")

// FuzzWritable holds a Writable to a small model: the hook gets what was written, in order, and nothing else; each
// callback is called exactly once, in the order of the writes; WritableLength is what has not completed; after 'close'
// nothing is called, and it comes last, with either 'finish' or everything failed before it.
func FuzzWritable(f *testing.F) {
	f.Add([]byte{0, 10, 0, 20, 6, 0, 6, 0, 5, 0}, uint8(0))
	f.Add([]byte{2, 0, 0, 10, 0, 20, 3, 0, 7, 0, 5, 0}, uint8(1))
	f.Add(append(bytes.Repeat([]byte{0, 1, 0, 65, 4, 0}, 70), 6, 0, 6, 0, 5, 0), uint8(0))
	f.Fuzz(func(t *testing.T, program []byte, kind uint8) {
		program = program[:min(len(program), 4000)]
		l := newLoop(t)
		var (
			written           []byte // accepted
			given             []byte // what the hook got
			called            []int  // callbacks, in order
			accepted          int
			dones             []func(error)
			closed, finished  bool
			ended, callbacked bool
		)
		o := stream.WritableOptions{HighWaterMark: 50, Hold: stream.Hold(kind / 2 % 3)}
		take := func(ps [][]byte, done func(error)) {
			if closed {
				t.Error("the hook is called after close")
			}
			if len(dones) > 0 {
				t.Error("the hook is called while it is at work")
			}
			for _, p := range ps {
				given = append(given, p...)
			}
			dones = append(dones, done)
		}
		o.Write = func(p []byte, done func(error)) { take([][]byte{p}, done) }
		if kind%2 == 1 {
			o.Writev = take
		}
		w := stream.NewWritable(l, o)
		w.OnError(func(error) {})
		w.OnFinish(func() {
			finished = true
			if closed || len(given) != len(written) {
				t.Error("finish after close, or before everything was written")
			}
		})
		w.OnClose(func() {
			if closed {
				t.Error("close twice")
			}
			closed = true
			if len(called) != accepted && len(dones) == 0 {
				t.Errorf("close comes when %d of %d callbacks were called", len(called), accepted)
			}
		})
		complete := func(err error) {
			if len(dones) == 0 {
				return
			}
			done := dones[0]
			dones = nil
			done(err)
		}
		write := func(n int, how byte) {
			p := pattern(len(written), n)
			i := accepted
			ok := w.IsWritable()
			cb := func(error) {
				if !ok {
					return
				}
				called = append(called, i)
			}
			if ok {
				accepted++
				written = append(written, p...)
			}
			switch how % 3 {
			case 0:
				w.WriteChunk(p, cb)
				scribble(p)
			case 1:
				w.WriteBorrowed(p, cb)
				l.EndTurn()
				scribble(p)
			case 2:
				w.WriteOwned(p, cb)
			}
		}
		for ; len(program) >= 2; program = program[2:] {
			n := int(program[1])
			switch program[0] % 9 {
			case 0, 1:
				write(n%64, program[1]/64)
			case 2:
				w.Cork()
			case 3:
				w.Uncork()
			case 4:
				l.EndTurn()
			case 5:
				ended = true
				w.EndWith(nil, func(error) { callbacked = true })
			case 6:
				complete(nil)
			case 7:
				if n%4 == 0 {
					complete(errModel)
				} else {
					complete(nil)
				}
			case 8:
				if n%8 == 0 {
					w.Destroy(nil)
				}
			}
			if !bytes.Equal(given, written[:len(given)]) {
				t.Fatal("the hook got something else than was written")
			}
			if w.WritableLength() > len(written) {
				t.Fatal("more waits than was written")
			}
		}
		for w.WritableCorked() > 0 {
			w.Uncork()
		}
		w.End()
		l.EndTurn()
		for len(dones) > 0 {
			complete(nil)
			l.EndTurn()
		}
		if !closed {
			t.Error("the stream is not closed at the end")
		}
		if !finished && w.Errored() == nil && !w.Destroyed() {
			t.Error("neither finished nor failed")
		}
		if len(called) != accepted {
			t.Errorf("%d callbacks for %d writes", len(called), accepted)
		}
		for i, c := range called {
			if c != i {
				t.Errorf("the callbacks came in the order %v", called)
				break
			}
		}
		if ended && !callbacked {
			t.Error("End's callback was not called")
		}
		if n := w.WritableLength(); n != 0 && finished {
			t.Errorf("%d bytes wait in a stream that has finished", n)
		}
	})
}

// FuzzPipe holds a chain of pipes to a small model: what arrives is what was pushed, in order, to the last byte or to the
// point where something was destroyed; no stream holds more than its mark and what came in one piece; and when everything
// completes, everything is closed.
func FuzzPipe(f *testing.F) {
	f.Add([]byte{0, 10, 0, 200, 4, 0, 5, 0, 6, 0}, uint8(0))
	f.Add([]byte{0, 10, 1, 0, 0, 200, 2, 0, 4, 0, 5, 0, 6, 0}, uint8(7))
	f.Add(append([]byte{2, 0}, append(bytes.Repeat([]byte{0, 1, 0, 3}, 100), 3, 0, 4, 0, 5, 0, 6, 0)...), uint8(6))
	f.Fuzz(func(t *testing.T, program []byte, kind uint8) {
		const hwm = 100
		program = program[:min(len(program), 4000)]
		l := newLoop(t)
		var later []func()
		r := stream.NewReadable(l, stream.ReadableOptions{HighWaterMark: hwm})
		s := &slow{}
		w := stream.NewWritable(l, stream.WritableOptions{HighWaterMark: hwm, Hold: stream.Hold(kind % 2), Write: s.write})
		var between *stream.Transform
		if kind&2 != 0 {
			between = stream.NewTransform(l, stream.TransformOptions{
				HighWaterMark: hwm,
				Transform: func(t *stream.Transform, p []byte, done func([]byte, error)) {
					split := func() {
						t.Push(p[:len(p)/2])
						done(p[len(p)/2:], nil)
					}
					if kind&4 != 0 {
						later = append(later, split)
						return
					}
					split()
				},
			})
		} else {
			between = &stream.NewPassThrough(l, stream.PassThroughOptions{HighWaterMark: hwm}).Transform
		}
		chain := []stream.Stream{r, between, w}
		closed := make([]bool, len(chain))
		for i, x := range chain {
			x.OnError(func(error) {})
			x.OnClose(func() { closed[i] = true })
		}
		l.Turn(func() {
			if kind&8 != 0 {
				stream.Pipeline(func(error) {}, r, between, w)
				return
			}
			r.Pipe(between)
			between.Pipe(w)
		})
		var pushed, got []byte
		most, ended, broken := 0, false, false
		complete := func() {
			switch {
			case len(later) > 0:
				fn := later[0]
				later = later[1:]
				l.Turn(fn)
			case len(s.p) > 0:
				if w.Destroyed() {
					l.Turn(func() { s.complete(nil) })
					return
				}
				if kind%2 == 0 { // the bytes are lent until the write is done
					got = append(got, s.p[0]...)
				}
				l.Turn(func() { s.complete(nil) })
			}
		}
		for ; len(program) >= 2; program = program[2:] {
			n := int(program[1])
			switch program[0] % 8 {
			case 0, 1:
				if ended {
					continue
				}
				p := pattern(len(pushed), n)
				pushed = append(pushed, p...)
				most = max(most, n)
				l.Turn(func() { r.Push(p) })
				scribble(p)
			case 2:
				l.Turn(r.Pause)
			case 3:
				l.Turn(r.Resume)
			case 4, 5:
				complete()
			case 6:
				if n%4 == 0 && !ended {
					ended = true
					l.Turn(r.PushEOF)
				}
			case 7:
				if n%16 == 0 {
					broken = true
					l.Turn(func() { chain[n/16%3].Destroy(errModel) })
				}
			}
			if n := w.WritableLength(); n > hwm+max(most, hwm) {
				t.Fatalf("%d bytes wait in the sink", n)
			}
		}
		if !ended {
			l.Turn(r.PushEOF)
		}
		l.Turn(r.Resume)
		for range 3 + 4*len(pushed) { // the chunks of one byte that a split makes, and some
			if len(s.p) == 0 && len(later) == 0 && closed[2] {
				break
			}
			complete()
			l.EndTurn()
			if !broken {
				l.Turn(r.Resume) // a user's Pause holds a pipe up for as long as he likes
			}
		}
		if kind%2 == 0 && !bytes.Equal(got, pushed[:min(len(got), len(pushed))]) {
			t.Fatal("something else arrived than was pushed")
		}
		if broken {
			return
		}
		if kind%2 == 0 && len(got) != len(pushed) {
			t.Errorf("%d of %d bytes arrived", len(got), len(pushed))
		}
		for i, c := range closed {
			if !c {
				t.Errorf("stream %d of the chain is not closed", i)
			}
		}
	})
}
