// Package loop is time and order for one goroutine: timers, ticks, functions posted by other goroutines, and the
// connections of package reactor, each callback in its place. It follows libuv, in Go's grammar.
//
//	l, err := loop.New(loop.Options{})
//	if err != nil {
//		log.Fatal(err)
//	}
//	_, err = l.Listen("tcp", "127.0.0.1:7000", func(c *reactor.Conn) {
//		c.ReadStart(reactor.ReadFunc(func(p []byte, err error) {
//			if err != nil {
//				c.Close(nil)
//				return
//			}
//			c.WriteBorrowed(p, nil)
//		}))
//	})
//	if err != nil {
//		log.Fatal(err)
//	}
//	err = l.Run()
//
// cmd/echo is that program with backpressure: this one queues whatever a peer sends and does not read.
//
// # Phases
//
// An iteration is one pass through the phases. Run goes on until nothing keeps the loop alive, or Stop.
//
//	Run ──▶ timers, once                    due now
//	          │
//	   ┌──────▼──────┐
//	   │   pending   │  requests that have ended: written, failed, half-closed
//	   │    idle     │  Idle handles; while one is active the loop does not wait
//	   │   prepare   │  Prepare handles
//	   │    poll     │  waits; then what is ready: accept, connect, read, write
//	   │             │  then what came from elsewhere: Post, Async, work, signals
//	   │   pending   │  what that has caused, up to 8 rounds
//	   │    check    │  Check handles
//	   │   closing   │  close callbacks
//	   │   timers    │  those that are due; then Deadlines
//	   └──────┬──────┘
//	          └──▶ again, while alive
//
// Every callback is a turn. When it returns the turn ends: what it wrote is sent, ticks (NextTick) run, what they wrote
// is sent, until there is neither; then bytes that were only borrowed are copied. So no two callbacks ever run inside one
// another, and the writes of one turn leave together.
//
// # Promises
//
//   - No callback runs inside the call that caused it.
//   - Every request completes exactly once, before the close callback of its handle; after that nothing is called.
//   - Ticks run in the order they were asked for, after the callback that asked and before any other.
//   - What one goroutine posts runs in its order. One call of an Async's callback begins after the last Send.
//   - A timer is never early. Timers that are due together run in the order of their times, and of starting.
//   - Deadlines are not early either, and late by 100 ms at most: they cost a store where a Timer would be started anew.
//   - A pass runs only what was there when it began: a callback that starts a timer, posts or adds a hook does not keep
//     the loop from the other phases. Ticks alone can.
//   - RunOnce waits until something has happened.
//   - Work that was queued is told its end once: done, a panic, or cancelled, and then it has not run.
//   - A signal that is watched never has its default action meanwhile, whoever else starts and stops.
//   - A panic resets the connection that the callback belonged to, and nobody else notices: see Options.OnPanic.
//
// # Names
//
// Lookup turns a name into addresses, off the loop; Dial makes a connection to a name, and tries its addresses as RFC
// 8305 (Happy Eyeballs) says. Connect is what they stand on: one address, one attempt. A Resolver may keep answers, and
// loops may share it.
//
// # Goroutines
//
// A Loop and all it has given out belong to the goroutine that calls Run. Others may call Post, Async.Send, Stop,
// Metrics and Panics, at any time. Before Run and between two runs, whoever holds the Loop may use it. The build tag
// weirdebug checks that. Nothing may block in a callback: QueueWork does what takes long, QueueSlowWork what mostly
// waits, on the goroutines of a Pool that all loops share, and calls back on the loop's. Those of the Pool, and the one
// for each signal that a Signal watches, end when there is nothing for them to do.
//
// docs/loop.md in the repository says how the loop waits and how it is woken.
package loop
