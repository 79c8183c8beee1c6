package h1

// Kind is what a Parser reads.
type Kind uint8

const (
	Request  Kind = iota // it is a server's
	Response             // it is a client's
)

// Parser reads HTTP/1.1 messages, one behind the other, and tells its Handler of what they are made of. It makes no
// difference how the input is cut, but for the number of calls that a span comes in.
//
// It keeps no byte of the input, allocates nothing unless a message is refused, and looks at each byte a bounded number of
// times. It belongs to one goroutine. The zero Parser is to be Reset before it is used. Between two messages nothing of it
// is needed but what KeepAlive says and, of a client's, the number of interim responses: one Parser may serve many
// connections in turn.
type Parser struct {
	steps  steps // nothing, unless work is counted
	h      Handler
	limits *Limits
	err    error // what every call returns

	off   uint64 // of the first byte of the data that Execute has
	max   uint64 // where the line or the section is too long
	end   uint64 // where the section is, while max is where the line is
	left  uint64 // bytes of the body, or of the chunk, that are to come; before: the target's port, then the length
	begin uint64 // where the extensions of this chunk began

	word [8]byte // the first bytes of the method
	name [18]byte

	state  state
	kind   Kind
	halt   bool // err is set, or Pause was called
	paused bool
	inside bool // a callback may be running

	idx     uint8 // how far a state has come that counts; behind a chunk extension, 1 if whitespace has come
	empty   uint8 // empty lines before the message
	nameN   uint8 // bytes of name, if a name came in pieces
	known   known // the field whose value is being read
	sub     uint8 // the state of the machine that reads it
	cand    uint8 // what a list member may still be
	minor   uint8
	status  uint16
	fields  uint64 // field lines so far
	extra   uint64 // bytes of chunk extensions so far
	seen    seen   // what the head has said
	body    framing
	interim uint64 // 1xx responses in a row
}

// seen is what a head has said so far, one bit each.
type seen uint16

const (
	seenLength seen = 1 << iota
	seenCoding
	seenHost
	seenUpgrade
	seenExpect
	seenClose        // Connection: close
	seenKeepAlive    // Connection: keep-alive
	seenConnUpgrade  // Connection: upgrade
	seenTrailers     // the head is over, and the fields are those of a trailer section
	seenHead         // the head is over
	seenNeedsUpgrade // the handler has answered Upgrade
)

// Reset makes p a Parser of a new connection's messages. l may be nil, which is all defaults; it is only read, and may
// be shared. A negative limit panics.
func (p *Parser) Reset(kind Kind, h Handler, l *Limits) {
	if h == nil {
		panic("h1: a Parser needs a Handler")
	}
	if l == nil {
		l = &defaultLimits
	}
	l.check()
	*p = Parser{h: h, limits: l, kind: kind, state: stateStart, max: noLimit}
}

// Execute parses data and returns how much of it is consumed: all of it, unless err is set.
//
// An *Error with a Code of the peer's says what was refused, and n is the offset of the refused byte in data; the Parser
// returns the same from then on. ErrPaused says that Pause was called: what is behind n is given again after Resume. ErrUpgrade
// and ErrH2Preface say that what is behind n is not HTTP/1.
//
// With no data it goes on with what needs none, after Resume for one.
func (p *Parser) Execute(data []byte) (n int, err error) {
	p.enter("Execute")
	if !p.halt {
		n = p.run(data)
		p.off += uint64(n)
	}
	p.inside = false
	if !p.halt {
		return n, nil
	}
	if e, ok := p.err.(*Error); ok && e.Code == CodeUser {
		e.Offset = p.off // Fail could not know it
	}
	return n, p.stopped()
}

// Finish says that the input has ended. A response whose body lasts until then is completed; inside any other message
// it is an error with CodeInvalidEOFState.
func (p *Parser) Finish() error {
	p.enter("Finish")
	if !p.halt && p.state.eager() {
		p.run(nil) // what a pause has put off
	}
	if !p.halt {
		switch p.state {
		case stateStart, stateClosed:
		case stateUntilClose:
			p.state = stateDone
			p.run(nil)
		default:
			p.fail(0, CodeInvalidEOFState, "the input ended inside a message")
		}
	}
	p.inside = false
	return p.stopped()
}

func (p *Parser) enter(what string) {
	if p.inside || p.h == nil {
		p.misused(what)
	}
	p.inside = true
}

func (p *Parser) misused(what string) {
	if p.inside {
		panic("h1: " + what + " inside a callback")
	}
	panic("h1: " + what + " before Reset")
}

