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

// EachEndToEndHeader is EachHeader without the fields that speak of the connection that the message came over: what a proxy
// hands on. A Content-Length is not left out, and who writes with it is held to it. A Trailer beside one is: it announces what
// such a message has no place for.
func (m *IncomingMessage) EachEndToEndHeader(fn func(name, value string) bool) { m.fields.endToEnd(fn) }

// EndToEndHeaders are the names and values of EachEndToEndHeader, in turn: as WriteHead and RequestOptions take them.
func (m *IncomingMessage) EndToEndHeaders() (list []string) { return m.fields.handedOn() }

// EndToEndHeaders is IncomingMessage.EndToEndHeaders for an interim response, as WriteInformation takes them.
func (i *Information) EndToEndHeaders() []string { return i.fields.handedOn() }

func (s section) endToEnd(fn func(name, value string) bool) {
	named := s.values("Connection")
	_, hasLength := s.first("Content-Length")
	s.each(func(name, value string) bool {
		same := func(other string) bool { return strings.EqualFold(name, other) }
		listed := func(tokens string) bool { return hasToken(tokens, name) }
		if slices.ContainsFunc(hopByHop, same) || slices.ContainsFunc(named, listed) || hasLength && same("Trailer") {
			return true
		}
		return fn(name, value)
	})
}

func (s section) handedOn() (list []string) {
	s.endToEnd(func(name, value string) bool {
		list = append(list, name, value)
		return true
	})
	return list
}
