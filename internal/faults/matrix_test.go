package faults

import (
	"math/bits"
	"slices"
	"strings"
	"testing"
)

// fault is something that goes wrong, or a set of them.
type fault uint16

const (
	destroyed fault = 1 << iota
	destroyedWith
	finArrives
	rstArrives
	writeFails
	readFails
	timePasses
	panics
	cancelled
	allFaults = 1<<iota - 1
)

// moment is when it strikes, or a set of moments.
type moment uint16

const (
	beforeHead moment = 1 << iota
	inHead
	midBody
	lastByte
	afterEnd
	whilePaused
	whileCorked
	allMoments = 1<<iota - 1
)

var (
	faultNames  = []string{"destroy", "destroy with error", "peer FIN", "peer RST", "write error", "read error", "timeout", "callback panics", "context cancelled"}
	momentNames = []string{"before head", "in head", "mid body", "at last byte", "after end", "while paused", "while corked"}
)

func (f fault) String() string  { return faultNames[bits.TrailingZeros16(uint16(f))] }
func (m moment) String() string { return momentNames[bits.TrailingZeros16(uint16(m))] }

// each calls fn with every cell of a subject.
func each(fn func(f fault, m moment)) {
	for f := fault(1); f < allFaults; f <<= 1 {
		for m := moment(1); m < allMoments; m <<= 1 {
			fn(f, m)
		}
	}
}

// subject is what is struck.
type subject struct {
	name  string
	about string            // what is played
	at    map[moment]string // what each moment means for it
	got   map[moment]string // what its peer has got by then: GOT in the rules
	rules []rule
	play  func(r *rig)
	heard bool // errors are listened for in any case
}

// rule is what is told when one of some faults strikes at one of some moments.
type rule struct {
	id   string
	on   fault
	at   moment
	says string
	ref  string // who says so
	// want is what is told. Between two "/" stands what is told in that order; of events in two such lists nothing is said. Each
	// begins with whom it is told by. A list that begins with "=" is about just these events. CODE is the error of the fault, GOT what the peer has had until then.
	want string
	// never is why there can't be such a cell.
	never string
}

var subjects = []*subject{&serverRequest, &serverResponse, &clientRequest, &clientResponse, &socket, &fileRead, &fileWrite, &proxyLeg}

// ruleOf is the rule that covers a cell; nil unless there is just one.
func (s *subject) ruleOf(f fault, m moment) *rule {
	var found *rule
	for i := range s.rules {
		if r := &s.rules[i]; r.on&f != 0 && r.at&m != 0 {
			if found != nil {
				return nil
			}
			found = r
		}
	}
	return found
}

func TestEachCellHasOneRule(t *testing.T) {
	cells, impossible := 0, 0
	for _, s := range subjects {
		used := map[*rule]bool{}
		each(func(f fault, m moment) {
			cells++
			r := s.ruleOf(f, m)
			if r == nil {
				var by []string
				for _, x := range s.rules {
					if x.on&f != 0 && x.at&m != 0 {
						by = append(by, x.id)
					}
				}
				t.Errorf("%s, %s, %s: the rules are %q, want one", s.name, f, m, by)
				return
			}
			used[r] = true
			if r.want == "" {
				impossible++
			}
		})
		ids := map[string]bool{}
		for i := range s.rules {
			r := &s.rules[i]
			switch {
			case !used[r]:
				t.Errorf("%s: rule %s covers nothing", s.name, r.id)
			case ids[r.id]:
				t.Errorf("%s: two rules are %s", s.name, r.id)
			case (r.want == "") == (r.never == ""):
				t.Errorf("%s: rule %s wants events or has a reason for there being none, and not both", s.name, r.id)
			case r.want != "" && (r.says == "" || r.ref == ""):
				t.Errorf("%s: rule %s does not say what it is, or who says so", s.name, r.id)
			}
			ids[r.id] = true
		}
	}
	if cells != cellsInAll {
		t.Errorf("got %d cells, want %d", cells, cellsInAll)
	}
	if impossible != cellsThatCannotBe {
		t.Errorf("got %d cells that cannot be, want %d: is one more or less on purpose?", impossible, cellsThatCannotBe)
	}
}

const (
	cellsInAll        = 8 * 9 * 7
	cellsThatCannotBe = 140
)

