package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"time"

	"github.com/weir-go/weir/bench/internal/inproc"
	"github.com/weir-go/weir/bench/internal/load"
	"github.com/weir-go/weir/bench/internal/proc"
	"github.com/weir-go/weir/bench/internal/result"
	"github.com/weir-go/weir/bench/internal/subject"
)

const (
	countedWarm  = 20  // messages of each connection before counting
	countedTurns = 100 // and while counting
)

var errLate = errors.New("not counted: the time was over")

// count counts the system calls of each subject in the scenarios with small messages, and those of epoll_ctl of who does not know them in the
// pause storm. Each has a turn of its own: counting makes each call dearer.
func (l *Lab) count(ctx context.Context) error {
	for _, s := range l.scenarios {
		protocol := countedProtocol(s)
		for _, name := range l.o.Subjects {
			r := l.records[cellKey{s.Name, name}]
			if r == nil || r.failure != nil || len(r.turns) == 0 {
				continue
			}
			metric, count := result.SyscallsPerOp, func() error { return l.countOne(ctx, s, name, protocol, r) }
			switch {
			case countsChild(s, name):
				metric, count = result.EpollCtlPerOp, func() error { return l.countChild(ctx, s, r) }
			case protocol == nil:
				continue
			}
			err := errLate
			if !l.late(patience) {
				err = count()
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				r.missing[metric] = oneLine(err)
				l.leaveOut(metric, oneLine(err))
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

// countsChild says whether a process that measures itself has its calls of epoll_ctl counted from outside: those in Go and in C make them
// themselves.
func countsChild(s *Scenario, name string) bool { return s.Name == "pause" && name == "node" }

// countChild counts between two lines of the child's: it is ready, and it has done so many operations.
func (l *Lab) countChild(ctx context.Context, s *Scenario, r *record) (err error) {
	l.tell(result.Event{Kind: result.Preparing, Scenario: s.Name, Subject: "node", Text: "counting system calls"})
	script, err := inproc.NodeScript(l.dir)
	if err != nil {
		return err
	}
	length := s.measured(l.o)
	ctx, cancel := context.WithTimeout(ctx, length+20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", script, "pause", fmt.Sprint(length.Milliseconds()), "count")
	cmd.Env = subject.Environment(l.o.Procs)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := proc.OnCPU(l.server, cmd.Start); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			cancel() // it may be waiting for us
		}
		if ended := errors.Join(in.Close(), cmd.Wait()); err == nil {
			err = ended
		}
	}()
	lines := bufio.NewReader(out)
	if _, err := lines.ReadString('\n'); err != nil {
		return fmt.Errorf("node was not ready: %w", err)
	}
	counter, err := proc.CountSyscalls(ctx, cmd.Process.Pid, l.dir)
	if err != nil {
		return err
	}
	_, begun := io.WriteString(in, "\n")
	said, told := lines.ReadBytes('\n')
	calls, err := counter.Stop()
	if err := errors.Join(begun, told, err); err != nil {
		return err
	}
	var did struct{ Operations int64 }
	if err := json.Unmarshal(said, &did); err != nil {
		return fmt.Errorf("what node said of itself: %w", err)
	}
	if did.Operations == 0 {
		return errors.New("nothing was counted")
	}
	r.put(result.EpollCtlPerOp, 0, float64(calls.EpollCtl)/float64(did.Operations))
	return nil
}
