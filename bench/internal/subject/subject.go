package subject

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/weir-go/weir/bench/internal/result"
	"github.com/weir-go/weir/bench/internal/rivals"
)

// Roles of a server.
const (
	Echo  = rivals.Echo
	HTTP  = rivals.HTTP
	Proxy = rivals.Proxy
)

// Abilities of an HTTP server beyond GET / and keeping connections: a scenario asks only those that have what it needs.
const (
	Upload   = "upload"   // POST /upload
	Download = "download" // GET /download?n=N
	BodyEcho = "bodyecho" // POST /echo
)

// Subject is who may be measured.
type Subject struct {
	Name, Title, Kind string
	// Roles it has; a Proxy passes everything on.
	Roles []string
	// Can are its abilities as an HTTP server.
	Can []string
	// Lacks says why a role or an ability is not there, where that is not plain.
	Lacks string
}

// All are the subjects there are, in the order of a table. The planted ones at the end are wrong on purpose.
var All = []Subject{
	{"weir", "weir", result.KindOurs, []string{Echo, HTTP, Proxy}, []string{Upload, Download, BodyEcho}, ""},
	{"weir-base", "weir (base)", result.KindOurs, []string{Echo, HTTP}, []string{Upload, Download, BodyEcho}, "only cmd/echo of the older weir is given"},
	{"net", "net/http (net)", result.KindGo, []string{Echo, HTTP, Proxy}, []string{Upload, Download, BodyEcho}, ""},
	{"net-copy", "net with io.Copy", result.KindGo, []string{Echo}, nil, "it is a way to write the echo; see net"},
	{"fasthttp", "fasthttp", result.KindGo, []string{HTTP}, []string{Upload, Download, BodyEcho}, "fasthttp is HTTP only, and its client does not stream request bodies"},
	{"gnet", "gnet", result.KindGo, []string{Echo, HTTP}, []string{Download}, "gnet has no HTTP, and the little that stands in for it understands no bodies"},
	{"nbio", "nbio", result.KindGo, []string{Echo, HTTP}, []string{Upload, Download, BodyEcho}, "nbio has no proxy"},
	{"hertz", "hertz", result.KindGo, []string{HTTP}, []string{Upload, Download, BodyEcho}, "hertz is HTTP only, and its proxy is another module"},
	{"node", "Node.js", result.KindServer, []string{Echo, HTTP, Proxy}, []string{Upload, Download, BodyEcho}, ""},
	{"nginx", "nginx", result.KindServer, []string{HTTP, Proxy}, []string{Download}, "nginx runs no handlers"},
	{"haproxy", "HAProxy", result.KindServer, []string{HTTP, Proxy}, nil, "HAProxy runs no handlers"},
	{"uv", "C libuv", result.KindFloor, []string{Echo, HTTP}, nil, "its HTTP is a constant answer to GET /"},
	{"c", "C epoll", result.KindFloor, []string{Echo, HTTP}, []string{Upload, Download, BodyEcho}, "the floor is no proxy"},

	{"planted-deaf", "does not listen", result.KindBroken, []string{HTTP}, nil, ""},
	{"planted-dies", "dies", result.KindBroken, []string{HTTP}, nil, ""},
	{"planted-liar", "answers wrongly", result.KindBroken, []string{HTTP}, nil, ""},
	{"planted-stops", "stops answering", result.KindBroken, []string{HTTP}, nil, ""},
	{"planted-late", "stands still 200 ms a second", result.KindBroken, []string{HTTP}, nil, ""},
}

// Named returns the subject of that name.
func Named(name string) (Subject, error) {
	for _, s := range All {
		if s.Name == name {
			return s, nil
		}
	}
	var names []string
	for _, s := range All {
		names = append(names, s.Name)
	}
	return Subject{}, fmt.Errorf("no subject named %q, there are: %s", name, strings.Join(names, ", "))
}

// Has reports whether s has a role, and as an HTTP server all of the abilities.
func (s Subject) Has(role string, abilities ...string) bool {
	if !slices.Contains(s.Roles, role) {
		return false
	}
	return role != HTTP || !slices.ContainsFunc(abilities, func(a string) bool { return !slices.Contains(s.Can, a) })
}

// WhyNot says why it lacks a role or an ability.
func (s Subject) WhyNot() string {
	if s.Lacks == "" {
		return "it has nothing for this"
	}
	return s.Lacks
}

// Program is how a subject is started in one role.
type Program struct {
	Subject string
	Argv    []string // the program and its arguments
	Dir     string   // where it runs; empty is here

	// One of them says where it listens: a parser of its output, or an address it was told, which is then asked for connections.
	address addressParser
	at      netip.AddrPort
}

type addressParser func(line string) (netip.AddrPort, bool)

// anyPort is what every subject is told to listen on that can say which port it got.
const anyPort = "127.0.0.1:0"

// Environment is ours without what tunes a runtime or an allocator, so that every subject runs at its own defaults, but
// for GOMAXPROCS.
func Environment(procs int) []string {
	env := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		switch name {
		case "GOMAXPROCS", "GOGC", "GOMEMLIMIT", "GODEBUG", "GOTRACEBACK", "NODE_OPTIONS", "UV_THREADPOOL_SIZE", "UV_USE_IO_URING",
			"GLIBC_TUNABLES", "LD_PRELOAD":
			return true
		}
		return strings.HasPrefix(name, "MALLOC_")
	})
	return append(env, fmt.Sprintf("GOMAXPROCS=%d", procs))
}
