package main

import (
	"fmt"
	"io"
)

// report is the verdicts of a file.
type report []judged

func (r report) count(v verdict) int {
	n := 0
	for _, j := range r {
		if j.verdict == v {
			n++
		}
	}
	return n
}

// print prints the counts, and then each verdict that needs a reason, those of one reason together.
func (r report) print(w io.Writer, name string) {
	replays := 0
	for _, j := range r {
		replays += j.replays
	}
	fmt.Fprintf(w, "%s: %d vectors, %d replays: %d passed, %d failed, %d deviations, %d skipped\n",
		name, len(r), replays, r.count(pass), r.count(fail), r.count(deviates), r.count(skip))
	for _, j := range r {
		if j.verdict == fail {
			fmt.Fprintf(w, "  failed: %s: %s\n", j.v.id, j.why)
		}
	}
	r.reasons(w, "deviation", deviates)
	r.reasons(w, "skipped", skip)
}

// reasons prints the ids of each reason, in the order of the first.
func (r report) reasons(w io.Writer, what string, v verdict) {
	var order []string
	of := map[string]report{}
	for _, j := range r {
		if j.verdict != v {
			continue
		}
		if of[j.why] == nil {
			order = append(order, j.why)
		}
		of[j.why] = append(of[j.why], j)
	}
	for _, why := range order {
		fmt.Fprintf(w, "  %s (%d): %s\n", what, len(of[why]), why)
		for _, id := range of[why].ids() {
			fmt.Fprintf(w, "    %s\n", id)
		}
	}
}

// ids are those of all vectors. Of those that are of one group there is one id, with their bytes.
func (r report) ids() []string {
	var list []string
	for i, j := range r {
		switch {
		case j.v.group == "":
			list = append(list, j.v.id)
		case i > 0 && r[i-1].v.group == j.v.group:
			list[len(list)-1] += fmt.Sprintf(" %02x", j.v.tried)
		default:
			list = append(list, fmt.Sprintf("%s: %02x", j.v.group, j.v.tried))
		}
	}
	return list
}
