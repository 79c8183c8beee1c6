// Package weirtest tests what is built on weir: handlers, gateways, upload servers, on a simulated network with a clock of its own.
//
//	func TestUpload(t *testing.T) {
//		w := weirtest.New(t, weirtest.Options{})
//		p := w.Dial(w.Serve(newServer()))
//		p.Write("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
//		if r := p.ReadResponse(); r.StatusCode != 201 {
//			t.Errorf("got %d", r.StatusCode)
//		}
//	} // and here w looks whether anything is left
//
// A World is a process and the network around it: real loops, servers, clients and streams, on a kernel that is simulated. The
// test is everybody else. It dials as a client, listens as an upstream server, lets bodies stop half-way and lets hours pass in
// no time. Nothing sleeps, no port is opened, and the same seed gives the same run.
//
// # Time
//
// Everything happens inside the calls of the test, on its goroutine. A call that causes something (Write, Reset, Run) goes on until
// nothing is under way any more; one that waits for something (Expect, ReadResponse, Accept) lets virtual time pass until it is
// there. Timers and deadlines run when time passes: see Advance.
//
// # What is checked
//
// At the end of the test, or in Finish, the peers of the test go away, the servers are shut down, and then nothing may be left: no
// connection, timer or other handle, no descriptor, no temporary file, no block of memory, no work that nobody waits for. On the way
// a panic, an error that nobody listens for, a loop that spins and a descriptor used after its close are failures too.
// Options.HeapLimit bounds the memory.
//
// EveryByte has a peer die after every byte of its request, and of its answer, in every manner; Swarm runs a test in worlds
// where everything goes wrong that a kernel and a network can have go wrong. CheckLeaks is for tests with real sockets.
//
// # What it isn't
//
// Only what is done on the loops is simulated. Goroutines of the test's own, as package stdhttp has for its handlers, run in real time,
// which nobody waits for here; package static reads the real disk. Test those with real sockets and CheckLeaks.
//
// docs/testing-your-handlers.md in the repository begins at the beginning.
package weirtest
