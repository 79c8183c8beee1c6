package h1

// Handler is what a Parser calls, in the order of the message:
//
//	OnMessageBegin
//	OnMethod OnURL OnVersion                    of a request
//	OnVersion OnStatus                          of a response
//	OnHeaderField OnHeaderValue                 for each field line
//	OnHeadersComplete
//	OnBody                                      as it comes, if there is a body
//	OnMessageComplete
//
// A chunked body is, for each chunk, OnChunkExtensionName and OnChunkExtensionValue for each extension, OnChunkHeader,
// OnBody, and OnChunkComplete. The last chunk is empty, and between its OnChunkHeader and its OnChunkComplete come the
// fields of the trailer section, as OnHeaderField and OnHeaderValue; Parser.InTrailers tells them from those of the head.
//
// A span p is a run of the bytes that Execute was given: borrowed, and not to be kept beyond the call without a copy.
// Where input is cut a span is cut too, so what has a last comes in one piece or more, and last says that this piece
// ends it; p may be empty then. A name, a value or a target has always a piece with last set, even if it is empty; if the
// message is refused before that, it was incomplete.
//
// Inside a callback the Parser's Pause, Resume, Fail and questions may be used; Execute, Finish and Reset may not. The names
// are llhttp's, and so is the order.
type Handler interface {
	// OnMessageBegin comes with the first byte of a message.
	OnMessageBegin()
	// OnMethod is given the method, any token.
	OnMethod(p []byte, last bool)
	// OnURL is given the request-target as it was received.
	OnURL(p []byte, last bool)
	// OnVersion is given the version: 1 and 0 or more.
	OnVersion(major, minor int)
	// OnStatus is given the reason phrase, which is often empty; Parser.StatusCode has the code.
	OnStatus(p []byte, last bool)
	// OnHeaderField is given a field's name, in the case that it was received in.
	OnHeaderField(p []byte, last bool)
	// OnHeaderValue is given the value that belongs to the last name. Whitespace before it is left out; whitespace behind
	// it is not, since what comes is not known yet: TrimOWS takes it away.
	OnHeaderValue(p []byte, last bool)
	// OnHeadersComplete ends the head. The framing is known and found good: no byte of the body is looked at before. Its
	// answer says how to go on.
	OnHeadersComplete() Answer
	// OnBody is given the body's bytes, without the framing.
	OnBody(p []byte)
	// OnChunkExtensionName is given the name of an extension.
	OnChunkExtensionName(p []byte, last bool)
	// OnChunkExtensionValue is given the value of the extension that was named last, if it has one. A quoted value comes
	// with its quotes and escapes.
	OnChunkExtensionValue(p []byte, last bool)
	// OnChunkHeader ends a chunk's size line. size is the number of bytes of its data; 0 is the last chunk.
	OnChunkHeader(size uint64)
	// OnChunkComplete ends a chunk.
	OnChunkComplete()
	// OnMessageComplete ends the message. What follows is another message.
	OnMessageComplete()
}

// Answer is what OnHeadersComplete returns.
type Answer uint8

const (
	// Proceed reads the body as the head frames it. If the message can't be anything but the last in HTTP, as a CONNECT
	// request or a 101 response, Execute stops behind it.
	Proceed Answer = iota
	// NoBody says that a response has no body, whatever its head says, because the request was HEAD. A request's body is
	// never dropped: for one it is Proceed.
	NoBody
	// Upgrade has Execute stop with ErrUpgrade behind the message: a request's body, if there is one, still belongs to HTTP.
	// Of a 2xx response to CONNECT it says that a tunnel begins behind the head; of any other response it is Proceed.
	Upgrade
)

// Nop is a Handler that does nothing, to embed in one that does not need all of it.
type Nop struct{}

var _ Handler = Nop{}

// OnMessageBegin does nothing.
func (Nop) OnMessageBegin() {}

// OnMethod does nothing.
func (Nop) OnMethod([]byte, bool) {}

// OnURL does nothing.
func (Nop) OnURL([]byte, bool) {}

// OnVersion does nothing.
func (Nop) OnVersion(int, int) {}

// OnStatus does nothing.
func (Nop) OnStatus([]byte, bool) {}

// OnHeaderField does nothing.
func (Nop) OnHeaderField([]byte, bool) {}

// OnHeaderValue does nothing.
func (Nop) OnHeaderValue([]byte, bool) {}

// OnHeadersComplete answers Proceed.
func (Nop) OnHeadersComplete() Answer { return Proceed }

// OnBody does nothing.
func (Nop) OnBody([]byte) {}

// OnChunkExtensionName does nothing.
func (Nop) OnChunkExtensionName([]byte, bool) {}

// OnChunkExtensionValue does nothing.
func (Nop) OnChunkExtensionValue([]byte, bool) {}

// OnChunkHeader does nothing.
func (Nop) OnChunkHeader(uint64) {}

// OnChunkComplete does nothing.
func (Nop) OnChunkComplete() {}

// OnMessageComplete does nothing.
func (Nop) OnMessageComplete() {}
