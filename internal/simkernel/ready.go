package simkernel

// node is a registration's place in the list of what may be ready.
type node struct {
	s          *socket
	prev, next *node
	write      bool // kqueue's EVFILT_WRITE
	queued     bool
}

// readyList is the kernel's list of descriptors to look at, oldest news first. A level-triggered one that is reported
// goes back to the end, so a short batch is fair.
type readyList struct {
	head, tail *node
	len        int
}

func (l *readyList) push(n *node) {
	if n.queued {
		return
	}
	n.queued, n.prev, n.next = true, l.tail, nil
	if l.tail == nil {
		l.head = n
	} else {
		l.tail.next = n
	}
	l.tail = n
	l.len++
}

func (l *readyList) remove(n *node) {
	if !n.queued {
		return
	}
	if n.prev == nil {
		l.head = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next == nil {
		l.tail = n.prev
	} else {
		n.next.prev = n.prev
	}
	n.queued, n.prev, n.next = false, nil, nil
	l.len--
}
