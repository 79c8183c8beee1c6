package stdhttp

import (
	"net/http"
	"net/url"
	"strings"
)

// request makes the handler's Request of the message's head, as net/http does: Host, Transfer-Encoding and the Trailer field of
// a chunked message are not in Header. An error is a target that is no URL.
func (x *exchange) request() (*http.Request, error) {
	m := x.req
	u, err := url.ParseRequestURI(m.URL())
	if err != nil {
		return nil, err
	}
	r := (&http.Request{
		Method:        m.Method(),
		URL:           u,
		RequestURI:    m.URL(),
		ContentLength: m.ContentLength(),
		Body:          http.NoBody,
	}).WithContext(&x.outer)
	r.ProtoMajor, r.ProtoMinor = m.HTTPVersion()
	r.Proto = "HTTP/1.1"
	if r.ProtoMinor == 0 {
		r.Proto = "HTTP/1.0"
	}
	r.RemoteAddr = "@" // what package net says for the other end of a Unix socket
	if a := m.RemoteAddr(); a.IsValid() {
		r.RemoteAddr = a.String()
	}
	if r.ContentLength != 0 {
		r.Body = &x.body
	}
	x.fields(r)
	if u.Host != "" {
		r.Host = u.Host // RFC 9112 section 3.2.2: an absolute-form wins
	}
	x.r = r
	return r, nil
}

// fields gives r the fields of the head.
func (x *exchange) fields(r *http.Request) {
	n := 0
	x.req.EachHeader(func(string, string) bool { n++; return true })
	r.Header = make(http.Header, n)
	values := make([]string, 0, n) // of all fields: most have one
	chunked := r.ContentLength < 0
	connection := ""
	x.req.EachHeader(func(name, value string) bool {
		switch name = http.CanonicalHeaderKey(name); name {
		case "Host":
			r.Host = value
			return true
		case "Transfer-Encoding":
			r.TransferEncoding = append(r.TransferEncoding, tokens(value)...)
			return true
		case "Trailer":
			if chunked {
				announce(r, value)
				return true
			}
		case "Connection":
			connection += value + ","
		}
		if old := r.Header[name]; old != nil {
			r.Header[name] = append(old, value)
		} else {
			values = append(values, value)
			r.Header[name] = values[len(values)-1 : len(values) : len(values)]
		}
		return true
	})
	r.Close = has(connection, "close") || r.ProtoMinor == 0 && !has(connection, "keep-alive")
	if h := r.Header["Pragma"]; len(h) > 0 && h[0] == "no-cache" && r.Header["Cache-Control"] == nil {
		r.Header["Cache-Control"] = []string{"no-cache"}
	}
}

// announce notes the trailers that a request says it will have.
func announce(r *http.Request, list string) {
	for _, name := range tokens(list) {
		switch name = http.CanonicalHeaderKey(name); name {
		case "Transfer-Encoding", "Trailer", "Content-Length":
			continue
		}
		if r.Trailer == nil {
			r.Trailer = http.Header{}
		}
		r.Trailer[name] = nil
	}
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
