package exampletest

import (
	"net"
	"testing"
)

// Refusing is an address that nobody listens on, and that nobody can take while the test runs: one end of a connection has it. A
// listener's that was closed would be free for the next one who asks for any port, in this process or another.
func Refusing(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	near, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close() })
	far, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	return near.LocalAddr().String()
}
