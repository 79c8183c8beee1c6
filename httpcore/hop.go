package httpcore

import (
	"slices"
	"strings"
)

// isHopByHop reports whether a field speaks of one connection, whether Connection names it or not: RFC 9110 section 7.6.1, and
// the framing, which is decided anew for each.
func isHopByHop(name string) bool {
	is := func(s string) bool { return sameName(name, s) }
	switch len(name) {
	case 2:
		return is("TE")
	case 5:
		return is("Close") // no field: the name is kept free for what Connection says, RFC 9110 section 18.4
	case 7:
		return is("Upgrade")
	case 10:
		return is("Connection") || is("Keep-Alive")
	case 16:
		return is("Proxy-Connection")
	case 17:
		return is("Transfer-Encoding")
	case 18:
		return is("Proxy-Authenticate")
	case 19:
		return is("Proxy-Authorization")
	}
	return false
}

// EachEndToEndHeader is EachHeader without the fields that speak of the connection that the message came over: what a proxy
// hands on. A Content-Length is not left out, and who writes with it is held to it. A Trailer beside one is: it announces what
// such a message has no place for.
func (m *IncomingMessage) EachEndToEndHeader(fn func(name, value string) bool) {
	m.fields().endToEnd(fn)
}

// EndToEndHeaders are the names and values of EachEndToEndHeader, in turn: as WriteHead and RequestOptions take them.
func (m *IncomingMessage) EndToEndHeaders() (list []string) { return m.fields().handedOn() }

// EndToEndHeaders is IncomingMessage.EndToEndHeaders for an interim response, as WriteInformation takes them.
func (i *Information) EndToEndHeaders() []string { return i.fields.handedOn() }

func (s section) endToEnd(fn func(name, value string) bool) {
	named := s.namedHops()
	s.each(func(name, value string) bool {
		switch {
		case isHopByHop(name),
			len(named) > 0 && slices.ContainsFunc(named, func(hop string) bool { return sameName(hop, name) }),
			sameName(name, "Trailer") && s.has("Content-Length"):
			return true
		}
		return fn(name, value)
	})
}

// namedHops are the names that Connection has, but for those that are hop-by-hop anyway: nearly always none.
func (s section) namedHops() (names []string) {
	for list, rest, ok := s.find("Connection"); ok; list, rest, ok = rest.find("Connection") {
		for list != "" {
			var name string
			if name, list = cutMember(list); name != "keep-alive" && !isHopByHop(name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func (s section) handedOn() []string {
	list := make([]string, 0, 2*strings.Count(string(s), "\n"))
	s.endToEnd(func(name, value string) bool {
		list = append(list, name, value)
		return true
	})
	return list
}
