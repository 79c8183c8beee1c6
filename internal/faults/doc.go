// Package faults has tests only: the fault matrix. Whatever happens to one end of a connection, a stream or a file, every other
// end has to learn of it exactly once, and nothing may leak or be lost.
//
//	go test ./internal/faults
//	go test ./internal/faults -run 'Matrix/socket/peer_RST'
//	go test ./internal/faults -run Page -update
//
// There is a cell for each subject, each fault that may strike it, and each moment at which it may. What is told then is written
// down as rules, each with where it comes from: Node's traces, an RFC, our own pages. A rule covers some cells; no cell is covered
// by two, and none by none. A cell that cannot be has a rule that says why not. docs/faults.md is written from the rules.
//
// Each cell is played on the simulated kernel, once with everybody listening for errors and once with nobody, beside another
// connection that has to notice nothing. Where weir does not do what a rule says, weir is wrong, or the rule gets another source:
// never another expectation because weir gives it.
package faults
