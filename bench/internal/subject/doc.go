// Package subject finds, starts and ends the servers that are measured.
//
// A [Subject] is a program that echoes TCP on a port of the kernel's choosing and prints where. A [Process] is one run of
// it: pinned from birth, its output read, and ended by its own process id whatever happens. What a machine lacks (a C
// compiler, weir's own program) is reported as absent by [Finder.Find], not as a failure.
package subject
