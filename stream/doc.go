// Package stream is Node's byte streams in Go's grammar: Readable, Writable, Duplex, Transform and PassThrough, joined by
// Pipe and Pipeline, with the same events in the same order. It is the place where bytes wait: a reader that is not ready
// stops the source that feeds it, however many streams lie between.
//
//	src := stream.NewReadable(l, stream.ReadableOptions{Read: func(r *stream.Readable, n int) {
//		r.Push(next(n)) // at once, or when it is there; not called again before
//	}})
//	dst := stream.NewWritable(l, stream.WritableOptions{Write: func(p []byte, done func(error)) {
//		send(p, done) // not called again before done is
//	}})
//	stream.Pipeline(func(err error) { log.Print("done: ", err) }, src, dst)
//
// # The model in five rules
//
//   - A Readable has a buffer and a mark. While less than the mark is buffered its Read hook is called; from the mark on
//     Push answers false. It flows when somebody listens with OnData or pipes, and gives its bytes out as they come.
//   - A Writable has a queue and a mark. Its Write hook has one chunk at a time; from the mark on WriteChunk answers false,
//     and when the queue is empty OnDrain is told. Pipe is these two rules put together.
//   - The end is told when everything before it has been taken: OnEnd when all is read, OnFinish when all is written.
//   - A stream that has ended and finished, or failed, destroys itself. OnClose is the last event of every stream, OnError
//     comes at most once, right before.
//   - Almost nothing is told inside the call that caused it: events and callbacks come on a tick of the Scheduler. Three
//     things are told at once: bytes that are pushed to a stream that flows with an empty buffer, OnPause, and the pipe and
//     unpipe events.
//
// # Who owns the bytes
//
// A slice that a callback is given is borrowed: it is valid until the turn ends, which is the callback from below that is
// running, and its ticks. Whoever needs it longer copies it.
//
//	r.OnData(func(p []byte) { list = append(list, p) })             // wrong: other bytes tomorrow
//	r.OnData(func(p []byte) { list = append(list, bytes.Clone(p)) }) // right
//	r.OnData(func(p []byte) { w.WriteBorrowed(p, nil) })             // right, and no copy unless it must wait
//
// Push and WriteBorrowed take borrowed bytes; what still waits at the end of the turn is copied then, once. Write and
// WriteChunk take bytes that may be used again when they return. PushOwned and WriteOwned take memory for good. ReadChunk
// gives memory away. A Write hook is lent its bytes until it calls done, unless WritableOptions.Hold asks for less,
// which saves copies. The build tag weirdebug fills what is given back with 0xdd.
//
// # Goroutines
//
// A stream belongs to the goroutine of its Scheduler, a *loop.Loop as a rule, and so do all callbacks. Reader and Writer
// are for other goroutines.
//
// # Differences from Node
//
// A destroyed stream gives nothing out any more, not even what was buffered. The callback of End is always called. A
// panic in a hook or a listener is the loop's to handle; the stream it came through is of no use after that but to be
// destroyed. There are no objects, only bytes.
//
// # Where to go next
//
// Package files has streams over files and over what blocks; a Socket is one over a connection, and package httpcore's messages
// are streams too. In the repository, docs/streams.md has Node's names beside these, docs/ownership.md who owns which bytes
// until when, and docs/backpressure.md how one reader that stops holds a whole chain back.
package stream
