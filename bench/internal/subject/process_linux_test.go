package subject

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-go/weir/bench/internal/proc"
)

// script is a program made of shell.
func script(text string) Program {
	return Program{Subject: "script", Argv: []string{"/bin/sh", "-c", text}, address: listeningAddress}
}

func start(t *testing.T, s Program) (*Process, error) {
	t.Helper()
	cpus, err := proc.AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	return Start(t.Context(), s, Place{CPU: cpus[0], Procs: 1})
}

func gone(p *Process) bool { return errors.Is(syscall.Kill(p.PID(), 0), syscall.ESRCH) }

func TestAProcessIsStartedAndEnded(t *testing.T) {
	p, err := start(t, script("echo starting; echo listening on 127.0.0.1:4321; exec sleep 60"))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Addr.String(); got != "127.0.0.1:4321" {
		t.Errorf("got address %s", got)
	}
	if err := p.Check(); err != nil {
		t.Errorf("got %v while it runs", err)
	}
	for range 2 {
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	if !gone(p) {
		t.Error("it is still there")
	}
}

func TestAProcessThatIgnoresSIGTERMIsKilledWithItsChildren(t *testing.T) {
	p, err := start(t, script("trap '' TERM; echo listening on 127.0.0.1:4321; sleep 60; sleep 60"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	if !gone(p) {
		t.Error("it is still there")
	}
}

func TestAProcessThatEndsBeforeItListensSaysWhy(t *testing.T) {
	_, err := start(t, script("echo address in use >&2; exit 1"))
	if err == nil || !strings.Contains(err.Error(), "address in use") {
		t.Errorf("got %v, want its standard error in it", err)
	}
}

func TestAProcessThatDiesLaterIsNoticed(t *testing.T) {
	p, err := start(t, script("echo listening on 127.0.0.1:4321; echo out of luck >&2"))
	if err != nil {
		t.Fatal(err)
	}
	<-p.exited
	if err := p.Check(); err == nil || !strings.Contains(err.Error(), "out of luck") {
		t.Errorf("got %v, want its standard error in it", err)
	}
}

func TestAnInterruptWhileStartingLeavesNoProcess(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	cpus, err := proc.AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Start(ctx, script("exec sleep 60"), Place{CPU: cpus[0], Procs: 1}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
}

func TestEnvironmentIsUntunedButForGOMAXPROCS(t *testing.T) {
	tuned := []string{"GOGC", "GOMAXPROCS", "NODE_OPTIONS", "UV_USE_IO_URING", "MALLOC_ARENA_MAX"}
	for _, name := range tuned {
		t.Setenv(name, "7")
	}
	var got []string
	for _, entry := range Environment(2) {
		if name, _, _ := strings.Cut(entry, "="); slices.Contains(tuned, name) {
			got = append(got, entry)
		}
	}
	if len(got) != 1 || got[0] != "GOMAXPROCS=2" {
		t.Errorf("got %v, want GOMAXPROCS=2 only", got)
	}
}
