package main

// parserHunters are the test runs that might find a bug in package h1.
var parserHunters = []hunter{
	{"h1", []string{"-timeout", "120s", "./httpcore/h1"}},
	{"vectors", []string{"-timeout", "120s", "./internal/conform/vectors"}},
}

// parserMutants are the mutants of package h1.
var parserMutants = []mutant{
	{
		"a missing CRLF check behind a chunk's data", "any byte ends a chunk in the place of LF",
		"httpcore/h1/chunk.go", "func (p *Parser) chunkDataLF(data []byte, i int) int {\n	if data[i] != '\\n' {", "func (p *Parser) chunkDataLF(data []byte, i int) int {\n	if false {",
	},
	{
		"a chunk size beyond 63 bits", "sixteen digits are taken for a size, whatever they are",
		"httpcore/h1/chunk.go", "p.idx == maxChunkDigits || p.left > (1<<63-1)>>4", "p.idx == maxChunkDigits",
	},
	{
		"a length that wraps", "a Content-Length beyond 64 bits becomes a small one",
		"httpcore/h1/known.go", "if p.left > (1<<63-1-d)/10 {", "if false {",
	},
	{
		"fields not counted where lines are whole", "the limit holds only for heads that are cut",
		"httpcore/h1/whole.go", "p.fields >= fields {", "p.fields >= fields+1e9 {",
	},
	{
		"a field line's length where lines are whole", "the limit holds only for lines that are cut",
		"httpcore/h1/whole.go", "uint64(k+2-i) > field ||", "false ||",
	},
	{
		"a CR without LF where lines are whole", "any byte ends a line in the place of LF",
		"httpcore/h1/whole.go", "|| s[k+1] != '\\n' {", "{",
	},
	{
		"PRI where lines are whole", "the method of HTTP/2 is one of ours",
		"httpcore/h1/whole.go", " || letters&0xffffff == pri {", " {",
	},
	{
		"extensions counted for each chunk", "many chunks may have as much each as one message may",
		"httpcore/h1/chunk.go", "p.extra += ", "p.extra = ",
	},
	{
		"a CR without LF ends a field", "two parsers see two different heads",
		"httpcore/h1/field.go", "func (p *Parser) fieldLF(data []byte, i int) int {\n	if data[i] != '\\n' {", "func (p *Parser) fieldLF(data []byte, i int) int {\n	if false {",
	},
	{
		"a second Content-Length", "the last one counts",
		"httpcore/h1/known.go", "case p.seen&seenLength != 0:\n			p.fail(j, CodeUnexpectedContentLength, \"a second", "case false:\n			p.fail(j, CodeUnexpectedContentLength, \"a second",
	},
	{
		"Transfer-Encoding beside Content-Length", "a request has two ends to choose from",
		"httpcore/h1/known.go", "case p.seen&seenLength != 0:\n			p.fail(j, CodeInvalidTransferEncoding,", "case false:\n			p.fail(j, CodeInvalidTransferEncoding,",
	},
	{
		"the beginning of a Connection option is enough", "clo closes",
		"httpcore/h1/known.go", "if p.cand&m.bit != 0 && int(p.idx) == len(m.name) {", "if p.cand&m.bit != 0 && p.idx > 0 {",
	},
	{
		"a field's name forgotten where it is cut", "a Transfer-Encoding that comes in two pieces is none",
		"httpcore/h1/field.go", "		p.saveName(data[i:j])\n		p.h.OnHeaderField(data[i:j:j], false)", "		p.h.OnHeaderField(data[i:j:j], false)",
	},
	{
		"whitespace before the colon", "the name that a proxy drops is one that we use",
		"httpcore/h1/field.go", "case data[j] == ' ' || data[j] == '\\t':\n		return p.fail(j, CodeInvalidHeaderToken, \"whitespace between", "case false:\n		return p.fail(j, CodeInvalidHeaderToken, \"whitespace between",
	},
	{
		"control bytes eight at a time", "0x1f is let through where a word has it",
		"httpcore/h1/scan.go", "x - 0x20*ones", "x - 0x1f*ones",
	},
	{
		"a 204 with a body", "what follows is taken for it",
		"httpcore/h1/framing.go", "|| p.status == 204 ||", "||",
	},
	{
		"a request without Host", "any server may be meant",
		"httpcore/h1/framing.go", "p.minor > 0 && p.seen&seenHost == 0", "false",
	},
	{
		"chunked in HTTP/1.0", "a proxy of that version has passed it on without understanding it",
		"httpcore/h1/framing.go", "case p.seen&seenCoding != 0 && p.minor == 0:", "case false:",
	},
	{
		"interim responses without end", "a client waits for ever",
		"httpcore/h1/framing.go", "if p.interim >= p.limits.interim() {", "if false {",
	},
	{
		"an encoder that lets LF through", "a value becomes two fields",
		"httpcore/h1/valid.go", "	return trimmed(s) && isText(s)", "	return trimmed(s)",
	},
}
