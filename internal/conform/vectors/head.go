package main

import (
	"bytes"
	"strings"

	"github.com/weir-go/weir/httpcore/h1"
)

// head is a head as anybody would read it who knows no rules. Causes are looked for in it, and not in what the Parser
// that is tested says.
type head struct {
	start          string // the start line
	method, target string // of a request: what is around the first space and before the last
	status         string // of a response: what is behind the first space
	protocol       string // what should be the version
	fields         [][2]string
	size           int // bytes, without the last line
}

// readHead reads the head that b begins with.
func readHead(kind h1.Kind, b []byte) *head {
	if i := bytes.Index(b, []byte("\r\n\r\n")); i >= 0 {
		b = b[:i]
	}
	start, rest, _ := strings.Cut(string(b), "\r\n")
	h := &head{start: start, size: len(b)}
	if kind == h1.Request {
		h.method, h.target, _ = strings.Cut(start, " ")
		if i := strings.LastIndexByte(h.target, ' '); i >= 0 {
			h.target, h.protocol = h.target[:i], h.target[i+1:]
		}
	} else {
		h.protocol, h.status, _ = strings.Cut(start, " ")
	}
	for f := range strings.SplitSeq(rest, "\r\n") {
		if name, value, ok := strings.Cut(f, ":"); ok {
			h.fields = append(h.fields, [2]string{strings.ToLower(name), strings.Trim(value, " \t")})
		}
	}
	return h
}

// values are those of the fields of a name.
func (h *head) values(name string) []string {
	var list []string
	for _, f := range h.fields {
		if f[0] == name {
			list = append(list, f[1])
		}
	}
	return list
}

// list is what the fields of a name list, in lower case. An empty field lists one empty member.
func (h *head) list(name string) []string {
	var list []string
	for _, v := range h.values(name) {
		for m := range strings.SplitSeq(v, ",") {
			list = append(list, strings.ToLower(strings.Trim(m, " \t")))
		}
	}
	return list
}

// authority is that of a target in absolute-form.
func (h *head) authority() (string, bool) {
	_, a, ok := strings.Cut(h.target, "://")
	if i := strings.IndexAny(a, "/?#"); i >= 0 {
		a = a[:i]
	}
	return a, ok
}
