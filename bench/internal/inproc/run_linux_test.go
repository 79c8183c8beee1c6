package inproc

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"testing"
	"time"

	"github.com/weir-go/weir/bench/internal/result"
)

func TestEachJobSaysWhatItCost(t *testing.T) {
	for what, subjects := range jobs {
		for name := range subjects {
			var out bytes.Buffer
			if err := Run(what, name, 40*time.Millisecond, &out); err != nil {
				t.Errorf("%s, %s: %v", what, name, err)
				continue
			}
			check(t, what, name, out.Bytes())
		}
	}
	if err := Run("parser", "nobody", time.Millisecond, &bytes.Buffer{}); err == nil {
		t.Error("nobody: got no error")
	}
}

func TestNodeSaysItToo(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		return // a fresh machine has none, and the bench leaves it out
	}
	script, err := NodeScript(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"stream", "pause"} {
		out, err := exec.CommandContext(t.Context(), node, script, what, "40").Output()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		check(t, what, "node", out)
	}
}

func check(t *testing.T, what, name string, out []byte) {
	t.Helper()
	var figures map[string]float64
	if err := json.Unmarshal(out, &figures); err != nil {
		t.Fatalf("%s, %s: %v", what, name, err)
	}
	want := map[string]string{"parser": result.NanosPerOp, "stream": result.CPUSecondsPerGB, "pause": result.CPUMicrosPerOp}[what]
	if figures[want] <= 0 {
		t.Errorf("%s, %s: got %v, want %s", what, name, figures, want)
	}
}

// A stop and a start cost weir fewer calls than telling epoll of both.
func TestStoppingAndStartingCostsFewerCallsThanEpoll(t *testing.T) {
	calls := func(do job) float64 {
		_, _, figures, err := do(40 * time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		return figures[result.EpollCtlPerOp]
	}
	if weir, floor := calls(pauseWeir), calls(pauseEpoll); weir >= floor || floor < 1 {
		t.Errorf("weir %.3f calls of epoll_ctl, the floor %.3f", weir, floor)
	}
}
