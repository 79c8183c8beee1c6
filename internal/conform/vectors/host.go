package main

import (
	"bytes"
	"slices"

	"github.com/weir-go/weir/httpcore/h1"
)

// A Parser refuses a request in HTTP/1.1 without Host, as RFC 9112 section 3.2 says, and has no switch for it. The
// recorded parsers leave that to what stands above them, and most of their vectors have none. So one is put in at the end
// of such a head, and is not written down.

const hostLine = "Host: h\r\n"

// input is a vector's input with the Hosts that were put in.
type input struct {
	bytes []byte
	added []int // where they are, ascending
}

// withHosts puts Host into each head that is refused for not having one.
func withHosts(v *vector) *input {
	in := &input{bytes: v.input}
	for v.addHost {
		at, ok := in.lacksHost(play(v, in.bytes, nil, in.hidden).end)
		if !ok {
			break
		}
		in.bytes = slices.Concat(in.bytes[:at], []byte(hostLine), in.bytes[at:])
		in.added = append(in.added, at)
	}
	return in
}

// lacksHost returns where Host is to be put in. Whatever else is wrong with Host, the error is not at a head's last LF.
func (in *input) lacksHost(e end) (at int, ok bool) {
	at = e.off - len("\r")
	if e.stop != refused || e.code != h1.CodeInvalidHost.String() {
		return 0, false
	}
	return at, bytes.HasSuffix(in.bytes[:e.off], []byte("\r\n\r")) && !in.hidden(at-1)
}

// hidden reports whether off is in what was put in.
func (in *input) hidden(off int) bool {
	return slices.ContainsFunc(in.added, func(at int) bool { return at <= off && off < at+len(hostLine) })
}

// original is where off is in the vector's input.
func (in *input) original(off int) int {
	for i := len(in.added) - 1; i >= 0; i-- {
		if at := in.added[i]; off >= at {
			return off - len(hostLine)*i - min(off-at, len(hostLine))
		}
	}
	return off
}

// play replays the input, cut at cuts, and writes down places in the vector's input.
func (in *input) play(v *vector, cuts []int) trace {
	t := play(v, in.bytes, cuts, in.hidden)
	for i := range t.events {
		t.events[i].off = in.original(t.events[i].off)
	}
	t.end.off = in.original(t.end.off)
	return t
}