// TestMatrix plays every cell that can be, with errors listened for and without.
func TestMatrix(t *testing.T) {
	for _, s := range subjects {
		t.Run(s.name, func(t *testing.T) {
			each(func(f fault, m moment) {
				rule := s.ruleOf(f, m)
				if rule == nil || rule.want == "" {
					return
				}
				for _, listened := range []bool{true, false} {
					if s.heard && !listened {
						continue
					}
					name := f.String() + ", " + m.String()
					if !listened {
						name += ", unheard"
					}
					t.Run(name, func(t *testing.T) { playCell(t, s, f, m, rule, listened) })
				}
			})
		})
	}
}

func playCell(t *testing.T, s *subject, f fault, m moment, rule *rule, listened bool) {
	playOn(newRig(t, f, m, listened), s, rule)
}

// playOn plays a cell, and compares what was told with its rule.
func playOn(r *rig, s *subject, rule *rule) {
	t, f, m, listened := r.t, r.f, r.m, r.listened
	t.Helper()
	s.play(r)
	r.close()
	want := strings.ReplaceAll(rule.want, "CODE", r.code())
	want = strings.ReplaceAll(want, "GOT", s.got[m])
	if !listened {
		want = unheard(want, r.watched)
	}
	if f == rstArrives && !slices.ContainsFunc(r.log, func(e string) bool { return strings.HasPrefix(e, "wire") }) { // the peer knows how it has ended
		lanes := strings.Split(want, " / ")
		want = strings.Join(slices.DeleteFunc(lanes, func(s string) bool { return strings.HasPrefix(s, "wire ") }), " / ")
	}
	if problems := compare(r.log, want); len(problems) > 0 {
		t.Errorf("rule %s (%s):\n%s\nwant %s\ngot  %s", rule.id, rule.says, strings.Join(problems, "\n"), want, strings.Join(r.log, "; "))
	}
	r.check()
}

// unheard is what is wanted when nobody listens for errors. Those of an IncomingMessage are for who listens (Node: IM-5); any
// other that nobody listens for goes to OnUncaught. heard says that somebody listens all the same: WithContext does. Of a panic OnPanic was told.
func unheard(want string, heard bool) string {
	lanes := strings.Split(want, " / ")
	var uncaught []string
	for i, lane := range lanes {
		var kept []string
		for _, e := range strings.Split(lane, "; ") {
			who, what, _ := strings.Cut(e, " ")
			if !strings.HasPrefix(what, "error ") {
				kept = append(kept, e)
				continue
			}
			if who[0] >= 'A' && who[0] <= 'Z' || heard { // a message that is received
				continue
			}
			if what == "error panic" {
				continue // OnPanic was told
			}
			if u := "! " + strings.TrimPrefix(what, "error "); len(uncaught) == 0 || uncaught[len(uncaught)-1] != u {
				uncaught = append(uncaught, u)
			}
		}
		lanes[i] = strings.Join(kept, "; ")
	}
	if len(uncaught) > 0 {
		lanes = append(lanes, strings.Join(uncaught, "; "))
	}
	return strings.Join(lanes, " / ")
}

// compare looks at each list of want by itself. Who is in none of them has to be silent.
func compare(log []string, want string) (problems []string) {
	known := map[string]bool{}
	for _, lane := range strings.Split(want, " / ") {
		lane, only := strings.CutPrefix(lane, "= ")
		in := map[string]bool{}
		for _, e := range strings.Split(lane, "; ") {
			who, _, _ := strings.Cut(e, " ")
			known[who] = true
			if only {
				who = e
			}
			in[who] = true
		}
		var got []string
		for _, e := range log {
			if who, _, _ := strings.Cut(e, " "); in[who] && !only || in[e] && only {
				got = append(got, e)
			}
		}
		g := strings.Join(got, "; ")
		if who, ok := strings.CutSuffix(lane, " *"); ok && strings.HasPrefix(g, who+" ") {
			lane = g // whatever it is
		}
		if over, ok := strings.CutSuffix(lane, " over"); ok { // an end or a reset
			g = strings.TrimSuffix(strings.TrimSuffix(g, " end"), " reset")
			lane = over
		}
		if g != lane {
			problems = append(problems, "  got  "+g+"\n  want "+lane)
		}
	}
	for _, e := range log {
		if who, _, _ := strings.Cut(e, " "); !known[who] && who != "go" {
			problems = append(problems, "  unexpected: "+e)
		}
	}
	return problems
}
