package loop

import "sync"

// Pool runs work on goroutines of its own. A process needs one: loops share the default pool unless Options.Pool names
// another. Its goroutines come when there is work and end when there is none, so an idle pool costs nothing and is never
// closed.
type Pool struct {
	size int // most goroutines
	slow int // of those, most that slow work has at a time

	mu      sync.Mutex
	queue   jobQueue // quick work
	waiting jobQueue // slow work
	running int
	blocked int // of those that run, how many do slow work
	arrived uint64
}

// defaultPoolSize is libuv's.
const defaultPoolSize = 4

// sharedPool is the pool of all loops that are not told otherwise.
var sharedPool = NewPool(0)

// NewPool returns a pool of at most size goroutines; 0 means 4. Slow work, look-ups and what is queued by QueueSlowWork,
// has at most half of them at a time, rounded up, so that quick work never waits for a disk or a name server: with size
// 1 it does.
func NewPool(size int) *Pool {
	if size <= 0 {
		size = defaultPoolSize
	}
	return &Pool{size: size, slow: (size + 1) / 2}
}

// job is work in a pool's queue; arrival decides between the lanes.
type job struct {
	fn      func()
	slow    bool
	arrival uint64
}

// run queues fn, and starts a goroutine for it if there is room.
func (p *Pool) run(slow bool, fn func()) {
	p.mu.Lock()
	p.arrived++
	lane := &p.queue
	if slow {
		lane = &p.waiting
	}
	lane.push(job{fn, slow, p.arrived})
	j, ok := p.next()
	p.mu.Unlock()
	if ok {
		go p.serve(j)
	}
}

// next takes the job that came first, of the lanes that may run one more. It counts it as running.
func (p *Pool) next() (job, bool) {
	lane := &p.queue
	if p.blocked < p.slow && p.waiting.len() > 0 && (lane.len() == 0 || p.waiting.front().arrival < lane.front().arrival) {
		lane = &p.waiting
	}
	if p.running == p.size || lane.len() == 0 {
		return job{}, false
	}
	j := lane.pop()
	p.running++
	if j.slow {
		p.blocked++
	}
	return j, true
}

// serve runs j, and then whatever waits.
func (p *Pool) serve(j job) {
	finished := false
	defer func() {
		if finished {
			return
		}
		if next, ok := p.done(j); ok { // the work has ended this goroutine, by runtime.Goexit
			go p.serve(next)
		}
	}()
	for ok := true; ok; {
		j.fn()
		j, ok = p.done(j)
	}
	finished = true
}

// done counts j as done, and takes the next one.
func (p *Pool) done(j job) (job, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running--
	if j.slow {
		p.blocked--
	}
	return p.next()
}

// jobQueue is a queue that keeps its memory, up to a bound.
type jobQueue struct {
	items []job
	head  int
}

func (q *jobQueue) len() int    { return len(q.items) - q.head }
func (q *jobQueue) push(j job)  { q.items = append(q.items, j) }
func (q *jobQueue) front() *job { return &q.items[q.head] }

func (q *jobQueue) pop() job {
	j := q.items[q.head]
	q.items[q.head] = job{}
	q.head++
	switch {
	case q.head == len(q.items):
		q.items, q.head = q.items[:0], 0
		if cap(q.items) > maxKept {
			q.items = nil
		}
	case q.head >= 64 && 2*q.head >= len(q.items):
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	return j
}
