// Package lab runs the experiments: it chooses processors, makes the subjects ready, checks that each echoes, and then
// takes one sample at a time, each of a fresh server process, so that the luck of one process's memory layout or hash
// seed does not become a result. Linux only.
package lab
