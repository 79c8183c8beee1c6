package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// scenario is one program: streams, and operations on them.
type scenario struct {
	ID      string       `json:"id"`
	Streams []streamDesc `json:"streams"`
	Ops     []op         `json:"ops"`
}

// streamDesc describes a stream and its hooks.
type streamDesc struct {
	ID            string         `json:"id"`
	Kind          string         `json:"kind"`
	HWM           *int           `json:"hwm"`
	RHWM          *int           `json:"rhwm"`
	WHWM          *int           `json:"whwm"`
	AutoDestroy   *bool          `json:"autoDestroy"`
	EmitClose     *bool          `json:"emitClose"`
	AllowHalfOpen *bool          `json:"allowHalfOpen"`
	Read          *readDesc      `json:"read"`
	Write         *writeDesc     `json:"write"`
	Final         *endDesc       `json:"final"`
	Transform     *transformDesc `json:"transform"`
	Flush         *flushDesc     `json:"flush"`
	Destroy       *endDesc       `json:"destroy"`
}

type readDesc struct {
	Kind   string `json:"kind"`
	Mode   mode   `json:"mode"`
	Chunks []int  `json:"chunks"`
	EOF    string `json:"eof"`
	ErrAt  *int   `json:"errAt"`
}

type writeDesc struct {
	Mode   mode `json:"mode"`
	Writev bool `json:"writev"`
	ErrAt  *int `json:"errAt"`
}

type endDesc struct {
	Mode mode `json:"mode"`
	Err  bool `json:"err"`
}

type transformDesc struct {
	Mode  mode   `json:"mode"`
	Map   string `json:"map"`
	ErrAt *int   `json:"errAt"`
}

type flushDesc struct {
	Mode mode `json:"mode"`
	N    int  `json:"n"`
	Err  bool `json:"err"`
}

// mode is when a hook completes: 0 inside its call, -1 on a tick, k turns later.
type mode int

const (
	modeSync mode = 0
	modeTick mode = -1
)

// UnmarshalJSON reads "sync", "tick" or a number of turns.
func (m *mode) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case `"sync"`, "null":
		*m = modeSync
		return nil
	case `"tick"`:
		*m = modeTick
		return nil
	}
	var turns int
	if err := json.Unmarshal(b, &turns); err != nil {
		return fmt.Errorf("mode %s: %w", b, err)
	}
	*m = mode(max(1, turns))
	return nil
}

// op is one operation.
type op struct {
	T        int      `json:"t"`
	Op       string   `json:"op"`
	S        string   `json:"s"`
	N        *int     `json:"n"`
	NoCB     bool     `json:"nocb"`
	CB       bool     `json:"cb"`
	To       string   `json:"to"`
	End      *bool    `json:"end"`
	Err      bool     `json:"err"`
	Readable *bool    `json:"readable"`
	Writable *bool    `json:"writable"`
	Error    *bool    `json:"error"`
	Tag      string   `json:"tag"`
	Ev       string   `json:"ev"`
	Do       []op     `json:"do"`
	Max      *int     `json:"max"`
	Once     bool     `json:"once"`
	List     []string `json:"list"`
	Ops      []op     `json:"ops"`
}

// parse reads a line: a scenario, or an object that holds one.
func parse(line []byte) (*scenario, error) {
	var holder struct {
		Scenario *scenario `json:"scenario"`
	}
	if bytes.Contains(line, []byte(`"scenario"`)) {
		if err := json.Unmarshal(line, &holder); err == nil && holder.Scenario != nil {
			return holder.Scenario, nil
		}
	}
	sc := new(scenario)
	return sc, json.Unmarshal(line, sc)
}
