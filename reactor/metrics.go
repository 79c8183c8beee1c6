package reactor

import "time"

// Metrics are what a Reactor has done since New. They are plain numbers of the loop's goroutine, counted where things
// happen; package loop publishes them for the others.
type Metrics struct {
	Waits         uint64        // calls of Poller.Wait
	Idle          time.Duration // slept in them
	Events        uint64        // that they returned
	EventsWaiting uint64        // of those, found without sleeping
	StaleEvents   uint64        // events of a registration that had ended by the time they were dispatched

	InterestChanges uint64 // times the kernel was told what is wanted of a descriptor: on Linux a system call each
	InterestSaved   uint64 // times what was wanted changed and the kernel did not have to be told
	Squelches       uint64 // unwanted readiness that the kernel was told to be silent about
	Parks           uint64 // descriptors parked: see Parked

	Reads, Writes uint64 // system calls of connections; a gathering write is one
	BytesRead     uint64
	BytesWritten  uint64
	BytesSpliced  uint64 // those of BytesRead that the kernel moved to another connection: see SpliceHandler
	Accepted      uint64 // connections accepted and given to a callback
	Shed          uint64 // connections accepted and closed at once, for want of descriptors
	Connections   int    // connections whose close callback has not run

	Blocks      int // blocks of memory that hold what was written, or received, and could not be moved on in its turn
	BlockBytes  int // the memory that those are, used or not
	PooledBytes int // free blocks that are kept for the next ones: 4 MiB at most
}

func (r *Reactor) countWrite(n int) {
	r.stats.Writes++
	r.stats.BytesWritten += uint64(n)
}

// Metrics returns the numbers as they are.
func (r *Reactor) Metrics() Metrics {
	s := r.stats
	s.Blocks, s.BlockBytes, s.PooledBytes = r.pool.lent, r.pool.lentBytes, r.pool.held
	return s
}
