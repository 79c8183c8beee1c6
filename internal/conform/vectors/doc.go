// Vectors replays recorded parser vectors against httpcore/h1: an input, and what another parser has reported of it.
//
//	go run ./internal/conform/vectors FILE...
//
// A file has llhttp's vectors, h11's or those of Node's parser, a JSON object a line, or Node's table of the bytes that
// are accepted at each place of a message; which of them is seen from its content. Each input is replayed in one piece,
// in two for every place to cut it, and byte by byte, which must make no difference. Then what is reported of it is
// compared.
//
// A vector passes, or it fails, or it is skipped since it needs what a Parser does not offer, or it is a deviation: the
// Parser and what is recorded differ for a cause that a rule finds in the input. The rules, each with the section of the
// RFC that says why, are in refusals.go and tolerances.go. The exit status is 1 if anything fails, and 2 if a file cannot be
// read.
package main
