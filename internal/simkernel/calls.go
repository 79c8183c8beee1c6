package simkernel

// Calls counts system calls by name since the world began. Tests assert costs with them: they don't flicker.
type Calls struct {
	Wait, Wake int
	// Add, Mod and Del are what epoll_ctl would have been called for; kqueue would have taken the first two along.
	Add, Mod, Del int

	Pollable, Listen, Accept, Connect, ConnectResult, Close, CloseWrite, SetOption, Addr int

	Read, Write, Writev        int
	Receive, Send              int // of datagrams
	BytesRead, BytesWritten    int
	SendQueue                  int
	OpenPipe, Splice, ReadPipe int
	BytesSpliced               int // into pipes, and out of them
	Accepted                   int
	Events, Stale              int // what Wait reported, and what of it names a closed descriptor
	EmptyWaits                 int // Waits that reported nothing
	ChangesFailed              int

	Work, Notify int // calls; a loop that leaves them to package loop makes none

	File                               int // calls on files made off the loop, those below included
	Pread, PreadNoWait, Pwritev, Fsync int
	InMemory, SendFile                 int

	Slots int // slots that tokens have named
	Peak  int // the most descriptors that were open at once
}

// Interest is the number of calls made for interest alone.
func (c Calls) Interest() int { return c.Add + c.Mod + c.Del }

// Calls returns the counts so far.
func (w *World) Calls() Calls {
	c := w.calls
	for _, k := range w.kernels {
		c.Slots += len(k.slots)
		c.Wake += int(k.wakes.Load())
	}
	return c
}
