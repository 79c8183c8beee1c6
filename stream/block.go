package stream

import "sync"

// block is pooled memory that bytes are copied into when they must be kept: a borrowed chunk that is still queued when
// the turn ends, or a chunk for a hook that holds it longer than its writer lends it.
type block struct {
	buf  []byte // of one of blockSizes, or larger and then not pooled
	next *block // in the one list it is in: of a stream's spent blocks, or of those that a hook was lent
}

// blockSizes are what is pooled. Each is four times the last, so a sealed chunk wastes at most three quarters of its
// block; what is larger is allocated as it is.
var blockSizes = [...]int{64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10}

// blocks are the pools, one a size. They are shared by the streams of all loops, so that what one loop's peak has left
// serves another; the collector empties them, which bounds them.
var blocks [len(blockSizes)]sync.Pool

// keep copies p into a block.
func keep(p []byte) *block {
	b := newBlock(len(p))
	b.buf = b.buf[:copy(b.buf, p)]
	return b
}

// newBlock returns a block of n bytes, with anything in them.
func newBlock(n int) *block {
	for class, size := range blockSizes {
		if n > size {
			continue
		}
		if b, ok := blocks[class].Get().(*block); ok {
			b.buf = b.buf[:n]
			return b
		}
		return &block{buf: make([]byte, n, size)}
	}
	return &block{buf: make([]byte, n)}
}

// release gives the blocks of a list back. Whoever still reads them sees 0xdd under the build tag weirdebug.
func (b *block) release() {
	for b != nil {
		next := b.next
		b.next = nil
		b.buf = b.buf[:cap(b.buf)]
		if debug {
			for i := range b.buf {
				b.buf[i] = 0xdd
			}
		}
		for class, size := range blockSizes {
			if len(b.buf) == size {
				blocks[class].Put(b) // and from here on it may be another goroutine's
				break
			}
		}
		b = next
	}
}

// push puts b, a single block, in front of a list.
func (b *block) push(list **block) {
	b.next, *list = *list, b
}
