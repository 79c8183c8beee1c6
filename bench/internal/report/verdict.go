package report

import (
	"fmt"
	"strings"

	"github.com/weir-go/weir/bench/internal/stats"
)

// goal is the most that weir may spend, as a multiple of what another subject spends in the same round.
type goal struct {
	base string
	most float64
}

// goalsBySize holds the project's own limits for ping-pong by message size.
var goalsBySize = map[int][]goal{
	1 << 10:  {{"c", 1.15}, {"gnet", 0.80}},
	64 << 10: {{"c", 1.20}, {"gnet", 0.80}},
}

// Verdict says in one sentence what the results come to for weir, or for gnet if weir was not measured.
func Verdict(results []*Result) string {
	var clauses []string
	count := map[judgement]int{}
	for _, r := range results {
		if clause := r.clause(count); clause != "" {
			clauses = append(clauses, clause)
		}
	}
	if len(clauses) == 0 {
		return "Verdict: nothing to compare."
	}
	return "Verdict, in server CPU: " + strings.Join(clauses, "; ") + outcome(count) + "." + warning(results)
}

// clause compares one subject with the others of a scenario and counts the goals met and missed.
func (r *Result) clause(count map[judgement]int) string {
	subject := "weir"
	if r.Subject(subject) == nil {
		subject = "gnet"
	}
	var parts []string
	for _, g := range goalsFor(r.Scenario.Size) {
		ratio := r.Ratio(subject, g.base)
		if ratio.N == 0 || subject == g.base {
			continue
		}
		part := fmt.Sprintf("%.2f × %s's", ratio.Median, g.base)
		if subject == "weir" && g.most > 0 {
			part += fmt.Sprintf(" (goal %.2f)", g.most)
			count[judge(ratio, g.most)]++
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("on a %s message %s spends %s", bytesText(int64(r.Scenario.Size)), subject, strings.Join(parts, " and "))
}

// outcome is the end of the sentence, worst first; empty if there were no goals.
func outcome(count map[judgement]int) string {
	switch {
	case count[missedGoal] > 0:
		return fmt.Sprintf(": %s missed", goals(count[missedGoal]))
	case count[tooClose] > 0:
		return fmt.Sprintf(": %s too close to call in this run", goals(count[tooClose]))
	case count[metGoal] > 0:
		return ": all goals met"
	}
	return ""
}

// busyMachine is the share of a processor, taken by others in the worst tenth of the rounds, that makes figures doubtful.
const busyMachine = 0.10

func warning(results []*Result) string {
	for _, r := range results {
		if server, load := r.disturbance(); max(server, load) > busyMachine {
			return "\nOther work took a good part of the processors meanwhile: run it again on a quiet machine before you believe it."
		}
	}
	return ""
}

func goalsFor(size int) []goal {
	if goals := goalsBySize[size]; goals != nil {
		return goals
	}
	return []goal{{base: "c"}, {base: "gnet"}} // to be told, not judged
}

func goals(n int) string {
	if n == 1 {
		return "one goal"
	}
	return fmt.Sprintf("%d goals", n)
}

type judgement int

const (
	metGoal judgement = iota
	tooClose
	missedGoal
)

// judge calls it only when the middle half of the rounds lies on one side.
func judge(ratio stats.Summary, most float64) judgement {
	switch {
	case ratio.Q3 <= most:
		return metGoal
	case ratio.Q1 > most:
		return missedGoal
	}
	return tooClose
}
