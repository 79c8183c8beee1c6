package lab

import (
	"context"
	"errors"
	"fmt"

	"github.com/weir-go/weir/bench/internal/load"
	"github.com/weir-go/weir/bench/internal/proc"
	"github.com/weir-go/weir/bench/internal/result"
)

const (
	countedWarm  = 20  // messages of each connection before counting
	countedTurns = 100 // and while counting
)

var errLate = errors.New("not counted: the time was over")

// count counts the system calls of each subject in the scenarios with small messages, in a turn of its own: counting makes
// each call dearer.
func (l *Lab) count(ctx context.Context) error {
	for _, s := range l.scenarios {
		protocol := countedProtocol(s)
		if protocol == nil {
			continue
		}
		for _, name := range l.o.Subjects {
			r := l.records[cellKey{s.Name, name}]
			if r == nil || r.failure != nil || len(r.turns) == 0 {
				continue
			}
			err := errLate
			if !l.late(patience) {
				err = l.countOne(ctx, s, name, protocol, r)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				r.missing[result.SyscallsPerOp] = oneLine(err)
				l.leaveOut(result.SyscallsPerOp, oneLine(err))
			}
		}
	}
	return nil
}

func countedProtocol(s *Scenario) load.Protocol {
	switch s.Name {
	case "echo-1k":
		return load.NewEcho(int(s.size))
	case "plaintext", "proxy":
		return load.NewHTTP(get(1))
	case "pipeline":
		return load.NewHTTP(get(s.pipeline))
	}
	return nil
}

// countOne counts between two moments in which nothing is under way, so that calls and operations are of the same time.
func (l *Lab) countOne(ctx context.Context, s *Scenario, name string, protocol load.Protocol, r *record) (err error) {
	l.tell(result.Event{Kind: result.Preparing, Scenario: s.Name, Subject: name, Text: "counting system calls"})
	p, err := l.start(ctx, l.programs[key{name, s.role}])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	engine, err := load.NewEngine(load.Options{Protocol: protocol, Sleep: l.sleeps()})
	if err != nil {
		return err
	}
	defer engine.Close()
	if err := engine.Connect(p.Addr, s.conns, nil); err != nil {
		return p.Blame(err)
	}
	if _, err := engine.Exchange(ctx, 0, countedWarm); err != nil {
		return p.Blame(err)
	}
	before, _ := engine.Counts()
	counter, err := proc.CountSyscalls(ctx, p.PID(), l.dir)
	if err != nil {
		return err
	}
	_, failed := engine.Exchange(ctx, 0, countedTurns)
	calls, err := counter.Stop()
	if err := p.Blame(errors.Join(failed, err)); err != nil {
		return err
	}
	after, _ := engine.Counts()
	operations := after.Operations - before.Operations
	if operations == 0 {
		return fmt.Errorf("nothing was counted")
	}
	r.put(result.SyscallsPerOp, 0, float64(calls.All)/float64(operations))
	r.put(result.EpollCtlPerOp, 0, float64(calls.EpollCtl)/float64(operations))
	return nil
}
