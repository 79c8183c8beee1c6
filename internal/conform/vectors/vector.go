package main

import "github.com/weir-go/weir/httpcore/h1"

// vector is an input, how it is to be replayed, and what is recorded of it.
type vector struct {
	id     string
	group  string // of a vector that is one of many: they are printed together
	tried  byte   // and what tells it from the others
	kind   h1.Kind
	input  []byte
	finish bool   // the end of the input is signalled
	pause  string // the callback that asks for a pause, by llhttp's name
	answer answer

	want    trace
	lenient bool            // it was recorded with a leniency flag
	untold  map[string]bool // events that the recording does not have
	whole   bool            // what is recorded of a message that is not complete is all there is of it
	only    bool            // it is only recorded whether the input is accepted
	addHost bool            // the recorded parser does not look at Host
}

// answer is what the recorded user said at the end of a head.
type answer uint8

const (
	proceed answer = iota // no more than what the recorded parser does by itself: an upgrade that is asked for is taken
	noBody
	upgrade
)

// skipped returns why a vector is not for a Parser; "" if it is.
func (v *vector) skipped() string {
	_, known := places[v.group]
	switch {
	case v.group != "" && !known:
		return "the table has a place in a message that is not known here"
	case v.kind == h1.Request && v.answer == noBody:
		return "the user drops a request's body, which a Parser never does: RFC 9112 section 6.3"
	case v.pause != "" && !pauses[v.pause]:
		return "the pause is in a callback that a Handler does not have"
	}
	return ""
}

// pauses are the callbacks to pause in that a Handler has. A span's callback has ended the span.
var pauses = func() map[string]bool {
	m := map[string]bool{"on_body": true}
	for _, name := range []string{
		"message_begin", "headers_complete", "chunk_header", "chunk_complete", "message_complete",
	} {
		m["on_"+name] = true
	}
	for _, name := range []string{
		"method", "url", "version", "status", "header_field", "header_value",
		"chunk_extension_name", "chunk_extension_value",
	} {
		m["on_"+name], m["on_"+name+"_complete"] = true, true
	}
	return m
}()
