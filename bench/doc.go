// Bench measures what weir spends on a message beside what others spend, and what a slow peer can make each of them keep.
//
//	go -C bench run . quick      under a minute, and a verdict
//	go -C bench run . run        scenarios and subjects of your choice, at length
//	go -C bench run . compare    two results: what has changed beyond doubt
//	go -C bench run . doctor     what on this machine spoils figures
//
// The figure to steer by is the server's processor time an operation, divided by another subject's in the same round; a
// shared machine drifts, and that ratio hardly. docs/benchmarks.md says what each number means and where it is weak.
//
// A command is a file here; the work is in internal. README.md says what is where.
package main
