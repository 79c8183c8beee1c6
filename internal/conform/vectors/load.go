package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/weir-go/weir/httpcore/h1"
)

// load reads a file of vectors.
func load(path string) ([]*vector, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	list, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: no vectors", path)
	}
	return list, nil
}

// parse reads JSON objects. Each is one vector, or a table of many.
func parse(b []byte) ([]*vector, error) {
	var list []*vector
	dec := json.NewDecoder(bytes.NewReader(b))
	for n := 1; ; n++ {
		var line json.RawMessage
		err := dec.Decode(&line)
		if err == io.EOF {
			return list, nil
		}
		var some []*vector
		if err == nil {
			some, err = parseObject(line)
		}
		if err != nil {
			return nil, fmt.Errorf("object %d: %w", n, err)
		}
		list = append(list, some...)
	}
}

// parseObject tells the forms apart by a field that only one of them has.
func parseObject(line []byte) ([]*vector, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(line, &keys); err != nil {
		return nil, err
	}
	one := func(f func([]byte) (*vector, error)) ([]*vector, error) {
		v, err := f(line)
		return []*vector{v}, err
	}
	switch {
	case keys["events"] != nil:
		return one(parseCallbacks)
	case keys["expect"] != nil:
		return one(parseMessages)
	case keys["strict"] != nil:
		return one(parseNode)
	}
	return parseTable(line)
}

// kinds are the types of a vector, but for "url", which is a part of a request.
var kinds = map[string]h1.Kind{"request": h1.Request, "response": h1.Response}

// errFormat is returned for what is no vector.
var errFormat = errors.New("not a vector that is known here")

// latin1 returns the bytes that stand in JSON as one character each.
func latin1(s string) ([]byte, error) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return nil, fmt.Errorf("a character beyond a byte: %q", r)
		}
		b = append(b, byte(r))
	}
	return b, nil
}

// fields are names and values as events.
func fields(list [][2]string) []event {
	var events []event
	for f := range slices.Values(list) {
		events = append(events, event{name: "header_field", data: f[0]}, event{name: "header_value", data: f[1]})
	}
	return events
}
