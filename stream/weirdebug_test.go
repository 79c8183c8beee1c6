//go:build weirdebug

package stream_test

import (
	"testing"

	"github.com/weir-go/weir/stream"
)

// The blocks of streams are filled with 0xdd when they go back, so whoever keeps a borrowed slice sees it.
func TestABorrowedSliceThatIsKeptIsPoisoned(t *testing.T) {
	l := newLoop(t)
	r := stream.NewReadable(l, stream.ReadableOptions{})
	l.Turn(func() { r.Push(pattern(0, 100)) }) // sealed into a block
	var kept []byte
	l.Turn(func() {
		r.OnData(func(p []byte) { kept = p })
		l.RunTicks()
		if len(kept) != 100 || kept[50] != 50 {
			t.Errorf("got %d bytes in the turn that gave them, want the 100 that were pushed", len(kept))
		}
	})
	if kept[50] != 0xdd {
		t.Errorf("got %#x in the next turn, want 0xdd", kept[50])
	}
}

func TestWhatAHookWasLentIsPoisonedWhenItIsDone(t *testing.T) {
	l := newLoop(t)
	s := &slow{}
	w := stream.NewWritable(l, stream.WritableOptions{Write: s.write})
	l.Turn(func() { w.Write(pattern(0, 100)) })
	p := s.p[0]
	l.EndTurn()
	if p[50] != 50 {
		t.Fatalf("got %#x before done was called, want 50", p[50])
	}
	l.Turn(func() { s.complete(nil) })
	if p[50] != 0xdd {
		t.Errorf("got %#x after done was called, want 0xdd", p[50])
	}
}

// What a stream is lent while it is busy is not lent again in this build, so whoever calls something twice is found out.
func TestAWriteThatIsDoneTwiceIsFound(t *testing.T) {
	l := newLoop(t)
	n := &nowhere{}
	s := stream.NewSocket(l, n, stream.SocketOptions{})
	l.Turn(func() { s.WriteBorrowed([]byte("x"), nil) })
	l.Turn(func() { n.done(nil) })
	defer func() {
		if recover() == nil {
			t.Error("a write that was done long ago is done again, and nobody notices")
		}
	}()
	n.done(nil)
}
