package faults

const (
	noPeer   = "a file has no peer"
	noLimit  = "a disk has no deadline: what is off the loop cannot be called back, and 'close' waits for it"
	onFiles  = "docs/files.md, \"Errors\""
	onPanics = "docs/streams.md, \"What differs\": a panic goes to the loop, and the stream is then only good to be destroyed"
)

var fileReadRules = []rule{
	{id: "RF-1", on: finArrives | rstArrives, at: allMoments, never: noPeer},
	{id: "RF-2", on: writeFails, at: allMoments, never: "nothing is written"},
	{id: "RF-3", on: timePasses, at: allMoments, never: noLimit},
	{id: "RF-4", on: byUs | readFails, at: whileCorked, never: "what is read has no cork"},
	{id: "RF-5", on: panics, at: beforeHead, never: "nothing of the user's is called before the file is open"},
	{id: "RF-6", on: readFails, at: afterEnd, never: "nothing is read behind the end"},
	{
		id: "RF-7", on: destroyed, at: beforeHead | inHead, ref: onFiles + "; docs/files.md: no 'open' any more",
		says: "A stream that is destroyed before its file is open tells of no 'open'. The descriptor is closed before 'close'.",
		want: "file close",
	},
	{
		id: "RF-8", on: destroyedWith | cancelled, at: beforeHead | inHead, ref: onFiles + "; D-1",
		says: "The same with an error, right before 'close'.",
		want: "file error CODE; file close",
	},
	{
		id: "RF-9", on: readFails, at: beforeHead | inHead, ref: onFiles,
		says: "A file that can't be opened: the stream fails, and 'open' is not told.",
		want: "file error CODE; file close",
	},
	{
		id: "RF-10", on: destroyed, at: midBody | lastByte | whilePaused, ref: "D-1, X-1",
		says: "What was not read is not given out any more, and there is no 'end'.",
		want: "file open; file close",
	},
	{
		id: "RF-11", on: destroyedWith, at: midBody | lastByte | whilePaused, ref: "D-1",
		says: "The same with an error.",
		want: "file open; file error CODE; file close",
	},
	{
		id: "RF-12", on: cancelled, at: midBody | lastByte | whilePaused, ref: "AB-1; D-1",
		says: "The same in a turn of its own, which is before the disk has answered.",
		want: "file open; file error CODE; file close",
	},
	{
		id: "RF-13", on: readFails, at: midBody | lastByte, ref: onFiles,
		says: "A read that fails is the end of the stream, and never looks like that of the file.",
		want: "file open; file error CODE; file close",
	},
	{
		id: "RF-14", on: readFails, at: whilePaused, ref: "R-13: no read beyond the mark",
		says: "Nothing is read while the buffer is full. It fails when somebody reads on.",
		want: "file open; go; file error CODE; file close",
	},
	{
		id: "RF-15", on: byCall, at: afterEnd, ref: "D-1",
		says: "A stream that has closed: there is nothing to destroy.",
		want: "file open; file end; file close",
	},
	{
		id: "RF-16", on: panics, at: inHead, ref: onPanics,
		says: "A panic in OnOpen belongs to no connection: OnPanic is told, and who destroys the stream then has its 'close'.",
		want: "file open; panic told; go; file close",
	},
	{
		id: "RF-17", on: panics, at: midBody | lastByte | whilePaused, ref: onPanics,
		says: "The same in OnData, and in OnPause.",
		want: "file open; panic told; go; file close",
	},
	{
		id: "RF-18", on: panics, at: afterEnd, ref: onPanics,
		says: "The same in OnEnd: 'close' would have followed by itself.",
		want: "file open; file end; panic told; go; file close",
	},
}

