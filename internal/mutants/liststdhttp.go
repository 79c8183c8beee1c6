package main

// stdhttpHunters are the test runs that might find a bug in package stdhttp.
var stdhttpHunters = []hunter{
	{"stdhttp", []string{"-timeout", "120s", "./httpcore/stdhttp"}},
}

// handlers are the mutants of package stdhttp, with the name of each beginning with it.
var handlers = []mutant{
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
}
