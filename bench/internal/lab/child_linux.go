package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/weir-go/weir/bench/internal/inproc"
	"github.com/weir-go/weir/bench/internal/proc"
	"github.com/weir-go/weir/bench/internal/subject"
)

// askChild is a turn of a process that measures itself, on the server's processor.
func askChild(what string) func(context.Context, *turn) error {
	return func(ctx context.Context, t *turn) error {
		name := t.program.Subject
		self, err := os.Executable()
		if err != nil {
			return err
		}
		length := t.scenario.measured(t.lab.o)
		argv := []string{self, "child", what, name, length.String()}
		if name == "node" {
			script, err := inproc.NodeScript(t.lab.dir)
			if err != nil {
				return err
			}
			argv = []string{"node", script, what, fmt.Sprint(length.Milliseconds())}
		}
		ctx, cancel := context.WithTimeout(ctx, length+20*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Env = subject.Environment(t.lab.o.Procs)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := proc.OnCPU(t.lab.server, cmd.Start); err != nil {
			return err
		}
		if err := cmd.Wait(); err != nil {
			return fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()))
		}
		if err := json.Unmarshal(out.Bytes(), &t.values); err != nil {
			return fmt.Errorf("what %s said of itself: %w", name, err)
		}
		if _, there := t.values[t.scenario.primary]; !there {
			return fmt.Errorf("%s did not say its %s", name, t.scenario.primary)
		}
		return nil
	}
}

// childExcuse is why a subject cannot measure itself here.
func childExcuse(name string) error {
	if name == "node" {
		if _, err := exec.LookPath("node"); err != nil {
			return fmt.Errorf("%w: no program named node on PATH", subject.ErrAbsent)
		}
	}
	return nil
}
