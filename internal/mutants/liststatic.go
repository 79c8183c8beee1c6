package main

// staticHunters are the test runs that might find a bug in package static.
var staticHunters = []hunter{
	{"static", []string{"-timeout", "120s", "./httpcore/static"}},
}

// staticMutants are the mutants of package static. Their names begin with "static:".
var staticMutants = []mutant{
	{
		"static: an encoded slash separates", "a rule about paths that stands before us is got round",
		"httpcore/static/target.go", "case strings.Contains(name, \"/\"), len(name) > maxName:", "case len(name) > maxName:",
	},
	{
		"static: a folder above is named", "dot segments are left to whoever opens the file",
		"httpcore/static/target.go", "		case name == \"..\":\n", "		case name == \"...\":\n",
	},
	{
		"static: the client's file stays open", "who leaves takes a descriptor along",
		"httpcore/static/send.go", "		q.src.Destroy(nil)\n", "",
	},
	{
		"static: a cut file ends well", "half a file looks complete, or waits for the rest",
		"httpcore/static/send.go", "		q.res.Destroy(err)\n", "		q.res.End()\n",
	},
	{
		"static: a file of no use is kept", "each 304 takes a descriptor along",
		"httpcore/static/find.go", "		if f != nil && f != q.file {\n", "		if f != nil && f != q.file && q.status != 304 {\n",
	},
	{
		"static: a pipe is opened", "two requests stop the pool",
		"httpcore/static/find.go", "	if !served(info.Mode()) {\n		return nil, nil, errNotServed\n	}\n	f, err", "	f, err",
	},
	{
		"static: a young ETag is strong", "two states of a file look the same for ranges",
		"httpcore/static/conditions.go", "	if v.recent {\n", "	if false {\n",
	},
	{
		"static: ranges without a bound", "one request is answered with many times its file",
		"httpcore/static/ranges.go", "		if s.length > size-sum {\n", "		if false {\n",
	},
	{
		"static: work for nobody", "who has left stands in the queue before those who wait",
		"httpcore/static/send.go", "		_ = q.work.Cancel()", "		_ = q.work",
	},
	{
		"static: too late", "an answer is given twice",
		"httpcore/static/inquiry.go", "	if q.res.HeadersSent() || q.res.Destroyed() {\n", "	if q.res.HeadersSent() {\n",
	},
}
