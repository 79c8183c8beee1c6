//go:build linux && !race && !weirdebug

package snippets

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// The test's program is nc too, under that name: there are several that differ in when they end, and a fresh machine has none. This one
// sends its end when it has no more to send, and ends with the other side.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) != "nc" {
		os.Exit(m.Run())
	}
	if err := nc(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "nc:", err)
		os.Exit(1)
	}
}

func nc(args []string) error {
	network := "tcp"
	if args[0] == "-u" {
		network, args = "udp", args[1:]
	}
	c, err := net.Dial(network, net.JoinHostPort(args[0], args[1]))
	if err != nil {
		return err
	}
	go func() {
		io.Copy(c, os.Stdin)
		if half, ok := c.(interface{ CloseWrite() error }); ok {
			half.CloseWrite()
		}
	}()
	_, err = io.Copy(os.Stdout, c)
	return err
}
