package stream_test

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/weir-go/weir/stream"
)

func TestPushedBytesReachAListenerWithoutACopy(t *testing.T) {
	l := newLoop(t)
	r := stream.NewReadable(l, stream.ReadableOptions{Read: func(*stream.Readable, int) {}})
	var got []byte
	l.Turn(func() { r.OnData(func(p []byte) { got = p }) })
	p := pattern(0, 100)
	l.Turn(func() { r.Push(p) })
	if len(got) != 100 || &got[0] != &p[0] {
		t.Error("got other memory than was pushed")
	}
}

func TestABufferedPushIsCopiedWhenItsTurnEnds(t *testing.T) {
	l := newLoop(t)
	r := stream.NewReadable(l, stream.ReadableOptions{})
	p := pattern(0, 5000)
	l.Turn(func() { r.Push(p) })
	scribble(p)
	l.Turn(func() { r.Unshift(p[:0]) })
	c := collect(t, r)
	l.EndTurn()
	c.want(5000)
}

func TestBytesThatFlowInTheirTurnAreNotCopied(t *testing.T) {
	l := newLoop(t)
	r := stream.NewReadable(l, stream.ReadableOptions{})
	p := pattern(0, 100)
	var got []byte
	l.Turn(func() {
		r.Push(p)
		r.OnData(func(p []byte) { got = p })
	})
	if len(got) != 100 || &got[0] != &p[0] {
		t.Error("got other memory than was pushed")
	}
}

func TestOwnedMemoryIsNeverCopied(t *testing.T) {
	l := newLoop(t)
	r := stream.NewReadable(l, stream.ReadableOptions{})
	p := pattern(0, 100)
	l.Turn(func() { r.PushOwned(p) })
	if got := r.ReadChunk(-1); len(got) != 100 || &got[0] != &p[0] {
		t.Error("a Readable gave other memory than it was given")
	}
	s := &slow{}
	w := stream.NewWritable(l, stream.WritableOptions{Write: s.write})
	l.Turn(func() {
		w.WriteOwned(p[:50], nil)
		w.WriteOwned(p[50:], nil)
	})
	l.Turn(func() { s.complete(nil) })
	if len(s.p) != 1 || &s.p[0][0] != &p[50] {
		t.Error("a Writable gave its hook other memory than it was given")
	}
}

func TestWhatReadChunkReturnsIsTheCallersToKeep(t *testing.T) {
	l := newLoop(t)
	r := stream.NewReadable(l, stream.ReadableOptions{})
	var got []byte
	for _, n := range []int{-1, 10, 40, -1} {
		p := pattern(len(got), 60)
		l.Turn(func() {
			r.Push(p[:30])
			r.Push(p[30:])
		})
		scribble(p)
		var kept [][]byte
		l.Turn(func() {
			for q := r.ReadChunk(n); q != nil; q = r.ReadChunk(n) {
				kept = append(kept, q)
			}
			kept = append(kept, r.ReadChunk(-1))
		})
		for range 3 { // what was a block of the stream's would be used again now
			l.Turn(func() { r.Push(bytes.Repeat([]byte{0xaa}, 30)) })
			l.Turn(func() { r.ReadChunk(-1) })
		}
		for _, q := range kept {
			got = append(got, q...)
		}
	}
	if !bytes.Equal(got, pattern(0, len(got))) || len(got) != 240 {
		t.Errorf("got %d bytes, not those that were pushed", len(got))
	}
}

// A hook that asked for less than it needs would see other bytes: what is written is scribbled over as soon as that is allowed.
func TestAWriteHookHasItsBytesForAsLongAsItAskedFor(t *testing.T) {
	for name, write := range map[string]func(w *stream.Writable, p []byte){
		"Write":         func(w *stream.Writable, p []byte) { w.Write(p) },
		"WriteString":   func(w *stream.Writable, p []byte) { w.WriteString(string(p)) },
		"WriteChunk":    func(w *stream.Writable, p []byte) { w.WriteChunk(p, func(error) {}) },
		"WriteBorrowed": func(w *stream.Writable, p []byte) { w.WriteBorrowed(p, nil) },
	} {
		borrowed := name == "WriteBorrowed"
		for _, hold := range []stream.Hold{stream.HoldUntilDone, stream.HoldTurn, stream.HoldCall} {
			l := newLoop(t)
			s := &slow{}
			w := stream.NewWritable(l, stream.WritableOptions{Write: s.write, Hold: hold})
			for i := range 3 { // the second and the third are queued
				p := pattern(i*300, 300)
				l.Turn(func() {
					write(w, p)
					if !borrowed {
						scribble(p)
					}
				})
				scribble(p)
			}
			for i := range 3 {
				if i > 0 {
					l.Turn(func() {
						s.complete(nil)
						if !bytes.Equal(s.p[0], pattern(i*300, 300)) {
							t.Errorf("%s, hold %d: write %d is not what was written when the hook is called", name, hold, i)
						}
					})
				}
				if hold == stream.HoldUntilDone && !bytes.Equal(s.p[0], pattern(i*300, 300)) {
					t.Errorf("%s: write %d is not what was written when a later turn looks", name, i)
				}
			}
		}
	}
}

