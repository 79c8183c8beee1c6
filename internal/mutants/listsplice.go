package main

// spliceHunters are the test runs that might find a bug in what the kernel moves by itself.
var spliceHunters = []hunter{
	{"simulation", []string{"-timeout", "60s", "-run", "^TestSimSpli", "./internal/simkernel"}},
	{"tubes", []string{"-timeout", "60s", "-run", "Tube|Splice|ASource|TakesOver|GivesNothing", "./reactor"}},
	{"bodies", []string{"-timeout", "60s", "-run", "Splic|PassedOn|Framed|Skipped", "./httpcore/..."}},
	{"splices", []string{"-timeout", "120s", "-run", "Splice|Spliced|RealSockets|Urgent|ReadBack", "./loop"}},
}

// spliceMutants are the mutants of splicing, in packages reactor and stream. Their names begin with "splice:".
var spliceMutants = []mutant{
	{
		"splice: nothing moved is the end", "an urgent byte in front of the peer's end cuts off what is behind it",
		"reactor/splice.go", "	if errno == 0 || errno == EAGAIN ||", "	if errno == 0 {\n		ev.Ready = 0\n		c.endReading(0)\n		return true\n	}\n	if errno == EAGAIN ||",
	},
	{
		"splice: a refusal is asked again", "an urgent byte in the way is a spin",
		"reactor/splice.go", "	if errno == 0 || errno == EAGAIN || errno == EINTR || noSplice(errno) {\n		return false",
		"	if errno == 0 || errno == EAGAIN || errno == EINTR || noSplice(errno) {\n		ev.Ready = 0\n		return true",
	},
	{
		"splice: a tube goes back with bytes in it", "another connection gets what was meant for one that is closed",
		"reactor/tube.go", "t.held == 0 && len(p.idle)", "len(p.idle)",
	},
	{
		"splice: a tube is forgotten when it is empty", "its descriptors are never closed",
		"reactor/conn_write.go", "		}\n	}\n	c.emptied()\n", "		}\n	}\n",
	},
	{
		"splice: a tube is forgotten at close", "its descriptors are never closed",
		"reactor/conn_write.go", "	if t := c.out.tube; t != nil { // with", "	if t := c.out.tube; false { // with",
	},
	{
		"splice: writes overtake a tube", "a gathering write takes what stands behind it",
		"reactor/conn_write.go", "for q := first; q != nil && !q.elsewhere(); q = q.next {", "for q := first; q != nil && q.file == nil; q = q.next {",
	},
	{
		"splice: a tube read back in the wrong measure", "what was read twice is counted once",
		"reactor/splice.go", "		t.held -= n\n		p = p[n:]", "		p = p[n:]",
	},
	{
		"splice: idle tubes are kept when descriptors run out", "a client is turned away for the sake of a pipe that nobody uses",
		"reactor/shortage.go", "		if l.r.closeIdleTubes() {", "		if false {",
	},
	{
		"splice: past a cork", "bytes overtake those that a cork holds back",
		"stream/splice.go", "!w.IsWritable() || w.corked > 0 || w.queued() {", "!w.IsWritable() {",
	},
	{
		"splice: a source held for ever", "its Read hook is never called again when the destination has drained",
		"stream/splice.go", "	r.call.move(callAnswer)\n	r.flags |= readHeld", "	r.flags |= readHeld",
	},
	{
		"splice: unseen and uncounted", "the destination does not know of bytes that wait, and finishes before they are sent",
		"stream/splice.go", "	w.length += n\n", "",
	},
	{
		"splice: a source that nobody reads notices nothing", "what was held back stays so when its pipe goes",
		"stream/pipe.go", "	if r.flags&readHeld != 0 {", "	if false {",
	},
	{
		"splice: a limit is none", "what stands behind a body goes to who was to have the body",
		"reactor/splice.go", "room := min(tubeSize-t.held, most)", "room := tubeSize - t.held",
	},
	{
		"splice: more than a message has said", "an answer is longer than its Content-Length, and the client takes its end for the next",
		"httpcore/wiresplice.go", "int(min(o.length-o.written, math.MaxInt)), o.c.sent", "math.MaxInt, o.c.sent",
	},
	{
		"splice: a body is never over", "the message is complete with the first byte of the next one",
		"httpcore/wiresplice.go", "	case w.p.BodyLeft() == 0:\n		w.parse(nil)\n", "",
	},
	{
		"splice: no sign of life", "a body that comes without being seen has BodyTimeout in all",
		"httpcore/wiresplice.go", "	w.d.Touch(loop.DeadlineRead)\n", "	w.d.Touch(loop.DeadlineIdle)\n",
	},
	{
		"splice: past the framing", "a chunked answer has bytes between its chunks",
		"httpcore/wiresplice.go", "o.noBody, o.chunked:", "o.noBody:",
	},
	{
		"splice: a message finishes with what waits", "'finish' is told while bytes wait for the client",
		"httpcore/wiresplice.go", "	o.flying++\n	o.onWire = true\n", "	o.onWire = true\n",
	},
	{
		"splice: what was passed on is written again", "an error says where in the input it was, and is wrong by what was not seen",
		"httpcore/h1/body.go", "	p.off += n\n", "",
	},
}
