package weirtest

import (
	"fmt"
	"strings"
	"testing"
)

// death is how a peer ends.
type death struct {
	name string
	die  func(*Peer)
}

var deaths = []death{
	{"closes", (*Peer).Close},
	{"resets", (*Peer).Reset},
	{"falls silent", (*Peer).Stall},
}

// EveryByte tests a handler against clients that die. For each byte of request, and each byte of its answer, and each manner
// of dying (the connection is closed; it is reset; it falls silent and nobody says so), it makes a World with these options, has
// setup build the server and return its address, and has a client die there. Then another client must get a whole answer to
// the whole request, and the World is finished: see Finish for what may not be left, and World.OnFinish for what else the test has to
// say.
//
// It begins with a client that lives, and must have its answer. So the handler has to answer request by itself, always in
// the same manner; and its server needs its deadlines, or a silent client keeps it for ever. A request or an answer of more than
// 512 bytes dies at its first 256 bytes, its last 128, and 128 in between. The first failure ends it. Options.Swarm is not looked at: a
// client must be able to live.
func EveryByte(t testing.TB, o Options, request string, setup func(*World) (address string)) {
	t.Helper()
	o.Swarm = false
	k := &killer{t: t, o: o, request: request, setup: setup}
	if !k.try("a client that lives", k.o, func(a *attempt, w *World, address string) {
		p := w.Dial(address)
		p.Write(request)
		k.answered(a, p)
		k.answer = int(p.total) - len(p.got)
	}) {
		return
	}
	for _, d := range deaths {
		for _, cut := range cuts(0, len(request)) {
			label := fmt.Sprintf("a client that %s after byte %d of its request's %d", d.name, cut, len(request))
			if !k.try(label, k.o, func(a *attempt, w *World, address string) {
				p := w.Dial(address)
				p.Write(request[:cut])
				d.die(p)
				k.again(a, w, address)
			}) {
				return
			}
		}
		for _, cut := range cuts(1, k.answer-1) {
			label := fmt.Sprintf("a client that %s after byte %d of its answer's %d", d.name, cut, k.answer)
			small := k.o
			small.SendBuffer = smallBuffer // or the kernel would take the whole answer, and the handler never know
			if !k.try(label, small, func(a *attempt, w *World, address string) {
				k.half(a, w, address, cut, d)
				k.again(a, w, address)
			}) {
				return
			}
		}
	}
}

// smallBuffer is the process's send buffer where an answer is cut, in bytes.
const smallBuffer = 16

// killer is a run of EveryByte.
type killer struct {
	t       testing.TB
	o       Options
	request string
	setup   func(*World) string
	answer  int // how long it is
}

// try does one thing in a world of its own, and reports whether all is well.
func (k *killer) try(label string, o Options, do func(a *attempt, w *World, address string)) bool {
	k.t.Helper()
	a := &attempt{TB: k.t, label: label}
	defer a.end()
	w := New(a, o)
	do(a, w, k.setup(w))
	w.Finish()
	return !a.failed
}

// half has a client read so many bytes of its answer, and die.
func (k *killer) half(a *attempt, w *World, address string, cut int, d death) {
	k.t.Helper()
	p := w.newPeer(w.sim.Dial(address))
	p.p.SetWindow(len(k.request), cut)
	p.Pause()
	p.Write(k.request)
	if !w.until(w.o.Patience, func() bool { return p.p.Buffered() >= cut || p.p.Ended() }) || p.p.Buffered() < cut {
		a.Errorf("weirtest: its answer came only up to byte %d", p.p.Buffered())
	}
	d.die(p)
}

// again has another client come, and live.
func (k *killer) again(a *attempt, w *World, address string) {
	k.t.Helper()
	a.label += "; and the client behind it"
	p := w.Dial(address)
	p.Write(k.request)
	k.answered(a, p)
	p.Close()
	a.label = strings.TrimSuffix(a.label, "; and the client behind it")
}

func (k *killer) answered(a *attempt, p *Peer) {
	k.t.Helper()
	if _, err := p.response(strings.HasPrefix(k.request, "HEAD ")); err != nil {
		a.Fatal(err)
	}
}

// each is how many bytes go by between two deaths. Tests of this package change it.
var each = 1

// cuts are the places from first to last where something is cut.
func cuts(first, last int) []int {
	const head, middle, tail = 256, 128, 128
	var places []int
	n := last - first + 1
	for i := 0; i < n; i += each {
		rest := n - head - tail
		if n <= head+middle+tail || i < head || i >= n-tail || (i-head)%(1+rest/middle) == 0 {
			places = append(places, first+i)
		}
	}
	return places
}

// attempt is a test that is a part of another: what it says has a label, and its end is its own.
type attempt struct {
	testing.TB
	label    string
	failed   bool
	cleanups []func()
}

func (a *attempt) Cleanup(fn func()) { a.cleanups = append(a.cleanups, fn) }
func (a *attempt) Failed() bool      { return a.failed }

func (a *attempt) end() {
	for len(a.cleanups) > 0 {
		fn := a.cleanups[len(a.cleanups)-1]
		a.cleanups = a.cleanups[:len(a.cleanups)-1]
		fn()
	}
}

func (a *attempt) Error(args ...any) {
	a.Helper()
	a.failed = true
	a.TB.Errorf("%s: %s", a.label, fmt.Sprint(args...))
}

func (a *attempt) Errorf(format string, args ...any) {
	a.Helper()
	a.failed = true
	a.TB.Errorf("%s: %s", a.label, fmt.Sprintf(format, args...))
}

func (a *attempt) Fatal(args ...any) {
	a.Helper()
	a.failed = true
	a.TB.Fatalf("%s: %s", a.label, fmt.Sprint(args...))
}

func (a *attempt) Fatalf(format string, args ...any) {
	a.Helper()
	a.failed = true
	a.TB.Fatalf("%s: %s", a.label, fmt.Sprintf(format, args...))
}
