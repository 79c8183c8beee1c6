package main

// clientHunters are the test runs that might find a bug in package httpcore's client.
var clientHunters = []hunter{
	{"hostile servers", []string{"-timeout", "60s", "-run", "^Test[^T]", "./internal/conform/fetch"}},
	{"exchanges", []string{"-timeout", "60s", "-run", "^TestSim", "./httpcore"}},
	{"httpcore", []string{"-timeout", "120s", "./httpcore"}},
}

// clientMutants are the mutants of package httpcore's client.
var clientMutants = []mutant{
	{
		"an idle connection unwatched", "what comes while nobody has asked answers the next request",
		"httpcore/clientconn.go", "	if c.req == nil || c.unused() && err == nil {\n		c.destroy(nil)\n", "	if c.req == nil {\n",
	},
	{
		"a second answer believed", "a server may say what the next answer is",
		"httpcore/clientparse.go", "	if c.req.answered() {\n		c.surplus()\n		return\n	}", "",
	},
	{
		"bytes behind the answer forgiven", "and the connection is used again",
		"httpcore/clientconn.go", "	c.patience = -1\n	if r := c.req; !r.done {", "	if r := c.req; !r.done {",
	},
	{
		"a POST made again", "it may be done twice",
		"httpcore/request.go", "\"PUT\", \"DELETE\"}", "\"PUT\", \"DELETE\", \"POST\"}",
	},
	{
		"made again without end", "a server that closes without an answer is asked for ever",
		"httpcore/requestlife.go", "	case r.gone || r.retried || c.begun", "	case r.gone || c.begun",
	},
	{
		"made again behind an answer that has begun", "the first answer is forgotten",
		"httpcore/requestlife.go", "	case r.gone || r.retried || c.begun || r.res != nil ||", "	case r.gone || r.retried ||",
	},
	{
		"a body that was cut off looks whole", "the premature end is no error",
		"httpcore/requestlife.go", "		m.Destroy(ErrAborted.because(err))", "		m.end(\"\")",
	},
	{
		"given back before the answer was read", "the next request gets the rest of it",
		"httpcore/requestlife.go", "	case r.res.ReadableEnded() && r.res.complete:", "	case r.res != nil:",
	},
	{
		"given back before the request was sent", "the next request stands inside its body",
		"httpcore/clientparse.go", "	case r.done && r.flying == 0:\n", "	default:\n",
	},
	{
		"Connection: close unheard by the client", "the next request is sent to nobody",
		"httpcore/clientparse.go", "	if !c.p.KeepAlive() {", "	if false {",
	},
	{
		"connections that are never counted off", "the agent believes it has them",
		"httpcore/pool.go", "	a.counts.open.Add(-1)\n", "",
	},
	{
		"room that is not given back", "the limits fill up",
		"httpcore/pool.go", "	a.budget.give(o.key)\n", "",
	},
	{
		"no limit in all", "only the origin's counts",
		"httpcore/budget.go", "	return (b.most == 0 || b.total < b.most) && ", "	return ",
	},
	{
		"nobody is told of room", "who waits for a limit waits for ever",
		"httpcore/pool.go", "	a.feed()\n	o.forget()", "	o.forget()",
	},
	{
		"idle connections do not make room", "who waits for the limit of all waits until they are too old",
		"httpcore/pool.go", "	if whole {\n		for x := o.p.first", "	if false {\n		for x := o.p.first",
	},
	{
		"more may wait than may", "nothing bounds the queue",
		"httpcore/pool.go", "		r.Destroy(ErrQueueFull)\n", "",
	},
	{
		"an interim response taken for the answer", "the answer behind it answers nobody",
		"httpcore/clientparse.go", "	case status < 200:", "	case status < 100:",
	},
	{
		"the body of an answer to HEAD awaited", "it never comes",
		"httpcore/clientparse.go", "	if r.method == \"HEAD\" {", "	if false {",
	},
	{
		"a body that does not wait for its 100", "it is sent though the server has not asked",
		"httpcore/requesthead.go", "	if r.expects() && (r.chunked || r.length > 0) {", "	if false {",
	},
	{
		"a body that waits for its 100 for ever", "a server that does not know Expect never gets it",
		"httpcore/requesthead.go", "		r.c.d.Start(loop.DeadlineExchange, r.o.ContinueTimeout)", "		r.c.d.Stop(loop.DeadlineExchange)",
	},
	{
		"a paused answer is read on", "what nobody reads is buffered without bound",
		"httpcore/clientparse.go", "	c.push(m, p)", "	m.Push(p)",
	},
	{
		"Keep-Alive: timeout unheard", "a request meets the server's close",
		"httpcore/clientparse.go", "	c.patience = keptFor(m)\n", "",
	},
	{
		"idle for ever", "a connection that nobody wants is kept",
		"httpcore/clientconn.go", "	c.d.Start(loop.DeadlineIdle, limit)\n", "",
	},
	{
		"an answer lost to a failed write", "a server that answers early and closes is taken for one that has not",
		"httpcore/clientconn.go", "	if c.req == nil || c.req.answered() {\n		c.destroy(err)", "	if c != nil {\n		c.destroy(err)",
	},
	{
		"a silent server is waited for", "HeaderTimeout never passes",
		"httpcore/requestlife.go", "		c.d.Start(loop.DeadlineRead, r.o.HeaderTimeout)", "		c.d.Stop(loop.DeadlineRead)",
	},
	{
		"a switch that nobody takes is taken for an answer", "another protocol's bytes are read as HTTP",
		"httpcore/clientparse.go", "r.method != \"CONNECT\" && r.onUpgrade != nil", "r.method != \"CONNECT\" && r.onUpgrade == nil",
	},
}
