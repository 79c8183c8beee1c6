package main

// httpHunters are the test runs that might find a bug in package httpcore.
var httpHunters = []hunter{
	{"httpcore", []string{"-timeout", "120s", "./httpcore"}},
}

// serverMutants are the mutants of package httpcore.
var serverMutants = []mutant{
	{
		"an answer behind half a file", "the next answer is taken for the rest of a file that was cut",
		"httpcore/outgoingend.go", "	if o.owns() && !o.holds() && !o.inFile {", "	if o.owns() && len(o.held) == 0 {",
	},
	{
		"a short chunk of a file", "the last chunk is taken for the rest of a chunk",
		"httpcore/outgoingfile.go", "missing > 0 && (o.chunked || o.ended)", "false",
	},
	{
		"the client pays for the disk", "who waits for a slow disk is taken for a slow reader",
		"httpcore/wirestall.go", "	case w.waitsForFile:\n", "	case false:\n",
	},
	{
		"a last request never leaves HTTP", "what follows a CONNECT that says close is thrown away, and its client waits for ever",
		"httpcore/serverparse.go", "		c.flags &^= connLastRequest // what follows is another protocol, and not to be thrown away\n", "",
	},
	{
		"a switch of the last request loses bytes", "what its client has sent of the other protocol already is thrown away",
		"httpcore/serverparse.go", "c.flags&connLastRequest != 0 && !x.res.maySwitch {", "c.flags&connLastRequest != 0 {",
	},
	{
		"no lingering", "a close with unread input is a reset, and overtakes the answer",
		"httpcore/serverend.go", "if c.t.CloseWrite(c.endSent) != nil {", "if c.t.CloseWrite(nil) == nil {",
	},
	{
		"look-ahead without bound", "every request of a client that does not wait is begun",
		"httpcore/serverconn.go", " || c.pending >= maxPipelined || c.queued", " || c.queued",
	},
	{
		"a burst without end", "one read of small requests keeps the loop from everybody else",
		"httpcore/serverconn.go", "	return c.burst >= maxBurst || ", "	return ",
	},
	{
		"a body that never stops the socket", "what nobody reads is buffered without bound",
		"httpcore/wireflow.go", "if !m.Push(p) {", "if !m.Push(p) && false {",
	},
	{
		"what was read when the parser paused is lost", "a request behind others never comes",
		"httpcore/wireflow.go", "	w.spill = rest", "	w.spill = nil",
	},
	{
		"a panic is the client's fault", "OnClientError and the log are told of a handler's mistake as if it were the client's",
		"httpcore/clienterror.go", "if !heard && !errors.As(err, &panicked) {", "if !heard && (!errors.As(err, &panicked) || true) {",
	},
	{
		"an error that nobody hears", "a response is destroyed with an error, and nobody is told",
		"httpcore/responseend.go", "	if err != nil && !r.failed {", "	if err != nil && !r.failed && r.extra().events.ErrorListened() {",
	},
	{
		"a lost answer is taken for flushed", "Finished and Pipeline report success for bytes that were lost",
		"httpcore/outgoingstream.go", "o.over && !o.gone && o.WritableLength() == 0", "o.over && o.WritableLength() == 0",
	},
	{
		"a context without the reason", "an answer is cut off behind its End, and its context does not say why",
		"httpcore/serverqueue.go", "			err = c.why\n", "			err = ErrAborted\n",
	},
	{
		"HEAD has a body", "the client takes it for the next answer",
		"httpcore/responsehead.go", "r.noBody = r.head || ", "r.noBody = ",
	},
	{
		"a response that is too short", "looks complete until the client waits for the rest",
		"httpcore/outgoingend.go", "if o.length >= 0 && o.written != o.length {", "if false {",
	},
	{
		"a value with a line end", "a handler's input becomes a field of its own",
		"httpcore/outgoinghead.go", "	case !h1.ValidFieldValue(*value):", "	case false:",
	},
	{
		"no last chunk", "a chunked answer never ends",
		"httpcore/outgoingend.go", "b = append(b, \"0\\r\\n\"...)", "b = append(b, \"\"...)",
	},
	{
		"a length beyond the limit", "is only noticed when so much has come",
		"httpcore/serverparse.go", "case s.o.MaxBody > 0 && m.length > s.o.MaxBody:", "case false:",
	},
	{
		"Shutdown that comes with the post", "answers until then promise to go on, and the next request is lost",
		"httpcore/server.go", "{ return sl.closing || sl.s.closing.Load() }", "{ return sl.closing }",
	},
	{
		"a rate that counts our pauses", "a client that we do not read is refused as too slow",
		"httpcore/wireflow.go", "	w.d.Pause(loop.DeadlineIdle)\n", "",
	},
	{
		"a refused request told of twice", "an access log has a line for it and one for its answer",
		"httpcore/serverhooks.go", "	w.held = w.open[&x.res]\n	delete(w.open, &x.res)\n", "",
	},
	{
		"a late handler that takes others with it", "what is behind the 503 that is said for it is never answered",
		"httpcore/responsetime.go", "y := &exchange{next: x.next}", "y := &exchange{}",
	},
	{
		"Connection: close unheard", "the connection stays open",
		"httpcore/serverparse.go", "x.res.keepAlive = c.p.KeepAlive() && ", "x.res.keepAlive = ",
	},
	{
		"a lost response is not closed", "its handler never learns that the client has gone",
		"httpcore/outgoingend.go", "	if *whole {\n		o.close()\n", "	if *whole {\n",
	},
	{
		"gathered answers out of order", "a large answer overtakes the small ones before it",
		"httpcore/outgoingsend.go", "	c.handGathered()\n	var err error\n", "	var err error\n",
	},
	{
		"gathered answers of a lost connection", "what was gathered is never told that it is lost",
		"httpcore/wire.go", "func (w *wire) leave() {\n	w.handGathered()\n", "func (w *wire) leave() {\n",
	},
	{
		"one answer of a write told", "those that left with it never finish",
		"httpcore/wirecompleted.go", "		defer w.completeAll(err) // whoever", "		// whoever",
	},
	{
		"a head that is kept where it was made", "an answer's first bytes are another's",
		"httpcore/outgoingsend.go", "	x.head = bytes.Clone(x.head)\n", "	_ = bytes.Clone(x.head)\n",
	},
	{
		"no drain", "a handler that waits for the client waits for ever",
		"httpcore/wirecompleted.go", "	if !o.ended {\n		o.extra().events.Drained()", "	if false {\n		o.extra().events.Drained()",
	},
	{
		"what the kernel keeps counts as taken", "a client that reads slowly is cut off",
		"httpcore/wirestall.go", "left, exact = left+kept, true", "left, exact = left+0*kept, true",
	},
	{
		"an end for a request that is on its way", "a server that closes ends connections that are quiet at that moment",
		"httpcore/serverclock.go", "c.d.Start(loop.DeadlineExchange, oneMore)", "c.finish()",
	},
	{
		"an error behind the beginning of an answer", "the answers before it are lost with the connection",
		"httpcore/serverend.go", "c.cutShort(x, err)", "c.destroy(err)",
	},
	{
		"a cut answer that ends like a whole one", "the client takes what it has for all there is",
		"httpcore/servercut.go", "	if x.res.endsWithConnection() {", "	if false {",
	},
}
