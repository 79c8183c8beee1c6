// Package reactortest is the conformance suite of package reactor: what every kernel under a Reactor must let it do. It
// runs over the real kernel and over both temperaments of the simulated one, so that neither can tell another story
// than the other.
//
//	func TestConformance(t *testing.T) {
//		reactortest.Run(t, func(t *testing.T) reactortest.Harness { return newHarness(t) })
//	}
//
// Each behaviour is a subtest, named after the test of libuv's that guards it there where there is one. Where we differ
// from libuv on purpose, the behaviour asserts what our documentation says, and a comment tells the difference.
//
// A Harness supplies a Kernel, and foreign peers that the test moves by hand: everything happens on one goroutine, on
// real sockets too, so a failure is the code's and not the scheduler's. Driver is the loop: the contract of
// reactor.Reactor in the order of the phases, and nothing else. Kernel counts what it is asked for and fails on demand;
// tests of the floors above use it too.
//
// Nothing here measures time. A test waits for a condition, generously, or counts calls and iterations.
package reactortest
