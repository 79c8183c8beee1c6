package rivals

import (
	"fmt"
	"net"
	"slices"
	"strings"
)

// Roles of a server.
const (
	Echo  = "echo"  // TCP: what comes goes back
	HTTP  = "http"  // the routes of weir's cmd/echo
	Proxy = "proxy" // HTTP, forwarded to an upstream server
)

// serve serves one role on a TCP address until it fails.
type serve func(addr, upstream string) error

// servers are by role and name.
var servers = map[string]map[string]serve{
	Echo: {
		"gnet":     serveGnet,
		"nbio":     serveNbio,
		"net":      serveNet,
		"net-copy": serveNetCopy,
	},
	HTTP: {
		"fasthttp": serveFastHTTP,
		"gnet":     serveGnetHTTP,
		"hertz":    serveHertz,
		"nbio":     serveNbioHTTP,
		"net":      serveNetHTTP,

		"planted-deaf":  servePlantedDeaf,
		"planted-dies":  servePlantedDies,
		"planted-liar":  servePlantedLiar,
		"planted-late":  servePlantedLate,
		"planted-stops": servePlantedStops,
	},
	Proxy: {
		"net": serveReverseProxy,
	},
}

// Names returns who has the role, sorted.
func Names(role string) []string {
	names := make([]string, 0, len(servers[role]))
	for name := range servers[role] {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Has reports whether the named rival has the role.
func Has(role, name string) bool { return servers[role][name] != nil }

// Serve turns this process into the named rival in a role. It returns only with an error.
func Serve(role, name, addr, upstream string) error {
	f := servers[role][name]
	if f == nil {
		return fmt.Errorf("no rival named %q is a server for %q, there are: %s", name, role, strings.Join(Names(role), ", "))
	}
	return f(addr, upstream)
}

func announce(addr net.Addr) {
	fmt.Printf("listening on %s\n", addr)
}
