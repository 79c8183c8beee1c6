package faults

const (
	asExample = "examples/proxy; docs/client.md, \"Failure\""
	gateway   = " / Req end; Req close / res finish; res close / done ok; gone ok / ctx done / wire 502 end"
	passed    = "Res end; req close; Res close / Req end; Req close / res finish; res close / done ok; gone ok / ctx done / wire 200 end"
)

var proxyLegRules = []rule{
	{id: "PR-1", on: writeFails, at: midBody | lastByte | afterEnd | whilePaused, never: "the request has gone up: nothing is written that way any more"},
	{id: "PR-2", on: writeFails, at: whileCorked, never: "nothing is written while it is corked"},
	{id: "PR-3", on: panics, at: beforeHead | inHead, never: "between a request and its answer's head the way up calls nobody"},
	{id: "PR-4", on: readFails, at: whilePaused, never: "nothing is read while the answer is stopped"},
	{
		id: "PR-5", on: destroyed | finArrives, at: beforeHead | inHead, ref: "R02, R04, R14; " + asExample,
		says: "Without an answer the client gets a 502, and what it still sends is thrown away: its connection goes on.",
		want: "req error hangup; req close" + gateway,
	},
	{
		id: "PR-6", on: destroyedWith | rstArrives | readFails | writeFails | cancelled, at: beforeHead | inHead, ref: "R03, R15, R20, R23; " + asExample,
		says: "The same with the error of the way up.",
		want: "req error CODE; req close" + gateway,
	},
	{
		id: "PR-7", on: timePasses, at: beforeHead | inHead | whileCorked, ref: "RequestOptions.TotalTimeout; " + asExample,
		says: "The same for a server that takes too long.",
		want: "req error late; req close" + gateway,
	},
	{
		id: "PR-8", on: destroyed, at: whileCorked, ref: "R12; " + asExample,
		says: "The same when nothing has gone up.",
		want: "req error hangup; req close" + gateway,
	},
	{
		id: "PR-9", on: destroyedWith | cancelled, at: whileCorked, ref: "R13, R20; " + asExample,
		says: "The same with an error.",
		want: "req error CODE; req close" + gateway,
	},
	{
		id: "PR-10", on: panics, at: whileCorked, ref: "docs/loop.md, \"When a callback fails\"; " + asExample,
		says: "A panic in a callback of the way up resets that, and not the client's connection: it gets a 502.",
		want: "req error panic; req close / panic told" + gateway,
	},
	{
		id: "PR-11", on: finArrives | rstArrives | readFails, at: whileCorked, ref: "docs/client.md, \"Failure\": if nothing was sent yet any request is made on another",
		says: "A connection that is lost before anything has gone up is replaced, and the client does not notice.",
		want: passed,
	},
	{
		id: "PR-12", on: destroyed | finArrives, at: midBody, ref: "R06, R16 (CL-9, CL-10); X-5; " + asExample,
		says: "An answer that is cut off cuts off what has gone down, so that it does not look whole.",
		want: "Res aborted; req close; Res error aborted; Res close / Req end; Req close / res error aborted; res close / " +
			"done aborted; gone aborted / ctx aborted / wire 200cut over",
	},
	{
		id: "PR-13", on: destroyed, at: lastByte, ref: "R16; RFC 9112 section 6.3; " + asExample,
		says: "The same for what is told. But the client knows the length, and the last byte has gone down: it has the whole answer.",
		want: "Res aborted; req close; Res error aborted; Res close / Req end; Req close / res error aborted; res close / " +
			"done aborted; gone aborted / ctx aborted / wire 200 over",
	},
	{
		id: "PR-14", on: destroyedWith, at: lastByte, ref: "R08 (CL-9); RFC 9112 section 6.3; " + asExample,
		says: "The same with an error.",
		want: "req error CODE; Res aborted; req close; Res error aborted:CODE; Res close / Req end; Req close / res error CODE; res close / " +
			"done CODE; gone CODE / ctx CODE / wire 200 over",
	},
	{
		id: "PR-15", on: panics, at: lastByte, ref: "docs/loop.md, \"When a callback fails\"; RFC 9112 section 6.3; " + asExample,
		says: "The same for a panic.",
		want: "req error panic; Res aborted; req close; Res error aborted:panic; Res close / Req end; Req close / res error panic; res close / " +
			"done panic; gone panic / ctx panic / panic told / wire 200 over",
	},
	{
		id: "PR-16", on: destroyed, at: whilePaused, ref: "R16; " + asExample,
		says: "The same: what is not complete is not complete.",
		want: "Res aborted; req close; Res error aborted; Res close / Req end; Req close / res error aborted; res close / " +
			"done aborted; gone aborted / ctx aborted / wire 200cut over",
	},
	{
		id: "PR-17", on: destroyedWith | rstArrives | readFails | cancelled, at: midBody, ref: "R08, R20 (CL-9); " + asExample,
		says: "The same with an error, which every end is told.",
		want: "req error CODE; Res aborted; req close; Res error aborted:CODE; Res close / Req end; Req close / res error CODE; res close / " +
			"done CODE; gone CODE / ctx CODE / wire 200cut over",
	},
	{
		id: "PR-18", on: destroyedWith, at: whilePaused, ref: "R08 (CL-9); " + asExample,
		says: "The same.",
		want: "req error CODE; Res aborted; req close; Res error aborted:CODE; Res close / Req end; Req close / res error CODE; res close / " +
			"done CODE; gone CODE / ctx CODE / wire 200cut over",
	},
	{
		id: "PR-19", on: cancelled, at: whilePaused, ref: "R20; " + asExample,
		says: "The same, though the answer is stopped.",
		want: "req error CODE; Res aborted; req close; Res error aborted:CODE; Res close / Req end; Req close / res error CODE; res close / " +
			"done CODE; gone CODE / ctx CODE / wire 200cut over",
	},
	{
		id: "PR-20", on: timePasses, at: midBody | lastByte, ref: "RequestOptions.BodyTimeout; " + asExample,
		says: "The same for an answer that does not go on.",
		want: "req error late; Res aborted; req close; Res error aborted:late; Res close / Req end; Req close / res error late; res close / " +
			"done late; gone late / ctx late / wire 200cut over",
	},
	{
		id: "PR-21", on: panics, at: midBody | whilePaused, ref: "docs/loop.md, \"When a callback fails\"; R08 for the order; " + asExample,
		says: "The same for a panic in a callback of the answer. It is told once.",
		want: "req error panic; Res aborted; req close; Res error aborted:panic; Res close / Req end; Req close / res error panic; res close / " +
			"done panic; gone panic / ctx panic / panic told / wire 200cut over",
	},
	{
		id: "PR-22", on: finArrives | rstArrives | readFails | cancelled, at: lastByte, ref: "Q01; LP-3; docs/streams.md on contexts",
		says: "The last byte comes first: the exchange is over, for all.",
		want: passed,
	},
	{
		id: "PR-23", on: byCall | finArrives | rstArrives | readFails | timePasses, at: afterEnd, ref: "Q01, S08; D-1",
		says: "The exchange is over: nobody is told of what becomes of the way up.",
		want: passed,
	},
	{
		id: "PR-24", on: panics, at: afterEnd, ref: "docs/loop.md, \"When a callback fails\"; CL-9 for the order",
		says: "A panic in the answer's OnEnd resets the way up. The client has its answer whole.",
		want: "Res end; req close; Res error aborted:panic; Res close / Req end; Req close / res finish; res close / done ok; gone ok / ctx done / panic told / wire 200 end",
	},
	{
		id: "PR-25", on: finArrives, at: whilePaused, ref: "R06; docs/client.md, \"Backpressure\"",
		says: "While the client does not read, neither is the server's end. What has come goes down first, and then it is cut off.",
		want: "go; Res aborted; req close; Res error aborted; Res close / Req end; Req close / res error aborted; res close / " +
			"done aborted; gone aborted / ctx aborted / wire 200cut over",
	},
	{
		id: "PR-26", on: rstArrives, at: whilePaused, ref: "R08; reactor.ReadHandler's documentation",
		says: "A reset too.",
		want: "go; req error CODE; Res aborted; req close; Res error aborted:CODE; Res close / Req end; Req close / res error CODE; res close / " +
			"done CODE; gone CODE / ctx CODE / wire 200cut over",
	},
	{
		id: "PR-27", on: timePasses, at: whilePaused, ref: "RequestOptions.BodyTimeout: does not count; docs/server.md: WriteTimeout",
		says: "No time passes for a server whom we do not read. It does for the client that takes nothing: WriteTimeout ends it, and so the way up.",
		want: "Res aborted; req close; Res error aborted; Res close / Req end; Req close / res close / blamed late; done late; gone late / ctx late / wire 200cut over",
	},
}