func (p *Parser) stopped() error {
	if p.err == nil && p.paused {
		return ErrPaused
	}
	return p.err
}

// Pause has Execute stop as soon as the callback that calls it returns, or from the next call on. Called in OnBody it stops
// behind the bytes that were given.
func (p *Parser) Pause() {
	p.paused, p.halt = true, true
}

// Resume undoes Pause. It calls nothing: Execute goes on.
func (p *Parser) Resume() {
	p.paused, p.halt = false, p.err != nil
}

// Fail has Execute return an Error with CodeUser that wraps err, for a callback that can't go on.
func (p *Parser) Fail(err error) {
	if err == nil {
		panic("h1: Fail without an error")
	}
	if p.err == nil {
		p.err = &Error{Code: CodeUser, Offset: p.off, Err: err}
	}
	p.halt = true
}

// ResumeAfterUpgrade reads on as HTTP where ErrUpgrade was returned: the upgrade or the tunnel was refused.
func (p *Parser) ResumeAfterUpgrade() {
	if p.state == stateUpgraded && p.err == ErrUpgrade {
		p.err, p.halt = nil, p.paused
		p.next()
	}
}

// StatusCode is a response's status, from OnStatus on, until the next message begins.
func (p *Parser) StatusCode() int { return int(p.status) }

// ContentLength is how long the body will be, from OnHeadersComplete on, until its first byte; -1 if that is not known.
func (p *Parser) ContentLength() int64 {
	switch {
	case p.seen&seenHead == 0 || p.body == framingChunked || p.body == framingUntilClose || p.body == framingTunnel:
		return -1
	case p.body == framingLength:
		return int64(p.left)
	}
	return 0
}

// Chunked reports whether the body is chunked, from OnHeadersComplete on.
func (p *Parser) Chunked() bool { return p.seen&seenHead != 0 && p.body == framingChunked }

// KeepAlive reports whether another message may follow this one, from OnHeadersComplete on: RFC 9112 section 9.3.
func (p *Parser) KeepAlive() bool {
	switch {
	case p.state == stateDead:
		return false // something was refused: nobody knows where the next message would begin
	case p.seen&seenClose != 0 || p.body == framingUntilClose:
		return false
	case p.minor == 0:
		return p.seen&seenKeepAlive != 0
	}
	return true
}

// WantsUpgrade reports whether the head has an Upgrade field and Connection names it, from OnHeadersComplete on. In HTTP/1.0
// the field means nothing: RFC 9110 section 7.8.
func (p *Parser) WantsUpgrade() bool {
	return p.minor > 0 && p.seen&(seenUpgrade|seenConnUpgrade) == seenUpgrade|seenConnUpgrade
}

// Expects reports whether the head has an Expect field, from OnHeadersComplete on. What it expects is the handler's to look at.
func (p *Parser) Expects() bool { return p.seen&seenExpect != 0 }

// InTrailers reports whether the fields that come are those of a trailer section.
func (p *Parser) InTrailers() bool { return p.seen&seenTrailers != 0 }

// Between reports whether no message is under way.
func (p *Parser) Between() bool {
	return p.err == nil && (p.state == stateStart || p.state == stateClosed)
}

