package main

import "fmt"

// difference is how what is reported differs from what is recorded.
type difference uint8

const (
	none       difference = iota
	anyhow                // any of those that follow
	stricter              // the Parser refuses what is recorded as accepted
	broader               // it accepts what is recorded as refused
	persistent            // it differs about whether another message may follow
	content               // anything else
)

// compare finds the first difference, and describes it. What is behind an error is not compared, and what was reported of
// the message that it is in may be less on either side, since errors are found earlier or later.
func compare(v *vector, got trace) (d difference, msg int, detail string) {
	want := v.want
	if v.only {
		return compareOnly(got.end, want.end)
	}
	got = got.without(v.untold)
	g, w := got.messages(), want.messages()
	for ; msg < len(g) && msg < len(w) && g[msg].complete() && w[msg].complete(); msg++ {
		if detail = firstDifference(g[msg], w[msg]); detail == "" {
			continue
		}
		if samePersistenceApart(g[msg], w[msg]) {
			return persistent, msg, detail
		}
		return content, msg, fmt.Sprintf("message %d: %s", msg, detail)
	}
	d, detail = compareLast(v, at(g, msg), at(w, msg), got.end, want.end)
	if d == none && (len(g) > msg+1 || len(w) > msg+1) {
		d, detail = content, fmt.Sprintf("got %d messages, want %d", len(g), len(w))
	}
	if d != none {
		detail = fmt.Sprintf("message %d: %s", msg, detail)
	}
	return d, msg, detail
}

// at returns the message, or an empty one if there is none.
func at(list []message, i int) message {
	if 0 <= i && i < len(list) {
		return list[i]
	}
	return nil
}

// compareOnly compares no more than whether the input is accepted.
func compareOnly(got, want end) (difference, int, string) {
	g, w := got.stop == refused || got.stop == unfinished, want.stop == refused
	detail := fmt.Sprintf("got %v, want %v", got, want)
	switch {
	case g && !w:
		return stricter, 0, detail
	case w && !g:
		return broader, 0, detail
	}
	return none, 0, ""
}

// compareLast compares the first messages of which not both are complete, and the ends.
func compareLast(v *vector, g, w message, got, want end) (difference, string) {
	gotRefuses := got.stop == refused && !g.complete()
	wantRefuses := want.stop == refused && !w.complete()
	detail := fmt.Sprintf("got %v, want %v", got, want)
	if gotRefuses || wantRefuses || !v.whole || !w.has("headers_complete") {
		// Whether a head that is refused was reported as complete makes no difference.
		if d := startOf(g.without("headers_complete"), w.without("headers_complete")); d != "" {
			return content, d
		}
	} else if d := firstDifference(g, w); d != "" {
		if samePersistenceApart(g, w) {
			return persistent, d
		}
		return content, d
	}
	switch {
	case gotRefuses && wantRefuses:
		return refusedLate(g, w)
	case gotRefuses && want.stop == upgraded && len(w) == 0:
		return content, detail // what is refused is not HTTP
	case gotRefuses:
		return stricter, detail
	case wantRefuses:
		return broader, detail
	case got.stop != want.stop, got.off != want.off && got.stop != open:
		return content, detail
	case g.complete() != w.complete():
		return content, "one of them is complete"
	}
	return none, ""
}

// refusedLate finds a message of which more of the body was reported than what is recorded before the error. An error in
// the head may be found later in the head, but nobody acts on a head before its end.
func refusedLate(g, w message) (difference, string) {
	more := func(m message) (chunks, size int) {
		for _, e := range m {
			switch e.name {
			case "chunk_header", "chunk_complete":
				chunks++
			case "body":
				size += len(e.data)
			}
		}
		return chunks, size
	}
	gotChunks, got := more(g)
	wantChunks, want := more(w)
	if gotChunks > wantChunks || got > want {
		return content, fmt.Sprintf("got %d bytes of the body, want %d and then an error", got, want)
	}
	return none, ""
}

// samePersistenceApart reports whether two messages differ in nothing but whether another may follow.
func samePersistenceApart(g, w message) bool {
	if len(g) != len(w) {
		return false
	}
	for i := range g {
		if g[i].same(w[i]) {
			continue
		}
		if g[i].name != "headers_complete" || w[i].name != g[i].name {
			return false
		}
		for k, f := range w[i].facts {
			if k != "keepalive" && g[i].facts[k] != f {
				return false
			}
		}
	}
	return true
}
