//go:build !race && !weirdebug

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The programs that are built here are the same in all builds of this test, so one plays the cases.

// The probe, a server with many more ways to be hostile, is not part of the repository. Where it lies beside it every case is
// played, and otherwise this test has nothing to do.
func TestTheProbeFindsNothingWhereItIs(t *testing.T) {
	for _, dir := range probes(t) {
		bin := t.TempDir()
		for name, from := range map[string]string{"h1probe": dir, "fetch": "."} {
			cmd := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(bin, name), ".")
			cmd.Dir = from
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, out)
			}
		}
		report := filepath.Join(bin, "report.json")
		probe := exec.CommandContext(t.Context(), filepath.Join(bin, "h1probe"), "client", "-cases", "client/public", "-json", report, "--", filepath.Join(bin, "fetch"))
		probe.Dir = dir
		out, err := probe.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		b, err := os.ReadFile(report)
		if err != nil {
			t.Fatal(err)
		}
		var r struct{ Results []struct{ Verdict string } }
		if err := json.Unmarshal(b, &r); err != nil {
			t.Fatal(err)
		}
		passed := 0
		for _, x := range r.Results {
			switch x.Verdict {
			case "pass":
				passed++
			case "info":
			default:
				t.Fatalf("%s", out)
			}
		}
		if passed == 0 {
			t.Fatalf("no case was played:\n%s", out)
		}
	}
}

// probes looks for the probe in the directory shared/oracles beside the repository, or beside one that it is in.
func probes(t *testing.T) (found []string) {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; len(found) == 0 && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if found, err = filepath.Glob(filepath.Join(dir, "shared", "oracles", "h1probe")); err != nil {
			t.Fatal(err)
		}
	}
	return found
}
