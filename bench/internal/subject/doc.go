// Package subject finds, starts and ends the servers that are measured.
//
// A [Subject] is somebody who may have several roles: an echo, an HTTP server, a proxy. A [Program] is what it takes to
// start one of them. A [Process] is one run of it: pinned from birth, its output read, and ended by its own process id
// whatever happens. What a machine lacks (a C compiler, Node, nginx) is reported as absent by [Finder.Find], not as a
// failure.
//
// The sources that are compiled or interpreted lie in source/.
package subject
