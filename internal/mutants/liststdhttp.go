package main

// stdhttpHunters are the test runs that might find a bug in package stdhttp.
var stdhttpHunters = []hunter{
	{"stdhttp", []string{"-timeout", "120s", "./httpcore/stdhttp"}},
}

// stdhttpMutants are the mutants of package stdhttp. The names of those in its client begin with "trip:", of the others with "stdhttp:".
var stdhttpMutants = []mutant{
	{
		"stdhttp: the rest of a body stays", "a connection whose handler has not read to the end hangs",
		"httpcore/stdhttp/body.go", "		m.Resume()\n", "",
	},
	{
		"stdhttp: no 100", "a client that waits for it never sends its body",
		"httpcore/stdhttp/body.go", "			x.res.WriteContinue()", "			_ = x.res.WriteContinue",
	},
	{
		"stdhttp: a short body", "looks complete until the client waits for the rest",
		"httpcore/stdhttp/response.go", "if w.err == nil && w.length >= 0 && w.written != w.length && !w.noBody() {", "if false {",
	},
	{
		"stdhttp: a panic that ends well", "half an answer looks complete",
		"httpcore/stdhttp/exchange.go", "	x.abort(fmt.Errorf(", "	_ = x.w.finish()\n	x.abort(fmt.Errorf(",
	},
	{
		"stdhttp: no bound on handlers", "a burst of slow requests is a burst of goroutines",
		"httpcore/stdhttp/pool.go", "	case p.running < p.most:", "	case true:",
	},
	{
		"stdhttp: a place is lost by Goexit", "the queue behind such a handler waits for ever",
		"httpcore/stdhttp/pool.go", "			go p.work(x)\n		}\n	}()", "			_ = x\n		}\n	}()",
	},
	{
		"stdhttp: bytes go back too early", "the next answer is written into this one",
		"httpcore/stdhttp/response.go", "	w.tail = w.trailers()\n", "	w.tail = w.trailers()\n	if w.page != nil {\n		clear(w.page[:])\n	}\n",
	},
	{
		"trip: a slow reader", "an answer that nobody reads fills the memory",
		"httpcore/stdhttp/reply.go", "		b.x.res.Pause()\n", "",
	},
	{
		"trip: nobody goes on", "an answer stops for good when its buffer was full once",
		"httpcore/stdhttp/reply.go", "	if goOn {\n		_ =", "	if false {\n		_ =",
	},
	{
		"trip: what came before the end is lost", "half an answer is none",
		"httpcore/stdhttp/reply.go", "		m.ReadChunk(0) //", "		//",
	},
	{
		"trip: an answer that is closed stays", "its connection is held for ever",
		"httpcore/stdhttp/reply.go", "		b.x.out.Destroy(nil)\n", "",
	},
	{
		"trip: an answer without a body has no end", "its connection serves nobody any more",
		"httpcore/stdhttp/reply.go", "			m.ReadChunk(-1) //", "			//",
	},
	{
		"trip: the body stays open", "a request that is answered early leaks what it reads from",
		"httpcore/stdhttp/trip.go", "	x.closeBody() // it may", "	// it may",
	},
	{
		"trip: given up and kept", "a request whose context is done goes on",
		"httpcore/stdhttp/trip.go", "			x.out.Destroy(err)\n		}\n		if up", "		}\n		if up",
	},
	{
		"trip: a switched connection that nobody gets", "it stays open for ever",
		"httpcore/stdhttp/trip.go", "			_ = up.Close()\n", "			_ = up\n",
	},
	{
		"trip: the body is read unasked", "a proxy asks its client for what nobody wants",
		"httpcore/stdhttp/sender.go", "	if !has(out.Header(\"Expect\"), \"100-continue\") {", "	if true {",
	},
	{
		"trip: a body that is too long", "nobody is told that the rest was not sent",
		"httpcore/stdhttp/sender.go", "left == 0 && err != io.EOF && x.surplus()", "false && x.surplus()",
	},
	{
		"trip: trailers", "they are never sent",
		"httpcore/stdhttp/sender.go", "	if x.length < 0 {\n		tail =", "	if false {\n		tail =",
	},
	{
		"trip: the bytes of a 101", "what came with it is lost",
		"httpcore/stdhttp/switched.go", "	if len(head) > 0 {", "	if false {",
	},
	{
		"trip: a piece goes back too early", "the next answer is written into this one",
		"httpcore/stdhttp/reply.go", "		if b.taken += m; b.taken == len(first.p) {", "		if b.taken += m; first.page != nil {",
	},
}
