package stream_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/weir-go/weir/stream"
)

// filled is a Block with a pattern in it.
func filled(n int) *stream.Block {
	b := stream.NewBlock(n + 100)
	b.Truncate(n)
	copy(b.Bytes(), pattern(0, n))
	return b
}

func TestABlockThatIsPushedArrivesAtOnceOrWhenItIsRead(t *testing.T) {
	for _, flows := range []bool{true, false} {
		for _, n := range []int{1, 1000, 64 << 10, 100 << 10} {
			l := newLoop(t)
			r := stream.NewReadable(l, stream.ReadableOptions{HighWaterMark: 1 << 20})
			var got []byte
			if flows {
				l.Turn(func() { r.OnData(func(p []byte) { got = append(got, p...) }) })
			}
			l.Turn(func() { r.PushBlock(filled(n)) })
			if !flows {
				l.Turn(func() { got = r.ReadChunk(-1) })
				l.Turn(func() {}) // what was read stays the reader's
			}
			if !bytes.Equal(got, pattern(0, n)) {
				t.Errorf("flows %t: got %d bytes of %d, or others", flows, len(got), n)
			}
		}
	}
}

func TestABlockThatIsNotWantedIsTheStreamsAllTheSame(t *testing.T) {
	l := newLoop(t)
	r := stream.NewReadable(l, stream.ReadableOptions{})
	if !r.PushBlock(filled(0)) {
		t.Error("no bytes in a Block: got false, want true as from Push")
	}
	r.Destroy(nil)
	if r.PushBlock(filled(10)) {
		t.Error("a destroyed stream wants more")
	}
	l.EndTurn()

	var failed error
	r = stream.NewReadable(l, stream.ReadableOptions{})
	r.OnError(func(err error) { failed = err })
	r.PushEOF()
	if r.PushBlock(filled(10)) {
		t.Error("a stream that has ended wants more")
	}
	l.EndTurn()
	if !errors.Is(failed, stream.ErrPushAfterEOF) {
		t.Errorf("a Block behind the end: got %v, want ErrPushAfterEOF", failed)
	}
}
