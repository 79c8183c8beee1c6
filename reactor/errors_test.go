package reactor

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
)

func TestErrorsSayWhatWithWhomAndWhy(t *testing.T) {
	peer := netip.MustParseAddrPort("192.0.2.7:80")
	for _, test := range []struct {
		err  error
		want string
	}{
		{&Error{Op: "read", Peer: peer, Err: ErrClosed}, "reactor: read 192.0.2.7:80: use of a closed handle"},
		{&Error{Op: "accept", Err: ECONNRESET}, "reactor: accept: " + ECONNRESET.Error()},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
	if err := error(&Error{Op: "write", Err: EPIPE}); !errors.Is(err, EPIPE) || errors.Is(err, ECONNRESET) {
		t.Error("errors.Is does not find the errno")
	}
}

func TestAnErrorHasTheNameOfItsErrnoAsItsCode(t *testing.T) {
	for _, test := range []struct {
		err  *Error
		want string
	}{
		{&Error{Op: "read", Err: ECONNRESET}, "ECONNRESET"},
		{&Error{Op: "open", Err: fmt.Errorf("x: %w", ENOENT)}, "ENOENT"},
		{&Error{Op: "write", Err: ErrClosed}, ""},
	} {
		if got := test.err.Code(); got != test.want {
			t.Errorf("the code of %v is %q, want %q", test.err, got, test.want)
		}
	}
}