var fileWriteRules = []rule{
	{id: "WF-1", on: finArrives | rstArrives, at: allMoments, never: noPeer},
	{id: "WF-2", on: readFails, at: allMoments, never: "nothing is read"},
	{id: "WF-3", on: timePasses, at: allMoments, never: noLimit},
	{id: "WF-4", on: panics, at: beforeHead, never: "nothing of the user's is called before the file is open"},
	{id: "WF-5", on: writeFails, at: afterEnd, never: "nothing is written behind the end"},
	{id: "WF-6", on: writeFails, at: whileCorked, never: "nothing is written while it is corked"},
	{
		id: "WF-7", on: destroyed, at: beforeHead, ref: onFiles,
		says: "A stream that is destroyed before its file is open tells of no 'open'.",
		want: "file close",
	},
	{
		id: "WF-8", on: destroyed, at: inHead, ref: "W-14; " + onFiles,
		says: "What waits for the file is told ErrDestroyed.",
		want: "b CODE; file close",
	},
	{
		id: "WF-9", on: destroyedWith | cancelled, at: beforeHead, ref: "D-1; AB-1",
		says: "The same with an error.",
		want: "file error CODE; file close",
	},
	{
		id: "WF-10", on: destroyedWith | cancelled, at: inHead, ref: "W-14, D-1; AB-1",
		says: "The same; what waits is told it first.",
		want: "b CODE; file error CODE; file close",
	},
	{
		id: "WF-11", on: writeFails, at: beforeHead, ref: onFiles,
		says: "A file that can't be made.",
		want: "file error CODE; file close",
	},
	{
		id: "WF-12", on: writeFails, at: inHead, ref: "W-14; " + onFiles,
		says: "The same; what waits is told why.",
		want: "b CODE; file error CODE; file close",
	},
	{
		id: "WF-13", on: destroyed, at: midBody, ref: "D-1",
		says: "The file stays as far as it was written.",
		want: "file open; a ok; file close",
	},
	{
		id: "WF-14", on: destroyed, at: whileCorked, ref: "W-14",
		says: "What is corked is told ErrDestroyed.",
		want: "file open; a ok; b CODE; file close",
	},
	{
		id: "WF-15", on: destroyed, at: lastByte, ref: onFiles + ": between End and 'finish'",
		says: "What was promised by End has not been done: that is ErrDestroyed, for End's callback and as the stream's error.",
		want: "file open; a ok; e CODE; file error CODE; file close",
	},
	{
		id: "WF-16", on: destroyed, at: whilePaused, ref: "W-14; " + onFiles + ": 'close' waits for what is off the loop",
		says: "A write that is off the loop is told what became of it, and 'close' waits for that.",
		want: "file open; a ok; b CODE; file close",
	},
	{
		id: "WF-17", on: destroyedWith | cancelled, at: midBody, ref: "D-1; AB-1",
		says: "The same with an error.",
		want: "file open; a ok; file error CODE; file close",
	},
	{
		id: "WF-18", on: destroyedWith | cancelled, at: whileCorked | whilePaused, ref: "D-1, W-14; AB-1",
		says: "The same; what waits is told it first.",
		want: "file open; a ok; b CODE; file error CODE; file close",
	},
	{
		id: "WF-19", on: destroyedWith | cancelled, at: lastByte, ref: "D-1, W-14; AB-1",
		says: "The same for End's callback.",
		want: "file open; a ok; e CODE; file error CODE; file close",
	},
	{
		id: "WF-20", on: writeFails, at: midBody | whilePaused, ref: "W-10; " + onFiles + ": the disk is full",
		says: "A write that fails is told, then the stream fails with its error.",
		want: "file open; a ok; b CODE; file error CODE; file close",
	},
	{
		id: "WF-21", on: writeFails, at: lastByte, ref: "W-10; " + onFiles + ": the disk is full",
		says: "The same for the last bytes: there is no 'finish'.",
		want: "file open; a ok; e CODE; file error CODE; file close",
	},
	{
		id: "WF-22", on: byCall, at: afterEnd, ref: "D-1",
		says: "A stream that has closed: there is nothing to destroy.",
		want: "file open; a ok; e ok; file finish; file close",
	},
	{
		id: "WF-23", on: panics, at: inHead, ref: onPanics + "; each callback is called once",
		says: "A panic in OnOpen belongs to no connection: OnPanic is told, and who destroys the stream then has its 'close'. What waits is told.",
		want: "file open; panic told; go; b ERR_STREAM_DESTROYED; file close",
	},
	{
		id: "WF-24", on: panics, at: midBody, ref: onPanics,
		says: "The same in a callback.",
		want: "file open; a ok; panic told; go; file close",
	},
	{
		id: "WF-25", on: panics, at: lastByte, ref: onPanics + "; each callback is called once",
		says: "The same in a callback that has called End. What became of the last bytes is told once: they may have been written.",
		want: "a ok; panic told / e * / = file open; file close",
	},
	{
		id: "WF-26", on: panics, at: whilePaused | whileCorked, ref: onPanics + "; each callback is called once",
		says: "The same in one that has written more.",
		want: "file open; a ok; panic told; go; file close / b *",
	},
	{
		id: "WF-27", on: panics, at: afterEnd, ref: onPanics,
		says: "The same in OnFinish: 'close' would have followed by itself.",
		want: "file open; a ok; e ok; file finish; panic told; go; file close",
	},
}
