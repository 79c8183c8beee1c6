// Package wholesim is one world with everything in it, over the simulated kernel: browsers, a reverse proxy, a server, the
// files it serves and is sent, a disk, a network, and whatever may go wrong with each. It has nothing but tests.
//
// A world is a seed. Browsers load pages over several connections, reload them, ask for parts, leave before an answer is whole,
// read slowly, upload, try again; others pipeline. The server serves a folder (httpcore/static), keeps uploads
// (files.Replace) and gives them back (files.Open), generates, echoes, panics, hangs and cuts off. The proxy is built as
// examples/proxy is. Both may be shut down while they work, gently or not, and come back.
//
// What has to be true of each exchange is said where it is looked at: an exchange is over once; what looks whole is what it was
// asked for, byte by byte; everything else is an error that says so; nothing is told behind a close. At the end of the
// world nothing is left: no descriptor, no connection, no temporary file, no loop that goes on.
//
// The simulations in httpcore see more of one exchange; this one sees that the parts do not spoil each other.
package wholesim
