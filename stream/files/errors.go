package files

import (
	"errors"
	"fmt"
	"io"

	"github.com/weir-go/weir/reactor"
)

// Error is what a file stream fails with.
type Error struct {
	Op   string // "open", "read", "write", "sync", "rename" or "close"
	Path string // as it was given to Open, Create or Replace; "" of a file that came open and has no name
	Err  error  // a reactor.Errno; io.ErrUnexpectedEOF, wrapped, of a file that ends before the range that was asked for
}

// Error returns "files: OP PATH: REASON".
func (e *Error) Error() string {
	if e.Path == "" {
		return "files: " + e.Op + ": " + e.Err.Error()
	}
	return "files: " + e.Op + " " + e.Path + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Code returns the errno's name, "ENOENT", as Node's errors have it; "" if there is none.
func (e *Error) Code() string { return (&reactor.Error{Err: e.Err}).Code() }

// failure is an Error, unless err is nil or the loop's own.
func (f *file) failure(op string, err error) error {
	var errno reactor.Errno
	if err == nil || !errors.As(err, &errno) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.ErrShortWrite) {
		return err
	}
	return &Error{Op: op, Path: f.path, Err: err}
}

// cutShort is a file that has ended before it should.
func (f *file) cutShort(at int64) error {
	return f.failure("read", fmt.Errorf("the file ends at byte %d, before the range does: %w", at, io.ErrUnexpectedEOF))
}
