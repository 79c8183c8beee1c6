package h1

import (
	"errors"
	"fmt"
)

// Error is why a message was refused, or why the Parser stopped. errors.Is compares by Code.
type Error struct {
	// Code is what is wrong, by llhttp's name where there is one.
	Code Code
	// Offset is where the refused byte is, counted from the first byte that the Parser was given since Reset. An encoder's
	// refusal has none.
	Offset uint64
	// Reason is what is wrong, in words, without any byte of the input.
	Reason string
	// Status is what to answer: of a request's error what a server would, of a response's what a gateway would. 0 is nothing:
	// the bytes are no request, or nothing is wrong.
	Status int
	// Err is what Fail was given.
	Err error
}

// Error returns what is wrong, and where in the input.
func (e *Error) Error() string {
	switch {
	case e.Reason == "" && e.Err == nil:
		return "h1: " + e.Code.String()
	case e.Code == CodeUnsafe:
		return "h1: " + e.Code.String() + ": " + e.Reason
	case e.Reason == "":
		return fmt.Sprintf("h1: %v at byte %d: %v", e.Code, e.Offset, e.Err)
	}
	return fmt.Sprintf("h1: %v at byte %d: %s", e.Code, e.Offset, e.Reason)
}

// Unwrap returns what Fail was given.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an Error with the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t != nil && t.Code == e.Code
}

// Fault says whose mistake it was: the peer's, or, of what Fail was given and what an encoder refuses, our own. What only
// stops the Parser is nobody's.
func (e *Error) Fault() Fault {
	switch e.Code {
	case CodePaused, CodePausedUpgrade, CodePausedH2Upgrade:
		return FaultNone
	case CodeUser, CodeUnsafe:
		return FaultLocal
	}
	return FaultPeer
}

// Fault is whose mistake an error is.
type Fault uint8

const (
	FaultNone  Fault = iota // nobody's: the Parser only stops
	FaultPeer               // what was received is wrong
	FaultLocal              // it is ours
)

// Code is a kind of error. Where llhttp has a name for it, String returns that, without its prefix.
type Code uint8

const (
	CodeStrict                  Code = iota + 1 // a chunk extension that is none, or a chunk longer than it says
	CodeCRExpected                              // a line that ends without CR
	CodeLFExpected                              // a CR without LF
	CodeUnexpectedContentLength                 // a second Content-Length, or one beside Transfer-Encoding
	CodeClosedConnection                        // bytes behind the last message
	CodeInvalidMethod
	CodeInvalidURL // a request-target that is none, or not for its method
	CodeInvalidConstant
	CodeInvalidVersion
	CodeInvalidHeaderToken // a name or a value with a byte that can't be there, or a folded line
	CodeInvalidContentLength
	CodeInvalidChunkSize
	CodeInvalidStatus
	CodeInvalidEOFState         // the input ended inside a message
	CodeInvalidTransferEncoding // anything but "chunked", once
	CodePaused                  // Pause was called
	CodePausedUpgrade           // what follows is another protocol
	CodePausedH2Upgrade         // what follows is HTTP/2
	CodeUser                    // Fail was called
	CodeUnexpectedSpace         // whitespace before the first field
	CodeHeaderOverflow          // a line or a section beyond its limit; Node's name
	CodeChunkExtensionsOverflow // the same of chunk extensions; Node's name
	CodeURITooLong              // a request line beyond its limit
	CodeInvalidHost             // no Host, two, or one that names no host
	CodeInterimOverflow         // too many 1xx responses
	CodeUnsafe                  // what an encoder does not write
)

var codeNames = [...]string{
	CodeStrict: "STRICT", CodeCRExpected: "CR_EXPECTED", CodeLFExpected: "LF_EXPECTED",
	CodeUnexpectedContentLength: "UNEXPECTED_CONTENT_LENGTH", CodeClosedConnection: "CLOSED_CONNECTION",
	CodeInvalidMethod: "INVALID_METHOD", CodeInvalidURL: "INVALID_URL", CodeInvalidConstant: "INVALID_CONSTANT",
	CodeInvalidVersion: "INVALID_VERSION", CodeInvalidHeaderToken: "INVALID_HEADER_TOKEN",
	CodeInvalidContentLength: "INVALID_CONTENT_LENGTH", CodeInvalidChunkSize: "INVALID_CHUNK_SIZE",
	CodeInvalidStatus: "INVALID_STATUS", CodeInvalidEOFState: "INVALID_EOF_STATE",
	CodeInvalidTransferEncoding: "INVALID_TRANSFER_ENCODING", CodePaused: "PAUSED", CodePausedUpgrade: "PAUSED_UPGRADE",
	CodePausedH2Upgrade: "PAUSED_H2_UPGRADE", CodeUser: "USER", CodeUnexpectedSpace: "UNEXPECTED_SPACE",
	CodeHeaderOverflow: "HEADER_OVERFLOW", CodeChunkExtensionsOverflow: "CHUNK_EXTENSIONS_OVERFLOW",
	CodeURITooLong: "URI_TOO_LONG", CodeInvalidHost: "INVALID_HOST", CodeInterimOverflow: "INTERIM_OVERFLOW",
	CodeUnsafe: "UNSAFE",
}

// String returns llhttp's name, or Node's, or one in their manner.
func (c Code) String() string {
	if int(c) < len(codeNames) && codeNames[c] != "" {
		return codeNames[c]
	}
	return fmt.Sprintf("Code(%d)", uint8(c))
}

// What stops a Parser without anything being wrong.
var (
	// ErrPaused is returned from Pause on, until Resume.
	ErrPaused error = &Error{Code: CodePaused}
	// ErrUpgrade is returned behind the last message in HTTP: a request that was answered with Upgrade or is a CONNECT, or a
	// response that is a 101 or was answered with Upgrade. What was not consumed belongs to the protocol that follows.
	ErrUpgrade error = &Error{Code: CodePausedUpgrade}
	// ErrH2Preface is returned behind the preface of an HTTP/2 connection (RFC 9113 section 3.4), all 24 bytes of which are
	// consumed.
	ErrH2Preface error = &Error{Code: CodePausedH2Upgrade}
)

// StatusOf returns the status hint of an Error in err's tree; 0 if there is none.
func StatusOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}
