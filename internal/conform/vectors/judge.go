package main

import (
	"fmt"
	"slices"
)

// verdict is what becomes of a vector.
type verdict uint8

const (
	pass verdict = iota
	deviates
	skip
	fail
)

// judged is a vector with its verdict.
type judged struct {
	v       *vector
	verdict verdict
	why     string
	replays int
}

func judge(v *vector) judged {
	j := judged{v: v}
	if j.why = v.skipped(); j.why != "" {
		j.verdict = skip
		return j
	}
	in := withHosts(v)
	got := in.play(v, nil)
	bytewise := in.play(v, everywhere(in))
	j.replays = len(in.bytes) + 1
	if j.why = dependsOnCuts(v, in, got, bytewise); j.why == "" {
		j.verdict, j.why = judgeTrace(v, got, bytewise)
	} else {
		j.verdict = fail
	}
	return j
}

// everywhere are the cuts between all bytes.
func everywhere(in *input) []int {
	var cuts []int
	for i := 1; i < len(in.bytes); i++ {
		cuts = append(cuts, i)
	}
	return cuts
}

// dependsOnCuts looks for a cut that makes a difference, and for promises that the Parser does not keep.
func dependsOnCuts(v *vector, in *input, whole, bytewise trace) string {
	if whole.fault != "" {
		return whole.fault
	}
	if s := differs(bytewise, whole); s != "" {
		return "byte by byte: " + s
	}
	for _, cut := range everywhere(in) {
		if s := differs(in.play(v, []int{cut}), whole); s != "" {
			return fmt.Sprintf("cut at %d: %s", in.original(cut), s)
		}
	}
	return ""
}

// differs returns how a trace differs from that of the whole input, or "".
func differs(t, whole trace) string {
	switch {
	case t.fault != "":
		return t.fault
	case t.end != whole.end:
		return fmt.Sprintf("ends in %v, and in one piece in %v", t.end, whole.end)
	}
	for i := range max(len(t.events), len(whole.events)) {
		a, b := "nothing", "nothing"
		if i < len(t.events) {
			a = t.events[i].String()
		}
		if i < len(whole.events) {
			b = whole.events[i].String()
		}
		if a != b {
			return fmt.Sprintf("got %s, and in one piece %s", a, b)
		}
	}
	return ""
}

// judgeTrace compares what the Parser reports with what is recorded. The places of messages are seen byte by byte.
func judgeTrace(v *vector, got, bytewise trace) (verdict, string) {
	if v.lenient {
		if at := leniencyAt(v); at >= 0 {
			if s := refusedInTime(v, got, at); s != "" {
				return fail, "needs leniency: " + s
			}
			return pass, ""
		}
	}
	how, msg, detail := compare(v, got)
	if how == none {
		return pass, ""
	}
	c := &clash{v: v, got: got.end, want: v.want.end, off: got.end.off}
	if how == broader {
		c.off = v.want.end.off
	}
	c.ours, c.theirs = at(got.without(v.untold).messages(), msg), at(v.want.messages(), msg)
	list := bytewise.messages()
	c.begin, c.head = headOf(v, at(list, msg), c.off)
	_, c.before = headOf(v, at(list, msg-1), c.off)
	switch d := findDeviation(how, c); {
	case d == nil:
		return fail, detail
	case d.passes:
		return pass, d.why
	default:
		return deviates, d.why
	}
}

// headOf returns where a message begins, which is at otherwise if it did not, and its head.
func headOf(v *vector, m message, otherwise int) (int, *head) {
	begin := max(0, min(otherwise, len(v.input)))
	if len(m) > 0 {
		begin = m[0].off
	}
	return begin, readHead(v.kind, v.input[begin:])
}

func judgeAll(list []*vector) report {
	var r report
	for v := range slices.Values(list) {
		r = append(r, judge(v))
	}
	return r
}