// run is Execute's dispatcher: it does nothing but call the state's function.
func (p *Parser) run(data []byte) (i int) {
	for !p.halt && (i < len(data) || p.state.eager()) {
		p.steps.add(1)
		if p.off+uint64(i) >= p.max {
			p.overflow(i)
			break
		}
		switch p.state {
		case stateStart:
			i = p.start(data, i)
		case stateStartLF:
			i = p.startLF(data, i)
		case stateMethod:
			i = p.method(data, i)
		case stateTargetStart:
			i = p.targetStart(data, i)
		case stateTarget:
			i = p.target(data, i)
		case stateTargetEnd:
			i = p.targetEnd(data, i)
		case stateScheme:
			i = p.scheme(data, i)
		case stateSchemeSlash:
			i = p.schemeSlash(data, i)
		case stateAuthority:
			i = p.authority(data, i)
		case statePreface:
			i = p.preface(data, i)
		case stateHTTP:
			i = p.http(data, i)
		case stateMajor:
			i = p.majorDigit(data, i)
		case stateDot:
			i = p.dot(data, i)
		case stateMinor:
			i = p.minorDigit(data, i)
		case stateRequestCR:
			i = p.requestCR(data, i)
		case stateStatusSP:
			i = p.statusSP(data, i)
		case stateStatusCode:
			i = p.statusCode(data, i)
		case stateStatusEnd:
			i = p.statusEnd(data, i)
		case stateReason:
			i = p.reason(data, i)
		case stateStartLineLF:
			i = p.startLineLF(data, i)
		case stateFieldStart:
			i = p.fieldStart(data, i)
		case stateName:
			i = p.fieldName(data, i)
		case stateValueStart:
			i = p.valueStart(data, i)
		case stateValue:
			i = p.value(data, i)
		case stateFieldLF:
			i = p.fieldLF(data, i)
		case stateSectionLF:
			i = p.sectionLF(data, i)
		case stateBody:
			i = p.sized(data, i)
		case stateUntilClose:
			i = p.untilClose(data, i)
		case stateChunkSize:
			i = p.chunkSize(data, i)
		case stateChunkBWS:
			i = p.chunkBWS(data, i)
		case stateExtStart:
			i = p.extStart(data, i)
		case stateExtName:
			i = p.extName(data, i)
		case stateExtNameBWS:
			i = p.extNameBWS(data, i)
		case stateExtValueStart:
			i = p.extValueStart(data, i)
		case stateExtValue:
			i = p.extValue(data, i)
		case stateExtQuoted:
			i = p.extQuoted(data, i)
		case stateExtEscape:
			i = p.extEscape(data, i)
		case stateExtBWS:
			i = p.extBWS(data, i)
		case stateChunkLF:
			i = p.chunkLF(data, i)
		case stateChunkData:
			i = p.chunkData(data, i)
		case stateChunkDataCR:
			i = p.chunkDataCR(data, i)
		case stateChunkDataLF:
			i = p.chunkDataLF(data, i)
		case stateClosed:
			i = p.closed(data, i)
		case stateDone:
			p.done()
		case stateUpgraded:
			p.stop(ErrUpgrade)
		case statePrefaced:
			p.stop(ErrH2Preface)
		case stateDead:
			panic("h1: a dead Parser without an error")
		}
	}
	return i
}

// window is the index of the first byte that is too much, or the length of data.
func (p *Parser) window(data []byte) int {
	if room := p.max - p.off; room < uint64(len(data)) {
		return int(room)
	}
	return len(data)
}

func (p *Parser) stop(err error) {
	p.err, p.halt = err, true
}

// fail refuses the byte at i. It returns i, which is then what is consumed.
func (p *Parser) fail(i int, code Code, reason string) int {
	return p.failWith(i, code, reason, 400)
}

func (p *Parser) failWith(i int, code Code, reason string, status int) int {
	switch {
	case code == CodeClosedConnection:
		status = 0
	case p.kind == Response:
		status = 502
	}
	p.stop(&Error{Code: code, Offset: p.off + uint64(i), Reason: reason, Status: status})
	p.state = stateDead
	return i
}

// overflow refuses a byte beyond a limit.
func (p *Parser) overflow(i int) int {
	switch {
	case p.state >= stateChunkSize && p.state <= stateChunkLF:
		if p.off+uint64(i) < p.end {
			return p.failWith(i, CodeChunkExtensionsOverflow, "the chunk extensions are too long", 413)
		}
		return p.fail(i, CodeInvalidChunkSize, "the line with a chunk's size is too long")
	case p.state >= stateFieldStart && p.state <= stateSectionLF:
		if p.max < p.end {
			return p.failWith(i, CodeHeaderOverflow, "a field line is too long", 431)
		}
		return p.failWith(i, CodeHeaderOverflow, "the field section is too long", 431)
	case p.kind == Response:
		return p.fail(i, CodeHeaderOverflow, "the status line is too long")
	}
	return p.failWith(i, CodeURITooLong, "the request line is too long", 414)
}

// done ends a message.
func (p *Parser) done() {
	switch {
	case p.body == framingTunnel || p.seen&seenNeedsUpgrade != 0:
		p.state = stateUpgraded
	default:
		p.next()
	}
	p.h.OnMessageComplete()
}

// next is where a message ends and another may begin.
func (p *Parser) next() {
	p.state = stateStart
	if !p.KeepAlive() && !p.isInterim() {
		p.state = stateClosed
	}
	p.max = noLimit
	p.empty = 0
}

// closed is behind the last message: RFC 9112 section 9.6. An empty line is no request, and some clients send one behind a
// body.
func (p *Parser) closed(data []byte, i int) int {
	for ; i < len(data); i++ {
		if data[i] != "\r\n"[p.empty%2] || p.empty == 2*maxEmptyLines {
			return p.fail(i, CodeClosedConnection, "bytes behind the last message")
		}
		p.empty++ // of their bytes
	}
	return i
}
