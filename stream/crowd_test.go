package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/weir-go/weir/stream"
)

// apart is how many chunks wait as they came, however small.
const apart = 64

// A peer that sends its bytes one by one makes a stream that nobody reads hold little more than those.
func TestABufferOfOneByteChunksCostsLittleMoreThanItsBytes(t *testing.T) {
	const streams, most = 10, 100 << 10
	for _, way := range []struct {
		name   string
		single bool // all in one turn
		give   func(r *stream.Readable, p []byte) bool
	}{
		{"Push, a turn each", false, (*stream.Readable).Push},
		{"Push, in one turn", true, (*stream.Readable).Push},
		{"PushBlock", false, func(r *stream.Readable, p []byte) bool {
			b := stream.NewBlock(1)
			copy(b.Bytes(), p)
			return r.PushBlock(b)
		}},
		{"Unshift", false, (*stream.Readable).Unshift},
	} {
		l := newLoop(t)
		before := heap()
		var all [streams]*stream.Readable
		var want []byte
		for i := range all {
			r := stream.NewReadable(l, stream.ReadableOptions{})
			all[i], want = r, nil
			p := []byte{0}
			for more := true; more; {
				give := func() {
					p[0] = byte(len(want) % 251)
					want = append(want, p[0])
					more = way.give(r, p)
				}
				if way.single {
					p = make([]byte, 1)
					give()
					continue
				}
				l.Turn(give)
				scribble(p)
			}
			l.EndTurn()
		}
		if n := all[0].ReadableLength(); n != stream.DefaultHighWaterMark {
			t.Errorf("%s: %d bytes wait, want the mark", way.name, n)
		}
		held := (heap() - before) / streams
		t.Logf("%s: a stream that is full holds %d bytes", way.name, held)
		if held > most {
			t.Errorf("%s: a stream that is full holds %d bytes, want less than %d", way.name, held, most)
		}
		if way.name == "Unshift" {
			slices.Reverse(want)
		}
		for _, r := range all {
			var got []byte
			l.Turn(func() { r.OnData(func(p []byte) { got = append(got, p...) }) })
			if !bytes.Equal(got, want) {
				t.Fatalf("%s: got %d bytes, or others than the %d that were given", way.name, len(got), len(want))
			}
		}
		runtime.KeepAlive(&all)
	}
}

// What is given out of a crowd stays as it is until the turn ends, as anything does; and so does what comes meanwhile.
func TestJoinedChunksLastForTheTurnThatGivesThemOut(t *testing.T) {
	l := newLoop(t)
	r := stream.NewReadable(l, stream.ReadableOptions{})
	sent := 0
	push := func(n int) {
		for range n {
			p := pattern(sent, 1+sent%7)
			sent += len(p)
			l.Turn(func() { r.Push(p) })
			scribble(p)
		}
	}
	got := 0
	for round := range 20 {
		push(100 + 37*round)
		var kept [][]byte
		l.Turn(func() {
			more := r.OnData(func(p []byte) {
				if kept = append(kept, p); len(kept) == 50+round {
					r.Pause() // some stay, in blocks with room
				}
			})
			r.Resume()
			l.RunTicks()
			for _, p := range kept {
				if !bytes.Equal(p, pattern(got, len(p))) {
					t.Fatalf("round %d: something else is given out than was pushed", round)
				}
				got += len(p)
			}
			r.Pause()
			more.Off()
		})
	}
	if got == 0 || got > sent || r.ReadableLength() != sent-got {
		t.Errorf("%d of %d bytes were given out, and %d wait", got, sent, r.ReadableLength())
	}
}

func TestAFewChunksArriveAsTheyWerePushed(t *testing.T) {
	l := newLoop(t)
	const joined = 4 << 10 // is how long they become
	for _, n := range []int{1, apart, apart + 1, 10 * apart, 10 * joined} {
		r := stream.NewReadable(l, stream.ReadableOptions{HighWaterMark: 1 << 20})
		for i := range n {
			l.Turn(func() { r.Push(pattern(i, 1)) })
		}
		var got []int
		c := collect(t, r)
		r.OnData(func(p []byte) { got = append(got, len(p)) })
		l.EndTurn()
		c.want(n)
		for i, size := range got[:min(n, apart)] {
			if size != 1 {
				t.Errorf("of %d chunks, number %d comes with %d bytes, want 1", n, i, size)
			}
		}
		if most := apart + 2 + n/joined; len(got) > most {
			t.Errorf("%d chunks of one byte arrive as %d, want %d at most", n, len(got), most)
		}
		if most := slices.Max(got); most > joined {
			t.Errorf("a joined chunk has %d bytes, want %d at most", most, joined)
		}
	}
}

// Large chunks are worth their cost, and memory that was given away is never copied.
func TestInACrowdOnlySmallCopiesAreJoined(t *testing.T) {
	l := newLoop(t)
	r := stream.NewReadable(l, stream.ReadableOptions{})
	large, owned := pattern(0, 2000), pattern(0, 1)
	var want []int
	for range apart + 1 {
		l.Turn(func() { r.Push(pattern(0, 1)) })
		want = append(want, 1)
	}
	for range 3 {
		l.Turn(func() { r.Push(large) })
		l.Turn(func() { r.PushOwned(owned) })
		l.Turn(func() { r.Push(pattern(0, 100)) })
		l.Turn(func() { r.Push(pattern(0, 200)) })
		want = append(want, len(large), 1, 300)
	}
	var got []int
	l.Turn(func() {
		r.OnData(func(p []byte) {
			if got = append(got, len(p)); len(got) > apart+1 && len(p) == 1 && &p[0] != &owned[0] {
				t.Error("memory that was given away was copied")
			}
		})
	})
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("chunks of %v bytes arrive, want %v", got, want)
	}
}