func TestAHookThatCopesWithBorrowedBytesGetsThemWithoutACopy(t *testing.T) {
	l := newLoop(t)
	p := pattern(0, 100)
	for _, hold := range []stream.Hold{stream.HoldTurn, stream.HoldCall} {
		var got []byte
		w := stream.NewWritable(l, stream.WritableOptions{Hold: hold, Write: func(p []byte, done func(error)) { got = p; done(nil) }})
		l.Turn(func() {
			if w.WriteBorrowed(p, nil); &got[0] != &p[0] {
				t.Errorf("hold %d: WriteBorrowed copied", hold)
			}
			if w.Write(p); (&got[0] == &p[0]) != (hold == stream.HoldCall) {
				t.Errorf("hold %d: Write copied, or did not", hold)
			}
		})
	}
}

// A transform may push parts of what it was given, in a later turn too.
func TestPartsOfATransformsInputMayBePushed(t *testing.T) {
	l := newLoop(t)
	var later []func()
	tr := stream.NewTransform(l, stream.TransformOptions{
		Transform: func(t *stream.Transform, p []byte, done func([]byte, error)) {
			later = append(later, func() {
				t.Push(p[:len(p)/2])
				done(p[len(p)/2:], nil)
			})
		},
	})
	var got []byte
	l.Turn(func() { tr.OnData(func(p []byte) { got = append(got, p...) }) })
	for i := range 20 {
		p := pattern(i*100, 100)
		l.Turn(func() { tr.Write(p) })
		scribble(p)
		if i%3 == 2 {
			l.Turn(func() { tr.Pause() })
		}
		for len(later) > 0 {
			fn := later[0]
			later = later[1:]
			l.Turn(fn)
		}
		l.Turn(func() { tr.Resume() })
	}
	if !bytes.Equal(got, pattern(0, 2000)) {
		t.Errorf("got %d bytes that are not what was written", len(got))
	}
}

// A chain of pass-throughs takes borrowed bytes to a slow end: each stream in the chain may hold some of the same memory.
func TestAChainOfStreamsNeverReadsMemoryOfAnotherTurn(t *testing.T) {
	l := newLoop(t)
	s := &slow{}
	var got []byte
	r := stream.NewReadable(l, stream.ReadableOptions{HighWaterMark: 300})
	a := stream.NewPassThrough(l, stream.PassThroughOptions{HighWaterMark: 200})
	b := stream.NewPassThrough(l, stream.PassThroughOptions{HighWaterMark: 500})
	w := stream.NewWritable(l, stream.WritableOptions{HighWaterMark: 100, Write: s.write})
	l.Turn(func() {
		r.Pipe(a).(*stream.PassThrough).Pipe(b)
		b.Pipe(w)
	})
	sent := 0
	for i := range 200 {
		if i < 100 {
			p := pattern(sent, 10+i*7)
			sent += len(p)
			l.Turn(func() { r.Push(p) })
			scribble(p)
		}
		for range i % 5 {
			if len(s.p) > 0 {
				got = append(got, s.p[0]...)
				l.Turn(func() { s.complete(nil) })
			}
		}
	}
	for len(s.p) > 0 {
		got = append(got, s.p[0]...)
		l.Turn(func() { s.complete(nil) })
	}
	if !bytes.Equal(got, pattern(0, sent)) {
		t.Errorf("got %d bytes, want the %d that were pushed", len(got), sent)
	}
}

// A source that heeds Push's answer keeps at most the mark and one chunk waiting.
func TestASourceThatHeedsBackpressureIsBoundedByTheMark(t *testing.T) {
	const hwm, size = 1000, 300
	l := newLoop(t)
	r := stream.NewReadable(l, stream.ReadableOptions{
		HighWaterMark: hwm,
		Read:          func(r *stream.Readable, _ int) { r.Push(make([]byte, size)) },
	})
	s := &slow{}
	w := stream.NewWritable(l, stream.WritableOptions{HighWaterMark: hwm, Write: s.write})
	l.Turn(func() { r.Pipe(w) })
	for range 100 {
		if n := r.ReadableLength(); n > hwm+size {
			t.Fatalf("%d bytes wait in a Readable with a mark of %d and chunks of %d", n, hwm, size)
		}
		if n := w.WritableLength(); n > hwm+size {
			t.Fatalf("%d bytes wait in a Writable with a mark of %d and chunks of %d", n, hwm, size)
		}
		if len(s.p) > 0 {
			l.Turn(func() { s.complete(nil) })
		}
	}
	if w.WritableLength() == 0 {
		t.Error("nothing flows")
	}
}

