package httpcore

// Error is a failure that this package finds by itself. Code gives Node's name for it, where Node has one, and errors.Is
// compares by that.
type Error struct {
	code, msg string
	cause     error
}

// Error returns what happened, and why if that is known.
func (e *Error) Error() string {
	if e.cause != nil {
		return "httpcore: " + e.msg + ": " + e.cause.Error()
	}
	return "httpcore: " + e.msg
}

// Code returns Node's name: "ERR_HTTP_HEADERS_SENT". stream.CodeOf finds it.
func (e *Error) Code() string { return e.code }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is an Error of this package with the same text and code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.code == e.code && t.msg == e.msg
}

// because is e with its cause.
func (e *Error) because(cause error) error {
	return &Error{e.code, e.msg, cause}
}

// What a handler did wrong.
var (
	// ErrHeadersSent is a change of the head when it is fixed.
	ErrHeadersSent = &Error{code: "ERR_HTTP_HEADERS_SENT", msg: "the head is already sent"}
	// ErrInvalidName is a field name that is no token, and ErrInvalidValue a value with a byte that can't be there. Nothing was
	// changed, and nothing is sent.
	ErrInvalidName  = &Error{code: "ERR_INVALID_HTTP_TOKEN", msg: "a field name that is no token"}
	ErrInvalidValue = &Error{code: "ERR_INVALID_CHAR", msg: "a byte that cannot be in a field or a reason phrase"}
	// ErrInvalidStatus is a status outside 100 to 999.
	ErrInvalidStatus = &Error{code: "ERR_HTTP_INVALID_STATUS_CODE", msg: "a status that is none"}
	// ErrOddFields is a list of names and values, in turn, that ends with a name.
	ErrOddFields = &Error{code: "ERR_INVALID_ARG_VALUE", msg: "a field name without a value"}
	// ErrContentLength is a body that is longer or shorter than its Content-Length says. The bytes that are too many were not
	// sent; a response that is too short takes its connection with it.
	ErrContentLength = &Error{code: "ERR_HTTP_CONTENT_LENGTH_MISMATCH", msg: "the body is not as long as its Content-Length says"}
	// ErrNoSwitch is SwitchProtocols for a request that does not ask for it, or is not the only one that is not answered.
	ErrNoSwitch = &Error{code: "ERR_HTTP_NO_UPGRADE", msg: "the request cannot be answered with an upgrade"}
	// ErrInvalidTrailer is a trailer field for a message that has no trailer section, because it is not chunked, or one that has no
	// place there.
	ErrInvalidTrailer = &Error{code: "ERR_HTTP_TRAILER_INVALID", msg: "trailers need a chunked message, and a field that may be one"}
)

// What is wrong with a request that a client makes. Nothing is sent.
var (
	// ErrInvalidURL is a URL that names no server, ErrInvalidProtocol one whose scheme is not http: TLS is to come.
	ErrInvalidURL      = &Error{code: "ERR_INVALID_URL", msg: "a URL that is none"}
	ErrInvalidProtocol = &Error{code: "ERR_INVALID_PROTOCOL", msg: "only http URLs can be requested: there is no TLS yet"}
	// ErrInvalidMethod is a method that is no token, ErrInvalidTarget a request-target that is none, or not for its method.
	ErrInvalidMethod = &Error{code: "ERR_INVALID_HTTP_TOKEN", msg: "a method that is no token"}
	ErrInvalidTarget = &Error{code: "ERR_UNESCAPED_CHARACTERS", msg: "a request-target that is none"}
	// ErrBodyNotAllowed is a body for TRACE or CONNECT.
	ErrBodyNotAllowed = &Error{code: "ERR_HTTP_BODY_NOT_ALLOWED", msg: "a request of this method has no body"}
)

// What became of a request that a client has made.
var (
	// ErrHangUp is a server that has closed the connection without an answer, and what a request fails with that is
	// destroyed without an error before there is one. errors.Is tells it from ErrAborted.
	ErrHangUp = &Error{code: "ECONNRESET", msg: "socket hang up"}
	// ErrUnexpectedSwitch is a 101 that nobody has asked for or nobody listens to, or the same of a tunnel.
	ErrUnexpectedSwitch = &Error{code: "ECONNRESET", msg: "an upgrade that nobody takes"}
	// ErrCanceled is a request whose context is done. It wraps the context's cause.
	ErrCanceled = &Error{code: "ABORT_ERR", msg: "the request was cancelled"}
	// ErrTooManyRedirects is a redirection beyond ClientOptions.MaxRedirects.
	ErrTooManyRedirects = &Error{code: "ERR_TOO_MANY_REDIRECTS", msg: "too many redirections"}
	// ErrQueueFull is a request beyond AgentOptions.MaxQueued.
	ErrQueueFull = &Error{code: "ERR_HTTP_QUEUE_FULL", msg: "too many requests wait for a connection"}
	// ErrAgentClosed is a request that is made, or was not answered, when Agent.Destroy is called.
	ErrAgentClosed = &Error{code: "ERR_AGENT_CLOSED", msg: "the agent is destroyed"}
)

// What became of a connection.
var (
	// ErrAborted is a message whose peer went away, or was sent away, before it was complete.
	ErrAborted = &Error{code: "ECONNRESET", msg: "aborted"}
	// ErrClientEnded is why the context of a request is cancelled whose client has ended its side.
	ErrClientEnded = &Error{code: "ECONNRESET", msg: "the client has ended its side"}
	// ErrTimeout is a peer that has let a deadline pass.
	ErrTimeout = &Error{code: "ERR_HTTP_REQUEST_TIMEOUT", msg: "timeout"}
	// ErrResponseTimeout is a response that was not given in time: by a handler, in what SetTimeout has set, or by a server, in
	// HeaderTimeout, BodyTimeout, WriteTimeout or TotalTimeout of a ClientRequest.
	ErrResponseTimeout = &Error{code: "ETIMEDOUT", msg: "the response was not given in time"}
	// ErrBodyTooLarge is a body beyond ServerOptions.MaxBody, or more of a body that nobody reads than is thrown away.
	ErrBodyTooLarge = &Error{code: "ERR_HTTP_BODY_TOO_LARGE", msg: "the body is too large"}
	// ErrServerClosed is a connection that the server has closed because it is closing itself.
	ErrServerClosed = &Error{code: "ERR_SERVER_CLOSED", msg: "the server is closed"}
)
