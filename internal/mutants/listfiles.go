package main

// filesHunters are the test runs that might find a bug in package stream/files.
var filesHunters = []hunter{
	{"files", []string{"-timeout", "120s", "./stream/files"}},
}

// fileMutants are the mutants of package stream/files. Their names begin with "files:".
var fileMutants = []mutant{
	{
		"files: closed while a read is under way", "the descriptor is somebody else's when the worker reads",
		"stream/files/errands.go", "	if !e.away {\n		last()\n		return\n	}", "	if true {\n		last()\n		return\n	}",
	},
	{
		"files: an interrupted call is an error", "EINTR ends a stream",
		"stream/files/file.go", "		case reactor.EINTR:\n", "",
	},
	{
		"files: the rest of a short write is lost", "a file has holes where the disk took less",
		"stream/files/write.go", "		w.bufs = drop(w.bufs, n)\n", "		w.bufs = w.bufs[1:]\n",
	},
	{
		"files: a range that ends early ends well", "a client is promised more than it gets",
		"stream/files/read.go", "	case r.left > 0:\n", "	case false:\n",
	},
	{
		"files: nothing in memory is the end", "a file ends where the page cache does",
		"stream/files/read.go", "if errno != 0 || n <= 0 {", "if errno != 0 {",
	},
	{
		"files: no budget on the loop", "a file in the page cache is read in one turn",
		"stream/files/read.go", "r.turn >= readBudget", "false",
	},
	{
		"files: a temporary file that stays", "an upload that was aborted leaves its half",
		"stream/files/file.go", "	if f.temp != \"\" {\n", "	if false {\n",
	},
	{
		"files: a name before the bytes", "a power cut leaves an empty file under the name",
		"stream/files/replace.go", "		if err := f.sync(); err != nil {\n			return f.failure(\"sync\", err)\n		}\n", "",
	},
	{
		"files: a name that does not last", "the folder is not synced",
		"stream/files/replace.go", "return f.failure(\"sync\", f.syncFolder())", "return nil",
	},
	{
		"files: the name is given to half a file", "a Destroy between End and the rename does not keep it",
		"stream/files/replace.go", "	if w.gone.Load() {\n", "	if false {\n",
	},
	{
		"files: a finish before the end", "OnFinish is told while the file is being synced",
		"stream/files/write.go", "	case w.o.Sync:\n", "	case false:\n",
	},
	{
		"files: a write that waits for its file is forgotten", "its callback is never told",
		"stream/files/write.go", "		w.giveUp()\n		done(err)\n", "		done(err)\n",
	},
	{
		"files: few bytes in a large block", "a trickle of bytes takes a thousand times its memory",
		"stream/files/read.go", "if n >= len(b.Bytes())/4 {", "if true {",
	},
	{
		"files: a reader is closed twice", "Close at the end and again by Destroy",
		"stream/files/blocking.go", "		if s.closed || closing == nil {", "		if closing == nil {",
	},
	{
		"files: append where it was opened", "what others have appended meanwhile is overwritten",
		"stream/files/write.go", "		w.pos = -1\n", "		w.pos = 0\n",
	},
	{
		"files: closed while it is sent", "the kernel sends from a number that is another file's",
		"stream/files/send.go", "	r.file.lend()\n", "",
	},
	{
		"files: over while a worker reads for it", "the file is closed under the worker",
		"stream/files/send.go", "	if s.give == nil {\n", "	if true {\n",
	},
	{
		"files: sent past who listens", "a listener of 'data' sees nothing",
		"stream/direct.go", "l.on&onReadable != 0 || l.fn != any(p)", "l.on&onReadable != 0",
	},
	{
		"files: sent past what is around a socket", "a wrapper that encrypts sees nothing",
		"stream/sendfile.go", "return ok && as == WritableStream(s) && ", "return ok && ",
	},
	{
		"files: what was in memory is in memory", "the loop waits for a disk behind a slow peer",
		"reactor/conn_write.go", "		q.file.forget()\n", "",
	},
	{
		"files: what a file ends short of was written", "BytesWritten counts what nobody got",
		"stream/sendfile.go", "			s.out -= uint64(x.N - n)\n", "",
	},
	{
		"files: cut off in silence", "a pipeline takes what was thrown away for written",
		"stream/files/write.go", "if err == nil && w.WritableEnded() && !w.WritableFinished() {", "if false {",
	},
}
