package reactor

import (
	"errors"
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
