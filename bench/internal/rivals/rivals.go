package rivals

import (
	"fmt"
	"net"
	"slices"
	"strings"
)

// Server serves echo on a TCP address until it fails.
type Server func(addr string) error

var servers = map[string]Server{
	"gnet":     serveGnet,
	"net":      serveNet,
	"net-copy": serveNetCopy,
}

// Names returns what Serve knows, sorted.
func Names() []string {
	names := make([]string, 0, len(servers))
	for name := range servers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Serve turns this process into the named rival. It returns only with an error.
func Serve(name, addr string) error {
	serve := servers[name]
	if serve == nil {
		return fmt.Errorf("no rival named %q, there are: %s", name, strings.Join(Names(), ", "))
	}
	return serve(addr)
}

func announce(addr net.Addr) {
	fmt.Printf("listening on %s\n", addr)
}
