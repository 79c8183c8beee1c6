package httpcore

import "strings"

// What a request-target says, in whichever form: RFC 9112 section 3.2.

// Path is the path of the target, undecoded: that of an absolute-form too.
func (m *IncomingMessage) Path() string {
	path := m.PathAndQuery()
	if i := strings.IndexByte(path, '?'); i >= 0 {
		path = path[:i]
	}
	return path
}

// RawQuery is what is behind the target's first "?", undecoded.
func (m *IncomingMessage) RawQuery() string {
	_, query, _ := strings.Cut(m.PathAndQuery(), "?")
	return query
}

// PathAndQuery is the target as an origin server is asked, undecoded: of an absolute-form what is behind its authority. "*", and
// the authority of a CONNECT, are themselves.
func (m *IncomingMessage) PathAndQuery() string {
	url := m.URL()
	_, origin, ok := cutAbsolute(url)
	switch {
	case !ok:
		return url
	case origin == "" && m.Method() == "OPTIONS":
		return "*" // section 3.2.4
	case !strings.HasPrefix(origin, "/"):
		return "/" + origin // section 3.2.1: an empty path is "/"
	}
	return origin
}

// Host is the authority that the request is for: that of its target, if it has one, and else that of its Host field; "" if
// neither says. RFC 9112 section 3.3.
func (m *IncomingMessage) Host() string {
	url := m.URL()
	if m.Method() == "CONNECT" {
		return url
	}
	if authority, _, ok := cutAbsolute(url); ok {
		return authority
	}
	return m.Header("Host")
}

// cutAbsolute takes an absolute-form apart, into its authority and its path and query; ok is false if the target is of another
// form.
func cutAbsolute(target string) (authority, origin string, ok bool) {
	if strings.HasPrefix(target, "/") {
		return "", "", false
	}
	_, rest, ok := strings.Cut(target, "://")
	if !ok {
		return "", "", false
	}
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		return rest[:i], rest[i:], true
	}
	return rest, "", true
}
