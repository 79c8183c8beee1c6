package stdhttp

import (
	"net/http"
	"slices"
	"strings"

	"github.com/weir-go/weir/httpcore"
)

// fields are those of a message's head as net/http has them: some are not in the Header.
type fields struct {
	header     http.Header
	trailer    http.Header // names without values, of a chunked message
	coding     []string    // Transfer-Encoding
	host       string      // of a request
	connection string      // all lines of it
}

// takeFields takes the fields of a message. A head never changes, so any goroutine may.
func takeFields(m *httpcore.IncomingMessage, chunked bool) (f fields) {
	n := 0
	m.EachHeader(func(string, string) bool { n++; return true })
	f.header = make(http.Header, n)
	values := make([]string, 0, n) // of all fields: most have one
	m.EachHeader(func(name, value string) bool {
		switch name = http.CanonicalHeaderKey(name); name {
		case "Host":
			f.host = value
			return true
		case "Transfer-Encoding":
			f.coding = append(f.coding, tokens(value)...)
			return true
		case "Trailer":
			if chunked {
				f.announce(value)
				return true
			}
		case "Connection":
			f.connection += value + ","
		}
		if old := f.header[name]; old != nil {
			f.header[name] = append(old, value)
		} else {
			values = append(values, value)
			f.header[name] = values[len(values)-1 : len(values) : len(values)]
		}
		return true
	})
	if h := f.header["Pragma"]; len(h) > 0 && h[0] == "no-cache" && f.header["Cache-Control"] == nil {
		f.header["Cache-Control"] = []string{"no-cache"}
	}
	return f
}

// closes reports whether the connection ends behind the message, in version 1.minor.
func (f *fields) closes(minor int) bool {
	return has(f.connection, "close") || minor == 0 && !has(f.connection, "keep-alive")
}

// announce notes the trailers that a message says it will have.
func (f *fields) announce(list string) {
	for _, name := range tokens(list) {
		switch name = http.CanonicalHeaderKey(name); name {
		case "Transfer-Encoding", "Trailer", "Content-Length":
			continue
		}
		if f.trailer == nil {
			f.trailer = http.Header{}
		}
		f.trailer[name] = nil
	}
}

// proto is the version 1.minor.
func proto(minor int) string {
	if minor == 0 {
		return "HTTP/1.0"
	}
	return "HTTP/1.1"
}

// sortedNames are the names of h.
func sortedNames(h http.Header) []string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// tokens are the members of a list, in lower case.
func tokens(list string) (all []string) {
	for member := range strings.SplitSeq(list, ",") {
		if member = strings.ToLower(strings.Trim(member, " \t")); member != "" {
			all = append(all, member)
		}
	}
	return all
}

func has(list, token string) bool {
	for member := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.Trim(member, " \t"), token) {
			return true
		}
	}
	return false
}
