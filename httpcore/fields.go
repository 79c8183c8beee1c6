package httpcore

import "strings"

// A received section of fields is kept as one string, "name:value\n" for each line: neither byte can be in a name or a
// value. So a message's head costs one allocation however many fields it has.

// section is such a string.
type section string

// each calls fn with every field, until it returns false.
func (s section) each(fn func(name, value string) bool) {
	for len(s) > 0 {
		end := strings.IndexByte(string(s), '\n')
		line := string(s[:end])
		s = s[end+1:]
		colon := strings.IndexByte(line, ':')
		if !fn(line[:colon], line[colon+1:]) {
			return
		}
	}
}

// first is the value of the first field of that name, in any case.
func (s section) first(name string) (value string, ok bool) {
	value, _, ok = s.find(name)
	return value, ok
}

// has reports whether there is a field of that name, in any case.
func (s section) has(name string) bool {
	_, _, ok := s.find(name)
	return ok
}

// find is first, with what is behind that field.
func (s section) find(name string) (value string, rest section, ok bool) {
	for len(s) > 0 {
		end := strings.IndexByte(string(s), '\n')
		if n := len(name); n < end && s[n] == ':' && sameName(string(s[:n]), name) {
			return string(s[n+1 : end]), s[end+1:], true
		}
		s = s[end+1:]
	}
	return "", "", false
}

// joined is the value of a field as Node's headers has it: of a cookie, all values with "; " between them; of those that
// make no sense as a list, the first; of all others, all with ", " between them.
func (s section) joined(name string) string {
	value, rest, _ := s.find(name)
	if _, more := rest.first(name); !more {
		return value
	}
	switch name = strings.ToLower(name); {
	case firstWins[name]:
		return value
	case name == "cookie":
		return strings.Join(s.values(name), "; ")
	}
	return strings.Join(s.values(name), ", ")
}

// values are all values of a field, in order.
func (s section) values(name string) (all []string) {
	s.each(func(n, v string) bool {
		if sameName(n, name) {
			all = append(all, v)
		}
		return true
	})
	return all
}

// raw is the list of names and values, in turn, as they came.
func (s section) raw() (list []string) {
	s.each(func(n, v string) bool {
		list = append(list, n, v)
		return true
	})
	return list
}

// firstWins are the fields of which only the first counts if there are several, as in Node.
var firstWins = map[string]bool{
	"age": true, "authorization": true, "content-length": true, "content-type": true, "etag": true, "expires": true,
	"from": true, "host": true, "if-modified-since": true, "if-unmodified-since": true, "last-modified": true,
	"location": true, "max-forwards": true, "proxy-authorization": true, "referer": true, "retry-after": true,
	"server": true, "user-agent": true,
}
