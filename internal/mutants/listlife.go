package main

// lifeHunters are the test runs that might find what goes wrong with the life of an exchange, a connection, a server or a file,
// when many of them are about.
var lifeHunters = []hunter{
	{"whole worlds", []string{"-timeout", "60s", "-run", "^TestSimWholeWorlds$", "./internal/wholesim"}},
	{"httpcore's ends", []string{"-timeout", "60s", "-run", "KeepsItsPlace|WrittenInPieces|EndsInItsLastDrain|^TestAPanic", "./httpcore"}},
}

// lifeMutants are the mutants of such lives. Their names begin with "life:".
var lifeMutants = []mutant{
	{
		"life: a drain that does not wait", "Shutdown cuts off what is under way",
		"httpcore/server.go", "	sl.conns.each((*serverConn).hurry)\n", "	sl.conns.each(func(c *serverConn) { c.destroy(nil) })\n",
	},
	{
		"life: a drain that is never over", "Shutdown waits though the last connection has gone",
		"httpcore/server.go", "		if s.closing.Load() && s.conns.Load() == 0 {\n", "		if false {\n",
	},
	{
		"life: a context that is not cancelled", "who waits for it goes on when the exchange is over",
		"httpcore/responseend.go", "		r.req.cancelled(nil)\n", "		_ = r.req\n",
	},
	{
		"life: an error that is told twice", "by the connection, and by its close",
		"httpcore/outgoing.go", "	if o.failed || o.closed {\n", "	if o.closed {\n",
	},
	{
		"life: callbacks that are forgotten", "those of an End that was not sent",
		"httpcore/outgoingend.go", "		told = told[1:]\n		cb(err)\n", "		told = told[1:]\n",
	},
	{
		"life: a message that is over twice", "the next request loses its connection, without a word",
		"httpcore/wirecompleted.go", "	if over && o.flying == 0", "	if (over || o.over) && o.flying == 0",
	},
	{
		"life: a request that is made once more and loses its place", "those behind it may wait for it with all connections",
		"httpcore/pool.go", "	case r.retried:\n", "	case false:\n",
	},
	{
		"life: a request that is made once more without its body", "what was written in pieces is not kept, and an empty body looks whole",
		"httpcore/requestlife.go", "		(r.written == 0 || len(r.replay) == int(r.written)) && len", "		len",
	},
	{
		"life: an idle connection that is taken counts as idle", "the agent believes it has more",
		"httpcore/pool.go", "	o.p.a.counts.free.Add(-1)\n", "",
	},
	{
		"life: a connection whose end nobody hears of", "it is counted for ever",
		"httpcore/serverend.go", "		defer c.watch.over(c)\n", "",
	},
	{
		"life: a panic that ends somebody else", "of a pipelined request, whose own connection stands still",
		"httpcore/wireflow.go", "	w.claim()\n	if data", "	if data",
	},
	{
		"life: what came before a pause is lost", "the rest of a read is not kept",
		"httpcore/wire.go", "			w.keep(data[n:])\n", "",
	},
	{
		"life: an answer that is cut off in good order", "one that ends with its connection looks whole",
		"httpcore/serverend.go", "		return c.first.res.endsWithConnection()\n", "		return false\n",
	},
	{
		"life: a range without its last byte", "and the length says so too",
		"httpcore/static/ranges.go", "min(last, size-1) - first + 1}", "min(last, size-1) - first}",
	},
	{
		"life: an error with the length of the file", "a 500 that says how long the file is, and takes the connection along",
		"httpcore/static/handler.go", "	if res.HasHeader(\"Content-Length\") {\n", "	if false {\n",
	},
	{
		"life: a file that could not get its name stays", "the temporary one of an upload whose rename has failed",
		"stream/files/file.go", "f.fd >= 0 || f.own != nil || f.temp != \"\" }", "f.fd >= 0 || f.own != nil }",
	},
}
