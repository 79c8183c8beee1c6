package reactor

// SystemOptions say how the real kernel waits. The zero value is good.
type SystemOptions struct {
	// Pinned says that the loop's goroutine is locked to its thread: a dry loop then blocks in the kernel instead of
	// parking on the runtime's poller, which would cost it a switch of threads. It is for loops that have a processor
	// to themselves.
	Pinned bool
}
