// Package rivals holds the servers weir is measured against that are written in Go. The bench program runs itself again
// as each of them (`bench serve --impl NAME --role ROLE --addr HOST:PORT`), so that a rival is a process that can be
// pinned, watched and ended like any other.
//
// Each is written the way its own documentation shows it and left at its defaults, but for what the routes need: a body
// is streamed wherever the library can. Each prints "listening on HOST:PORT" when it serves.
//
// Some are wrong on purpose (planted.go): the bench must say so of them, and never give them a figure.
package rivals
