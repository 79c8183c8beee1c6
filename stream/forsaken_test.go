package stream_test

import (
	"errors"
	"testing"

	"github.com/weir-go/weir/stream"
)

// A write to a Transform, to one side of a pair and to a composed stream is complete when somebody reads on at the other end. If
// the stream is destroyed instead nobody will, and its callback is still called.
func TestAWriteThatWaitsForAReaderIsToldThatItsStreamWasDestroyed(t *testing.T) {
	boom := errors.New("boom")
	for name, made := range map[string]func(l stream.Scheduler) *stream.Duplex{
		"a Transform": func(l stream.Scheduler) *stream.Duplex {
			return &stream.NewPassThrough(l, stream.PassThroughOptions{HighWaterMark: 1}).Duplex
		},
		"a side of a pair": func(l stream.Scheduler) *stream.Duplex {
			a, _ := stream.DuplexPair(l, stream.DuplexOptions{HighWaterMark: 1})
			return a
		},
		"a composed stream": func(l stream.Scheduler) *stream.Duplex {
			one := stream.PassThroughOptions{HighWaterMark: 1}
			return stream.Compose(stream.NewPassThrough(l, one), stream.NewPassThrough(l, one))
		},
	} {
		for _, why := range []error{nil, boom} {
			l, e := newLoop(t), record(t)
			d := made(l)
			d.OnError(func(error) {})
			told := 0
			tell := func(err error) {
				told++
				if why != nil && !errors.Is(err, boom) {
					t.Errorf("%s, destroyed with %v: a write is told %v", name, why, err)
				}
			}
			const writes = 20 // more than the stream and those behind it hold
			ok := 0
			l.Turn(func() {
				for range writes {
					d.WriteChunk([]byte("abc"), func(err error) {
						if err == nil {
							ok++
							return
						}
						tell(err)
					})
				}
				d.EndWith(nil, e.cb("end"))
			})
			l.Turn(func() {
				d.Destroy(why)
				if told > 0 {
					t.Errorf("%s: a write is told inside Destroy", name)
				}
			})
			if told == 0 || ok+told != writes {
				t.Errorf("%s, destroyed with %v: %d of %d writes were told that they are made, and %d that they are not", name, why, ok, writes, told)
			}
			if len(e.list) != 1 {
				t.Errorf("%s, destroyed with %v: the callback of End: %q", name, why, e.list)
			}
			e.list = nil
			if why == nil && name != "a composed stream" && d.Errored() != nil {
				t.Errorf("%s has failed with %v; it was just destroyed", name, d.Errored())
			}
		}
	}
}
