package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/weir-go/weir/httpcore/h1"
)

// trace is what a parser has reported of an input. Recorded ones and ours are written down in the same form: a span in
// one piece, a value without the whitespace around it, the body's pieces joined, and no span that did not end.
type trace struct {
	events []event
	end    end
	fault  string // a promise of the Parser's that was broken on the way
}

// event is a callback, by llhttp's name. A span has the span's name.
type event struct {
	name  string
	data  string            // of a span; of chunk_header the size
	facts map[string]string // of headers_complete: what is known of the message then
	off   int               // where it begins; of ours that are no spans, where the piece does that it came with
}

func (e event) String() string {
	s := e.name
	if e.data != "" {
		s += fmt.Sprintf(" %q", e.data)
	}
	for _, k := range slices.Sorted(maps.Keys(e.facts)) {
		s += " " + k + "=" + e.facts[k]
	}
	return s
}

// same compares two events. A fact that only one of them has is not compared.
func (e event) same(o event) bool {
	if e.name != o.name || e.data != o.data {
		return false
	}
	for k, v := range e.facts {
		if w, ok := o.facts[k]; ok && w != v {
			return false
		}
	}
	return true
}

// stop is how a trace ends.
type stop uint8

const (
	open       stop = iota // all input was consumed
	refused                // with an error
	unfinished             // the input ended inside a message
	upgraded               // what follows is another protocol
	preface                // what follows is HTTP/2
)

func (s stop) String() string {
	return [...]string{"no error", "an error", "an unfinished message", "an upgrade", "an HTTP/2 preface"}[s]
}

// end is where and why a trace ends.
type end struct {
	stop   stop
	off    int    // of the byte that was refused, or the first that is not HTTP
	code   string // of an error, by llhttp's name
	status int    // what is to be answered; only ours
}

func (e end) String() string {
	switch e.stop {
	case refused:
		if e.off < 0 {
			return e.stop.String()
		}
		return fmt.Sprintf("%s at %d", e.code, e.off)
	case upgraded, preface:
		return fmt.Sprintf("%v at %d", e.stop, e.off)
	}
	return e.stop.String()
}

// add appends an event.
func (t *trace) add(e event) {
	if e.name == "header_value" {
		e.data = string(h1.TrimOWS([]byte(e.data)))
	}
	if e.name == "body" {
		if e.data == "" {
			return
		}
		if n := len(t.events); n > 0 && t.events[n-1].name == "body" {
			t.events[n-1].data += e.data
			return
		}
	}
	t.events = append(t.events, e)
}

// without returns t without the events that are not compared.
func (t trace) without(names map[string]bool) trace {
	if names == nil {
		return t
	}
	u := trace{end: t.end, fault: t.fault}
	for _, e := range t.events {
		if !names[e.name] {
			u.add(e)
		}
	}
	return u
}

// messages cuts a trace's events where messages begin.
func (t trace) messages() []message {
	var list []message
	for i, e := range t.events {
		if i == 0 || e.name == "message_begin" {
			list = append(list, nil)
		}
		list[len(list)-1] = append(list[len(list)-1], e)
	}
	return list
}

// message is what was reported of one.
type message []event

// index is where the first event of that name is, or -1.
func (m message) index(name string) int {
	return slices.IndexFunc(m, func(e event) bool { return e.name == name })
}

func (m message) has(name string) bool { return m.index(name) >= 0 }

func (m message) complete() bool { return m.has("message_complete") }

// without returns m without the events of that name.
func (m message) without(name string) message {
	return slices.DeleteFunc(slices.Clone(m), func(e event) bool { return e.name == name })
}

// firstDifference returns what differs between ours and theirs, or "".
func firstDifference(got, want message) string {
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			return fmt.Sprintf("got nothing, want %v", want[i])
		case i >= len(want):
			return fmt.Sprintf("got %v, want nothing", got[i])
		case !got[i].same(want[i]):
			return fmt.Sprintf("got %v, want %v", got[i], want[i])
		}
	}
	return ""
}

// startOf returns what differs where the shorter of the two should be how the longer begins, or "". A body may end
// earlier.
func startOf(got, want message) string {
	n := min(len(got), len(want))
	got, want = got[:n], want[:n]
	if n > 0 && got[n-1].name == "body" && want[n-1].name == "body" {
		g, w := got[n-1].data, want[n-1].data
		if strings.HasPrefix(g, w) || strings.HasPrefix(w, g) {
			n--
		}
	}
	return firstDifference(got[:n], want[:n])
}
