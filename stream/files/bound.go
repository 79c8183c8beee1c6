package files

import (
	"reflect"

	"github.com/weir-go/weir/stream"
)

// MemoryBound is the most memory, in bytes, that a ReadStream with these options holds: what waits below its mark, and one read, which is
// in a block of its own. Any goroutine may ask.
func (o ReadOptions) MemoryBound() int {
	mark := markOf(o.HighWaterMark)
	read := mark
	if read == 0 || read > maxRead {
		read = maxRead
	}
	return int(reflect.TypeFor[ReadStream]().Size()) + objects + stream.ListenerBound + stream.ReadableBound(mark, read)
}

// MemoryBound is the most memory, in bytes, that a WriteStream with these options holds while its writer waits when it is told to, and
// writes at most last bytes at a time. Any goroutine may ask.
func (o WriteOptions) MemoryBound(last int) int {
	return int(reflect.TypeFor[WriteStream]().Size()) + objects + stream.ListenerBound + stream.WritableBound(markOf(o.HighWaterMark), last)
}

// objects is what a stream has besides itself: its life, its hooks, the functions that are made once, the work that is under way, its
// path.
const objects = 2 << 10

func markOf(option int) int {
	switch option {
	case 0:
		return DefaultHighWaterMark
	case stream.NoBuffer:
		return 0
	}
	return option
}
