package inproc

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/weir-go/weir/bench/internal/result"
)

//go:embed child.js
var nodeScript []byte

// NodeScript writes Node's part into a folder and returns its path.
func NodeScript(dir string) (string, error) {
	path := filepath.Join(dir, "child.js")
	return path, os.WriteFile(path, nodeScript, 0o600)
}

// job does operations for about so long and says how many, and how many bytes they moved.
type job func(length time.Duration) (operations, bytes int64, extra map[string]float64, err error)

var jobs = map[string]map[string]job{
	"parser": {"weir": parseWeir, "fasthttp": parseFastHTTP, "net": parseNet},
	"stream": {"weir": streamWeir, "net": streamNet},
	"pause":  {"weir": pauseWeir, "c": pauseEpoll},
}

// Run does a job and prints what it cost.
func Run(what, subject string, length time.Duration, out io.Writer) error {
	do := jobs[what][subject]
	if do == nil {
		return fmt.Errorf("no job %s of %s", what, subject)
	}
	if _, _, _, err := do(length / 4); err != nil { // warm
		return err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, err := cpuTime()
	if err != nil {
		return err
	}
	operations, moved, figures, err := do(length)
	if err != nil {
		return err
	}
	end, err := cpuTime()
	if err != nil {
		return err
	}
	runtime.ReadMemStats(&after)
	if figures == nil {
		figures = map[string]float64{}
	}
	spent := end - cpu
	figures[result.NanosPerOp] = float64(spent.Nanoseconds()) / float64(operations)
	figures[result.CPUMicrosPerOp] = figures[result.NanosPerOp] / 1e3
	figures[result.AllocsPerOp] = float64(after.Mallocs-before.Mallocs) / float64(operations)
	if moved > 0 {
		figures[result.CPUSecondsPerGB] = spent.Seconds() / (float64(moved) / 1e9)
	}
	return json.NewEncoder(out).Encode(figures)
}
