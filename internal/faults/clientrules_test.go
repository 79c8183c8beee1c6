package faults

const pending = "X-5, W-14: each callback is called once, with an error if its bytes were not sent"

var clientRequestRules = []rule{
	{id: "CQ-1", on: writeFails, at: beforeHead, never: "the first write is that of the head"},
	{id: "CQ-2", on: writeFails, at: whileCorked, never: "nothing is written while it is corked"},
	{id: "CQ-3", on: writeFails, at: afterEnd, never: "nothing is written behind the end"},
	{
		id: "CQ-4", on: destroyed, at: beforeHead, ref: "Node's trace R12 (CL-8, CL-10)",
		says: "A request that is destroyed before anything was sent fails with \"socket hang up\", and its connection is given back: it is as good as new.",
		want: "req error hangup; req close / agent kept",
	},
	{
		id: "CQ-5", on: destroyed, at: midBody, ref: "Node's trace R14 (CL-8)",
		says: "Destroy without an error, before there is an answer, is \"socket hang up\".",
		want: "a ok; req error hangup; req close / agent closed",
	},
	{
		id: "CQ-6", on: destroyed, at: inHead, ref: "R14; " + pending,
		says: "What waits is told ErrDestroyed.",
		want: "b CODE; req error hangup; req close / agent closed",
	},
	{
		id: "CQ-7", on: destroyed, at: whileCorked, ref: "R12, CL-10; " + pending,
		says: "Nothing was sent, so the connection is given back. What was kept is told.",
		want: "b CODE; req error hangup; req close / agent kept",
	},
	{
		id: "CQ-8", on: destroyed, at: whilePaused, ref: "R14; " + pending,
		says: "The same as inside the head.",
		want: "a ok; b CODE; req error hangup; req close / agent closed",
	},
	{
		id: "CQ-9", on: destroyed, at: lastByte, ref: "R14, D-7; " + pending,
		says: "A request that is destroyed before its last bytes have left has no 'finish', and End's callback is told.",
		want: "a ok; e CODE; req error hangup; req close / agent closed",
	},
	{
		id: "CQ-10", on: destroyed, at: afterEnd, ref: "Node's trace R14",
		says: "A request that was sent and is destroyed before there is an answer.",
		want: "req finish; e ok; req error hangup; req close / agent closed",
	},
	{
		id: "CQ-11", on: destroyedWith | cancelled, at: beforeHead, ref: "Node's traces R13, R20 (CL-8, CL-10, CL-13)",
		says: "With an error, that is what the request fails with. A context's is ErrCanceled, which wraps the cause.",
		want: "req error CODE; req close / agent kept",
	},
	{
		id: "CQ-12", on: destroyedWith | cancelled, at: midBody, ref: "Node's traces R15, R20",
		says: "The same.",
		want: "a ok; req error CODE; req close / agent closed",
	},
	{
		id: "CQ-13", on: destroyedWith | cancelled, at: inHead, ref: "R15, R20; " + pending,
		says: "The same. What waits is told the error too, in no order with OnError that is promised.",
		want: "req error CODE; req close / = b CODE; req close / agent closed",
	},
	{
		id: "CQ-14", on: destroyedWith | cancelled, at: whileCorked, ref: "R13, CL-10; " + pending,
		says: "The same. Nothing was sent, so the connection is given back.",
		want: "b CODE; req error CODE; req close / agent kept",
	},
	{
		id: "CQ-15", on: destroyedWith | cancelled, at: whilePaused, ref: "R15, R20; " + pending,
		says: "The same.",
		want: "req error CODE; req close / a ok; b CODE / agent closed",
	},
	{
		id: "CQ-16", on: destroyedWith, at: lastByte, ref: "R15, D-7; " + pending,
		says: "The same for End's callback. There is no 'finish'.",
		want: "req error CODE; req close / a ok; e CODE / agent closed",
	},
	{
		id: "CQ-17", on: cancelled, at: lastByte, ref: "R20; docs/streams.md: what follows happens in a turn of its own",
		says: "When the cancellation arrives, the last bytes have left. The answer has not come.",
		want: "a ok; req finish; e ok; req error CODE; req close / agent closed",
	},
	{
		id: "CQ-18", on: destroyedWith | cancelled, at: afterEnd, ref: "Node's traces R15, R20",
		says: "A request that was sent, and whose answer is not waited for.",
		want: "req finish; e ok; req error CODE; req close / agent closed",
	},
	{
		id: "CQ-19", on: finArrives | rstArrives | readFails, at: beforeHead, ref: "docs/client.md, \"Failure\": if nothing was sent yet any request is made on another",
		says: "A connection that ends before anything was sent takes nothing along: the request is made on another, whatever its method.",
		want: "go; req finish; e ok; req response; req close / Res end; Res close / agent kept",
	},
	{
		id: "CQ-20", on: finArrives | rstArrives | readFails, at: whileCorked, ref: "docs/client.md, \"Failure\": if nothing was sent yet any request is made on another",
		says: "The same: what is corked was not sent.",
		want: "go; b ok; req finish; e ok; req response; req close / Res end; Res close / agent kept",
	},
	{
		id: "CQ-21", on: finArrives, at: midBody, ref: "Node's trace R02 (CL-8)",
		says: "A server that ends before there is an answer is \"socket hang up\".",
		want: "a ok; req error hangup; req close / agent closed",
	},
	{
		id: "CQ-22", on: finArrives, at: inHead, ref: "R02; " + pending,
		says: "The same. What waits is told ErrDestroyed: we have closed.",
		want: "b ERR_STREAM_DESTROYED; req error hangup; req close / agent closed",
	},
	{
		id: "CQ-23", on: finArrives, at: whilePaused, ref: "R02; " + pending,
		says: "The same.",
		want: "a ok; b ERR_STREAM_DESTROYED; req error hangup; req close / agent closed",
	},
	{
		id: "CQ-24", on: finArrives, at: lastByte, ref: "R02; OM-15",
		says: "The same. The last bytes have left before the end was read.",
		want: "a ok; req finish; e ok; req error hangup; req close / agent closed",
	},
	{
		id: "CQ-25", on: finArrives, at: afterEnd, ref: "Node's trace R02",
		says: "The same.",
		want: "req finish; e ok; req error hangup; req close / agent closed",
	},
	{
		id: "CQ-26", on: rstArrives | readFails, at: midBody, ref: "Node's traces R03, R23 (CL-8)",
		says: "A reset before there is an answer fails the request with the socket's error.",
		want: "a ok; req error CODE; req close / agent closed",
	},
	{
		id: "CQ-27", on: rstArrives | readFails, at: inHead, ref: "R03, R23; " + pending,
		says: "The same. What waits is told it too.",
		want: "req error CODE; req close / = b CODE; req close / agent closed",
	},
	{
		id: "CQ-28", on: rstArrives | readFails, at: whilePaused, ref: "R03, R23; " + pending,
		says: "The same.",
		want: "req error CODE; req close / a ok; b CODE / agent closed",
	},
	{
		id: "CQ-29", on: rstArrives, at: lastByte, ref: "R03, R23; " + pending,
		says: "The same: the last bytes are not taken, so there is no 'finish'.",
		want: "req error CODE; req close / a ok; e CODE / agent closed",
	},
	{
		id: "CQ-30", on: readFails, at: lastByte, ref: "R03; OM-15",
		says: "The last bytes have left before somebody reads.",
		want: "a ok; req finish; e ok; req error CODE; req close / agent closed",
	},
	{
		id: "CQ-31", on: rstArrives | readFails, at: afterEnd, ref: "Node's trace R03",
		says: "A reset before there is an answer.",
		want: "req finish; e ok; req error CODE; req close / agent closed",
	},
	{
		id: "CQ-32", on: writeFails, at: midBody | whilePaused, ref: "docs/client.md, \"Failure\"; R23",
		says: "A server that does not take the request may have answered: its answer is waited for, two seconds at most. Then the request fails with the error of the write.",
		want: "a ok; b CODE; req error CODE; req close / agent closed",
	},
	{
		id: "CQ-33", on: writeFails, at: inHead, ref: "docs/client.md, \"Failure\"; R23",
		says: "The same.",
		want: "b CODE; req error CODE; req close / agent closed",
	},
	{
		id: "CQ-34", on: writeFails, at: lastByte, ref: "docs/client.md, \"Failure\"; R23",
		says: "The same. There is no 'finish'.",
		want: "req error CODE; req close / a ok; e CODE / = e CODE; req close / agent closed",
	},
	{
		id: "CQ-35", on: timePasses, at: beforeHead, ref: "RequestOptions.TotalTimeout; docs/client.md, \"Failure\"",
		says: "A deadline is ErrResponseTimeout. Nothing was sent: the connection is given back.",
		want: "req error late; req close / agent kept",
	},
	{
		id: "CQ-36", on: timePasses, at: whileCorked, ref: "RequestOptions.TotalTimeout; " + pending,
		says: "The same. What was kept is told.",
		want: "b late; req error late; req close / agent kept",
	},
	{
		id: "CQ-37", on: timePasses, at: midBody, ref: "RequestOptions.TotalTimeout; docs/client.md, \"Failure\"",
		says: "A request that takes longer than TotalTimeout.",
		want: "a ok; req error late; req close / agent closed",
	},
	{
		id: "CQ-38", on: timePasses, at: inHead, ref: "RequestOptions.WriteTimeout; " + pending,
		says: "A server that takes nothing for WriteTimeout.",
		want: "req error late; req close / = b late; req close / agent closed",
	},
	{
		id: "CQ-39", on: timePasses, at: whilePaused, ref: "RequestOptions.WriteTimeout; " + pending,
		says: "The same.",
		want: "req error late; req close / a ok; b late / agent closed",
	},
	{
		id: "CQ-40", on: timePasses, at: lastByte, ref: "RequestOptions.WriteTimeout; " + pending,
		says: "The same, though End was called. There is no 'finish'.",
		want: "req error late; req close / a ok; e late / agent closed",
	},
	{
		id: "CQ-41", on: timePasses, at: afterEnd, ref: "RequestOptions.HeaderTimeout",
		says: "A server that does not begin to answer for HeaderTimeout.",
		want: "req finish; e ok; req error late; req close / agent closed",
	},
	{
		id: "CQ-42", on: panics, at: beforeHead, ref: "docs/loop.md, \"When a callback fails\"",
		says: "A panic in OnSocket resets the connection, and the request fails with the panic. It is not made once more: it would be made to panic again.",
		want: "req error panic; req close / panic told / agent closed",
	},
	{
		id: "CQ-43", on: panics, at: inHead | whileCorked, ref: "docs/loop.md, \"When a callback fails\"; " + pending,
		says: "The same. What waits is told the panic.",
		want: "req error panic; req close / = b panic; req close / panic told / agent closed",
	},
	{
		id: "CQ-44", on: panics, at: midBody, ref: "docs/loop.md, \"When a callback fails\"",
		says: "A panic in the callback of a write.",
		want: "a ok; req error panic; req close / panic told / agent closed",
	},
	{
		id: "CQ-45", on: panics, at: lastByte, ref: "docs/loop.md, \"When a callback fails\"; " + pending,
		says: "The same, when End was called: the last bytes have not left.",
		want: "req error panic; req close / a ok; e panic / panic told / agent closed",
	},
	{
		id: "CQ-46", on: panics, at: whilePaused, ref: "docs/loop.md, \"When a callback fails\"; " + pending,
		says: "The same for what waits.",
		want: "req error panic; req close / a ok; b panic / panic told / agent closed",
	},
	{
		id: "CQ-47", on: panics, at: afterEnd, ref: "docs/loop.md, \"When a callback fails\"; " + pending,
		says: "A panic in OnFinish: End's callback, whose turn is behind it, is called all the same. Its bytes were sent.",
		want: "req finish; req error panic; req close / = e ok; req close / panic told / agent closed",
	},
}

