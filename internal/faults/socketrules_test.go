package faults

var socketRules = []rule{
	{id: "SO-1", on: allFaults, at: inHead, never: "the bytes of a socket have no head"},
	{id: "SO-2", on: timePasses, at: allMoments &^ inHead, never: "a socket has no deadline: whoever has one calls Destroy, which is the first two rows"},
	{id: "SO-3", on: writeFails, at: beforeHead, never: "nothing was written; the first write that fails is as any other"},
	{id: "SO-4", on: writeFails, at: afterEnd, never: "nothing is written behind the end"},
	{id: "SO-5", on: writeFails, at: whileCorked, never: "nothing is written while it is corked"},
	{id: "SO-6", on: readFails, at: whilePaused, never: "nothing is read while the buffer is full"},
	{
		id: "SO-7", on: destroyed, at: beforeHead | whilePaused, ref: "D-1, D-2, LP-7",
		says: "Destroy closes, without another event.",
		want: "sock close / wire over",
	},
	{
		id: "SO-8", on: destroyed, at: midBody, ref: "D-1, X-1",
		says: "The same, behind a write that was taken.",
		want: "a ok; sock close / wire over",
	},
	{
		id: "SO-9", on: destroyed, at: lastByte, ref: "W-14, D-7",
		says: "End's callback is told ErrDestroyed, and there is no 'finish'.",
		want: "e CODE; sock close / wire over",
	},
	{
		id: "SO-10", on: destroyed, at: afterEnd, ref: "D-1",
		says: "Our end was sent. The peer's is not waited for.",
		want: "e ok; sock finish; sock close / wire over",
	},
	{
		id: "SO-11", on: destroyed, at: whileCorked, ref: "W-14",
		says: "What is corked is told ErrDestroyed.",
		want: "b CODE; sock close / wire over",
	},
	{
		id: "SO-12", on: destroyedWith | cancelled, at: beforeHead | whilePaused, ref: "D-1; AB-1",
		says: "With an error, 'error' comes right before 'close'.",
		want: "sock error CODE; sock close / wire over",
	},
	{
		id: "SO-13", on: destroyedWith | cancelled, at: midBody, ref: "D-1; AB-1",
		says: "The same.",
		want: "a ok; sock error CODE; sock close / wire over",
	},
	{
		id: "SO-14", on: destroyedWith, at: lastByte, ref: "D-1, D-7, W-14",
		says: "The same. End's callback is told first.",
		want: "e CODE; sock error CODE; sock close / wire over",
	},
	{
		id: "SO-15", on: cancelled, at: lastByte, ref: "AB-1; docs/streams.md: what follows happens in a turn of its own",
		says: "When the cancellation arrives, our end was sent.",
		want: "e ok; sock finish; sock error CODE; sock close / wire over",
	},
	{
		id: "SO-16", on: destroyedWith | cancelled, at: afterEnd, ref: "D-1; AB-1",
		says: "The same.",
		want: "e ok; sock finish; sock error CODE; sock close / wire over",
	},
	{
		id: "SO-17", on: destroyedWith | cancelled, at: whileCorked, ref: "D-1, W-14; AB-1",
		says: "The same for what is corked.",
		want: "b CODE; sock error CODE; sock close / wire over",
	},
	{
		id: "SO-18", on: finArrives, at: beforeHead, ref: "DX-3, R-15; net.Socket's default",
		says: "The peer's end is 'end', and ours follows by itself.",
		want: "sock end; sock finish; sock close / wire end",
	},
	{
		id: "SO-19", on: finArrives, at: midBody, ref: "DX-3",
		says: "The same.",
		want: "a ok; sock end; sock finish; sock close / wire end",
	},
	{
		id: "SO-20", on: finArrives, at: lastByte, ref: "DX-2: in either order",
		says: "Both have ended at the same time.",
		want: "= sock end; sock close / = e ok; sock finish; sock close / wire end",
	},
	{
		id: "SO-21", on: finArrives, at: afterEnd, ref: "DX-2",
		says: "The other end of a connection whose one end is done.",
		want: "e ok; sock finish; sock end; sock close / wire end",
	},
	{
		id: "SO-22", on: finArrives, at: whilePaused, ref: "stream.Socket's documentation; R-16",
		says: "Who does not read learns of it when he does.",
		want: "go; sock end; sock finish; sock close / wire end",
	},
	{
		id: "SO-23", on: finArrives, at: whileCorked, ref: "DX-3, W-11, W-12: end uncorks completely",
		says: "The End that follows by itself uncorks: what was held back is sent.",
		want: "sock end; b ok; sock finish; sock close / wire end",
	},
	{
		id: "SO-24", on: rstArrives | readFails, at: beforeHead, ref: "D-1",
		says: "An error of reading destroys the socket with it.",
		want: "sock error CODE; sock close / wire over",
	},
	{
		id: "SO-25", on: rstArrives | readFails, at: midBody, ref: "D-1",
		says: "The same.",
		want: "a ok; sock error CODE; sock close / wire over",
	},
	{
		id: "SO-26", on: rstArrives | writeFails, at: lastByte, ref: "W-10, W-14, D-7",
		says: "What was not taken is told the error, then the socket fails with it, once. There is no 'finish'.",
		want: "e CODE; sock error CODE; sock close / wire over",
	},
	{
		id: "SO-27", on: readFails, at: lastByte, ref: "D-7, W-14",
		says: "The last bytes leave with the turn that has read; then reading fails.",
		want: "e ok; sock finish; sock error CODE; sock close / wire over",
	},
	{
		id: "SO-28", on: rstArrives | readFails, at: afterEnd, ref: "D-1",
		says: "The same.",
		want: "e ok; sock finish; sock error CODE; sock close / wire over",
	},
	{
		id: "SO-29", on: rstArrives, at: whilePaused, ref: "stream.Socket's documentation: when it reads or writes again",
		says: "Who neither reads nor writes learns of it when he does, behind what has come.",
		want: "go; sock error CODE; sock close / wire over",
	},
	{
		id: "SO-30", on: rstArrives | readFails, at: whileCorked, ref: "D-1, W-14",
		says: "What is corked is told first.",
		want: "b CODE; sock error CODE; sock close / wire over",
	},
	{
		id: "SO-31", on: writeFails, at: midBody, ref: "W-10",
		says: "A write that fails is told, then the socket is destroyed with its error.",
		want: "a ok; b CODE; sock error CODE; sock close / wire over",
	},
	{
		id: "SO-32", on: writeFails, at: whilePaused, ref: "W-10",
		says: "The same, paused or not.",
		want: "b CODE; sock error CODE; sock close / wire over",
	},
	{
		id: "SO-33", on: panics, at: beforeHead, ref: "docs/loop.md, \"When a callback fails\"",
		says: "A panic in the listener's callback resets the connection, and the socket that was made of it fails with the panic.",
		want: "sock error panic; sock close / panic told / wire reset",
	},
	{
		id: "SO-34", on: panics, at: midBody, ref: "docs/loop.md, \"When a callback fails\"",
		says: "The same.",
		want: "a ok; sock error panic; sock close / panic told / wire reset",
	},
	{
		id: "SO-35", on: panics, at: lastByte, ref: "docs/loop.md, \"When a callback fails\", W-14",
		says: "The same. The last bytes have not left.",
		want: "e panic; sock error panic; sock close / panic told / wire reset",
	},
	{
		id: "SO-36", on: panics, at: afterEnd, ref: "docs/loop.md, \"When a callback fails\"",
		says: "A panic in OnFinish: our end was sent, so the connection is closed rather than reset.",
		want: "e ok; sock finish; sock error panic; sock close / panic told / wire over",
	},
	{
		id: "SO-37", on: panics, at: whilePaused, ref: "docs/loop.md, \"When a callback fails\"",
		says: "A panic in OnPause.",
		want: "sock error panic; sock close / panic told / wire reset",
	},
	{
		id: "SO-38", on: panics, at: whileCorked, ref: "docs/loop.md, \"When a callback fails\", W-14",
		says: "What is corked is told the panic.",
		want: "b panic; sock error panic; sock close / panic told / wire reset",
	},
}
