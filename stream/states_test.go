package stream

import (
	"fmt"
	"strings"
	"testing"
)

// starts are the states that streams are made in; all others must be reachable from these.
var starts = map[string][]string{
	"life":     {"alive"},
	"readable": {"open", "off"},
	"flow":     {"unset"},
	"call":     {"fresh", "idle"},
	"writable": {"open", "off"},
}

func TestEveryStateCanBeReached(t *testing.T) {
	for _, c := range cycles {
		reached := make([]bool, len(c.states)+1)
		var visit func(s uint8)
		visit = func(s uint8) {
			if s == 0 || reached[s] {
				return
			}
			reached[s] = true
			for in := range c.inputs {
				visit(c.next(s, uint8(in)))
			}
		}
		for i, name := range c.states {
			for _, start := range starts[c.name] {
				if name == start {
					visit(uint8(i + 1))
				}
			}
		}
		for i, name := range c.states {
			if !reached[i+1] {
				t.Errorf("%s: nothing leads to %s", c.name, name)
			}
		}
	}
}

// Life, the readable and the writable half only go forward: no state is ever left and entered again.
func TestLifeCyclesGoForwardOnly(t *testing.T) {
	for _, c := range cycles {
		if c.name == "flow" || c.name == "call" {
			continue
		}
		for s := range c.states {
			for in := range c.inputs {
				if to := c.next(uint8(s+1), uint8(in)); to != 0 && to <= uint8(s+1) {
					t.Errorf("%s: %s leads from %s back to %s", c.name, c.inputs[in], c.states[s], c.states[to-1])
				}
			}
		}
	}
}

func TestTheTablesAreWholeAndTheirNamesDiffer(t *testing.T) {
	sizes := map[string][2]int{
		"life": {len(lifeMoves), int(lifeInputs)}, "readable": {len(readMoves), int(readInputs)}, "flow": {len(flowMoves), int(flowInputs)},
		"call": {len(callMoves), int(callInputs)}, "writable": {len(writeMoves), int(writeInputs)},
	}
	for _, c := range cycles {
		if got, want := len(c.states)+1, sizes[c.name][0]; got != want {
			t.Errorf("%s has %d names for %d states", c.name, got-1, want-1)
		}
		if got, want := len(c.inputs), sizes[c.name][1]; got != want {
			t.Errorf("%s has %d names for %d inputs", c.name, got, want)
		}
	}
}

func TestAMoveThatIsNotInTheTablePanicsWithItsNames(t *testing.T) {
	for _, c := range []struct {
		want string
		move func()
	}{
		{"life: no move from alive by close", func() { s := lifeAlive; s.move(lifeClose) }},
		{"readable: no move from open by end", func() { s := readOpen; s.move(readEnd) }},
		{"flow: no move from on by hold", func() { s := FlowOn; s.move(flowHold) }},
		{"call: no move from waiting by enter", func() { s := callWaiting; s.move(callEnter) }},
		{"writable: no move from open by finish", func() { s := writeOpen; s.move(writeFinish) }},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, c.want) {
					t.Errorf("got %q, want %q", got, c.want)
				}
			}()
			c.move()
		}()
	}
}
