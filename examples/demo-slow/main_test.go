package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

func TestTheDemonstrationRunsAndPrintsBothMemoriesEachSecond(t *testing.T) {
	program := filepath.Join(t.TempDir(), "demo")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(program, "-clients=10", "-seconds=2")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	lines := regexp.MustCompile(`(?m)^ +\d+ +\d+ MiB #* +\d+ MiB`).FindAll(out, -1)
	if err != nil || len(lines) != 2 {
		t.Errorf("%v, %d lines in\n%s", err, len(lines), out)
	}
}
