package stdhttp

import "sync"

// pool is the goroutines that handlers run on, and the exchanges that wait for one. A goroutine lives as long as there is
// something to do for it: none is idle.
type pool struct {
	most, mostQueued int

	mu      sync.Mutex
	running int
	queue   []*exchange // from head on, oldest first; not empty only while all goroutines run
	head    int
}

// submit has x served, now or later, or reports that there are too many.
func (p *pool) submit(x *exchange) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.running < p.most:
		p.running++
		go p.work(x)
	case len(p.queue)-p.head < p.mostQueued:
		if len(p.queue) == cap(p.queue) && p.head > len(p.queue)/2 {
			n := copy(p.queue, p.queue[p.head:])
			clear(p.queue[n:])
			p.queue, p.head = p.queue[:n], 0
		}
		p.queue = append(p.queue, x)
	default:
		return false
	}
	return true
}

// work serves x, and then what waits.
func (p *pool) work(x *exchange) {
	left := true
	defer func() {
		if !left {
			return
		}
		// The handler has called runtime.Goexit, as a test's FailNow does: somebody else takes its place.
		if x := p.next(); x != nil {
			go p.work(x)
		}
	}()
	for x != nil {
		x.serve()
		x = p.next()
	}
	left = false
}

// next is what waits longest; with nothing, a goroutine ends.
func (p *pool) next() *exchange {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.head == len(p.queue) {
		p.running--
		p.queue, p.head = nil, 0
		return nil
	}
	x := p.queue[p.head]
	p.queue[p.head] = nil
	p.head++
	return x
}
