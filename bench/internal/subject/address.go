package subject

import (
	"net/netip"
	"regexp"
	"strings"
)

var hostPort = regexp.MustCompile(`(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.]+\]):(\d{1,5})\b`)

// listeningAddress reads "listening on 127.0.0.1:41234", what the floor and the rivals print.
func listeningAddress(line string) (netip.AddrPort, bool) {
	_, rest, found := strings.Cut(line, "listening on ")
	if !found {
		return netip.AddrPort{}, false
	}
	return firstAddress(rest)
}

// schemeAddress reads the first address of a line that speaks of the scheme, what weir's cmd/echo prints for a person to
// read.
func schemeAddress(scheme string) addressParser {
	return func(line string) (netip.AddrPort, bool) {
		if !strings.Contains(strings.ToLower(line), scheme) {
			return netip.AddrPort{}, false
		}
		return firstAddress(line)
	}
}

// firstAddress skips port 0: that is what was asked for, not what was bound.
func firstAddress(text string) (netip.AddrPort, bool) {
	for _, match := range hostPort.FindAllString(text, -1) {
		if addr, err := netip.ParseAddrPort(match); err == nil && addr.Port() != 0 {
			return addr, true
		}
	}
	return netip.AddrPort{}, false
}
