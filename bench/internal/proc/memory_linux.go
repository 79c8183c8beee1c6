package proc

import (
	"fmt"
	"os"
)

// RSS returns the resident memory in bytes. It prefers smaps_rollup, which walks the page tables: until Linux 6.17 VmRSS
// of the status file is a sum of per-processor counters that may be some hundred KiB off.
func RSS(pid int) (int64, error) {
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid)); err == nil {
		if kb, err := statusField(string(text), "Rss"); err == nil {
			return kb << 10, nil
		}
	}
	return statusBytes(pid, "VmRSS")
}

// PeakRSS returns the most memory that was ever resident, in bytes.
func PeakRSS(pid int) (int64, error) {
	return statusBytes(pid, "VmHWM")
}

func statusBytes(pid int, name string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("proc: %w", err)
	}
	kb, err := statusField(string(text), name)
	return kb << 10, err
}
