package stream_test

import (
	"testing"

	"github.com/weir-go/weir/internal/turntest"
	"github.com/weir-go/weir/stream"
)

func TestAPushIsAnsweredFalseExactlyAtTheMark(t *testing.T) {
	for _, c := range []struct{ option, mark int }{{0, 16 << 10}, {1, 1}, {100, 100}, {1 << 20, 1 << 20}} {
		for _, set := range []bool{false, true} {
			l := new(turntest.Loop)
			o := stream.ReadableOptions{HighWaterMark: c.option}
			if set {
				o.HighWaterMark = 7
			}
			r := stream.NewReadable(l, o)
			if set {
				r.SetReadableHighWaterMark(c.option)
			}
			l.Turn(func() {
				if c.mark > 1 && !r.Push(make([]byte, c.mark-1)) {
					t.Errorf("mark %d: a byte below it was answered with false", c.mark)
				}
				if r.Push([]byte{1}) {
					t.Errorf("mark %d: reaching it was answered with true", c.mark)
				}
			})
			if n := r.ReadableHighWaterMark(); n != c.mark {
				t.Errorf("the mark is %d, want %d", n, c.mark)
			}
		}
	}
}

func TestAWriteIsAnsweredFalseExactlyAtTheMark(t *testing.T) {
	for _, c := range []struct{ option, mark int }{{0, 16 << 10}, {1, 1}, {100, 100}, {stream.NoBuffer, 0}} {
		for _, set := range []bool{false, true} {
			l := new(turntest.Loop)
			o := stream.WritableOptions{HighWaterMark: c.option, Write: func([]byte, func(error)) {}}
			if set {
				o.HighWaterMark = 7
			}
			w := stream.NewWritable(l, o)
			if set {
				w.SetWritableHighWaterMark(c.option)
			}
			l.Turn(func() {
				if c.mark > 1 && !w.WriteChunk(make([]byte, c.mark-1), nil) {
					t.Errorf("mark %d: a byte below it was answered with false", c.mark)
				}
				if w.WriteChunk([]byte{1}, nil) {
					t.Errorf("mark %d: reaching it was answered with true", c.mark)
				}
			})
			if n := w.WritableHighWaterMark(); n != c.mark {
				t.Errorf("the mark is %d, want %d", n, c.mark)
			}
		}
	}
}

func TestAStreamThatHadStoppedReadsOnToAHigherMark(t *testing.T) {
	l := new(turntest.Loop)
	reads := 0
	var r *stream.Readable
	r = stream.NewReadable(l, stream.ReadableOptions{HighWaterMark: 10, Read: func(*stream.Readable, int) {
		reads++
		r.Push(make([]byte, 5))
	}})
	l.Turn(func() { r.ReadChunk(0) })
	if n := r.ReadableLength(); n != 10 {
		t.Fatalf("%d bytes are buffered, want the mark", n)
	}
	l.Turn(func() { r.SetReadableHighWaterMark(30) })
	if n := r.ReadableLength(); n != 30 {
		t.Errorf("%d bytes are buffered, want the new mark", n)
	}
	before := reads
	l.Turn(func() { r.SetReadableHighWaterMark(20) })
	if n := r.ReadableLength(); n != 30 || reads != before {
		t.Errorf("%d bytes are buffered after the mark was lowered, and %d reads were made", n, reads-before)
	}
}

func TestAMarkThatMakesNoSensePanics(t *testing.T) {
	l := new(turntest.Loop)
	for name, set := range map[string]func(){
		"readable": func() { stream.NewReadable(l, stream.ReadableOptions{}).SetReadableHighWaterMark(-2) },
		"writable": func() { stream.NewWritable(l, stream.WritableOptions{}).SetWritableHighWaterMark(-2) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: a mark of -2 is taken", name)
				}
			}()
			set()
		}()
	}
}
