package stream

// queue is a first-in-first-out list that keeps its memory, up to a bound. The zero value is empty.
type queue[T any] struct {
	items []T
	head  int
}

// maxQueueKept is the longest queue, in items, whose memory is kept once it is empty.
const maxQueueKept = 1024

func (q *queue[T]) len() int {
	return len(q.items) - q.head
}

// front is the first item; it stays where it is until the next change.
func (q *queue[T]) front() *T { return &q.items[q.head] }

// back is the last item, as front is the first.
func (q *queue[T]) back() *T { return &q.items[len(q.items)-1] }

// all is what is queued, in order.
func (q *queue[T]) all() []T {
	return q.items[q.head:]
}

// trim has an empty queue keep no more memory than is worth lending.
func (q *queue[T]) trim() {
	if cap(q.items) > maxLent {
		q.items = nil
	}
}

func (q *queue[T]) push(x T) {
	if len(q.items) == cap(q.items) && q.head > len(q.items)/2 {
		// A queue that never empties reuses what is spent, which costs less than a move an item.
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, x)
}

// unshift puts x in front of all.
func (q *queue[T]) unshift(x T) {
	if q.head == 0 {
		// Room for as many again, so that a thousand of these cost no more than a thousand of push.
		n := len(q.items) + 4
		items := make([]T, n+len(q.items), 2*n+len(q.items))
		copy(items[n:], q.items)
		q.items, q.head = items, n
	}
	q.head--
	q.items[q.head] = x
}

func (q *queue[T]) pop() T {
	var zero T
	x := q.items[q.head]
	q.items[q.head] = zero
	q.head++
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
		if cap(q.items) > maxQueueKept {
			q.items = nil
		}
	}
	return x
}
