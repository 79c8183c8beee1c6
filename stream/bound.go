package stream

import "reflect"

// What a stream holds at most: docs/memory.md adds it up.

// allocated is what n bytes cost that are allocated together: Go's size classes waste a quarter of the larger at most, and half of a
// word or two of the smallest.
func allocated(n int) int {
	if n == 0 {
		return 0
	}
	return n + n/4 + 16
}

// blockWaste is how many times its bytes a Block may be, if it is not of the smallest: see blockSizes.
const blockWaste = 4

// ReadableBound is the most memory, in bytes, that the buffer of a Readable holds whose mark is mark in bytes and whose source stops when a
// Push is answered with false, and is given push bytes at a time: below the mark, and the one push that reaches it. If the source keeps the rest
// of those push bytes itself, as a server that parses them does, that is counted too. Any goroutine may ask.
func ReadableBound(mark, push int) int { return bufferBound[chunk](mark, push) }

// WritableBound is the most memory, in bytes, that the queue of a Writable holds whose mark is mark in bytes and whose writer waits when it is
// told to: below the mark, and one write of last bytes. A Socket's bytes wait in its Transport instead. Any goroutine may ask.
func WritableBound(mark, last int) int { return bufferBound[write](mark, last) }

func bufferBound[T any](mark, last int) int {
	chunks := maxApart + 2*mark/maxSmall + 2
	entry := 2*int(reflect.TypeFor[T]().Size()) + allocated(int(reflect.TypeFor[Block]().Size())) // a list grows by doubling
	return workBound() + blockWaste*max(0, mark-1) + chunks*(entry+blockSizes[0]) + pieceBound(last)
}

// workBound is what the work of one stream costs, besides its lists.
func workBound() int {
	const functions, closure = 3, 16
	return allocated(int(reflect.TypeFor[work]().Size())) + functions*allocated(closure)
}

// KeptBound is the most memory, in bytes, that this package keeps with a loop for its next streams: see Keeper. Any goroutine may ask.
func KeptBound() int {
	items := reflect.TypeFor[tickKind]().Size() + reflect.TypeFor[tickArg]().Size() + reflect.TypeFor[chunk]().Size() +
		reflect.TypeFor[WritableStream]().Size() + reflect.TypeFor[write]().Size() + reflect.TypeFor[flight]().Size()
	return maxFree * (workBound() + maxLent*int(items))
}

// pieceBound is the most memory that a piece of at most n bytes takes in a block of its own, and the rest of the n elsewhere.
func pieceBound(n int) int {
	most := allocated(n)
	for _, size := range blockSizes {
		if least := size/blockWaste + 1; least <= n {
			most = max(most, size+allocated(max(0, n-least)))
		}
	}
	return most
}

// MemoryBound is the most memory, in bytes, that a Socket with these options holds over a Transport that gives it read bytes at a time,
// while so many of its writes wait: what its readable half buffers, and what the writes cost besides their bytes. Those wait in the Transport:
// of a connection see loop.ConnBound, with the writable mark and one write. Any goroutine may ask.
func (o SocketOptions) MemoryBound(read, writes int) int {
	perWrite := 2*int(reflect.TypeFor[flight]().Size()) + allocated(int(reflect.TypeFor[Block]().Size())) + blockSizes[0]
	return allocated(int(reflect.TypeFor[Socket]().Size())) + ListenerBound + writes*perWrite +
		ReadableBound(mark(either(o.HighWaterMark, o.ReadableHighWaterMark)), read)
}

// ListenerBound is what the listeners of one stream cost at most, in bytes, if there are no more than those of a pipe, of Pipeline and
// Finished, and a few of the user's own: so the bounds of this module count them.
const ListenerBound = 2 << 10