// heap is how many bytes are reachable.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the pools have kept goes with the second
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A source that does not heed it makes the stream hold what it has pushed, in blocks of which three quarters are wasted at
// most, and nothing more; and all of it is let go of when it has been read.
func TestASourceThatIgnoresBackpressureCostsWhatItPushed(t *testing.T) {
	const chunks, size = 40000, 300
	l := newLoop(t)
	r := stream.NewReadable(l, stream.ReadableOptions{})
	before := heap()
	for range chunks {
		l.Turn(func() { r.Push(pattern(0, size)) })
	}
	if n := r.ReadableLength(); n != chunks*size {
		t.Errorf("%d bytes wait, want the %d that were pushed", n, chunks*size)
	}
	if held := heap() - before; held > 5*chunks*size {
		t.Errorf("%d bytes are held for %d that were pushed", held, chunks*size)
	}
	l.Turn(func() { r.OnData(func([]byte) {}) })
	if held := heap() - before; held > chunks*size/10 {
		t.Errorf("%d bytes are held when all has been read", held)
	}
	runtime.KeepAlive(r)
}

// There is a bound to what is counted as borrowed, and none to what may be.
func TestThousandsOfBorrowedChunksInOneTurnAreKept(t *testing.T) {
	const chunks, size = 5000, 2000
	for _, way := range []struct {
		name string
		size int
	}{{"small ones", 1}, {"large ones", size}} {
		l := newLoop(t)
		r := stream.NewReadable(l, stream.ReadableOptions{})
		p := pattern(0, size)
		l.Turn(func() {
			for i := range chunks {
				at := i % (size - way.size + 1)
				r.Push(p[at : at+way.size])
			}
		})
		scribble(p)
		p = pattern(0, size)
		var got []byte
		l.Turn(func() { got = r.ReadChunk(-1) })
		if len(got) != chunks*way.size {
			t.Fatalf("%s: got %d bytes of %d", way.name, len(got), chunks*way.size)
		}
		for i := range chunks {
			at := i % (size - way.size + 1)
			if !bytes.Equal(got[i*way.size:(i+1)*way.size], p[at:at+way.size]) {
				t.Fatalf("%s: chunk %d is not what was pushed", way.name, i)
			}
		}
	}
}

// A stream's ticks fit in a word, and then they do not.
func TestTwentyCallbacksOfOneTickComeInOrder(t *testing.T) {
	l, e := newLoop(t), record(t)
	w := stream.NewWritable(l, stream.WritableOptions{Write: discard})
	var want []string
	l.Turn(func() {
		for i := range 20 {
			name := string(rune('a' + i))
			w.WriteChunk([]byte("x"), e.cb(name))
			want = append(want, name+" ok")
		}
	})
	e.want(want...)
}

// A stream gives out a block in the turn in which another one seals something else, and a third keeps what the first gave
// out: the block may go to the second only after the third has copied it.
func TestABlockGivenOutIsNotReusedWhileTheTurnIsSealed(t *testing.T) {
	l := newLoop(t)
	src := stream.NewReadable(l, stream.ReadableOptions{})
	l.Turn(func() { src.Push(pattern(0, 50)) })
	l.Turn(func() { src.Push(pattern(50, 50)) }) // another block
	other := stream.NewReadable(l, stream.ReadableOptions{})
	hook := &slow{}
	dst := stream.NewWritable(l, stream.WritableOptions{Write: hook.write})
	l.Turn(func() { dst.Write([]byte("x")) }) // the hook has it: what comes waits
	n := 0
	src.OnData(func(p []byte) {
		if n++; n == 2 { // src is the first that the turn's end seals
			other.Push(make([]byte, 50))
			dst.WriteBorrowed(p, nil)
		}
	})
	l.EndTurn()
	l.Turn(func() { hook.complete(nil) })
	if n != 2 || len(hook.p) != 1 || !bytes.Equal(hook.p[0], pattern(50, 50)) {
		t.Errorf("after %d chunks the hook was given %v, want the 50 bytes of the second", n, hook.p)
	}
}
