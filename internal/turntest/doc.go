// Package turntest is a loop without a kernel, for tests of what stands on package stream: time is a sequence of turns
// that the test makes.
//
//	l := new(turntest.Loop)
//	r := stream.NewReadable(l, stream.ReadableOptions{})
//	l.Turn(func() { r.Push(p) }) // a call, its ticks, and the end of the turn
//
// What was posted runs with Run or RunOne, a turn each, or on a goroutine of its own with Serve.
package turntest
