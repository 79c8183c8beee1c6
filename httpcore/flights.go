package httpcore

// flight is a write that the transport has.
type flight struct {
	o  *outgoing
	cb func(error) // may be nil

	file bool // it is a stretch of a file: only the transport knows what became of it
	more bool // the transport has it as one write with the next
}

// flights are the writes of a connection that are not complete, oldest first. One needs no memory but this.
type flights struct {
	first flight // the oldest, if it was alone when it came
	more  []flight
	head  int
}

// push appends x. spare is memory that push may take, and pop may give.
func (f *flights) push(x flight, spare *[]flight) {
	if f.first.o == nil && f.head == len(f.more) {
		f.first = x
		return
	}
	if cap(f.more) == 0 {
		f.more, *spare = *spare, nil
	}
	f.more = append(f.more, x)
}

func (f *flights) len() int {
	n := len(f.more) - f.head
	if f.first.o != nil {
		n++
	}
	return n
}

// oldest is what pop would return, where it lies until something is pushed or popped; nil if there is none.
func (f *flights) oldest() *flight {
	switch {
	case f.first.o != nil:
		return &f.first
	case f.head < len(f.more):
		return &f.more[f.head]
	}
	return nil
}

func (f *flights) pop(spare *[]flight) flight {
	if x := f.first; x.o != nil {
		f.first = flight{}
		return x
	}
	x := f.more[f.head]
	f.more[f.head] = flight{}
	f.head++
	switch {
	case f.head == len(f.more):
		f.head = 0
		f.more = f.more[:0]
		if n := cap(f.more); n > maxFlightsKept {
			if n <= maxFlightsSpare {
				*spare = f.more
			}
			f.more = nil
		}
	case f.head >= 16 && 2*f.head >= len(f.more):
		// A response that always has a write under way never empties the list: its spent half is used again.
		n := copy(f.more, f.more[f.head:])
		clear(f.more[n:])
		f.more, f.head = f.more[:n], 0
	}
	return x
}

const (
	// maxFlightsKept is the longest list whose memory is kept when it is empty: an idle connection should have little.
	maxFlightsKept = 4
	// maxFlightsSpare is the longest whose memory is kept for another connection of the loop.
	maxFlightsSpare = 256
)
