package main

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"github.com/weir-go/weir/internal/turntest"
	"github.com/weir-go/weir/stream"
)

const (
	maxSteps  = 5000 // a guard against scenarios without an end
	idleTurns = 2    // executed after the last operation and the last completion
)

// trace is what is printed of a scenario.
type trace struct {
	ID    string  `json:"id"`
	Trace []*step `json:"trace"`
}

// step is what one action has led to.
type step struct {
	T int      `json:"t"`
	A string   `json:"a"`
	R []string `json:"r"`
}

// action is a labelled call; rank is the place of its stream.
type action struct {
	label string
	rank  int
	fn    func()
}

// player executes one scenario.
type player struct {
	sc        *scenario
	loop      turntest.Loop
	turn      int
	trace     trace
	cur       *step
	due       map[int][]action
	streams   []*actor
	byID      map[string]*actor
	pipelines int
}

func execute(sc *scenario) trace {
	p := &player{sc: sc, trace: trace{ID: sc.ID}, due: map[int][]action{}, byID: map[string]*actor{}}
	p.loop.OnUncaught = func(err error) { p.rec("- uncaught %s", code(err)) }
	p.step("init", func() {
		for i := range sc.Streams {
			a := p.make(&sc.Streams[i])
			a.rank = i
			p.streams = append(p.streams, a)
			p.byID[a.id] = a
		}
		for _, a := range p.streams {
			a.listen()
		}
	})
	p.run()
	p.cur = p.open("end")
	for _, a := range p.streams {
		p.cur.R = append(p.cur.R, a.states(true)...)
	}
	return p.trace
}

func (p *player) run() {
	last := 0
	for i := range p.sc.Ops {
		last = max(last, p.sc.Ops[i].T)
	}
	for idle := 0; ; p.turn++ {
		for _, a := range p.actions() {
			if len(p.trace.Trace) >= maxSteps {
				p.open("overflow")
				return
			}
			p.step(a.label, a.fn)
		}
		if p.turn < last || len(p.due) > 0 {
			idle = 0
		} else if idle++; idle > idleTurns {
			return
		}
	}
}

// actions are those of this turn: fixed when it starts.
func (p *player) actions() []action {
	list := p.due[p.turn]
	delete(p.due, p.turn)
	slices.SortStableFunc(list, func(a, b action) int { return a.rank - b.rank })
	for i := range p.sc.Ops {
		o := &p.sc.Ops[i]
		if o.T != p.turn {
			continue
		}
		label := fmt.Sprintf("op %d %s", i, o.Op)
		if o.S != "" {
			label += " " + o.S
		}
		list = append(list, action{label: label, fn: func() { p.op(o) }})
	}
	return list
}

func (p *player) open(label string) *step {
	s := &step{T: p.turn, A: label, R: []string{}}
	p.trace.Trace = append(p.trace.Trace, s)
	return s
}

// step runs fn as an action.
func (p *player) step(label string, fn func()) {
	p.cur = p.open(label)
	p.loop.Turn(fn)
	for _, a := range p.streams {
		p.cur.R = append(p.cur.R, a.states(false)...)
	}
}

func (p *player) rec(format string, args ...any) {
	p.cur.R = append(p.cur.R, fmt.Sprintf(format, args...))
}

// later runs fn when a hook of this mode completes.
func (p *player) later(m mode, a *actor, hook string, fn func()) {
	switch {
	case m == modeSync:
		fn()
	case m == modeTick:
		p.loop.NextTick(fn)
	default:
		t := p.turn + int(m)
		p.due[t] = append(p.due[t], action{"due " + a.id + " " + hook, a.rank, fn})
	}
}

// op does an operation.
func (p *player) op(o *op) {
	switch o.Op {
	case "batch":
		for i := range o.Ops {
			p.op(&o.Ops[i])
		}
		return
	case "pipeline":
		n := p.pipelines
		p.pipelines++
		var rest []stream.WritableStream
		for _, id := range o.List[1:] {
			rest = append(rest, p.byID[id].w)
		}
		stream.Pipeline(func(err error) { p.rec("- cb pipeline#%d %s", n, ok(err)) }, p.byID[o.List[0]].r, rest...)
		return
	}
	p.byID[o.S].op(o)
}

// injected is an error that a scenario names.
type injected string

// Error is the name.
func (e injected) Error() string { return string(e) }

// Code is the name.
func (e injected) Code() string { return string(e) }

func code(err error) string {
	if err == nil {
		return "-"
	}
	return stream.CodeOf(err)
}

func ok(err error) string {
	if err == nil {
		return "ok"
	}
	return stream.CodeOf(err)
}

func hash(ps ...[]byte) string {
	h := fnv.New32a()
	for _, p := range ps {
		h.Write(p)
	}
	return fmt.Sprintf("%08x", h.Sum32())
}

// content makes bytes that tell where they belong.
type content int

func (c *content) take(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(*c % 251)
		*c++
	}
	return p
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func lengths(ps [][]byte) string {
	var s []string
	for _, p := range ps {
		s = append(s, strconv.Itoa(len(p)))
	}
	return strings.Join(s, "+")
}
