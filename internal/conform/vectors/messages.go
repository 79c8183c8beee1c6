package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/weir-go/weir/httpcore/h1"
)

// An h11 vector is a list of messages, or that there is an error. It does not say how a body was chunked.
var notInMessages = map[string]bool{
	"chunk_header": true, "chunk_complete": true, "chunk_extension_name": true, "chunk_extension_value": true,
}

// tolerated are the tolerances of h11's that RFC 9112 grants: such a vector is none that must be refused.
var tolerated = map[string]bool{
	"status line without space and reason": true, // section 4: who reads word by word
}

// parseMessages reads a vector of h11's.
func parseMessages(line []byte) (*vector, error) {
	var r struct {
		ID, Type string
		Input    []byte
		EOF      bool
		Lenient  []string
		Expect   json.RawMessage
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return nil, err
	}
	kind, ok := kinds[r.Type]
	if !ok {
		return nil, fmt.Errorf("%w: type %q", errFormat, r.Type)
	}
	v := &vector{id: r.ID, kind: kind, input: r.Input, finish: r.EOF, untold: notInMessages, whole: true}
	var list []recordedMessage
	if err := json.Unmarshal(r.Expect, &list); err != nil || slices.ContainsFunc(r.Lenient, func(s string) bool {
		return !tolerated[s]
	}) {
		v.only = true
		v.want.end = end{stop: refused, off: -1}
		return v, nil
	}
	for _, m := range list {
		v.want.events = append(v.want.events, m.events(kind)...)
		if m.Status == 101 {
			v.want.end = end{stop: upgraded, off: len(r.Input)}
		}
	}
	return v, nil
}

// recordedMessage is a message that h11 has read.
type recordedMessage struct {
	Method, Target, Reason, Version string
	Status                          int
	Headers, Trailers               [][2]string
	Body                            []byte
	Complete                        bool
}

func (m *recordedMessage) events(kind h1.Kind) []event {
	t := &trace{}
	facts := map[string]string{"version": m.Version}
	t.add(event{name: "message_begin"})
	if kind == h1.Request {
		t.add(event{name: "method", data: m.Method})
		t.add(event{name: "url", data: m.Target})
		t.add(event{name: "version", data: m.Version})
	} else {
		facts["status"] = strconv.Itoa(m.Status)
		t.add(event{name: "version", data: m.Version})
		t.add(event{name: "status", data: m.Reason})
	}
	for _, e := range fields(m.Headers) {
		t.add(e)
	}
	t.add(event{name: "headers_complete", facts: facts})
	t.add(event{name: "body", data: string(m.Body)})
	for _, e := range fields(m.Trailers) {
		t.add(e)
	}
	if m.Complete {
		t.add(event{name: "message_complete"})
	}
	return t.events
}
