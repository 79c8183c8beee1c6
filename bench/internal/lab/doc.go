// Package lab runs the experiments: it chooses processors, makes the subjects ready, checks that each answers rightly, and
// then gives them turns, round by round and in a new random order each round. A turn is a fresh server process, so that
// the luck of one process's memory layout or hash seed does not become a result.
//
// A [Scenario] is a question; scenarios.go has them all. What a turn gives becomes a cell of package result; who fails a
// turn gets no figure. Linux only.
package lab
