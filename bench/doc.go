// Bench measures what weir spends on a message beside what others spend: a plain C epoll loop (the floor), gnet, and the
// standard library with a goroutine for each connection.
//
//	go -C bench run . quick      under a minute: 1 KiB and 64 KiB ping-pong, and a verdict
//	go -C bench run . echo       one ping-pong scenario at length
//	go -C bench run . idle       memory a connection, and 15,000 of them at once
//
// The figure to steer by is the server's processor time a message, divided by another subject's in the same round; a
// shared machine drifts, and that ratio hardly. README.md says what each number means and where it is weak.
//
// A command is a file here; the work is in internal: subject finds and runs the servers, rivals are those of them
// that this program itself turns into, load is the client, proc reads the kernel's books, lab takes the samples,
// stats and report make figures and words of them.
package main
