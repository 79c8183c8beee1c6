package stdhttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
)

// errReturned is a use of a ResponseWriter behind its handler's return.
var errReturned = errors.New("stdhttp: the handler has returned")

// errHijack is what Hijack says.
var errHijack = fmt.Errorf("stdhttp: a connection cannot be hijacked; Server.OnUpgrade takes those that change the protocol: %w", errors.ErrUnsupported)

// PanicError is a panic of a handler: what the loop's Uncaught is told.
type PanicError struct {
	Value  any    // what panic was called with
	Stack  []byte // of the handler's goroutine, at the panic
	Method string // of the request
	URL    string // its target
}

// Error returns all of it, with the stack, since an error that nobody listens for is only logged.
func (e *PanicError) Error() string {
	return fmt.Sprintf("stdhttp: panic serving %s %s: %v\n%s", e.Method, e.URL, e.Value, e.Stack)
}

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// writeError is err, of the response's stream, for the handler.
func (x *exchange) writeError(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("stdhttp: write: %w", os.ErrDeadlineExceeded)
	case !errors.Is(err, stream.ErrDestroyed):
		return fmt.Errorf("stdhttp: write: %w", err)
	}
	switch cause := context.Cause(x.ctx); {
	case cause == nil || errors.Is(cause, context.Canceled):
		return fmt.Errorf("stdhttp: write: %w", httpcore.ErrAborted)
	case errors.Is(cause, httpcore.ErrAborted):
		return fmt.Errorf("stdhttp: write: %w", cause)
	default:
		return fmt.Errorf("stdhttp: write: %w: %w", httpcore.ErrAborted, cause)
	}
}

// readError is err, of the request's stream, for the handler.
func readError(err error) error {
	switch {
	case errors.Is(err, io.ErrClosedPipe):
		return errBodyClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("stdhttp: read: %w", os.ErrDeadlineExceeded)
	case errors.Is(err, httpcore.ErrAborted):
		return fmt.Errorf("stdhttp: read: %w: %w", io.ErrUnexpectedEOF, err)
	case errors.Is(err, stream.ErrPrematureClose):
		return fmt.Errorf("stdhttp: read: %w: %w", io.ErrUnexpectedEOF, httpcore.ErrAborted)
	}
	return fmt.Errorf("stdhttp: read: %w", err)
}
