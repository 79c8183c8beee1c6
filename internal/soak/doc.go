// Soak is weir under mixed traffic and faults on the real kernel, for as long as one likes, and a verdict:
//
//	go run ./internal/soak -time 10m -seed 1
//
// It starts itself several times over, and examples/proxy twice:
//
//	origin   a server with all that a server has: files, uploads that replace files, bodies with and without a length, echoes,
//	         long polls, upgrades, CONNECT, and a TCP echo; there is a steady one, and a mortal one
//	proxy    examples/proxy: the steady one is in front of the mortal origin, the mortal one in front of the steady origin
//	load     weir's client, steady and mortal, and a judge of somebody else's: net/http's client, and plain sockets that pipeline,
//	         read slowly, send rubbish, and reset in the middle of everything
//
// Mortal ones are killed at random (SIGKILL) and come back at the same address; all are stopped and go on (SIGSTOP, SIGCONT).
//
// # What has to hold
//
// Each exchange has an outcome, and each route the outcomes that its faults explain: between a steady client and a steady
// origin every exchange is whole, unless the client itself leaves. Whole means every byte right, and an upload's file the right
// one on the disk. What lies under an upload's name is right whatever became of the exchange.
//
// At the end, when the load rests: goroutines, descriptors, handles and connections of every process are as many as in the beginning,
// no half upload lies around, and each ends by itself with status 0.
//
// Memory is flat: resident memory (Rss of smaps_rollup) of the processes that are never killed is sampled through the whole run. The
// first third is for warming up; the median of the last third may not be more than 5 % above that of the middle third. In a run of less
// than five minutes it may also be up to 6 MiB above: the runtime gives memory back within minutes, not seconds. The judge's memory is
// printed, and not judged.
//
// A run also fails in which some kind of exchange or outcome has not happened, or a mortal one was never killed: it would prove less
// than it says. What is not the same from run to run, with the same seed, is the kernel's timing; what each client does is. Exit status
// 1 is any violation.
package main
