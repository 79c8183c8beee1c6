package loop

import "sync"

// Pool runs work on goroutines of its own. A process needs one: loops share the default pool unless Options.Pool names
// another. Its goroutines come when there is work and end when there is none, so an idle pool costs nothing and is never
// closed. (Goroutines that stay for the next work were tried: they make nothing quicker.) Any goroutine may hand a Pool
// to as many loops as it likes.
type Pool struct {
	size int // most goroutines
	slow int // of those, most that slow work has at a time

	mu      sync.Mutex
	quick   lane // work that waits for a goroutine
	waiting lane // slow work that does
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

// add puts j into its lane, and starts a goroutine for it if there is room.
func (p *Pool) add(j *job) {
	p.mu.Lock()
	p.arrived++
	j.arrival = p.arrived
	if j.slow {
		p.waiting.push(j)
	} else {
		p.quick.push(j)
	}
	next := p.next()
	p.mu.Unlock()
	if next != nil {
		go p.serve(next)
	}
}

// remove takes j out of its lane if it is still there. So what was cancelled is not kept, however long the pool is stuck.
func (p *Pool) remove(j *job) {
	p.mu.Lock()
	if j.lane != nil {
		j.lane.remove(j)
	}
	p.mu.Unlock()
}

// next takes the job that came first, of the lanes that may run one more, and counts it as running.
func (p *Pool) next() *job {
	if p.running == p.size {
		return nil
	}
	j := p.quick.first
	if s := p.waiting.first; s != nil && p.blocked < p.slow && (j == nil || s.arrival < j.arrival) {
		j = s
	}
	if j == nil {
		return nil
	}
	j.lane.remove(j)
	p.running++
	if j.slow {
		p.blocked++
	}
	return j
}

// serve runs j, and then whatever waits.
func (p *Pool) serve(j *job) {
	defer func() {
		if j == nil {
			return
		}
		if next := p.done(j); next != nil { // the work has ended this goroutine, by runtime.Goexit
			go p.serve(next)
		}
	}()
	for j != nil {
		j.run()
		j = p.done(j)
	}
}

// done counts j as done, and takes the next one.
func (p *Pool) done(j *job) *job {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running--
	if j.slow {
		p.blocked--
	}
	return p.next()
}

// job is work for a pool, and its place in a lane while it waits. It may be added once.
type job struct {
	run  func()
	slow bool

	// The pool's, under its lock.
	arrival    uint64 // decides between the lanes
	lane       *lane  // nil while it doesn't wait
	prev, next *job
}

// lane is a queue of jobs, oldest first, from whose middle one can be taken.
type lane struct{ first, last *job }

func (q *lane) push(j *job) {
	j.lane, j.prev = q, q.last
	if q.last == nil {
		q.first = j
	} else {
		q.last.next = j
	}
	q.last = j
}

func (q *lane) remove(j *job) {
	if j.prev == nil {
		q.first = j.next
	} else {
		j.prev.next = j.next
	}
	if j.next == nil {
		q.last = j.prev
	} else {
		j.next.prev = j.prev
	}
	j.lane, j.prev, j.next = nil, nil, nil
}
