package reactor

import "unsafe"

// What a Reactor holds at most: docs/memory.md adds it up.

// allocated is what n bytes cost that are allocated together: Go's size classes waste a quarter of the larger at most, and half of a
// word or two of the smallest; from 32 KiB on it is whole pages.
func allocated(n int) int {
	const pages, page = 32 << 10, 8 << 10
	switch {
	case n == 0:
		return 0
	case n > pages:
		return (n + page - 1) / page * page
	}
	return n + n/4 + 16
}

// MemoryBound is the most memory, in bytes, that a Reactor with these options holds besides what ConnBound says of its connections:
// the read buffer, a batch of events, and what the pools keep. It leaves datagram sockets out. Any goroutine may ask.
func (o Options) MemoryBound() int {
	if o.Batch <= 0 {
		o.Batch = defaultBatch
	}
	if o.ReadBuffer <= 0 {
		o.ReadBuffer = defaultReadBuffer
	}
	free := maxHeld + maxPooled*(requestBytes()+allocated(int(unsafe.Sizeof(outbox{})))+maxVectorsKept*int(unsafe.Sizeof([]byte(nil))))
	return allocated(int(unsafe.Sizeof(Reactor{}))) + allocated(o.ReadBuffer) + free +
		allocated(o.Batch*int(unsafe.Sizeof(Event{}))) +
		2*allocated(MaxVectors*int(unsafe.Sizeof([]byte(nil)))) +
		allocated(int(unsafe.Sizeof(slots{})))
}

// requestBytes is what a write costs that waits, besides its bytes.
func requestBytes() int {
	return allocated(int(unsafe.Sizeof(request{}))) + allocated(int(unsafe.Sizeof([]byte(nil))))
}

// ConnBound is the most memory, in bytes, that a connection holds while waiting bytes lie in its queue, in so many writes of one buffer
// each, and behind them a last write of so many bytes: a writer that waits when a mark is reached leaves less than the mark, and one
// write. ConnBound(0, 0, 0) is a connection that is idle. Bytes that are lent are the lender's memory; all others lie in blocks, each at
// least a quarter full when it was taken, and the one in front may have been sent but for its last byte. Any goroutine may ask.
func ConnBound(waiting, writes, last int) int {
	const lists = 4 // those of who is dirty, flushed, pending and closing; each grows by doubling, as that of the changes does
	n := allocated(int(unsafe.Sizeof(Conn{}))) + int(unsafe.Sizeof(slots{})/slotPage) + 2*int(unsafe.Sizeof(uint32(0))) +
		lists*2*int(unsafe.Sizeof(flusher(nil))) + 2*int(unsafe.Sizeof(Change{}))
	if waiting == 0 && writes == 0 && last == 0 {
		return n
	}
	front := blockSizes[len(blockSizes)-1]
	return n + allocated(int(unsafe.Sizeof(outbox{}))) + (writes+1)*requestBytes() + blockWaste*waiting + front + blockFor(last)
}

// blockFor is the block that a write of n bytes is sealed into.
func blockFor(n int) int {
	for _, size := range blockSizes {
		if n <= size {
			return size
		}
	}
	return allocated(n)
}

// blockWaste is how many times its bytes a block may be.
const blockWaste = 4
