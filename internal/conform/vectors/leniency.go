package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"

	"github.com/weir-go/weir/httpcore/h1"
)

// A vector that was recorded with a leniency flag must be refused by the byte that needs the flag, with all messages before
// it told of, whatever is recorded of what follows.

// leniencyAt returns the first byte that needs a flag, or -1 if none does: then the vector is one like the others. What
// is recorded says where heads and chunks are, and the input what is wrong with them.
func leniencyAt(v *vector) int {
	for _, m := range v.want.messages() {
		if at := leniencyIn(v, m); at >= 0 {
			return at
		}
		if at := behindLast(v, m); at >= 0 {
			return at
		}
	}
	return -1
}

// behindLast returns the first byte behind a message that no other may follow, or -1: RFC 9112 section 9.6.
func behindLast(v *vector, m message) int {
	i, j := m.index("headers_complete"), m.index("message_complete")
	if i < 0 || j < 0 || m[i].facts["keepalive"] == "true" || v.want.end.stop == upgraded {
		return -1
	}
	rest := between(v.input, m[j].off, len(v.input))
	if rest = bytes.TrimLeft(rest, "\r\n"); len(rest) == 0 {
		return -1
	}
	return len(v.input) - len(rest)
}

// leniencyIn is leniencyAt for one message.
func leniencyIn(v *vector, m message) int {
	from, size := m[0].off, 0
	if !m.has("headers_complete") {
		return badHead(v.kind, v.input, from, len(v.input))
	}
	for _, e := range m {
		bad := -1
		switch {
		case e.name == "headers_complete":
			bad = badHead(v.kind, v.input, from, e.off)
		case e.name == "chunk_header":
			bad = badChunkLine(v.input, from, e.off)
			size, _ = strconv.Atoi(e.data)
		case e.name == "chunk_complete" && size == 0:
			bad = badLines(v.input, from, e.off)
		case e.name == "chunk_complete" && string(between(v.input, from+size, e.off)) != "\r\n":
			bad = from + size // section 7.1
		case e.name != "chunk_complete":
			continue
		}
		if bad >= 0 {
			return bad
		}
		from = e.off
	}
	return -1
}

var otherVersion = regexp.MustCompile(`HTTP/[02-9]\.[0-9]`)

// badHead returns the byte that a strict parser refuses in the head in[from:to], or its last if it is the whole that is
// refused, or -1.
func badHead(kind h1.Kind, in []byte, from, to int) int {
	h := readHead(kind, between(in, from, to))
	if m := otherVersion.FindStringIndex(h.start); m != nil {
		return from + m[1] // RFC 9110 section 2.5
	}
	if at := badLines(in, from, to); at >= 0 {
		return at
	}
	coding := h.list("transfer-encoding")
	if len(coding) > 0 && (len(h.list("content-length")) > 0 || len(coding) > 1 || coding[0] != "chunked") {
		return to - 1 // sections 6.1 and 6.3
	}
	return -1
}

// badLines returns the byte that is wrong in lines of text: a control byte, a CR or LF alone (section 2.2), a folded line
// (section 5.2).
func badLines(in []byte, from, to int) int {
	for i := max(from, 0); i < min(to, len(in)); i++ {
		c := in[i]
		switch {
		case c == '\r' && i+1 < len(in) && in[i+1] == '\n':
		case c == '\r' && i+1 == len(in):
		case c == '\n' && i > 0 && in[i-1] == '\r':
		case c != '\t' && c < ' ', c == 0x7f:
			return i
		case (c == ' ' || c == '\t') && i > from && in[i-1] == '\n':
			return i
		}
	}
	return -1
}

// badChunkLine is badLines for the line with a chunk's size, where whitespace stands only before ";" (section 7.1).
func badChunkLine(in []byte, from, to int) int {
	if m := spaced.FindSubmatchIndex(between(in, from, to)); m != nil {
		return from + m[2]
	}
	return badLines(in, from, to)
}

var spaced = regexp.MustCompile(`^[0-9A-Fa-f]+([ \t]+)[^; \t]`)

// between is in[from:to], or less if what is recorded goes beyond the input.
func between(in []byte, from, to int) []byte {
	to = min(max(to, 0), len(in))
	return in[min(max(from, 0), to):to]
}

// refusedInTime returns what is wrong with a refusal of what needs leniency at that byte, or "". A parser may need the
// next byte to know.
func refusedInTime(v *vector, got trace, at int) string {
	if got.end.stop != refused || got.end.off > at+1 {
		return fmt.Sprintf("got %v, want an error at %d", got.end, at)
	}
	var g, w message
	for _, m := range got.messages() {
		if m.complete() {
			g = append(g, m...)
		}
	}
	for _, m := range v.want.messages() {
		if m.complete() && m[len(m)-1].off <= at {
			w = append(w, m...)
		}
	}
	return firstDifference(g, w)
}
