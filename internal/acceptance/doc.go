// Package acceptance has nothing but tests: of what holds for all streams alike, the HTTP messages, sockets and files, and of the table
// in docs/acceptance.md, which names the test of each thing that was asked of them.
package acceptance
