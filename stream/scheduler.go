package stream

// Scheduler is what a stream asks of time. A *loop.Loop is one. All methods but Post and OnLoop are for the goroutine
// that the streams belong to.
type Scheduler interface {
	// NextTick runs fn after the callback that is running and before anything else, in the order of the calls.
	NextTick(fn func())
	// AtTurnEnd runs fn once, when the turn ends, after its ticks: now what is borrowed is sealed, while it is still
	// valid. What such a function asks AtTurnEnd for runs in the same turn's end, when everybody has sealed: now what
	// was lent for the turn goes back. The functions call no code of the user's and schedule no ticks.
	AtTurnEnd(fn func())
	// Post runs fn in a turn of its own. Any goroutine may call it; an error means that fn will not run.
	Post(fn func()) error
	// OnLoop reports whether the turns are being run, and by the calling goroutine: one that must not wait for them. Any
	// goroutine may ask.
	OnLoop() bool
	// Uncaught is told an error that a stream failed with and nobody listens for.
	Uncaught(err error)
}

// Keeper is the optional part of a Scheduler that has a place for what this package lends to streams while they are busy, so
// that an idle one is small. A *loop.Loop has one. Without it each stream keeps what it was busy with.
type Keeper interface {
	// Kept is that place. It is the same at each call, for the goroutine of the streams, and empty at first; nobody else
	// uses it.
	Kept() *any
}
