package stream

import "errors"

// Error is a failure that a stream finds by itself. Code gives Node's name for it; errors.Is compares by that, so each of
// the errors below matches whatever detail an occurrence carries.
type Error struct {
	code, msg string
	cause     error // if there is one: what a context was cancelled with
}

// Error returns what happened, and why if that is known.
func (e *Error) Error() string {
	if e.cause != nil {
		return "stream: " + e.msg + ": " + e.cause.Error()
	}
	return "stream: " + e.msg
}

// Code returns Node's name: "ERR_STREAM_DESTROYED". CodeOf finds it.
func (e *Error) Code() string { return e.code }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is a stream's error of the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.code == e.code
}

// What a caller did too late or twice.
var (
	// ErrWriteAfterEnd is a Write after End.
	ErrWriteAfterEnd error = &Error{code: "ERR_STREAM_WRITE_AFTER_END", msg: "write after end"}
	// ErrDestroyed is what requests end with that a Destroy without an error cuts off, and what later ones are refused with.
	ErrDestroyed error = &Error{code: "ERR_STREAM_DESTROYED", msg: "the stream was destroyed"}
	// ErrAlreadyFinished is an End with a callback after the stream has finished. Only the callback is told.
	ErrAlreadyFinished error = &Error{code: "ERR_STREAM_ALREADY_FINISHED", msg: "end after finish"}
	// ErrPushAfterEOF is a Push after PushEOF.
	ErrPushAfterEOF error = &Error{code: "ERR_STREAM_PUSH_AFTER_EOF", msg: "push after the end of input"}
	// ErrUnshiftAfterEnd is an Unshift after OnEnd was told.
	ErrUnshiftAfterEnd error = &Error{code: "ERR_STREAM_UNSHIFT_AFTER_END_EVENT", msg: "unshift after end"}
	// ErrMultipleCallback is a hook's second call of its done.
	ErrMultipleCallback error = &Error{code: "ERR_MULTIPLE_CALLBACK", msg: "a hook called done twice"}
	// ErrOutOfRange is a ReadChunk of more than 1 GiB.
	ErrOutOfRange error = &Error{code: "ERR_OUT_OF_RANGE", msg: "cannot read more than 1 GiB at once"}
)

// What became of a stream, as Finished and Pipeline see it.
var (
	// ErrPrematureClose is a stream that closed before it had ended or finished.
	ErrPrematureClose error = &Error{code: "ERR_STREAM_PREMATURE_CLOSE", msg: "premature close"}
	// ErrAborted is a stream or an operation whose context was cancelled. It wraps the context's cause.
	ErrAborted error = &Error{code: "ABORT_ERR", msg: "the operation was aborted"}
)

// Misuse of a blocking adapter.
var (
	// ErrWouldBlock is a blocking call on the goroutine that it would have to wait for.
	ErrWouldBlock error = &Error{code: "ERR_WOULD_BLOCK", msg: "a blocking call on the loop's goroutine would wait for itself"}
)

// aborted is ErrAborted with its cause.
func aborted(cause error) error {
	return &Error{code: "ABORT_ERR", msg: "the operation was aborted", cause: cause}
}

// CodeOf returns Node's code for err: that of the first error in its tree that has a method Code() string, as the Errors of
// this module do: a reactor.Error gives its ECONNRESET. It returns "" for nil and the message for an error without a code.
func CodeOf(err error) string {
	if err == nil {
		return ""
	}
	var coded interface{ Code() string }
	if errors.As(err, &coded) && coded.Code() != "" {
		return coded.Code()
	}
	return err.Error()
}
