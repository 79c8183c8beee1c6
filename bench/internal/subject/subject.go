package subject

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// anyPort is what every subject is told to listen on.
const anyPort = "127.0.0.1:0"

type addressParser func(line string) (netip.AddrPort, bool)

// Subject is a server that can be started.
type Subject struct {
	Name    string
	Argv    []string // the program and its arguments
	address addressParser
}

// Names of the subjects. WeirBase is an older weir to compare with, and there only if asked for.
const (
	Floor    = "c"
	Gnet     = "gnet"
	Net      = "net"
	NetCopy  = "net-copy"
	Weir     = "weir"
	WeirBase = "weir-base"
)

// environment is ours without what tunes a Go runtime, so that every subject runs at its own defaults, but for
// GOMAXPROCS.
func environment(procs int) []string {
	env := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		switch name {
		case "GOMAXPROCS", "GOGC", "GOMEMLIMIT", "GODEBUG", "GOTRACEBACK":
			return true
		}
		return false
	})
	return append(env, fmt.Sprintf("GOMAXPROCS=%d", procs))
}
