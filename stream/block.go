package stream

import "sync"

// Block is pooled memory. Streams copy into Blocks what must be kept: a borrowed chunk that is still queued when the turn
// ends, or a chunk for a hook that holds it longer than its writer lends it. And a source that is not handed bytes but has
// them put somewhere, as one that reads files, takes a Block for that and gives it away with Readable.PushBlock.
//
// A Block belongs to one goroutine at a time, any one. It is given back once, by Release or by whoever it was given to;
// one that is dropped is the collector's. Nobody touches its bytes after that: the build tag weirdebug fills them with 0xdd.
type Block struct {
	buf  []byte // of one of blockSizes, or larger and then not pooled
	next *Block // in the one list it is in: of a stream's spent blocks, or of those that a hook was lent
}

// blockSizes are what is pooled. Each is four times the last, so a sealed chunk wastes at most three quarters of its
// block; what is larger is allocated as it is.
var blockSizes = [...]int{64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10}

// blocks are the pools, one a size. They are shared by the streams of all loops, so that what one loop's peak has left
// serves another; the collector empties them, which bounds them.
var blocks [len(blockSizes)]sync.Pool

// keep copies p into a block.
func keep(p []byte) *Block {
	b := newBlock(len(p))
	b.buf = b.buf[:copy(b.buf, p)]
	return b
}

// NewBlock returns a Block of n bytes, with anything in them. Any goroutine may call it. Up to 64 KiB it comes from the
// pools that all streams share; what is larger is allocated.
func NewBlock(n int) *Block { return newBlock(n) }

// Bytes is the memory.
func (b *Block) Bytes() []byte { return b.buf }

// Truncate leaves the first n bytes of the Block.
func (b *Block) Truncate(n int) { b.buf = b.buf[:n] }

// Release gives the Block back. It does nothing to nil.
func (b *Block) Release() { b.release() }

// newBlock returns a block of n bytes, with anything in them.
func newBlock(n int) *Block {
	for class, size := range blockSizes {
		if n > size {
			continue
		}
		if b, ok := blocks[class].Get().(*Block); ok {
			b.buf = b.buf[:n]
			return b
		}
		return &Block{buf: make([]byte, n, size)}
	}
	return &Block{buf: make([]byte, n)}
}

// release gives the blocks of a list back. Whoever still reads them sees 0xdd under the build tag weirdebug.
func (b *Block) release() {
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
func (b *Block) push(list **Block) {
	b.next, *list = *list, b
}
