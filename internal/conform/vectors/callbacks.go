package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/weir-go/weir/httpcore/h1"
)

// callback is an event of llhttp's.
type callback struct {
	Ev, Name                    string
	Off                         int
	Data                        []byte
	Length                      uint64
	Result                      int
	Status, Major, Minor, Flags int
	ContentLength               uint64 `json:"content_length"`
}

// The bits of headers_complete's flags.
const (
	flagKeepAlive = 1 << iota
	flagClose
	flagConnUpgrade
	flagChunked
	flagUpgrade
	flagLength
)

// parseCallbacks reads a vector of llhttp's: a trace of its callbacks.
func parseCallbacks(line []byte) (*vector, error) {
	var r struct {
		ID, Type, Pause string
		Lenient         []string
		Input           []byte
		Finish          bool
		SkipBody        bool `json:"skip_body"`
		Events          []callback
		Error           *struct {
			Name string
			Off  int
		}
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return nil, err
	}
	v := &vector{id: r.ID, input: r.Input, finish: r.Finish, pause: r.Pause, lenient: len(r.Lenient) > 0, addHost: true}
	if r.SkipBody {
		v.answer = noBody
	}
	if r.Error != nil {
		v.want.end = end{stop: refused, off: r.Error.Off, code: r.Error.Name}
		switch r.Error.Name {
		case h1.CodePausedUpgrade.String():
			v.want.end.stop = upgraded
		case h1.CodePausedH2Upgrade.String():
			v.want.end.stop = preface
		}
	}
	if r.Type == "url" {
		return v.target(), nil
	}
	kind, ok := kinds[r.Type]
	if !ok {
		return nil, fmt.Errorf("%w: type %q", errFormat, r.Type)
	}
	v.kind = kind
	v.callbacks(r.Events)
	return v, nil
}

// target makes v, whose input is a request-target, a vector whose input is a request. The parts of a target are not told
// of, so it is only compared whether it is accepted.
func (v *vector) target() *vector {
	v.input = slices.Concat([]byte("GET "), v.input, []byte(" HTTP/1.1\r\n\r\n"))
	v.want.end.off += len("GET ")
	v.only = true
	return v
}

// callbacks writes down a recorded trace in our form.
func (v *vector) callbacks(list []callback) {
	t := &v.want
	var acc []byte
	var method string
	for _, c := range list {
		name, ended := strings.CutSuffix(c.Ev, "_complete")
		switch {
		case c.Ev == "span" && c.Name == "body":
			t.add(event{name: "body", data: string(c.Data), off: c.Off})
		case c.Ev == "span":
			acc = append(acc, c.Data...)
		case c.Ev == "message_begin":
			method = ""
			t.add(event{name: c.Ev, off: c.Off})
		case c.Ev == "headers_complete":
			t.add(event{name: c.Ev, facts: c.facts(v.kind, method), off: c.Off})
		case c.Ev == "chunk_header":
			t.add(event{name: c.Ev, data: strconv.FormatUint(c.Length, 10), off: c.Off})
		case c.Ev == "chunk_complete", c.Ev == "message_complete", c.Ev == "pause" && v.pause != "on_body":
			t.add(event{name: c.Ev, off: c.Off})
		case c.Ev == "finish" && c.Result == 1:
			t.add(event{name: "message_complete", off: len(v.input)})
		case c.Ev == "finish" && c.Result == 2:
			t.end = end{stop: unfinished, off: len(v.input)}
		case ended:
			if name == "method" {
				method = string(acc)
			}
			if name != "protocol" {
				t.add(event{name: name, data: string(acc), off: c.Off})
			}
			acc = nil
		}
	}
}

// facts are what headers_complete says of a message, as far as a Parser can be asked for it.
func (c *callback) facts(kind h1.Kind, method string) map[string]string {
	m := map[string]string{
		"version": fmt.Sprintf("%d.%d", c.Major, c.Minor),
		"upgrade": strconv.FormatBool(c.Flags&(flagConnUpgrade|flagUpgrade) == flagConnUpgrade|flagUpgrade),
	}
	chunked, length := c.Flags&flagChunked != 0, c.Flags&flagLength != 0
	bare := c.Status < 200 || c.Status == 204 || c.Status == 304
	if kind == h1.Response {
		m["status"] = strconv.Itoa(c.Status)
	} else {
		bare = method == "CONNECT"
	}
	keep := c.Flags&flagClose == 0 && (c.Minor > 0 || c.Flags&flagKeepAlive != 0)
	if kind == h1.Response && !bare && !chunked && !length {
		keep = false // the body lasts until the connection is closed
	}
	m["keepalive"] = strconv.FormatBool(keep)
	if !bare {
		m["chunked"] = strconv.FormatBool(chunked)
		if length && !chunked {
			m["length"] = strconv.FormatUint(c.ContentLength, 10)
		}
	}
	return m
}
