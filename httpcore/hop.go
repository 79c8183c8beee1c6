package httpcore

import (
	"slices"
	"strings"
)

// hopByHop are the fields that speak of one connection, besides those that Connection names: RFC 9110 section 7.6.1, and the
// framing, which is decided anew for each.
var hopByHop = []string{
	"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Transfer-Encoding", "Upgrade",
}

// EndToEndHeaders is RawHeaders without the fields that speak of the connection that the message came over: what a proxy hands
// on. A Content-Length is among them, and what is written with it is held to it.
func (m *IncomingMessage) EndToEndHeaders() []string {
	named := m.fields.values("Connection")
	var list []string
	m.fields.each(func(name, value string) bool {
		same := func(other string) bool { return strings.EqualFold(name, other) }
		if !slices.ContainsFunc(hopByHop, same) && !slices.ContainsFunc(named, func(tokens string) bool { return hasToken(tokens, name) }) {
			list = append(list, name, value)
		}
		return true
	})
	return list
}
