package faults

const clientErr = "OnClientError's documentation"

var serverRequestRules = []rule{
	{id: "SQ-1", on: allFaults, at: whileCorked, never: "what is received has no cork; that of its answer is the server response's"},
	{id: "SQ-2", on: byCall, at: beforeHead | inHead, never: "there is no request before its head has come"},
	{id: "SQ-3", on: panics, at: inHead, never: "nothing of the user's is called inside a head"},
	{id: "SQ-4", on: writeFails, at: beforeHead | inHead, never: "nothing is written before there is a request"},
	{id: "SQ-5", on: readFails, at: whilePaused, never: "nothing is read while the socket is stopped; the kernel tells of an error as of a hang-up, which is the RST's cell"},
	{
		id: "SQ-6", on: finArrives, at: beforeHead, ref: clientErr,
		says: "A connection that ends before its first byte is no error.",
		want: "gone ok / wire - end",
	},
	{
		id: "SQ-7", on: rstArrives | readFails, at: beforeHead | inHead, ref: clientErr + "; SV-12",
		says: "A connection that is reset is a lost client, of whom OnClientError is told. There was no request, so there is no other to tell.",
		want: "blamed CODE; gone CODE / wire - over",
	},
	{
		id: "SQ-8", on: timePasses, at: beforeHead, ref: "RFC 9112 section 9.5; OnClientError's documentation. Node answers 408 (G40)",
		says: "Who has sent nothing in HeaderTimeout has asked for nothing, and is told nothing: an orderly close.",
		want: "gone ok / wire - end",
	},
	{
		id: "SQ-9", on: panics, at: beforeHead, ref: "docs/loop.md, \"When a callback fails\"",
		says: "A panic in OnConnection resets that connection. It was told of, so its end is too; the client is not to blame.",
		want: "gone panic / panic told / wire - reset",
	},
	{
		id: "SQ-10", on: finArrives, at: inHead, ref: "SV-10, SV-12",
		says: "An end inside a head is a bad request, which is answered.",
		want: "blamed INVALID_EOF_STATE; done INVALID_EOF_STATE; gone INVALID_EOF_STATE / wire 400 end",
	},
	{
		id: "SQ-11", on: timePasses, at: inHead, ref: "Node's trace G39 (SV-13)",
		says: "A head that is not complete in HeaderTimeout is answered with 408.",
		want: "blamed late; done late; gone late / wire 408 end",
	},
	{
		id: "SQ-12", on: rstArrives | readFails, at: midBody, ref: "Node's traces F01, F02 (SV-11); docs/server.md, \"The life of a connection\"",
		says: "A lost client destroys both halves, in Node's order, and cancels the context; the error can be asked for its errno.",
		want: "Req aborted; res close; Req error aborted:CODE; Req close / blamed CODE; done CODE; gone CODE / done CODE; res close / ctx CODE / wire - over",
	},
	{
		id: "SQ-13", on: writeFails, at: midBody | whilePaused, ref: "X-5, W-14; F01",
		says: "A client that does not take its answer is lost in the same way; the write's callback is told why before the response closes.",
		want: "Req aborted; res close; Req error aborted:CODE; Req close / w CODE; res close / blamed CODE; done CODE; gone CODE / ctx CODE / wire - over",
	},
	{
		id: "SQ-14", on: finArrives, at: midBody, ref: "Node's trace F03 (SV-10, SV-12)",
		says: "An end inside a body is a bad request. The answer is the server's; that of the handler closes.",
		want: "Req aborted; res close; Req error aborted:INVALID_EOF_STATE; Req close / " +
			"blamed INVALID_EOF_STATE; done INVALID_EOF_STATE; gone INVALID_EOF_STATE / ctx INVALID_EOF_STATE / wire 400 end",
	},
	{
		id: "SQ-15", on: timePasses, at: midBody | lastByte, ref: "Node's trace G41 (SV-13)",
		says: "A body that does not go on for BodyTimeout is answered with 408.",
		want: "Req aborted; res close; Req error aborted:late; Req close / blamed late; done late; gone late / ctx late / wire 408 end",
	},
	{
		id: "SQ-16", on: destroyed, at: midBody | lastByte | whilePaused, ref: "Node's trace F10 (IM-5)",
		says: "A request that is destroyed before it is complete takes its connection along: HTTP has no other way to stop a body. Nobody has failed.",
		want: "Req aborted; Req close; res close / done aborted; gone ok / ctx aborted / wire - over",
	},
	{
		id: "SQ-17", on: destroyedWith, at: midBody | lastByte | whilePaused, ref: "Node's trace F11 (IM-5)",
		says: "The same with an error, which the request tells. The client is not to blame.",
		want: "Req aborted; Req error CODE; Req close; res close / done CODE; gone CODE / ctx CODE / wire - over",
	},
	{
		id: "SQ-18", on: cancelled, at: midBody | whilePaused, ref: "AB-1, IM-5; docs/streams.md: what follows happens in a turn of its own",
		says: "WithContext destroys with ErrAborted, which wraps the cause, in a turn of its own.",
		want: "Req aborted; Req error CODE; Req close; res close / done CODE; gone CODE / ctx CODE / wire - over",
	},
	{
		id: "SQ-19", on: cancelled, at: lastByte, ref: "docs/streams.md: what follows happens in a turn of its own; F09",
		says: "When a cancellation arrives that was made in the callback of the last byte, the request has ended: it does nothing.",
		want: "Req end; Req close; res finish; res close / done ok; gone ok / ctx done / wire 200 end",
	},
	{
		id: "SQ-20", on: panics, at: midBody | lastByte | whilePaused, ref: "docs/loop.md, \"When a callback fails\"; F01 for the order",
		says: "A panic resets the connection and destroys its streams with a PanicError. The client is not to blame.",
		want: "Req aborted; res close; Req error aborted:panic; Req close / done panic; gone panic / ctx panic / panic told / wire - reset",
	},
	{
		id: "SQ-21", on: finArrives, at: lastByte | afterEnd, ref: "Node's trace E11 (X-8); docs/server.md, \"The life of a connection\"; SV-4",
		says: "An end behind a complete request is no lost client: the answer still goes out. The context is cancelled with ErrClientEnded.",
		want: "Req end; Req close; res finish; res close / done ok; gone ok / ctx ended / wire 200 end",
	},
	{
		id: "SQ-22", on: rstArrives | readFails, at: lastByte | afterEnd, ref: "LP-3, F06; reactor.ReadHandler's documentation",
		says: "What has come before a reset comes first, so a request that is complete has its end. Then the client is lost.",
		want: "Req end; Req close; res close / blamed CODE; done CODE; gone CODE / ctx CODE / wire - over",
	},
	{
		id: "SQ-23", on: writeFails, at: lastByte | afterEnd, ref: "X-5, F06",
		says: "A client that does not take its answer is lost; its request was complete.",
		want: "Req end; Req close; res close / w CODE; res close / blamed CODE; done CODE; gone CODE / ctx CODE / wire - over",
	},
	{
		id: "SQ-24", on: byCall | timePasses, at: afterEnd, ref: "Node's traces F09, G43",
		says: "A request that was read to its end is over: destroying it does nothing, and a handler may take as long as it likes.",
		want: "Req end; Req close; res finish; res close / done ok; gone ok / ctx done / wire 200 end",
	},
	{
		id: "SQ-25", on: panics, at: afterEnd, ref: "docs/loop.md, \"When a callback fails\"",
		says: "A panic in OnEnd resets the connection as any other. The request has its 'end' and was not aborted; it had not closed, so it fails with the panic.",
		want: "Req end; res close; Req error aborted:panic; Req close / done panic; gone panic / ctx panic / panic told / wire - reset",
	},
	{
		id: "SQ-26", on: finArrives, at: whilePaused, ref: "docs/server.md, \"The life of a connection\"",
		says: "While nobody reads, the client's end is not seen. When somebody does it is what it is inside a body.",
		want: "go; Req aborted; res close; Req error aborted:INVALID_EOF_STATE; Req close / " +
			"blamed INVALID_EOF_STATE; done INVALID_EOF_STATE; gone INVALID_EOF_STATE / ctx INVALID_EOF_STATE / wire 400 end",
	},
	{
		id: "SQ-27", on: rstArrives, at: whilePaused, ref: "docs/server.md, \"The life of a connection\"",
		says: "A reset is a lost client though nobody reads. Nothing was read that could have failed, so what is told is ErrAborted.",
		want: "Req aborted; res close; Req error aborted; Req close / blamed aborted; done aborted; gone aborted / ctx aborted / wire - over",
	},
	{
		id: "SQ-28", on: timePasses, at: whilePaused, ref: "docs/server.md, \"Limits\": while we do not read it does not count",
		says: "No time passes for a client whom we do not read.",
		want: "go; Req end; Req close; res finish; res close / done ok; gone ok / ctx done / wire 200 end",
	},
}
