package main

// streamHunters are the test runs that might find a bug in package stream.
var streamHunters = []hunter{
	{"stream", []string{"-timeout", "120s", "./stream"}},
	{"traces", []string{"-timeout", "120s", "./internal/conform/nodetrace"}},
}

// streamMutants are the mutants of package stream.
var streamMutants = []mutant{
	{
		"one more byte before Push says stop", "the mark is passed by a chunk",
		"stream/push.go", "(length < r.hwm || length == 0)", "(length <= r.hwm || length == 0)",
	},
	{
		"one more byte before WriteChunk says stop", "the mark is passed by a chunk",
		"stream/write.go", "more := length < w.hwm ||", "more := length <= w.hwm ||",
	},
	{
		"drain before zero", "the writer is told to go on while bytes still wait",
		"stream/write.go", "if w.WritableNeedDrain() && w.WritableLength() == 0 {", "if w.WritableNeedDrain() && w.WritableLength() < w.hwm {",
	},
	{
		"End leaves a cork in", "what was corked when End came is never written",
		"stream/end.go", "w.outbox().corked = 1", "w.outbox().corked = 2",
	},
	{
		"callbacks of a destroyed stream forgotten", "what was queued when it was destroyed is never told",
		"stream/life.go", "if _, w := l.own.halves(); w != nil && w.owes() {", "if false {",
	},
	{
		"a watcher counts as a listener", "an error that only a pipe has seen is not uncaught",
		"stream/events.go", "listened = listened || items[i].on&onError != 0\n", "listened = true\n",
	},
	{
		"a transform without backpressure", "it takes the next chunk while nobody has read the last",
		"stream/transform.go", "t.held = true", "t.written(nil)",
	},
	{
		"a borrowed chunk kept", "what waits at the end of the turn is not copied",
		"stream/push.go", "items[i].seal()", "_ = i",
	},
	{
		"a write hook reads what was taken back", "its bytes are lent for less than it asked for",
		"stream/write.go", "case w.hold == HoldUntilDone, w.hold == HoldTurn &&", "case w.hold == HoldTurn &&",
	},
	{
		"a socket that never stops reading", "a full buffer does not stop the peer",
		"stream/socket.go", "if !x.Push(p) && x.reading() {", "if !x.Push(p) && false {",
	},
	{
		"an end after bytes were thrown away", "a destroyed stream looks complete",
		"stream/read.go", " || r.flags&readLost != 0 {", " {",
	},
	{
		"writes under way forgotten by destroy", "what the transport had is never told",
		"stream/write.go", "if w.flying() || w.call.busy() && (", "if w.call.busy() && (",
	},
	{
		"a write that waits for a reader forgotten by destroy", "nobody will read on, and its callback is never called",
		"stream/transform.go", "held, t.held = t.held, false", "t.held = false",
	},
	{
		"spent blocks go back before all streams have sealed", "a block that one stream gave out and another borrowed is a third's",
		"stream/life.go", "if x.spent != nil {\n			x.sealed = true", "if false {\n			x.sealed = true",
	},
	{
		"a socket at rest while writes are under way", "what is told of them is another one's",
		"stream/work.go", "if x.out.due != 0 || x.ticks.near != 0 ||", "if x.ticks.near != 0 ||",
	},
	{
		"what is lent next knows who had it", "destinations that were waited for are kept alive",
		"stream/work.go", "	clear(x.in.await[:cap(x.in.await)])\n", "",
	},
}
