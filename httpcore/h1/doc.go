// Package h1 reads and writes HTTP/1.1 without any I/O: bytes in, callbacks out, and back again.
//
// A [Parser] is given what arrives, in pieces of any size, and tells its [Handler] of methods, targets, fields and bodies as
// spans of the input, after llhttp. It is as strict as RFC 9112 allows, and has no switch that makes it less so: what
// another server could read in another way is refused, since that is how requests are smuggled. What it refuses it
// refuses with an [Error] that has a code, the byte's place, a reason, whose fault it was and a status to answer. All that
// a peer can send besides a body and the sizes of its chunks is bounded by [Limits].
//
// The encoder is the mirror: the Append functions write start lines, fields and chunks behind one another into a slice of
// the caller's. They refuse what would not be read back as what was meant, and then write nothing.
//
// docs/http.md has each requirement of RFC 9112, what is done about it and where that is tested.
package h1
