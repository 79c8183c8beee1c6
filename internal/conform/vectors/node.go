package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/weir-go/weir/httpcore/h1"
)

// nodeStep is a thing that Node's parser has reported. Its strings have a character for each byte.
type nodeStep struct {
	Begin int
	Head  *struct {
		V, Method, URL, Reason string
		Status                 int
		Headers                []string
		Upgrade, KeepAlive     bool
	}
	Body        *string
	Complete    int
	Trailers    []string
	Error       string
	At          int
	Stopped     *int
	FinishError string
}

// parseNode reads a vector of Node's parser: a head at a time, and the end of the input is always signalled.
func parseNode(line []byte) (*vector, error) {
	var r struct {
		Name, Type, Bytes string
		Opt               struct{ Ret int }
		Strict            []nodeStep
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return nil, err
	}
	kind, ok := kinds[r.Type]
	if !ok {
		return nil, fmt.Errorf("%w: type %q", errFormat, r.Type)
	}
	b, err := latin1(r.Bytes)
	if err != nil {
		return nil, err
	}
	v := &vector{id: r.Name, kind: kind, input: b, finish: true, untold: notInMessages, whole: true, addHost: true}
	switch r.Opt.Ret {
	case 1:
		v.answer = noBody
	case 2:
		v.answer = upgrade
	}
	for i := range r.Strict {
		if err := v.step(&r.Strict[i]); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// step writes down one thing in our form.
func (v *vector) step(s *nodeStep) (err error) {
	t := &v.want
	data := func(s string) string {
		b, e := latin1(s)
		err = cmp.Or(err, e)
		return string(b)
	}
	flat := func(list []string) {
		for i, s := range list {
			t.add(event{name: [...]string{"header_field", "header_value"}[i%2], data: data(s)})
		}
	}
	switch h := s.Head; {
	case s.Begin != 0:
		t.add(event{name: "message_begin"})
	case h != nil:
		facts := map[string]string{"version": h.V, "keepalive": strconv.FormatBool(h.KeepAlive)}
		if v.kind == h1.Request {
			t.add(event{name: "method", data: data(h.Method)})
			t.add(event{name: "url", data: data(h.URL)})
			t.add(event{name: "version", data: h.V})
			if h.Method != "CONNECT" {
				facts["upgrade"] = strconv.FormatBool(h.Upgrade)
			}
		} else {
			t.add(event{name: "version", data: h.V})
			t.add(event{name: "status", data: data(h.Reason)})
			facts["status"] = strconv.Itoa(h.Status)
		}
		flat(h.Headers)
		t.add(event{name: "headers_complete", facts: facts})
	case s.Body != nil:
		t.add(event{name: "body", data: data(*s.Body)})
	case s.Complete != 0:
		flat(s.Trailers)
		t.add(event{name: "message_complete"})
	case s.Error != "":
		t.end = end{stop: refused, off: s.At, code: strings.TrimPrefix(s.Error, "HPE_")}
		if t.end.code == h1.CodePausedH2Upgrade.String() {
			t.end.stop = preface
		}
	case s.Stopped != nil:
		t.end = end{stop: upgraded, off: *s.Stopped}
	case s.FinishError != "":
		t.end = end{stop: unfinished, off: len(v.input)}
	default:
		return errFormat
	}
	return err
}
