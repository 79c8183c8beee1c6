package reactor

// pool keeps what requests are made of for the next ones. It belongs to one loop, so it needs no lock, and unlike
// sync.Pool it is not emptied by the collector; the bounds below are what it may hold on to instead.
type pool struct {
	requests  *request
	nRequests int
	outboxes  *outbox
	nOutboxes int
	blocks    [len(blockSizes)][][]byte
	held      int // bytes in blocks
	lent      int // blocks that somebody has
	lentBytes int // what those can hold
}

const (
	// maxPooled is the most free requests and outboxes kept, some 170 bytes each: enough for a batch of events in
	// which every connection writes.
	maxPooled = 1024
	// maxHeld is the most bytes of free blocks kept.
	maxHeld = 4 << 20
	// maxVectorsKept is the longest vector of buffers that a free request keeps.
	maxVectorsKept = 64
)

// blockSizes are the sizes of the blocks that sealed bytes are copied into. What is larger is allocated as it is.
var blockSizes = [...]int{1 << 10, 4 << 10, 16 << 10, 64 << 10}

func (p *pool) request() *request {
	q := p.requests
	if q == nil {
		return new(request)
	}
	p.requests, q.next = q.next, nil
	p.nRequests--
	return q
}

// release gives back a request whose callback has run, and the block it owned.
func (p *pool) release(q *request) {
	if q.block != nil {
		p.releaseBlock(q.block)
	}
	kept := q.store[:cap(q.store)]
	clear(kept)
	if cap(kept) > maxVectorsKept {
		kept = nil
	}
	*q = request{store: kept[:0]}
	if p.nRequests < maxPooled {
		q.next, p.requests = p.requests, q
		p.nRequests++
	}
}

func (p *pool) outbox() *outbox {
	o := p.outboxes
	if o == nil {
		return new(outbox)
	}
	p.outboxes, o.nextFree = o.nextFree, nil
	p.nOutboxes--
	return o
}

func (p *pool) releaseOutbox(o *outbox) {
	*o = outbox{}
	if p.nOutboxes < maxPooled {
		o.nextFree, p.outboxes = p.outboxes, o
		p.nOutboxes++
	}
}

// block returns a slice of length n with capacity of its size class.
func (p *pool) block(n int) []byte {
	b := p.free(n)
	p.lent++
	p.lentBytes += cap(b)
	return b
}

func (p *pool) free(n int) []byte {
	for class, size := range blockSizes {
		if n > size {
			continue
		}
		free := p.blocks[class]
		if len(free) == 0 {
			return make([]byte, n, size)
		}
		b := free[len(free)-1]
		free[len(free)-1] = nil
		p.blocks[class] = free[:len(free)-1]
		p.held -= size
		return b[:n]
	}
	return make([]byte, n)
}

func (p *pool) releaseBlock(b []byte) {
	b = b[:cap(b)]
	p.lent--
	p.lentBytes -= len(b)
	poison(b)
	for class, size := range blockSizes {
		if len(b) == size && p.held+size <= maxHeld {
			p.blocks[class] = append(p.blocks[class], b)
			p.held += size
			return
		}
	}
}

// poison makes whoever reads released memory see it, under the build tag weirdebug.
func poison(b []byte) {
	if !debug {
		return
	}
	for i := range b {
		b[i] = 0xDB
	}
}
