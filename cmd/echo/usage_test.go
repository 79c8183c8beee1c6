package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os/exec"
	"strings"
	"testing"
)

func TestWhatCannotBeServedIsOneLineAndExitStatus1(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, tc := range []struct {
		name string
		args []string
		want string // a word of the line
	}{
		{"a busy port", []string{"-tcp", busy.Addr().String()}, "address already in use"},
		{"a busy port, several loops", []string{"-tcp", busy.Addr().String(), "-loops", "4"}, "address already in use"},
		{"a busy HTTP port", []string{"-tcp", "127.0.0.1:0", "-http", busy.Addr().String()}, "address already in use"},
		{"a bad HTTP port", []string{"-tcp", "127.0.0.1:0", "-http", "127.0.0.1:99999"}, "99999"},
		{"an unknown flag", []string{"-nonesuch"}, "-nonesuch"},
		{"a bad value", []string{"-loops", "many"}, "-loops"},
		{"no loops", []string{"-loops", "0"}, "-loops"},
		{"a negative time", []string{"-idle-timeout", "-1s"}, "negative"},
		{"an argument", []string{"serve"}, `"serve"`},
		{"nothing to serve", []string{"-tcp", "", "-http", ""}, "nothing to serve"},
		{"a bad port", []string{"-tcp", "127.0.0.1:99999"}, "99999"},
		{"no port", []string{"-tcp", "127.0.0.1"}, "127.0.0.1"},
		{"not our address", []string{"-tcp", "192.0.2.1:7000"}, "assign requested address"},
		{"a path in no directory", []string{"-tcp", "", "-unix", "/nonesuch/socket"}, "/nonesuch/socket"},
		{"a path that is too long", []string{"-tcp", "", "-unix", "/tmp/" + strings.Repeat("x", 200)}, "invalid argument"},
		{"a directory as path", []string{"-tcp", "", "-unix", t.TempDir()}, "address already in use"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			cmd := exec.CommandContext(ctx, program, tc.args...)
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err := cmd.Run()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("got %v, want exit status 1", err)
			}
			line := stderr.String()
			if strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "echo: ") || !strings.Contains(line, tc.want) {
				t.Errorf("got %q on stderr, want one line with %q", line, tc.want)
			}
			if stdout.Len() > 0 {
				t.Errorf("got %q on stdout, want nothing of what is not served", &stdout)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	for _, flag := range []string{"-h", "-help"} {
		var stdout, stderr bytes.Buffer
		cmd := exec.Command(program, flag)
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err != nil {
			t.Errorf("%s: got %v, want exit status 0", flag, err)
		}
		for _, want := range []string{"usage: echo", "-tcp", "-unix", "-loops"} {
			if !strings.Contains(stdout.String(), want) {
				t.Errorf("%s: no %q in what it says", flag, want)
			}
		}
		if stderr.Len() > 0 {
			t.Errorf("%s: got %q on stderr", flag, stderr.String())
		}
	}
}
