package stdhttp

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// head is what a handler has set when it called WriteHeader: from then on nothing that it does to Header changes it.
type head struct {
	fields []string // in turn name and value, by name; without those below
	inline [16]string

	contentType bool     // there is one: no need to guess
	coded       bool     // there is a Content-Encoding: no use in guessing
	length      string   // Content-Length
	noLength    bool     // the handler wants none
	coding      string   // Transfer-Encoding
	noDate      bool     // the handler wants none
	prefixed    bool     // there are trailers by http.TrailerPrefix already
	trailer     []string // the values of Trailer …
	announces   []string // … and the names in them
}

// freeze takes the head from the header.
func (w *response) freeze() {
	h := &w.head
	h.fields = h.inline[:0]
	var inline [8]string
	names := inline[:0]
	for name := range w.header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			h.prefixed = true
			continue
		}
		w.field(http.CanonicalHeaderKey(name), name, w.header[name])
	}
	if h.length != "" && h.coding != "" && h.coding != "identity" {
		w.x.h.logf("a Content-Length of %s beside a Transfer-Encoding of %q is left out", h.length, h.coding)
		h.length, w.length = "", -1
	}
	if h.coding != "" && h.coding != "identity" && !strings.EqualFold(h.coding, "chunked") {
		w.x.h.logf("a Transfer-Encoding of %q cannot be sent; the body is chunked", h.coding)
		h.coding = "chunked"
	}
}

// field takes one field, with all its values.
func (w *response) field(known, name string, values []string) {
	h := &w.head
	first := ""
	if len(values) > 0 {
		first = values[0]
	}
	switch known {
	case "Content-Length":
		n, err := strconv.ParseInt(first, 10, 64)
		switch {
		case first == "":
			h.noLength = true
		case err != nil || n < 0:
			w.x.h.logf("a Content-Length of %q is left out", first)
			h.noLength = true
		default:
			h.length, w.length = strconv.FormatInt(n, 10), n
		}
		return
	case "Transfer-Encoding":
		h.coding = first
		return
	case "Date":
		h.noDate = len(values) == 0
	case "Content-Type":
		if h.contentType = true; w.status == http.StatusNotModified {
			return
		}
	case "Content-Encoding":
		h.coded = h.coded || first != ""
	case "Trailer":
		for _, v := range values {
			h.trailer = append(h.trailer, clean(v))
			w.declare(v)
		}
		return
	}
	for _, v := range values {
		h.fields = append(h.fields, name, clean(v))
	}
}

// clean is a value on one line.
func clean(v string) string {
	if !strings.ContainsAny(v, "\r\n") {
		return v
	}
	return newlines.Replace(v)
}

var newlines = strings.NewReplacer("\n", " ", "\r", " ")

// declare notes the trailers that an answer says it will have.
func (w *response) declare(list string) {
	h := &w.head
	for member := range strings.SplitSeq(list, ",") {
		name := http.CanonicalHeaderKey(strings.Trim(member, " \t"))
		if name != "" && !slices.Contains(h.announces, name) {
			h.announces = append(h.announces, name)
		}
	}
}

// mayTrail reports whether a trailer may have that name: RFC 9110 section 6.5.1.
func mayTrail(name string) bool { return !strings.HasPrefix(name, "If-") && !noTrailers[name] }

// noTrailers are fields of framing, routing, authentication, and how to read a body: they mean something only in the head.
var noTrailers = map[string]bool{
	"Authorization": true, "Cache-Control": true, "Connection": true, "Content-Encoding": true, "Content-Length": true,
	"Content-Range": true, "Content-Type": true, "Expect": true, "Host": true, "Keep-Alive": true, "Max-Forwards": true,
	"Pragma": true, "Proxy-Authenticate": true, "Proxy-Authorization": true, "Proxy-Connection": true, "Range": true,
	"Realm": true, "Te": true, "Trailer": true, "Transfer-Encoding": true, "Www-Authenticate": true,
}

// trailers are those that were announced and are set now, and those by http.TrailerPrefix, in turn name and value.
func (w *response) trailers() (list []string) {
	if !w.mayHaveTrailers() {
		return nil
	}
	add := func(name string, values []string) {
		if !mayTrail(name) {
			return
		}
		for _, v := range values {
			list = append(list, name, clean(v))
		}
	}
	for _, name := range w.head.announces {
		add(name, w.header[name])
	}
	var prefixed []string
	for name := range w.header {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			prefixed = append(prefixed, name)
		}
	}
	slices.Sort(prefixed)
	for _, name := range prefixed {
		add(http.CanonicalHeaderKey(strings.TrimPrefix(name, http.TrailerPrefix)), w.header[name])
	}
	return list
}

// chunkable reports whether the client knows what chunks are.
func (w *response) chunkable() bool {
	_, minor := w.x.req.HTTPVersion()
	return minor > 0
}

// mayHaveTrailers reports whether the answer is chunked, or will be if there are any.
func (w *response) mayHaveTrailers() bool {
	h := &w.head
	return len(w.header) > 0 && !w.noBody() && w.chunkable() && h.length == "" && h.coding != "identity" &&
		(w.out != nil || h.prefixed || len(h.trailer) > 0 || h.coding != "" || h.noLength)
}
