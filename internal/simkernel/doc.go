// Package simkernel is a fake operating system for tests: sockets, readiness, a clock and a network, all drawn from one
// seed. It has no goroutine, reads no real clock and iterates over no map, so the same seed gives the same run, byte
// for byte, and a failure found once can be looked at as often as one likes.
//
//	w := simkernel.New(simkernel.Options{Seed: 1, Faults: simkernel.Swarm(1)})
//	k := w.Kernel()                          // a reactor.Kernel: give it to a Reactor or a Loop
//	p := w.Dial("127.0.0.1:7000")            // a foreign client
//	w.After(time.Second, p.Reset)            // runs inside Wait as the virtual clock passes it
//	…
//	w.Raise(syscall.SIGTERM)                 // tells the loops that watch it
//	for _, v := range w.Check() { t.Error(v) } // what the code above did wrong, and what it left behind
//
// # What is true
//
// A World is one process on one network: several Kernels (one a loop) share its descriptors and its clock. Sockets
// follow the real kernels as measured: what epoll and kqueue report after which event of a peer's, what read and write
// then say, in which order data, the end of input and a reset arrive. The tests of this package hold it against the
// table of those facts, and run the same table over the real kernel where there is one.
//
// The Epoll temperament is Linux: one event a descriptor, EPOLLHUP and EPOLLERR whatever the mask. The Kqueue
// temperament is the BSDs and macOS: reading and writing reported apart, EV_EOF as a hint, and their order of errors.
//
// Work and signals are there too, without a goroutine: what the code above has done elsewhere is called from inside a
// Wait, at a moment of its own. So is a disk, with files in memory: what may wait for it is for such work alone.
//
// # What is nasty
//
// Faults are knobs, each a probability: everything a kernel, a network or a scheduler may do at a bad moment and
// sometimes does. Swarm turns a random part of them on, with random strength, for a seed: a run where everything goes
// wrong at once finds less than many runs where a few things do.
//
// # What is checked
//
// The World watches those who call it: a descriptor used after Close, a Change that doesn't know what is armed, a
// readiness event that nobody answers while it is repeated (a spin), a file touched on the loop. Check returns all of it,
// the descriptors left open, temporary files that stayed, work that was not run and signals still watched. A loop that
// would sleep for ever gets ErrDeadlock instead of a hanging test.
//
// # What it isn't
//
// Congestion control, retransmission and out-of-band data are left out. An acknowledgement takes no time.
// A window opens again only by half a buffer or a segment, as real ones do. Only the loopback addresses exist, and
// whatever ListenPeer and Route add.
package simkernel
