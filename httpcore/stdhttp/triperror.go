package stdhttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/weir-go/weir/httpcore"
	"github.com/weir-go/weir/stream"
)

// roundTripError is what a Transport returns: a net.Error, since http.Client asks for that.
type roundTripError struct{ err error }

var _ net.Error = (*roundTripError)(nil)

// tripError is err for the caller.
func tripError(err error) error {
	switch err {
	case errBodyClosed, io.EOF:
		return err
	}
	return &roundTripError{err}
}

func (e *roundTripError) Error() string { return "stdhttp: " + e.err.Error() }

func (e *roundTripError) Unwrap() error { return e.err }

// Timeout reports whether something was not done in time: a deadline of the context, or of the options.
func (e *roundTripError) Timeout() bool {
	var n net.Error
	return errors.Is(e.err, context.DeadlineExceeded) || errors.Is(e.err, os.ErrDeadlineExceeded) ||
		errors.Is(e.err, httpcore.ErrResponseTimeout) || errors.As(e.err, &n) && n.Timeout()
}

// Temporary is what net.Error has, and nobody asks any more.
func (e *roundTripError) Temporary() bool { return e.Timeout() }

// failure is err for the caller. Where the context is done that is why, and it says so with all that one may ask for.
func (x *trip) failure(err error) error {
	if ctx := x.r.Context(); ctx.Err() != nil && (errors.Is(err, httpcore.ErrCanceled) || errors.Is(err, context.Cause(ctx))) {
		err = x.canceled()
	}
	return tripError(err)
}

// canceled is the error of a context that is done.
func (x *trip) canceled() error {
	ctx := x.r.Context()
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == err || errors.Is(cause, err) {
		return fmt.Errorf("%w: %w", httpcore.ErrCanceled, cause)
	}
	return fmt.Errorf("%w: %w: %w", httpcore.ErrCanceled, err, cause)
}

// cutError is err, of the answer's stream: whatever has ended it, it is cut off.
func cutError(err error) error {
	switch {
	case errors.Is(err, stream.ErrPrematureClose):
		return fmt.Errorf("the answer is cut off: %w: %w", io.ErrUnexpectedEOF, httpcore.ErrAborted)
	case errors.Is(err, httpcore.ErrAborted):
		return fmt.Errorf("the answer is cut off: %w: %w", io.ErrUnexpectedEOF, err)
	}
	return fmt.Errorf("the answer is cut off: %w: %w: %w", io.ErrUnexpectedEOF, httpcore.ErrAborted, err)
}

// bodyError is what the request's body has failed with.
func bodyError(err error) error { return fmt.Errorf("reading the body of the request: %w", err) }
