package main

// spliceHunters are the test runs that might find a bug in what the kernel moves by itself.
var spliceHunters = []hunter{
	{"simulation", []string{"-timeout", "60s", "-run", "^TestSimSpli", "./internal/simkernel"}},
	{"tubes", []string{"-timeout", "60s", "-run", "Tube|Splice|ASource|TakesOver|GivesNothing", "./reactor"}},
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
		"stream/splice.go", "w.IsWritable() && w.WritableCorked() == 0 && !w.queued()", "w.IsWritable()",
	},
	{
		"splice: a source held for ever", "its Read hook is never called again when the destination has drained",
		"stream/splice.go", "	x.t.ReadStop()\n	x.Readable.call.move(callAnswer)\n", "	x.t.ReadStop()\n",
	},
	{
		"splice: unseen and uncounted", "the destination does not know of bytes that wait, and finishes before they are sent",
		"stream/splice.go", "	k.out.length += n\n", "",
	},
	{
		"splice: a source that nobody reads notices nothing", "what was held back stays so when its pipe goes",
		"stream/pipe.go", "	if r.flags&readHeld != 0 {", "	if false {",
	},
}
