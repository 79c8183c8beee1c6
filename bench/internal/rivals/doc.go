// Package rivals holds the servers weir is measured against that are written in Go. The bench program runs itself again
// as each of them (`bench serve --impl NAME --addr HOST:PORT`), so that a rival is a process that can be pinned, watched
// and ended like any other.
//
// Each is written the way its own documentation shows it and left at its defaults, and each prints
// "listening on HOST:PORT" when it serves.
package rivals
