package faults

const lostResponse = "X-5, W-14; Node's traces F06, F14, F19"

var serverResponseRules = []rule{
	{id: "SR-1", on: writeFails, at: beforeHead, never: "the first write is that of the head"},
	{id: "SR-2", on: writeFails, at: whileCorked, never: "nothing is written while it is corked"},
	{id: "SR-3", on: writeFails, at: afterEnd, never: "nothing is written behind the end"},
	{
		id: "SR-4", on: destroyed, at: beforeHead, ref: "Node's traces F07, F13",
		says: "Destroy closes the connection and the response, once each. Nobody has failed.",
		want: "Req end; Req close / res close / done aborted; gone ok / done aborted; res close / ctx aborted / wire GOT over",
	},
	{
		id: "SR-5", on: destroyed, at: midBody, ref: "Node's trace F07",
		says: "What is cut off does not look whole: a chunked body lacks its last chunk.",
		want: "Req end; Req close / a ok; res close / done aborted; gone ok / ctx aborted / wire GOT over",
	},
	{
		id: "SR-6", on: destroyed, at: inHead | whileCorked, ref: "X-5, W-14",
		says: "What waits is told ErrDestroyed, before the response closes.",
		want: "Req end; Req close / b CODE; res close / done aborted; gone ok / ctx aborted / wire GOT over",
	},
	{
		id: "SR-7", on: destroyed, at: whilePaused, ref: "X-5, W-14",
		says: "The same behind a write that was taken.",
		want: "Req end; Req close / a ok; b CODE; res close / done aborted; gone ok / ctx aborted / wire GOT over",
	},
	{
		id: "SR-8", on: destroyed, at: lastByte, ref: "X-5; D-7: a 'finish' that is due is suppressed",
		says: "A response that is destroyed before its last bytes have left has no 'finish', and End's callback is told.",
		want: "Req end; Req close / e CODE; res close / done aborted; gone ok / ctx aborted / wire GOT over",
	},
	{
		id: "SR-9", on: destroyedWith | cancelled, at: beforeHead, ref: "EV-4; Destroy's documentation",
		says: "With an error, OnError is told it before OnClose; if nobody listens, OnUncaught.",
		want: "Req end; Req close / res error CODE; res close / done CODE; gone CODE / ctx CODE / wire GOT over",
	},
	{
		id: "SR-10", on: destroyedWith | cancelled, at: midBody, ref: "EV-4; Node's trace F08 for the wire",
		says: "The same behind a write that was taken.",
		want: "Req end; Req close / a ok; res error CODE; res close / done CODE; gone CODE / ctx CODE / wire GOT over",
	},
	{
		id: "SR-11", on: destroyedWith | cancelled, at: inHead | whileCorked, ref: "EV-4, W-14",
		says: "What waits is told the error too. In which order callbacks and OnError are called is not promised, only that both come before OnClose.",
		want: "Req end; Req close / = b CODE; res close / res error CODE; res close / done CODE; gone CODE / ctx CODE / wire GOT over",
	},
	{
		id: "SR-12", on: destroyedWith | cancelled, at: whilePaused, ref: "EV-4, W-14",
		says: "The same behind a write that was taken.",
		want: "Req end; Req close / = a ok; b CODE; res close / res error CODE; res close / done CODE; gone CODE / ctx CODE / wire GOT over",
	},
	{
		id: "SR-13", on: destroyedWith, at: lastByte, ref: "EV-4, W-14, X-5",
		says: "The same for End's callback. There is no 'finish'.",
		want: "Req end; Req close / = e CODE; res close / res error CODE; res close / done CODE; gone CODE / ctx CODE / wire GOT over",
	},
	{
		id: "SR-14", on: cancelled, at: lastByte, ref: "docs/streams.md: what follows happens in a turn of its own; Node's trace F09 for its likes",
		says: "When a cancellation arrives that was made in the turn of End, the answer has left.",
		want: "Req end; Req close / res finish; e ok; res close / done ok; gone ok / ctx done / wire 200 end",
	},
	{
		id: "SR-15", on: finArrives, at: beforeHead, ref: "Node's trace E11 (X-8); docs/server.md, \"The life of a connection\"",
		says: "An end behind a complete request is no lost client: the answer still goes out, and the connection ends behind it.",
		want: "Req end; Req close / res finish; e ok; res close / done ok; gone ok / ctx ended / wire 200 end",
	},
	{
		id: "SR-16", on: finArrives, at: inHead | whileCorked, ref: "Node's trace E11 (X-8)",
		says: "The same: what waits leaves when the client reads, or the cork is gone.",
		want: "Req end; Req close / b ok; res finish; e ok; res close / done ok; gone ok / ctx ended / wire 200 end",
	},
	{
		id: "SR-17", on: finArrives, at: midBody, ref: "Node's trace E11 (X-8)",
		says: "The same.",
		want: "Req end; Req close / a ok; res finish; e ok; res close / done ok; gone ok / ctx ended / wire 200 end",
	},
	{
		id: "SR-18", on: finArrives, at: whilePaused, ref: "Node's trace E11 (X-8)",
		says: "The same.",
		want: "Req end; Req close / a ok; b ok; res finish; e ok; res close / done ok; gone ok / ctx ended / wire 200 end",
	},
	{
		id: "SR-19", on: finArrives, at: lastByte, ref: "OM-15: 'finish' is the system having the last byte",
		says: "The last bytes leave with this turn, and the client's end meets a connection that rests.",
		want: "Req end; Req close / res finish; e ok; res close / done ok; gone ok / ctx done / wire 200 end",
	},
	{
		id: "SR-20", on: readFails, at: lastByte, ref: "OM-15; OnClientError's documentation: one that is reset is",
		says: "The same: the exchange is over, and the connection that rests is lost.",
		want: "Req end; Req close / res finish; e ok; res close / done ok; gone CODE / blamed CODE; gone CODE / ctx done / wire 200 over",
	},
	{
		id: "SR-21", on: rstArrives | readFails, at: beforeHead, ref: lostResponse,
		says: "A lost client is no error of the response: it closes, and the context is cancelled with the reason.",
		want: "Req end; Req close / res close / blamed CODE; done CODE; gone CODE / done CODE; res close / ctx CODE / wire GOT over",
	},
	{
		id: "SR-22", on: rstArrives | readFails | writeFails, at: inHead, ref: lostResponse,
		says: "The same. What waits is told why, before the response closes.",
		want: "Req end; Req close / b CODE; res close / blamed CODE; done CODE; gone CODE / ctx CODE / wire GOT over",
	},
	{
		id: "SR-23", on: rstArrives | readFails, at: midBody, ref: lostResponse,
		says: "The same.",
		want: "Req end; Req close / a ok; res close / blamed CODE; done CODE; gone CODE / ctx CODE / wire GOT over",
	},
	{
		id: "SR-24", on: writeFails, at: midBody, ref: lostResponse,
		says: "The same, by the next write.",
		want: "Req end; Req close / a ok; b CODE; res close / blamed CODE; done CODE; gone CODE / ctx CODE / wire GOT over",
	},
	{
		id: "SR-25", on: rstArrives | writeFails, at: lastByte, ref: lostResponse,
		says: "The last bytes are not taken: End's callback is told why, and there is no 'finish'.",
		want: "Req end; Req close / e CODE; res close / blamed CODE; done CODE; gone CODE / ctx CODE / wire GOT over",
	},
	{
		id: "SR-26", on: rstArrives | readFails | writeFails, at: whilePaused, ref: lostResponse,
		says: "The same for a write that waits: at once, though the client reads nothing.",
		want: "Req end; Req close / a ok; b CODE; res close / blamed CODE; done CODE; gone CODE / ctx CODE / wire GOT over",
	},
	{
		id: "SR-27", on: rstArrives | readFails, at: whileCorked, ref: lostResponse,
		says: "The same for one that is corked.",
		want: "Req end; Req close / b CODE; res close / blamed CODE; done CODE; gone CODE / ctx CODE / wire GOT over",
	},
	{
		id: "SR-28", on: rstArrives | readFails, at: afterEnd, ref: clientErr,
		says: "The exchange was over. Of a connection that is reset while it rests OnClientError is told.",
		want: "Req end; Req close / res finish; e ok; res close / done ok; gone CODE / blamed CODE; gone CODE / ctx done / wire GOT over",
	},
	{
		id: "SR-29", on: byCall | finArrives | timePasses, at: afterEnd, ref: "D-1; OnClientError's documentation; docs/server.md, \"The life of a connection\"",
		says: "The exchange was over: there is nothing to destroy. A connection that rests ends without a word, by its client or by IdleTimeout.",
		want: "Req end; Req close / res finish; e ok; res close / done ok; gone ok / ctx done / wire GOT end",
	},
	{
		id: "SR-30", on: timePasses, at: beforeHead, ref: "SetTimeout's documentation",
		says: "A response that has not begun when its SetTimeout passes is answered in its place.",
		want: "Req end; Req close / res close / done late; gone late / ctx late / wire 503 end",
	},
	{
		id: "SR-31", on: timePasses, at: whileCorked, ref: "SetTimeout's documentation",
		says: "The same; what it has kept is told.",
		want: "Req end; Req close / b late; res close / done late; gone late / ctx late / wire 503 end",
	},
	{
		id: "SR-32", on: timePasses, at: midBody, ref: "SetTimeout's documentation",
		says: "One that has begun ends with what was written of it, and does not look whole.",
		want: "Req end; Req close / a ok; res close / done late; gone late / ctx late / wire GOT end",
	},
	{
		id: "SR-33", on: timePasses, at: inHead, ref: "docs/server.md, \"Limits\": WriteTimeout",
		says: "A client that takes nothing for WriteTimeout is lost.",
		want: "Req end; Req close / b late; res close / blamed late; done late; gone late / ctx late / wire GOT over",
	},
	{
		id: "SR-34", on: timePasses, at: whilePaused, ref: "docs/server.md, \"Limits\": WriteTimeout",
		says: "The same.",
		want: "Req end; Req close / a ok; b late; res close / blamed late; done late; gone late / ctx late / wire GOT over",
	},
	{
		id: "SR-35", on: timePasses, at: lastByte, ref: "docs/server.md, \"Limits\": WriteTimeout; X-5",
		says: "The same, though End was called: the last bytes have not left.",
		want: "Req end; Req close / e late; res close / blamed late; done late; gone late / ctx late / wire 200cut over",
	},
	{
		id: "SR-36", on: panics, at: beforeHead, ref: "docs/loop.md, \"When a callback fails\"",
		says: "A panic resets the connection, and all of it is closed with a PanicError. The request had not been read.",
		want: "Req aborted; res close; Req error aborted:panic; Req close / done panic; gone panic / ctx panic / panic told / wire - reset",
	},
	{
		id: "SR-37", on: panics, at: inHead | whileCorked, ref: "docs/loop.md, \"When a callback fails\"; X-5",
		says: "The same; what waits is told the panic.",
		want: "Req aborted; res close; Req error aborted:panic; Req close / b panic; res close / done panic; gone panic / ctx panic / panic told / wire - reset",
	},
	{
		id: "SR-38", on: panics, at: lastByte, ref: "docs/loop.md, \"When a callback fails\"; X-5",
		says: "The same: the last bytes have not left, so there is no 'finish'.",
		want: "Req aborted; res close; Req error aborted:panic; Req close / e panic; res close / done panic; gone panic / ctx panic / panic told / wire - reset",
	},
	{
		id: "SR-39", on: panics, at: midBody, ref: "docs/loop.md, \"When a callback fails\"",
		says: "A panic in the callback of a write, when the request was read.",
		want: "Req end; Req close / a ok; res close / done panic; gone panic / ctx panic / panic told / wire GOT reset",
	},
	{
		id: "SR-40", on: panics, at: whilePaused, ref: "docs/loop.md, \"When a callback fails\"; X-5",
		says: "The same; what waits is told the panic.",
		want: "Req end; Req close / a ok; a ok; b panic; res close / done panic; gone panic / ctx panic / panic told / wire GOT reset",
	},
	{
		id: "SR-41", on: panics, at: afterEnd, ref: "docs/loop.md, \"When a callback fails\"",
		says: "A panic in OnClose: the exchange was over, and the connection is reset.",
		want: "Req end; Req close / res finish; e ok; res close / done ok; gone panic / ctx done / panic told / wire GOT over",
	},
}
