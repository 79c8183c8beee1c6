package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/weir-go/weir/bench/internal/result"
	"github.com/weir-go/weir/bench/internal/subject"
)

// cellKey is a subject in a scenario.
type cellKey struct{ scenario, subject string }

// record is what the turns of a cell have given.
type record struct {
	samples map[string][]float64 // by metric; element i is of round i, NaN where it failed or was not measured
	latency *hdrhistogram.Histogram
	turns   []*turn
	errors  map[string]int64
	lost    int               // turns in which other work had the processors
	failure error             // the first; it has no turns after that
	missing map[string]string // metrics that could not be had
}

// measure gives turns, round by round, and then counts system calls, which nothing may be timed beside.
func (l *Lab) measure(ctx context.Context) error {
	l.plan()
	var last time.Duration
	for round := range l.o.Rounds {
		if round > 0 && !l.o.Until.IsZero() && time.Now().Add(last).After(l.o.Until) {
			break
		}
		last = 0
		for i, s := range l.scenarios {
			if round >= s.most(l.o) {
				continue
			}
			began := time.Now()
			if round == 0 {
				l.tell(result.Event{Kind: result.ScenarioStarted, Scenario: s.Name})
			}
			err := l.round(ctx, s, round)
			if err == nil || l.begun(s, round) {
				l.file.Scenarios[i].Rounds = round + 1
			}
			if err != nil {
				return err
			}
			if round+1 < s.most(l.o) {
				last += time.Since(began)
			}
		}
	}
	return l.count(ctx)
}

// begun reports whether a round has given a figure.
func (l *Lab) begun(s *Scenario, round int) bool {
	return slices.ContainsFunc(l.o.Subjects, func(name string) bool {
		r := l.records[cellKey{s.Name, name}]
		return r != nil && slices.ContainsFunc(r.turns, func(t *turn) bool { return t.round == round })
	})
}

// grace is how long a round may go on beyond Until: it was to be over by then. patience is how long system calls may be counted.
const (
	grace    = 5 * time.Second
	patience = 9 * time.Second
)

// late reports whether the time is over, and some more.
func (l *Lab) late(more time.Duration) bool {
	return !l.o.Until.IsZero() && time.Now().After(l.o.Until.Add(more))
}

// plan counts the turns there will be, if nobody fails and time does not run out.
func (l *Lab) plan() {
	for _, s := range l.scenarios {
		for _, name := range l.o.Subjects {
			if l.excuse(s, name) == nil {
				l.planned += s.most(l.o)
			}
		}
	}
}

// round gives each subject that has a place in the scenario one turn, in a new order.
func (l *Lab) round(ctx context.Context, s *Scenario, round int) error {
	for _, i := range l.rng.Perm(len(l.o.Subjects)) {
		name := l.o.Subjects[i]
		if l.excuse(s, name) != nil {
			continue
		}
		r := l.record(s, name)
		if r.failure != nil || l.late(grace) {
			continue
		}
		l.tell(result.Event{Kind: result.TurnStarted, Scenario: s.Name, Subject: name, Round: round, Rounds: s.most(l.o)})
		t := l.newTurn(s, name, round)
		limit := s.measured(l.o) + l.o.WarmUp + 30*time.Second
		turnCtx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done within %v", limit))
		err := s.ask(turnCtx, t)
		if err != nil && turnCtx.Err() != nil && ctx.Err() == nil {
			err = errors.Join(context.Cause(turnCtx), err)
		}
		cancel()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.turns++
		e := result.Event{Kind: result.TurnFinished, Scenario: s.Name, Subject: name, Round: round, Rounds: s.most(l.o), Status: result.OK, Metrics: t.values}
		switch {
		case errors.Is(err, errDisturbed):
			r.lost++
			e.Text, e.Metrics = oneLine(err), nil
		case err != nil:
			r.failure = err
			e.Status, e.Text, e.Metrics = result.Failed, oneLine(err), nil
		default:
			r.add(t)
		}
		l.tell(e)
	}
	return nil
}

func (l *Lab) newTurn(s *Scenario, name string, round int) *turn {
	program := l.programs[key{name, s.role}]
	program.Subject = name // a child has no program
	return &turn{
		lab: l, scenario: s, program: program, round: round,
		values: map[string]float64{}, errors: map[string]int64{},
	}
}

// excuse is why a subject has no turns in a scenario; nil if it has.
func (l *Lab) excuse(s *Scenario, name string) error {
	who, _ := subject.Named(name)
	if s.role == roleChild {
		for _, only := range s.only {
			if only == name {
				return childExcuse(name)
			}
		}
		return fmt.Errorf("%w: this scenario is about %s", subject.ErrAbsent, strings.Join(s.only, ", "))
	}
	if err := l.refused[key{name, s.role}]; err != nil {
		return err
	}
	if !who.Has(s.role, s.can...) {
		return fmt.Errorf("%w: %s", subject.ErrAbsent, who.WhyNot())
	}
	return nil
}

func (l *Lab) record(s *Scenario, name string) *record {
	k := cellKey{s.Name, name}
	if l.records[k] == nil {
		l.records[k] = &record{samples: map[string][]float64{}, errors: map[string]int64{}, missing: map[string]string{}}
	}
	return l.records[k]
}

// verdictOf is an error as a status and a sentence.
func verdictOf(err error) (status, why string) {
	if errors.Is(err, subject.ErrAbsent) {
		_, why, _ := strings.Cut(err.Error(), subject.ErrAbsent.Error()+": ")
		return result.Absent, why
	}
	return result.Failed, oneLine(err)
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