var clientResponseRules = []rule{
	{id: "CS-1", on: allFaults, at: whileCorked, never: "what is received has no cork"},
	{id: "CS-2", on: writeFails, at: allMoments &^ whileCorked, never: "the request was sent: nothing is written any more"},
	{id: "CS-3", on: destroyed | destroyedWith, at: beforeHead | inHead, never: "there is no response before its head has come; its request is the subject before"},
	{id: "CS-4", on: panics, at: beforeHead | inHead, never: "nothing of the user's is called between the request's 'finish' and the response's head"},
	{id: "CS-5", on: readFails, at: whilePaused, never: "nothing is read while the socket is stopped"},
	{
		id: "CS-6", on: finArrives, at: beforeHead | inHead, ref: "Node's traces R02, R04 (CL-8)",
		says: "A server that ends before the head is complete has not answered: \"socket hang up\".",
		want: "req finish; req error hangup; req close / agent closed",
	},
	{
		id: "CS-7", on: rstArrives | readFails | cancelled, at: beforeHead | inHead, ref: "Node's traces R03, R20 (CL-8, CL-13)",
		says: "A reset, and the request's context, fail the request with their error.",
		want: "req finish; req error CODE; req close / agent closed",
	},
	{
		id: "CS-8", on: timePasses, at: beforeHead | inHead, ref: "RequestOptions.HeaderTimeout; docs/client.md, \"Failure\"",
		says: "A head that is not complete in HeaderTimeout.",
		want: "req finish; req error late; req close / agent closed",
	},
	{
		id: "CS-9", on: finArrives, at: midBody, ref: "Node's traces R05, R06 (CL-9)",
		says: "An answer that is cut off by the server's end is aborted. The request was sent and is answered, so it has no error.",
		want: "req finish; req response; Res aborted; req close; Res error aborted; Res close / agent closed",
	},
	{
		id: "CS-10", on: rstArrives | readFails, at: midBody, ref: "Node's trace R08 (CL-9)",
		says: "A reset fails the request too, and the response can be asked for the errno.",
		want: "req finish; req response; req error CODE; Res aborted; req close; Res error aborted:CODE; Res close / agent closed",
	},
	{
		id: "CS-11", on: cancelled, at: midBody | whilePaused, ref: "docs/client.md, \"Failure\": a context, the same; R16, R20",
		says: "The request's context does the same, paused or not.",
		want: "req finish; req response; req error CODE; Res aborted; req close; Res error aborted:CODE; Res close / agent closed",
	},
	{
		id: "CS-12", on: destroyed, at: midBody | lastByte | whilePaused, ref: "Node's trace R17 (IM-5)",
		says: "A response that is destroyed before it is complete takes its connection along. Nobody has failed.",
		want: "req finish; req response; Res aborted; Res close; req close / agent closed",
	},
	{
		id: "CS-13", on: destroyedWith, at: midBody | lastByte | whilePaused, ref: "Node's trace R18 (IM-5)",
		says: "The same with an error, which both tell.",
		want: "req finish; req response; Res aborted; req error CODE; Res error CODE; Res close; req close / agent closed",
	},
	{
		id: "CS-14", on: timePasses, at: midBody | lastByte, ref: "RequestOptions.BodyTimeout; docs/client.md, \"Failure\": a deadline, the same; R08",
		says: "A body that does not go on for BodyTimeout.",
		want: "req finish; req response; req error late; Res aborted; req close; Res error aborted:late; Res close / agent closed",
	},
	{
		id: "CS-15", on: panics, at: midBody | lastByte | whilePaused, ref: "docs/loop.md, \"When a callback fails\"; R08 for the order",
		says: "A panic resets the connection, and both fail with it.",
		want: "req finish; req response; req error panic; Res aborted; req close; Res error aborted:panic; Res close / panic told / agent closed",
	},
	{
		id: "CS-16", on: finArrives | rstArrives | readFails | cancelled, at: lastByte, ref: "Node's trace Q01 (CL-7); LP-3; docs/streams.md on contexts",
		says: "The last byte comes first: the exchange is over, in Node's order, before anything else is seen. The idle connection then ends silently, or is kept.",
		want: "req finish; req response; Res end; req close; Res close / agent *",
	},
	{
		id: "CS-17", on: byCall, at: afterEnd, ref: "Node's trace Q01; F09 for its likes",
		says: "An exchange that is over: there is nothing to destroy, and the connection is kept.",
		want: "req finish; req response; Res end; req close; Res close / agent kept",
	},
	{
		id: "CS-18", on: finArrives | rstArrives | readFails | timePasses, at: afterEnd, ref: "AG-4, AG-5; Node's trace S08",
		says: "An idle connection that ends is removed silently.",
		want: "req finish; req response; Res end; req close; Res close / agent closed",
	},
	{
		id: "CS-19", on: panics, at: afterEnd, ref: "docs/loop.md, \"When a callback fails\"; CL-9 for the order",
		says: "A panic in OnEnd resets the connection. The answer was read, so the request has no error; the response has not closed, and fails with the panic.",
		want: "req finish; req response; Res end; req close; Res error aborted:panic; Res close / panic told / agent closed",
	},
	{
		id: "CS-20", on: finArrives, at: whilePaused, ref: "docs/client.md, \"Backpressure\"; R06",
		says: "While nobody reads, the server's end is not seen. What has come is read first.",
		want: "req finish; req response; go; Res aborted; req close; Res error aborted; Res close / agent closed",
	},
	{
		id: "CS-21", on: rstArrives, at: whilePaused, ref: "reactor.ReadHandler's documentation; R08",
		says: "A reset too: it is an answer that somebody may still want to read as far as it has come.",
		want: "req finish; req response; go; req error CODE; Res aborted; req close; Res error aborted:CODE; Res close / agent closed",
	},
	{
		id: "CS-22", on: timePasses, at: whilePaused, ref: "RequestOptions.BodyTimeout: while we are the ones who do not read, it does not count",
		says: "No time passes for a server whom we do not read.",
		want: "req finish; req response; go; Res end; req close; Res close / agent kept",
	},
}