func TestAQueueOfOneByteWritesCostsLittleMoreThanItsBytes(t *testing.T) {
	const streams, most = 10, 100 << 10
	for name, write := range map[string]func(w *stream.Writable, p []byte) bool{
		"WriteChunk":    func(w *stream.Writable, p []byte) bool { return w.WriteChunk(p, nil) },
		"WriteBorrowed": func(w *stream.Writable, p []byte) bool { return w.WriteBorrowed(p, nil) },
		"WriteString": func(w *stream.Writable, p []byte) bool {
			w.WriteString(string(p))
			return !w.WritableNeedDrain()
		},
	} {
		for _, vector := range []bool{false, true} {
			l := newLoop(t)
			before := heap()
			var hooks [streams]*slow
			var all [streams]*stream.Writable
			var finished, sent int
			for i := range all {
				s := &slow{}
				o := stream.WritableOptions{Write: s.write}
				if vector {
					o.Writev = func(ps [][]byte, done func(error)) { s.write(slices.Concat(ps...), done) }
				}
				w := stream.NewWritable(l, o)
				all[i], hooks[i], sent = w, s, 0
				w.OnFinish(func() { finished++ })
				for more := true; more; sent++ {
					p := pattern(sent, 1)
					l.Turn(func() { more = write(w, p) })
					scribble(p)
				}
			}
			if sent != stream.DefaultHighWaterMark {
				t.Errorf("%s: %d bytes were written to a stream that is full, want the mark", name, sent)
			}
			held := (heap() - before) / streams
			t.Logf("%s: a stream that is full holds %d bytes", name, held)
			if held > most {
				t.Errorf("%s: a stream that is full holds %d bytes, want less than %d", name, held, most)
			}
			for i, s := range hooks {
				all[i].End()
				var got []byte
				for len(s.p) > 0 {
					got = append(got, s.p[0]...)
					l.Turn(func() { s.complete(nil) })
				}
				if !bytes.Equal(got, pattern(0, sent)) {
					t.Fatalf("%s: the hook got %d bytes, or others than the %d that were written", name, len(got), sent)
				}
			}
			if finished != streams {
				t.Errorf("%s, Writev %t: %d of %d streams have finished", name, vector, finished, streams)
			}
		}
	}
}

// A callback in a crowd is told when its bytes are written, and not before others' that were written earlier.
func TestACallbackInACrowdIsToldBehindItsBytes(t *testing.T) {
	for _, fails := range []bool{false, true} {
		l := newLoop(t)
		s := &slow{}
		w := stream.NewWritable(l, stream.WritableOptions{Write: s.write})
		var failed error
		w.OnError(func(err error) { failed = err })
		const writes = 500
		done, next := 0, 0 // bytes whose write has completed; the callback that is due
		boom := errors.New("boom")
		for i := range writes {
			var cb func(error)
			if i%5 == 0 {
				cb = func(err error) {
					switch {
					case i != next:
						t.Errorf("the callback of write %d comes when that of %d is due", i, next)
					case err == nil && done < i+1:
						t.Errorf("the callback of write %d is told when %d bytes are written", i, done)
					case err != nil && !errors.Is(err, boom):
						t.Errorf("the callback of write %d is told %v", i, err)
					}
					next += 5
				}
			}
			l.Turn(func() { w.WriteChunk(pattern(i, 1), cb) })
		}
		for n := 0; len(s.p) > 0; n++ {
			l.Turn(func() {
				if done += len(s.p[0]); fails && n == 80 {
					s.complete(boom)
					return
				}
				s.complete(nil)
			})
		}
		if next != writes {
			t.Errorf("fails %t: callbacks were told up to write %d of %d", fails, next, writes)
		}
		if (failed != nil) != fails || !fails && done != writes {
			t.Errorf("fails %t: %d bytes were written, the stream's error is %v", fails, done, failed)
		}
	}
}

func TestACallbackThatIsAloneInACrowdIsToldWhenAllIsWrittenTogether(t *testing.T) {
	l, e := newLoop(t), record(t)
	s := &slow{}
	w := stream.NewWritable(l, stream.WritableOptions{Write: s.write, Writev: func(ps [][]byte, done func(error)) {
		s.write(slices.Concat(ps...), done)
	}})
	l.Turn(func() {
		w.Cork()
		for i := range 200 {
			w.WriteChunk(pattern(i, 1), nil)
		}
		w.WriteChunk(pattern(200, 1), e.cb("written"))
		w.Uncork()
	})
	e.want()
	if len(s.p) != 1 || !bytes.Equal(s.p[0], pattern(0, 201)) {
		t.Errorf("the hook was given %v", s.p)
	}
	l.Turn(func() { s.complete(nil) })
	e.want("written ok")
}

// A crowd that can join nothing more still costs no more than its bytes: the blocks grow with what they have.
func TestSmallChunksBetweenLargeOnesCostNoMoreThanTheseDo(t *testing.T) {
	l := newLoop(t)
	r := stream.NewReadable(l, stream.ReadableOptions{})
	before := heap()
	total := 0
	for i := range 4000 {
		p := make([]byte, 1+i%2*1024)
		total += len(p)
		l.Turn(func() { r.Push(p) })
	}
	held := heap() - before
	if held > int64(5*total) {
		t.Errorf("%d bytes are held for %d that were pushed", held, total)
	}
	runtime.KeepAlive(r)
}
